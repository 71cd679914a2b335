//! Every reader that meets bytes from outside, under inputs that nobody thought of: none panics, each takes one spelling,
//! and nothing that was changed passes for what it was.
//!
//! Inputs are good ones, mutated; an input that is refused in words not heard before is kept and mutated further, which
//! leads deeper into a reader as coverage would. Each group runs a second with the other stories, and as long as
//! `LASTLOOKS_FUZZ_SECONDS` says by hand:
//!
//! ```text
//! LASTLOOKS_FUZZ_SECONDS=600 cargo test --test scenarios -- fuzz::evidence
//! ```

mod inputs;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use base64::Engine as _;
use lastlooks::{
    auth::token::Tokens,
    domain::{
        ids::{ProductionId, UnitId},
        ledger::Leaf,
        time::UtcMillis,
    },
    entropy::SystemEntropy,
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
    sealing::{
        cbor::Decoder,
        envelope,
        receipt::Receipt,
        server::{RootSecret, ServerKeys},
        unit::{self, Bound, DataKey, SealMode, SealedUnit},
    },
    witness::request::{self, AddCheckpoint},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::json;

use crate::{
    ledger::ticks,
    rust_2021::{begin, body, files},
    support::{TestDatabase, app::TestApp},
};
use inputs::{Chance, mutated};

/// A reader under test: says in words what it came to, or panics.
type Reader<'r> = Box<dyn Fn(&[u8]) -> String + 'r>;

/// How long a group runs.
fn time() -> Duration {
    let seconds = std::env::var("LASTLOOKS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// Runs readers in turn, each on its own inputs, until the time is over.
fn fuzz(group: &str, readers: &[(&str, Vec<Vec<u8>>, Reader<'_>)]) {
    let seed = std::env::var("LASTLOOKS_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    #[expect(clippy::disallowed_methods, reason = "it runs for so many seconds of real time")]
    let begun = Instant::now();
    let mut chance = Chance(seed);
    let mut kept: Vec<(BTreeSet<String>, Vec<Vec<u8>>)> =
        readers.iter().map(|(_, seeds, _)| (BTreeSet::new(), seeds.clone())).collect();
    let mut runs: BTreeMap<&str, u64> = BTreeMap::new();
    while begun.elapsed() < time() {
        for ((name, _, reader), (heard, inputs)) in readers.iter().zip(&mut kept) {
            for _ in 0..32 {
                let input = mutated(inputs, &mut chance);
                let said = panic::catch_unwind(AssertUnwindSafe(|| reader(&input)));
                let said = said.unwrap_or_else(|_| panic!("{name}, seed {seed}: {}", hex::encode(&input)));
                *runs.entry(name).or_default() += 1;
                let words: String = said.chars().filter(|c| !c.is_ascii_digit()).take(120).collect();
                if inputs.len() < 4000 && heard.insert(words) {
                    inputs.push(input);
                }
            }
        }
    }
    for ((name, ..), (heard, _)) in readers.iter().zip(&kept) {
        println!("{group}: {name}: {} inputs, {} different answers", runs[name], heard.len());
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("\u{fffd}")
}

/// A reader of texts with one spelling each: what is read is written the same.
fn one_spelling<T: std::str::FromStr + ToString>(bytes: &[u8]) -> String
where
    T::Err: std::fmt::Display,
{
    match text(bytes).parse::<T>() {
        Ok(read) => {
            assert_eq!(read.to_string(), text(bytes), "another spelling");
            "read".to_owned()
        }
        Err(error) => error.to_string(),
    }
}

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

/// A sealed unit whose text can be read without a key, so that what stands behind the cipher is reached.
fn clear_unit() -> (SealedUnit, DataKey, Bound) {
    let keys = Receipt::new([7; 16]).keys();
    let report = Bound { production: ProductionId::new([3; 16]), verify_key: keys.public().verify };
    let unit = unit::Unit {
        place: unit::Place { report, unit: UnitId::new([4; 16]) },
        author: keys.id(),
        kind: lastlooks::sealing::kind::UnitKind::Message,
        to: lastlooks::sealing::kind::Audience::All,
        previous: None,
        body: b"is anybody there".to_vec().into(),
    };
    let (sealed, key, _) = unit::seal(&unit, &keys, SealMode::ClearForLeakTest, &SystemEntropy);
    (sealed, key, report)
}

#[test]
fn sealing() {
    let words = Receipt::new([9; 16]).words().to_string();
    let (sealed, key, report) = clear_unit();
    let keys = Receipt::new([7; 16]).keys();
    let verify = keys.public().verify;
    let whole = sealed.ciphertext.clone();
    let decoy = envelope::decoy(envelope::Shape::FILING, keys.id(), report, &SystemEntropy);
    let cbor = {
        let mut encoder = lastlooks::sealing::cbor::Encoder::new();
        encoder.array(3).uint(300).bytes(b"bytes").text("text");
        encoder.finish()
    };
    fuzz(
        "sealing",
        &[
            (
                "words",
                vec![words.into_bytes()],
                Box::new(|bytes| match Receipt::from_words(text(bytes)) {
                    Ok(receipt) => {
                        assert!(Receipt::from_words(&receipt.words()).is_ok_and(|again| again == receipt));
                        "read".to_owned()
                    }
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "receipt",
                vec![hex::encode([9; 16]).into_bytes()],
                Box::new(|bytes| match text(bytes).parse::<Receipt>() {
                    Ok(receipt) => {
                        assert_eq!(*receipt.hex(), text(bytes));
                        "read".to_owned()
                    }
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "unit",
                vec![sealed.ciphertext.clone()],
                Box::new(move |bytes| {
                    let changed = SealedUnit { ciphertext: bytes.to_vec(), ..sealed.clone() };
                    match unit::open(&changed, report, &key, SealMode::ClearForLeakTest, &|_| Some(verify)) {
                        Ok(unit) => {
                            assert_eq!(unit.body.as_slice(), b"is anybody there");
                            assert!(
                                bytes == whole || bytes.len() != whole.len() || bytes[..200] == whole[..200],
                                "a changed unit opens"
                            );
                            "opens".to_owned()
                        }
                        Err(error) => error.to_string(),
                    }
                }),
            ),
            (
                "envelope",
                vec![decoy],
                Box::new(move |bytes| match envelope::open(bytes, &keys, report) {
                    Ok(_) => panic!("a decoy opens"),
                    Err(error) => format!("{error} {:?}", envelope::Shape::of(bytes).is_some()),
                }),
            ),
            (
                "cbor",
                vec![cbor],
                Box::new(|bytes| {
                    let mut decoder = Decoder::new(bytes);
                    let (array, uint) = (decoder.array(3).is_some(), decoder.uint().is_some());
                    let (bytes, text) = (decoder.bytes().is_some(), decoder.text().is_some());
                    let rest = decoder.bytes_or_null().is_some();
                    format!("{array} {uint} {bytes} {text} {rest}")
                }),
            ),
        ],
    );
}

#[test]
fn tokens_and_cursors() {
    let keys = ServerKeys::from(&RootSecret::new([5; 32]));
    let tokens = Tokens::new(&keys.token, "https://looks.example");
    let access = lastlooks::auth::token::Access {
        member: lastlooks::domain::ids::MemberId::new([1; 16]),
        session: lastlooks::domain::ids::SessionId::new([2; 16]),
        refreshed_at: None,
    };
    let now = UtcMillis::new(1_634_403_300_000);
    let token = tokens.issue(access, now).unwrap();
    let whole = token.clone();
    let none = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let unsigned = format!("{none}.{}.", token.split('.').nth(1).unwrap());
    let set = TestApp::on(TestDatabase::sqlite());
    let (western, mut days) = begin(&set);
    files(&mut days, &western, 1, body(1));
    files(&mut days, &western, 2, body(2));
    let steward = western.steward();
    let cursor = steward.gets("/v1/reports?limit=1").is(200)["next"].as_str().unwrap().to_owned();
    let ask = |method: &str, path: &str, header: (&str, &str)| {
        let answer = set.client().send(method, path, &[header], None);
        assert!(answer.status < 500, "{path}: {answer:?}");
        answer
    };
    // What a header or an address can hold.
    let shown = |bytes: &[u8]| text(bytes).chars().filter(char::is_ascii_graphic).collect::<String>();
    let escaped = |bytes: &[u8]| percent_encode(bytes, NON_ALPHANUMERIC).to_string();
    fuzz(
        "edge",
        &[
            (
                "token",
                vec![token.clone().into_bytes(), unsigned.clone().into_bytes()],
                Box::new(move |bytes| match tokens.check(text(bytes), now) {
                    Ok(read) => {
                        assert_eq!((text(bytes), read), (whole.as_str(), access), "a changed token passes");
                        "read".to_owned()
                    }
                    Err(error) => error.to_string(),
                }),
            ),
            (
                "bearer",
                vec![token.into_bytes(), unsigned.into_bytes()],
                Box::new(|bytes| {
                    let answer = ask("GET", "/v1/me", ("authorization", &format!("Bearer {}", shown(bytes))));
                    assert_eq!(answer.status, 401);
                    answer.text()
                }),
            ),
            (
                "cursor",
                vec![cursor.clone().into_bytes()],
                Box::new(|bytes| {
                    let answer = steward.gets(&format!("/v1/reports?limit=1&cursor={}", escaped(bytes)));
                    assert!(
                        answer.status == 422
                            || answer.status == 413
                            || answer.status == 431
                            || bytes == cursor.as_bytes(),
                        "{answer:?}"
                    );
                    answer.status.to_string().replace('4', "four").replace('2', "two")
                }),
            ),
            (
                "tile address",
                vec![b"0/000.p/64".to_vec(), b"entries/000".to_vec()],
                Box::new(|bytes| {
                    let answer = ask("GET", &format!("/ledger/tile/{}", escaped(bytes)), ("accept", "*/*"));
                    format!("{} {}", answer.status == 200, answer.body.len() % 2)
                }),
            ),
            (
                "inbox",
                vec![hex::encode([1; 16]).into_bytes()],
                Box::new(|bytes| {
                    let answer = ask("GET", "/v1/inbox", ("authorization", &format!("Receipt {}", shown(bytes))));
                    format!("{}", answer.status == 200)
                }),
            ),
            (
                "invitation",
                vec![b"/v1/invitations/abc/acceptance".to_vec(), b"/v1/reports/00/packet".to_vec()],
                Box::new(|bytes| {
                    let path: String = shown(bytes)
                        .chars()
                        .filter(|c| {
                            !matches!(c, '#' | '?' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '%')
                        })
                        .collect();
                    let answer = ask("GET", &format!("/{}", path.trim_start_matches('/')), ("accept", "*/*"));
                    format!("{} {}", answer.status == 404, answer.status == 405)
                }),
            ),
        ],
    );
}
