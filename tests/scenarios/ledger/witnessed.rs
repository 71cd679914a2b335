//! Witnesses of the ledger: what they cosign, what they refuse, and what they find out.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use lastlooks::{
    app::ledger::{Asked, LedgerTurn, Said, SecondHistory, checkpoint_file},
    domain::time::Seconds,
    evidence::{check::check, quorum::Quorum},
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        cosignature,
        key::{KeyKind, KeyName, NoteSigner},
        note::Note,
    },
    witness::request::AddCheckpoint,
    worker::cosigning::Cosigning,
};
use serde_json::json;

use super::{head, keys, published, served, ticks, turns};
use crate::{
    rust_2021::{begin, body, files, on, text},
    support::{
        TestDatabase,
        app::{TestApp, Wanted},
        days::Days,
        witness::TestWitness,
    },
};

/// A service that asks these witnesses.
fn asking(database: TestDatabase, lines: String) -> TestApp {
    TestApp::with(database, Wanted { settings: vec![("LASTLOOKS_WITNESSES", lines)], ..Wanted::default() })
}

/// A union's and an insurer's witness, and a service that asks both.
fn watched(database: TestDatabase) -> (TestApp, [TestWitness; 2], String) {
    let mut witnesses = [TestWitness::named("local.example/witness"), TestWitness::named("insurer.example/w")];
    let lines = witnesses[0].line("union") + &witnesses[1].line("production");
    let set = asking(database, lines.clone());
    for witness in &mut witnesses {
        witness.follows(keys(&set).0, set.clock.clone());
    }
    (set, witnesses, lines)
}

/// What each witness says of the last head.
#[track_caller]
fn asks(set: &TestApp) -> Vec<Said> {
    let asked = set.wait(Cosigning::new(set.app().clone()).turn()).unwrap().0;
    asked.into_iter().map(|Asked { said, .. }| said).collect()
}

/// The head as it is served, with its cosignatures.
fn note(set: &TestApp) -> Note {
    String::from_utf8(served(set, "checkpoint")).unwrap().parse().unwrap()
}

/// Goes on to an instant, tick by tick; witnesses are asked after each.
fn until(set: &TestApp, days: &mut Days<'_>, at: lastlooks::domain::time::UtcMillis) {
    while set.now() < at {
        days.until(set.app().next_ledger_turn(set.now()).min(at));
        turns(set);
        asks(set);
    }
}

#[track_caller]
fn refused(turn: LedgerTurn) -> SecondHistory {
    match turn {
        LedgerTurn::Refused(why) => why,
        LedgerTurn::Published { size } => panic!("{size} entries were published"),
    }
}

#[test]
fn heads_are_cosigned_after_each_tick_and_served_with_their_cosignatures() {
    for database in TestDatabase::each() {
        let (set, witnesses, _) = watched(database);
        assert_eq!(asks(&set), [Said::Cosigned, Said::Cosigned], "an empty log is shown as one");
        for _ in 0..3 {
            ticks(&set);
            assert_eq!(asks(&set), [Said::Cosigned, Said::Cosigned]);
            let note = note(&set);
            assert_eq!(note.signatures().len(), 3);
            for witness in &witnesses {
                let seen = cosignature::seen_at(&note, witness.key()).unwrap().unwrap();
                assert_eq!(i64::try_from(seen).unwrap() * 1000, set.now().get());
            }
        }
        // Asked by others, a witness shows what it cosigned last.
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(head(&set).origin));
        let shown = witnesses[0].client().send("GET", &format!("/{hash}/checkpoint"), &[], None);
        let shown: Note = shown.text().parse().unwrap();
        assert_eq!(Checkpoint::of_note(&shown, &keys(&set).0).unwrap(), head(&set));
        assert!(cosignature::seen_at(&shown, witnesses[0].key()).unwrap().is_some());
    }
}

