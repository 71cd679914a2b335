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
    app::ledger::{Asked, Said, SecondHistory, checkpoint_file},
    domain::time::Seconds,
    evidence::{check::check, quorum::Quorum},
    merkle::{
        checkpoint::Checkpoint,
        cosignature,
        key::{KeyKind, KeyName, NoteSigner},
        note::Note,
    },
    worker::cosigning::Cosigning,
};
use serde_json::json;

use super::{head, keys, published, refused, served, ticks, turns};
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
