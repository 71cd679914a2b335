//! What the service reads of phones and devices: words, sealed units, envelopes, tokens, cursors, requests.

use base64::Engine as _;
use lastlooks::{
    auth::token::Tokens,
    domain::{
        ids::{ProductionId, UnitId},
        time::UtcMillis,
    },
    entropy::SystemEntropy,
    sealing::{
        cbor::Decoder,
        envelope,
        receipt::Receipt,
        server::{RootSecret, ServerKeys},
        unit::{self, Bound, DataKey, SealMode, SealedUnit},
    },
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::{fuzz, text};
use crate::{
    rust_2021::{begin, body, files},
    support::{TestDatabase, app::TestApp},
};

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
