//! A witness by itself: what it answers to messages, and the program that runs it.

use std::sync::Arc;

use lastlooks::{
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        cosignature,
        key::{KeyKind, KeyName, NoteSigner},
        note::Note,
    },
    witness::request::AddCheckpoint,
};

use crate::{rust_2021::on, support::witness::TestWitness};

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
