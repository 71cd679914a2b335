//! Claims: the holder of the twelve words signs a text, and a stranger checks it.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlooks::{evidence::claim::Claim, sealing::receipt::Receipt};

use super::{ticks, verifiers::proof};
use crate::{
    rust_2021::{begin, body, files},
    support::{app::on_each, people::Reporter},
};

const TEXT: &str = "I filed this report on the set of Western.\nI was let go two days later.\n";

fn lastlooks(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastlooks"));
    command.args(arguments).current_dir(folder).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn words(reporter: &Reporter) -> String {
    reporter.receipt.parse::<Receipt>().unwrap().words().to_string()
}

/// What a reporter keeps, in a folder without a network: filing, proof, text.
fn kept(reporter: &Reporter) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("filing.json", &reporter.sends("GET", "/v1/inbox/filing", None).text());
    write("proof.json", &proof(reporter));
    write("text.txt", TEXT);
    folder
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const SIGN: [&str; 6] = ["receipt", "claim", "--filing", "filing.json", "--text", "text.txt"];

#[test]
fn the_twelve_words_sign_a_text_and_a_stranger_checks_it_with_the_proof() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        ticks(set);
        let folder = kept(&reporter);
        let signed = lastlooks(folder.path(), &SIGN, &format!("{}\n", words(&reporter)));
        assert!(signed.status.success(), "{}", text(&signed));
        fs::write(folder.path().join("claim.txt"), &signed.stdout).unwrap();
        let alone = lastlooks(folder.path(), &["verify", "--claim", "claim.txt"], "");
        assert!(alone.status.success(), "{}", text(&alone));
        for part in
            ["filed the report with the digest", "I was let go two days later.", "does not prove who holds the words"]
        {
            assert!(text(&alone).contains(part), "{}", text(&alone));
        }
        let with_proof = lastlooks(folder.path(), &["verify", "proof.json", "--claim", "claim.txt"], "");
        assert_eq!(with_proof.status.code(), Some(2), "sound, not witnessed: {}", text(&with_proof));
        assert!(text(&with_proof).contains("I was let go two days later."));
    });
}

#[test]
fn openssl_checks_a_claim_without_us() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let folder = kept(&reporter);
        let claim = lastlooks(folder.path(), &SIGN, &words(&reporter)).stdout;
        let claim = String::from_utf8(claim).unwrap();
        let (message, line) = claim.rsplit_once("\n\n").unwrap();
        let key = claim.lines().find_map(|line| line.strip_prefix("verify-key ")).unwrap();
        let signature = STANDARD.decode(line.trim().rsplit(' ').next().unwrap()).unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write("key.der", &[hex::decode("302a300506032b6570032100").unwrap(), hex::decode(key).unwrap()].concat());
        write("message", format!("{message}\n").as_bytes());
        write("signature", &signature[4..]);
        let mut openssl = Command::new("openssl");
        openssl.args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin", "-inkey", "key.der"]);
        let checked =
            openssl.args(["-in", "message", "-sigfile", "signature"]).current_dir(folder.path()).output().unwrap();
        assert!(checked.status.success(), "{}", text(&checked));
    });
}

#[test]
fn words_of_another_report_and_changed_files_sign_and_prove_nothing() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let other = western.crew().files(&hex::encode([77; 16]), body(2));
        ticks(set);
        let folder = kept(&reporter);
        let refused = lastlooks(folder.path(), &SIGN, &words(&other));
        assert!(!refused.status.success() && text(&refused).contains("not of this report"), "{}", text(&refused));
        let typo = lastlooks(folder.path(), &SIGN, "abandon abandon");
        assert!(!typo.status.success() && text(&typo).contains("12 words"), "{}", text(&typo));
        // The same words beside the proof of another report.
        let claim = lastlooks(folder.path(), &SIGN, &words(&reporter)).stdout;
        fs::write(folder.path().join("claim.txt"), &claim).unwrap();
        fs::write(folder.path().join("proof.json"), proof(&other)).unwrap();
        let swapped = lastlooks(folder.path(), &["verify", "proof.json", "--claim", "claim.txt"], "");
        assert!(swapped.status.code() == Some(1) && text(&swapped).contains("another report"), "{}", text(&swapped));
        let changed = String::from_utf8(claim).unwrap().replace("let go", "promoted");
        assert!(Claim::read(&changed).is_err());
    });
}

#[test]
fn what_the_digest_was_made_of_is_for_whoever_holds_the_receipt() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let answer = reporter.sends("GET", "/v1/inbox/filing", None);
        let filing: lastlooks::evidence::claim::Filing = serde_json::from_slice(&answer.body).unwrap();
        assert!(filing.is_whole());
        assert_eq!((answer.header("cache-control"), answer.body.len() % 4096), ("no-store", 0));
        let keys = reporter.receipt.parse::<Receipt>().unwrap().keys();
        assert_eq!(filing.verify_key.0, keys.public().verify.0);
        let other = format!("Receipt {}", hex::encode([9; 16]));
        let asked = set.client().send("GET", "/v1/inbox/filing", &[("authorization", &other)], None);
        asked.refuses(404, "not-found");
    });
}
