//! What a verifier and a witness read: bundles, claims, promises, notes, keys, tiles, messages.

use lastlooks::{
    domain::ledger::Leaf,
    evidence::{
        bundle::Bundle,
        check::check,
        claim::{Claim, Filing},
        promise::Promise,
        quorum::Quorum,
    },
    merkle::{
        checkpoint::Checkpoint,
        cosignature, entries,
        key::{KeyKind, KeyName, NoteSigner, VerifierKey},
        note::Note,
        path::TilePath,
        tlog_proof::TlogProof,
    },
    sealing::receipt::Receipt,
    witness::request::{self, AddCheckpoint},
};
use serde_json::json;

use super::{fuzz, one_spelling, text};
use crate::{
    ledger::ticks,
    rust_2021::{begin, body, files},
    support::{TestDatabase, app::TestApp},
};

/// What a host and a reporter really have: bundle, promise, checkpoint, key, filing, claim.
struct Real {
    bundle: String,
    promise: String,
    checkpoint: String,
    keys: (VerifierKey, VerifierKey),
    filing: String,
    claim: String,
    entries: Vec<u8>,
}

fn real() -> Real {
    let set = TestApp::on(TestDatabase::sqlite());
    let (western, mut days) = begin(&set);
    ticks(&set);
    let reporter = files(&mut days, &western, 1, body(1));
    crate::ledger::until_noon(&set, &mut days);
    let filing = reporter.sends("GET", "/v1/inbox/filing", None).text();
    let receipt: Receipt = reporter.receipt.parse().unwrap();
    let read: Filing = serde_json::from_str(&filing).unwrap();
    let served = |path: &str| crate::ledger::served(&set, path);
    Real {
        bundle: reporter.sends("GET", "/v1/inbox/proof", None).text().trim_end().to_owned(),
        promise: reporter.filed["promise"].as_str().unwrap().to_owned(),
        checkpoint: String::from_utf8(served("checkpoint")).unwrap(),
        keys: crate::ledger::keys(&set),
        claim: Claim::sign(read, "I was there.\n\nTwice.", &receipt.signing_seed()).unwrap().to_string(),
        filing: filing.trim_end().to_owned(),
        entries: served("tile/entries/000.p/64"),
    }
}