#[test]
fn an_answer_under_cosigned_heads_proves_that_it_was_in_time() {
    for database in TestDatabase::each() {
        let (set, _witnesses, lines) = watched(database);
        let (western, mut days) = begin(&set);
        ticks(&set);
        asks(&set);
        let reporter = files(&mut days, &western, 1, body(1));
        let first_ad = western.first_ad();
        let list = first_ad.gets("/v1/reports?limit=100").is(200);
        let path = format!("/v1/reports/{}", text(&list["items"][0]["id"]));
        first_ad.sends("POST", &format!("{path}/acknowledgement"), None).is(200);
        let answer = json!({ "kind": "action", "text": "locked", "by_role": "armorer", "done": "yes" });
        first_ad.unlocked("POST", &format!("{path}/answer"), Some(&answer)).is(200);
        until(&set, &mut days, on(16, 13, 0));
        let bundle = reporter.sends("GET", "/v1/inbox/proof", None).text();
        let quorum: Quorum = lines.parse().unwrap();
        let findings = check(&bundle, None, &quorum).unwrap();
        assert!(findings.is_witnessed, "{findings:?}");
        let has = |words: &str| findings.lines.iter().any(|line| line.contains(words));
        assert!(
            has("answered at 2021-10-16T16:40:00Z, seen in the log at 2021-10-16T16:45:00Z, in time"),
            "{findings:?}"
        );
        let half: Quorum = lines.lines().next().unwrap().parse().unwrap();
        let findings = check(&bundle, None, &half).unwrap();
        assert!(!findings.is_witnessed && findings.lines[0].starts_with("Not witnessed: "), "one side is no quorum");
    }
}

#[test]
fn a_witness_that_was_silent_for_a_while_leaves_a_bundle_witnessed() {
    for database in TestDatabase::each() {
        let (set, mut witnesses, lines) = watched(database);
        let (western, mut days) = begin(&set);
        ticks(&set);
        asks(&set);
        let reporter = files(&mut days, &western, 1, body(1));
        witnesses[1].stops();
        until(&set, &mut days, on(16, 11, 10));
        witnesses[1].follows(keys(&set).0, set.clock.clone());
        until(&set, &mut days, on(16, 13, 0));
        let bundle = reporter.sends("GET", "/v1/inbox/proof", None).text();
        let findings = check(&bundle, None, &lines.parse().unwrap()).unwrap();
        assert!(findings.is_witnessed, "heads that both cosigned were chosen: {findings:?}");
    }
}

#[test]
fn a_silent_witness_holds_nothing_up_and_is_shown() {
    for database in TestDatabase::each() {
        let (set, mut witnesses, _) = watched(database);
        ticks(&set);
        assert_eq!(asks(&set), [Said::Cosigned, Said::Cosigned]);
        witnesses[1].stops();
        for _ in 0..3 {
            published(&ticks(&set));
            let said = asks(&set);
            assert_eq!(said[0], Said::Cosigned);
            assert!(matches!(&said[1], Said::Nothing(why) if why.contains("does not answer")), "{said:?}");
        }
        let seen = set.wait(set.app().witnesses_seen()).unwrap();
        assert_eq!((seen[0].waits_millis, seen[1].name.as_str()), (0, "insurer.example/w"));
        assert_eq!(seen[1].waits_millis, 2 * Seconds(900).millis());
        witnesses[1].follows(keys(&set).0, set.clock.clone());
        ticks(&set);
        assert_eq!(asks(&set), [Said::Cosigned, Said::Cosigned], "it is asked from where it stopped");
        assert_eq!(set.wait(set.app().witnesses_seen()).unwrap()[1].waits_millis, 0);
    }
}

/// The file of the database, and its bytes now.
fn copied(set: &TestApp) -> (PathBuf, Vec<u8>) {
    set.wait(set.app().keep_up()).unwrap();
    let file = set.database().folder().unwrap().join("lastlooks.db");
    let bytes = std::fs::read(&file).unwrap();
    (file, bytes)
}

/// The service starts again over an older copy of its database, and the file with its last checkpoint is lost.
fn restored(set: TestApp, (file, bytes): &(PathBuf, Vec<u8>)) -> TestApp {
    let checkpoint = checkpoint_file(set.folder());
    set.restarted_over(|| {
        for ending in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(file.with_file_name(format!("lastlooks.db{ending}"))));
        }
        std::fs::write(file, bytes).unwrap();
        drop(std::fs::remove_file(checkpoint));
    })
}

#[test]
fn a_restored_copy_is_refused_by_a_witness_though_the_file_is_lost() {
    let (set, witnesses, _) = watched(TestDatabase::sqlite());
    ticks(&set);
    asks(&set);
    let copy = copied(&set);
    let here = head(&set).size;
    ticks(&set);
    asks(&set);
    let ahead = head(&set);
    let set = restored(set, &copy);
    let why = refused(ticks(&set));
    assert_eq!(why, SecondHistory::Behind { here, published: ahead.size });
    assert!(why.to_string().contains("lastlooks ledger reopen"), "{why}");
    assert_eq!(head(&set).size, here, "nothing was signed");
    refused(ticks(&set));
    let reopened = set.wait(set.app().reopen_ledger()).unwrap();
    assert_eq!((reopened.kept, reopened.published), (here, Some(ahead.size)), "the head is the one that it showed");
    published(&ticks(&set));
    assert!(matches!(&asks(&set)[0], Said::Nothing(why) if why.contains("does not follow")), "a new log is a new key");
    drop(witnesses);
}

