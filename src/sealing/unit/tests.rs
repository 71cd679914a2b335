//! What may and may not open as a unit.

use super::*;
use crate::{
    entropy::SystemEntropy,
    sealing::{keys::MemberSeed, receipt::Receipt},
};

fn reporter() -> Keys {
    Receipt::new([1; 16]).keys()
}

fn report() -> Bound {
    Bound { production: ProductionId::new([2; 16]), verify_key: reporter().public().verify }
}

fn unit(body: &[u8]) -> Unit {
    Unit {
        place: Place { report: report(), unit: UnitId::new([3; 16]) },
        author: reporter().id(),
        kind: UnitKind::Shared,
        to: Audience::All,
        previous: Some([4; 32]),
        body: Zeroizing::new(body.to_vec()),
    }
}

fn sealed(unit: &Unit) -> (SealedUnit, DataKey) {
    let (sealed, key, hash) = seal(unit, &reporter(), SealMode::Sealed, &SystemEntropy);
    assert_eq!(hash, unit.hash());
    (sealed, key)
}

fn known(id: KeyId) -> Option<VerifyKey> {
    (id == reporter().id()).then_some(reporter().public().verify)
}

#[test]
fn a_unit_comes_back_as_it_was_sealed() {
    let unit = unit(b"the cart stood open");
    let (sealed, key) = sealed(&unit);
    assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known).unwrap(), unit);
}

#[test]
fn a_unit_is_encoded_as_canonical_cbor() {
    let unit = unit(b"x");
    let mut encoder = Encoder::new();
    unit.encode(&mut encoder);
    let value: ciborium::Value = ciborium::from_reader(encoder.written()).unwrap();
    assert_eq!(crate::sealing::cbor::canonical(&value).unwrap(), encoder.written());
}

#[test]
fn the_length_is_told_in_steps_of_4_kib_only() {
    for (length, expected) in [(0, 4096), (2000, 4096), (3500, 4096), (4096, 8192), (90_000, 94_208)] {
        let (sealed, key) = sealed(&unit(&vec![0; length]));
        assert_eq!(sealed.ciphertext.len(), expected + NONCE_BYTES + TAG_BYTES, "{length}");
        assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known).unwrap().body.len(), length);
    }
}

#[test]
fn the_text_is_not_in_the_ciphertext() {
    let (sealed, _) = sealed(&unit(b"the cart stood open"));
    assert!(!sealed.ciphertext.windows(4).any(|window| window == b"cart"));
}

#[test]
fn a_unit_moved_to_another_report_is_altered() {
    let (sealed, key) = sealed(&unit(b"x"));
    let elsewhere = Bound { production: ProductionId::new([9; 16]), ..report() };
    assert_eq!(open(&sealed, elsewhere, &key, SealMode::Sealed, &known), Err(Altered));
    let elsewhere = Bound { verify_key: VerifyKey([9; 32]), ..report() };
    assert_eq!(open(&sealed, elsewhere, &key, SealMode::Sealed, &known), Err(Altered));
}

#[test]
fn a_unit_put_under_another_units_id_is_altered() {
    let (mut sealed, key) = sealed(&unit(b"x"));
    sealed.unit = UnitId::new([9; 16]);
    assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known), Err(Altered));
}

#[test]
fn a_unit_sealed_again_at_the_right_place_with_a_signature_for_another_is_altered() {
    // What somebody who holds the data key can do: a fresh, valid ciphertext around the old, signed text.
    let (_, key) = sealed(&unit(b"x"));
    let mut moved = unit(b"x");
    moved.place.unit = UnitId::new([9; 16]);
    let mut encoder = Encoder::behind(vec![0; NONCE_BYTES]);
    encoder.array(2);
    moved.encode(&mut encoder);
    encoder.bytes(&reporter().sign(SIGNATURE_LABEL, &moved.hash()));
    let place = unit(b"x").place;
    let ciphertext = close(pad(encoder.finish()), &key, &place, SealMode::Sealed, &SystemEntropy);
    let forged = SealedUnit { unit: place.unit, ciphertext, commit: key.commit() };
    assert_eq!(open(&forged, report(), &key, SealMode::Sealed, &known), Err(Altered));
}

#[test]
fn a_unit_signed_by_somebody_else_in_the_authors_name_is_altered() {
    let stranger = MemberSeed::new([7; 32]).keys();
    let (sealed, key, _) = seal(&unit(b"x"), &stranger, SealMode::Sealed, &SystemEntropy);
    assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known), Err(Altered));
}

#[test]
fn a_unit_of_an_unknown_author_is_altered() {
    let (sealed, key) = sealed(&unit(b"x"));
    assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &|_| None), Err(Altered));
}

#[test]
fn a_key_that_was_not_committed_to_opens_nothing() {
    let (mut sealed, key) = sealed(&unit(b"x"));
    assert_eq!(open(&sealed, report(), &DataKey::new([0; 32]), SealMode::Sealed, &known), Err(Altered));
    sealed.commit = DataKey::new([0; 32]).commit();
    assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known), Err(Altered));
}

#[test]
fn in_the_leak_tests_mode_the_text_is_readable_and_a_sealing_server_refuses_it() {
    let unit = unit(b"the cart stood open");
    let (clear, key, _) = seal(&unit, &reporter(), SealMode::ClearForLeakTest, &SystemEntropy);
    assert!(clear.ciphertext.windows(4).any(|window| window == b"cart"));
    assert_eq!(open(&clear, report(), &key, SealMode::ClearForLeakTest, &known).unwrap(), unit);
    assert_eq!(open(&clear, report(), &key, SealMode::Sealed, &known), Err(Altered));
}

#[test]
fn every_code_is_read_back_as_what_it_stands_for() {
    for kind in UnitKind::ALL {
        assert_eq!(kind.code().parse(), Ok(kind));
    }
    for to in [Audience::Reporter, Audience::Union, Audience::All] {
        assert_eq!(to.code().parse(), Ok(to));
    }
    assert_eq!("letter".parse::<UnitKind>(), Err(UnknownCode));
}

#[test]
fn neither_text_nor_key_prints() {
    let unit = unit(b"cart");
    let shown = format!("{unit:?} {:?}", DataKey::new([0xab; 32]));
    assert!(!shown.contains("cart") && !shown.contains("171") && !shown.contains("abab"), "{shown}");
}

proptest::proptest! {
    #[test]
    fn a_unit_with_any_flipped_bit_is_altered(at in 0usize..4096 + NONCE_BYTES + TAG_BYTES, bit in 0u32..8) {
        let (mut sealed, key) = sealed(&unit(b"x"));
        sealed.ciphertext[at] ^= 1u8 << bit;
        proptest::prop_assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known), Err(Altered));
    }

    #[test]
    fn any_body_comes_back(body: Vec<u8>, previous: Option<[u8; 32]>) {
        let unit = Unit { previous, ..unit(&body) };
        let (sealed, key) = sealed(&unit);
        proptest::prop_assert_eq!(open(&sealed, report(), &key, SealMode::Sealed, &known), Ok(unit));
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
        proptest::prop_assert!(parse(&bytes).is_none());
    }
}