#[test]
fn evidence() {
    let real = real();
    let (note, whole) = (real.promise.parse::<Note>().unwrap(), real.bundle.clone());
    let promise = note.unverified().as_bytes().to_vec();
    let is_whole = move |bytes: &[u8], read: &str| assert!(text(bytes).trim_end_matches(' ') == whole, "{read} passes");
    let claim = real.claim.clone();
    let claim_text = claim.parse::<Note>().unwrap().unverified().as_bytes().to_vec();
    let witness = "union local+8f2a6b1c+BKDQ\nproduction insurer+00000000+BAAA\n# nobody\n\n".as_bytes().to_vec();
    // Parts of a bundle may be small; the whole one is long, and checking it takes long.
    let small = json!({ "format": "lastlooks-bundle/v1", "says": ["No missed deadline is shown here."], "log": real.keys.0.to_string(),
        "witnesses": [], "keys": [], "checkpoints": [], "consistency": [], "entries": [], "runs": [], "promise": null });
    let small = serde_json::to_string(&serde_json::from_value::<Bundle>(small).unwrap()).unwrap();
    fuzz(
        "evidence",
        &[
            (
                "bundle",
                vec![real.bundle.clone().into_bytes()],
                Box::new(move |bytes| match check(text(bytes), None, &Quorum::default()) {
                    Ok(_) => {
                        is_whole(bytes, "a changed bundle");
                        "sound".to_owned()
                    }
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "small bundle",
                vec![small.into_bytes()],
                Box::new(|bytes| match check(text(bytes), None, &Quorum::default()) {
                    Ok(findings) => {
                        assert!(!findings.is_witnessed, "nobody's word is taken");
                        "sound".to_owned()
                    }
                    Err(error) => error.to_string(),
                }),
            ),
            ("promise", vec![promise], Box::new(one_spelling::<Promise>)),
            ("claim's text", vec![claim_text], Box::new(one_spelling::<Claim>)),
            (
                "claim",
                vec![claim.clone().into_bytes()],
                Box::new(move |bytes| match Claim::read(text(bytes)) {
                    Ok(_) => {
                        assert_eq!(text(bytes), claim, "a changed claim passes");
                        "sound".to_owned()
                    }
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "filing",
                vec![real.filing.clone().into_bytes()],
                Box::new(|bytes| match serde_json::from_slice::<Filing>(bytes) {
                    Ok(filing) => format!("whole: {}", filing.is_whole()),
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "witnesses",
                vec![witness],
                Box::new(|bytes| match text(bytes).parse::<Quorum>() {
                    Ok(quorum) => format!("{} trusted", "x".repeat(quorum.0.len())),
                    Err(error) => error.to_string(),
                }),
            ),
        ],
    );
}

#[test]
fn merkle() {
    let example = real();
    let (log, promises) = example.keys.clone();
    let (checkpoint, key) = (example.checkpoint.clone(), log.clone());
    let paths = ["0/x001/x234/067.p/64", "entries/000", "63/999", "entries/x001/000.p/255"];
    let proof = "c2sp.org/tlog-proof@v1\nindex 3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n".to_owned()
        + &example.checkpoint;
    fuzz(
        "merkle",
        &[
            (
                "note",
                vec![example.checkpoint.clone().into_bytes(), example.promise.clone().into_bytes()],
                Box::new(one_spelling::<Note>),
            ),
            (
                "checkpoint",
                vec![example.checkpoint.clone().into_bytes()],
                Box::new(move |bytes| {
                    let Ok(note) = text(bytes).parse::<Note>() else { return "no note".to_owned() };
                    let seen = cosignature::seen_at(&note, &promises).map(|seen| seen.is_some());
                    match Checkpoint::of_note(&note, &log) {
                        Ok(read) => {
                            assert!(checkpoint.starts_with(&read.to_string()), "a changed checkpoint passes");
                            format!("signed, {seen:?}")
                        }
                        Err(error) => error.to_string(),
                    }
                }),
            ),
            (
                "checkpoint's text",
                vec![example.checkpoint.split_inclusive('\n').take(3).collect::<String>().into_bytes()],
                Box::new(one_spelling::<Checkpoint>),
            ),
            ("verifier key", vec![key.to_string().into_bytes()], Box::new(one_spelling::<VerifierKey>)),
            ("tile path", paths.map(|path| path.as_bytes().to_vec()).to_vec(), Box::new(one_spelling::<TilePath>)),
            (
                "entries",
                vec![example.entries.clone(), entries::encode([[1; 65].as_slice()]).unwrap()],
                Box::new(|bytes| match entries::decode(bytes) {
                    Some(read) => {
                        assert_eq!(entries::encode(read.iter().copied()).as_deref(), Some(bytes), "another spelling");
                        let leaves = read.iter().filter(|entry| Leaf::try_from(**entry).is_ok()).count();
                        format!("{} are leaves", "x".repeat(leaves.min(60)))
                    }
                    None => "none".to_owned(),
                }),
            ),
            (
                "tlog proof",
                vec![proof.into_bytes()],
                Box::new(|bytes| match text(bytes).parse::<TlogProof>() {
                    Ok(_) => "read".to_owned(),
                    Err(error) => error.to_string(),
                }),
            ),
        ],
    );
}

#[test]
fn witnesses() {
    let real = real();
    let hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let asked = |old: &str, proof: &str| format!("old {old}\n{proof}\n{}", real.checkpoint).into_bytes();
    let proof = format!("{hash}\n{hash}\n");
    let key = |name: &str, seed| {
        let name = KeyName::new(name).unwrap();
        NoteSigner::new(name, KeyKind::Cosignature, &[seed; 32]).public().clone()
    };
    let (local, insurer, other) = (key("local", 1), key("insurer", 2), key("other", 3));
    let lines = format!("# ours\nunion {local} https://w.example/a\n\nproduction {insurer}\nother {other}\n");
    fuzz(
        "witness",
        &[
            ("add-checkpoint", vec![asked("0", ""), asked("64", &proof)], Box::new(one_spelling::<AddCheckpoint>)),
            (
                "claim",
                vec![real.checkpoint.split_inclusive('\n').take(3).collect::<String>().into_bytes()],
                Box::new(|bytes| match request::Claim::read(text(bytes)) {
                    Ok(_) => "read".to_owned(),
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "file of witnesses",
                vec![lines.into_bytes()],
                Box::new(|bytes| match text(bytes).parse::<Quorum>() {
                    Ok(quorum) => format!("{} trusted", "x".repeat(quorum.0.len())),
                    Err(error) => error.to_string(),
                }),
            ),
        ],
    );
}