#[test]
fn of_two_forks_shown_to_one_witness_the_second_is_refused_and_stops_its_own_log() {
    let (set, witnesses, _) = watched(TestDatabase::sqlite());
    ticks(&set);
    asks(&set);
    let copy = copied(&set);
    ticks(&set);
    asks(&set);
    let first = head(&set);
    let set = restored(set, &copy);
    // The witnesses are not asked at this start, as if they were away: another history grows, and grows longer.
    for _ in 0..3 {
        set.advance(set.app().ledger_tick());
        published(&set.wait(set.app().ledger_turn(set.now())).unwrap());
    }
    assert!(head(&set).size > first.size);
    assert_eq!(asks(&set), [Said::DoesNotGoOn, Said::DoesNotGoOn]);
    assert_eq!(note(&set).signatures().len(), 1, "nobody cosigned it");
    assert_eq!(refused(ticks(&set)), SecondHistory::Other { published: first.size });
    drop(witnesses);
}

/// What a witness answers over HTTP to these bytes: status, type, body.
fn posts(witness: &TestWitness, message: &[u8]) -> (u16, String, String) {
    let answer = witness.client().send_bytes("POST", "/add-checkpoint", &[], message);
    (answer.status, answer.header("content-type").to_owned(), answer.text())
}

#[test]
fn malformed_replayed_and_strange_messages_are_refused_each_with_its_status() {
    let mut witness = TestWitness::named("local.example/witness");
    let signer = |name: &str, seed| NoteSigner::new(KeyName::new(name).unwrap(), KeyKind::Note, &[seed; 32]);
    let log = signer("log.example", 1);
    let clock = Arc::new(crate::support::clock::ManualClock::at(on(16, 8, 0)));
    witness.follows(log.public().clone(), clock.clone());
    let message = |old, size: u64, root: Hash, signer: &NoteSigner| {
        let origin = signer.public().name().to_string();
        let checkpoint = Checkpoint { origin, size, root }.sign(signer).unwrap();
        AddCheckpoint { old, proof: Vec::new(), checkpoint }.to_string().into_bytes()
    };
    let leaf = Hash::of_leaf(b"one");
    let good = message(0, 1, leaf, &log);
    assert_eq!(posts(&witness, &message(0, 1, leaf, &signer("other.example", 1))).0, 404);
    assert_eq!(posts(&witness, &message(0, 1, leaf, &signer("log.example", 2))).0, 403);
    for bytes in [&b"x"[..], b"\xff\xff", &good[..good.len() - 1], &good[4..], &[0; 1000]] {
        assert_eq!(posts(&witness, bytes).0, 400);
    }
    assert_eq!(posts(&witness, &message(2, 1, leaf, &log)).0, 400, "old is larger");
    assert_eq!(posts(&witness, &vec![b'a'; 80_000]).0, 413);
    assert_eq!(posts(&witness, &message(0, 0, leaf, &log)).0, 422, "an empty tree has one root");
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest("log.example"));
    let last = |witness: &TestWitness| witness.client().send("GET", &format!("/{hash}/checkpoint"), &[], None);
    assert_eq!(last(&witness).status, 404, "nothing was kept of all these");
    let (status, kind, line) = posts(&witness, &good);
    assert_eq!((status, kind.as_str()), (200, "text/plain; charset=utf-8"));
    assert!(line.starts_with("\u{2014} local.example/witness ") && line.ends_with('\n'), "{line}");
    assert_eq!(posts(&witness, &good), (409, "text/x.tlog.size".to_owned(), "1\n".to_owned()), "replayed");
    assert_eq!(posts(&witness, &message(1, 1, Hash::of_leaf(b"two"), &log)).0, 422, "a second history");
    assert_eq!(posts(&witness, &message(1, 2, leaf, &log)).0, 422, "no proof");
    assert_eq!(witness.client().send("GET", "/add-checkpoint", &[], None).status, 405);
    assert_eq!(witness.client().send("GET", "/", &[], None).status, 404);
    witness.stops();
    witness.follows(log.public().clone(), clock);
    assert_eq!(posts(&witness, &good).0, 409, "it remembers over a restart");
    assert!(last(&witness).text().contains(line.trim_end()));
}

/// Somebody at a witness's address who answers every question with these bytes.
struct Impostor {
    port: u16,
    stop: Arc<AtomicBool>,
}

impl Impostor {
    fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let mut stream = stream.unwrap();
                let mut bytes = [0; 4096];
                let _ = stream.read(&mut bytes);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, stop }
    }

    fn line(&self) -> String {
        let key = NoteSigner::new(KeyName::new("impostor").unwrap(), KeyKind::Cosignature, &[7; 32]);
        format!("union {} http://127.0.0.1:{}", key.public(), self.port)
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(std::net::TcpStream::connect(("127.0.0.1", self.port)));
    }
}

#[test]
fn a_witness_that_claims_more_and_shows_nothing_stops_the_signing_while_it_says_so() {
    let answer = "HTTP/1.1 409 Conflict\r\ncontent-type: text/x.tlog.size\r\ncontent-length: 8\r\nconnection: close\r\n\r\n1000000\n";
    let impostor = Impostor::answering(answer);
    let set = asking(TestDatabase::sqlite(), impostor.line());
    let why = refused(ticks(&set));
    assert_eq!(why, SecondHistory::Claimed { witness: "impostor".to_owned(), here: 0, published: 1_000_000 });
    assert!(why.to_string().contains("takes the witness out of the settings"), "{why}");
    drop(impostor);
    assert!(matches!(&asks(&set)[..], [Said::Nothing(_)]));
    published(&ticks(&set));
}

#[test]
fn answers_that_are_no_cosignatures_count_for_nothing() {
    for (answer, says) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "without a cosignature"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 21\r\nconnection: close\r\n\r\n\u{2014} impostor AAAAAAE=\n",
            "without a cosignature",
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "302",
        ),
        ("HTTP/1.1 409 Conflict\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno\n", "without a cosignature"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", "another key"),
        ("nonsense\r\n\r\n", "does not answer"),
    ] {
        let impostor = Impostor::answering(answer);
        let set = asking(TestDatabase::sqlite(), impostor.line());
        published(&ticks(&set));
        let said = asks(&set);
        assert!(matches!(&said[..], [Said::Nothing(why)] if why.contains(says)), "{answer}: {said:?}");
        assert_eq!(note(&set).signatures().len(), 1);
    }
}

#[test]
fn mails_end_with_the_size_and_root_of_the_last_head() {
    for database in TestDatabase::each() {
        let set = TestApp::on(database);
        let (western, mut days) = begin(&set);
        ticks(&set);
        let Checkpoint { size, root, .. } = head(&set);
        files(&mut days, &western, 1, body(1));
        let mails = std::fs::read_dir(set.folder().join("mail")).unwrap();
        let texts: Vec<_> = mails.map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap()).collect();
        // Both bodies are quoted-printable: lines break, and equals signs are written in hex.
        let plain = |text: &str| text.replace("=\r\n", "").replace("=3D", "=");
        let told = format!("The ledger had {size} entries when this was sent, with the root {root}.");
        let with = texts.iter().filter(|text| plain(text).matches(&told).count() == 2).count();
        assert!(with >= 1, "{told}: {}", texts.last().unwrap());
    }
}

#[test]
fn the_program_makes_its_key_says_it_and_lets_no_second_process_in() {
    let folder = tempfile::tempdir().unwrap();
    let log = NoteSigner::new(KeyName::new("log.example").unwrap(), KeyKind::Note, &[1; 32]);
    let dir = folder.path().join("witness");
    let command = |name: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lastlooks"));
        command.args(["witness", "--listen", "127.0.0.1:0", "--log", &log.public().to_string(), "--name", name]);
        command.arg("--dir").arg(&dir).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command
    };
    let mut first = command("local.example/witness").spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(first.stdout.take().unwrap()));
    let key = lines.next().unwrap().unwrap();
    let address = lines.next().unwrap().unwrap();
    assert!(key.starts_with("local.example/witness+"), "{key}");
    let client = crate::support::client::Client::new(address.strip_prefix("listening on ").unwrap());
    let second = command("local.example/witness").output().unwrap();
    let says = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && says.contains("another witness is running"), "{says}");
    let checkpoint = Checkpoint { origin: "log.example".into(), size: 1, root: Hash::of_leaf(b"one") };
    let checkpoint = checkpoint.sign(&log).unwrap();
    let message = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: checkpoint.clone() };
    let answer = client.send_bytes("POST", "/add-checkpoint", &[], message.to_string().as_bytes());
    let cosigned: Note = format!("{checkpoint}{}", answer.text()).parse().unwrap();
    assert!(cosignature::seen_at(&cosigned, &key.parse().unwrap()).unwrap().is_some());
    first.kill().unwrap();
    first.wait().unwrap();
    let other = command("other.example").output().unwrap();
    let says = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && says.contains("is named local.example/witness"), "{says}");
}
