//! What may and may not open as an envelope, and the bytes of RFC 9180.

use super::*;
use crate::{
    domain::ids::ProductionId,
    entropy::SystemEntropy,
    sealing::keys::{MemberSeed, PublicKeys, VerifyKey},
};

const REPORT: Bound = Bound { production: ProductionId::new([2; 16]), verify_key: VerifyKey([3; 32]) };

fn ana() -> Keys {
    MemberSeed::new([1; 32]).keys()
}

fn contents() -> Contents {
    Contents {
        ledger_key: Some(LedgerKey::new([4; 32])),
        data_keys: vec![(UnitId::new([5; 16]), DataKey::new([6; 32])), (UnitId::new([7; 16]), DataKey::new([8; 32]))],
    }
}

fn envelope() -> Vec<u8> {
    seal(&contents(), Shape::FILING, &ana().seal_to(), REPORT, &SystemEntropy).unwrap()
}

#[test]
fn an_envelope_gives_its_reader_what_was_put_in() {
    assert_eq!(open(&envelope(), &ana(), REPORT).unwrap(), contents());
    assert_eq!(contents().key_of(UnitId::new([7; 16])), Some(&DataKey::new([8; 32])));
    assert_eq!(contents().key_of(UnitId::new([9; 16])), None);
}

#[test]
fn an_envelope_of_each_shape_comes_back_full_and_empty() {
    for shape in [Shape::FILING, Shape::FILING_OWN, Shape::SAID] {
        for count in [0, shape.slots] {
            let ledger_key = shape.with_ledger_key.then(|| LedgerKey::new([4; 32]));
            let data_keys = (0..count).map(|n| (UnitId::new([n; 16]), DataKey::new([n; 32]))).collect();
            let contents = Contents { ledger_key, data_keys };
            let envelope = seal(&contents, shape, &ana().seal_to(), REPORT, &SystemEntropy).unwrap();
            assert_eq!(envelope.len(), shape.envelope_bytes());
            assert_eq!(open(&envelope, &ana(), REPORT).unwrap(), contents);
        }
    }
}

#[test]
fn a_seat_that_may_read_less_has_an_envelope_of_the_same_length() {
    let mut less = contents();
    less.data_keys.pop();
    let envelope_of_less = seal(&less, Shape::FILING, &ana().seal_to(), REPORT, &SystemEntropy).unwrap();
    assert_eq!(envelope_of_less.len(), envelope().len());
}

#[test]
fn a_decoy_is_as_long_as_an_envelope_and_opens_for_nobody() {
    let decoy = decoy(Shape::FILING, ana().id(), REPORT, &SystemEntropy);
    assert_eq!(decoy.len(), envelope().len());
    assert_eq!(open(&decoy, &ana(), REPORT), Err(Closed));
}

#[test]
fn two_decoys_and_two_envelopes_have_nothing_in_common() {
    let one = decoy(Shape::FILING, ana().id(), REPORT, &SystemEntropy);
    let two = decoy(Shape::FILING, ana().id(), REPORT, &SystemEntropy);
    assert_ne!((&one[..32], &one[32..]), (&two[..32], &two[32..]));
    assert_ne!(envelope()[..32], envelope()[..32]);
}

#[test]
fn somebody_elses_envelope_does_not_open() {
    assert_eq!(open(&envelope(), &MemberSeed::new([9; 32]).keys(), REPORT), Err(Closed));
}

#[test]
fn an_envelope_moved_to_another_report_does_not_open() {
    let elsewhere = Bound { production: ProductionId::new([9; 16]), ..REPORT };
    assert_eq!(open(&envelope(), &ana(), elsewhere), Err(Closed));
    let elsewhere = Bound { verify_key: VerifyKey([9; 32]), ..REPORT };
    assert_eq!(open(&envelope(), &ana(), elsewhere), Err(Closed));
}

#[test]
fn an_envelope_sealed_to_the_right_key_under_another_key_id_does_not_open() {
    let mut reader = ana().seal_to();
    reader.id = KeyId([9; 16]);
    let envelope = seal(&contents(), Shape::FILING, &reader, REPORT, &SystemEntropy).unwrap();
    assert_eq!(open(&envelope, &ana(), REPORT), Err(Closed));
}

#[test]
fn a_reading_key_of_small_order_is_refused_by_its_id() {
    let keys = PublicKeys { reading: [0; 32], verify: VerifyKey([0; 32]) };
    let refused = seal(&contents(), Shape::FILING, &SealTo::new(&keys), REPORT, &SystemEntropy);
    assert_eq!(refused, Err(SealError::UnusableKey(keys.id())));
}

#[test]
fn more_keys_than_slots_do_not_fit_and_neither_does_a_ledger_key_without_room() {
    let seal_as = |shape| seal(&contents(), shape, &ana().seal_to(), REPORT, &SystemEntropy);
    assert_eq!(seal_as(Shape { slots: 1, with_ledger_key: true }), Err(SealError::TooMany));
    assert_eq!(seal_as(Shape { slots: 2, with_ledger_key: false }), Err(SealError::TooMany));
}

/// Source: RFC 9180, appendix A.2.1 (base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305), sequence number 0.
#[test]
fn sealing_gives_the_bytes_of_rfc_9180_and_opening_reads_them() {
    struct Fixed([u8; 32]);
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0);
        }
    }
    let bytes = |text| hex::decode(text).unwrap();
    let info = bytes("4f6465206f6e2061204772656369616e2055726e");
    let aad = bytes("436f756e742d30");
    let text = bytes("4265617574792069732074727574682c20747275746820626561757479");
    let encapsulated = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
    let ciphertext = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";
    let ephemeral = bytes("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b");
    let reader =
        sealing_key(&bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a").try_into().unwrap());
    let buffer = [[0; ENCAPSULATED_BYTES].as_slice(), &text].concat();
    let sealed = hpke_seal(&reader, &info, &aad, buffer, &Fixed(ephemeral.try_into().unwrap())).unwrap();
    assert_eq!(hex::encode(&sealed), [encapsulated, ciphertext].concat());
    let key =
        ReadingKey::from_bytes(&bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb")).unwrap();
    assert_eq!(hpke_open(&key, &info, &aad, &sealed).unwrap().as_slice(), text);
}

proptest::proptest! {
    #[test]
    fn an_envelope_with_any_flipped_bit_does_not_open(at in 0..Shape::FILING.envelope_bytes(), bit in 0u32..8) {
        let mut envelope = envelope();
        envelope[at] ^= 1u8 << bit;
        // X25519 ignores the top bit of a point, but HPKE hashes the point as it was sent.
        proptest::prop_assert_eq!(open(&envelope, &ana(), REPORT), Err(Closed));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
        let _ = Contents::decode(&bytes);
        proptest::prop_assert!(open(&bytes, &ana(), REPORT).is_err());
    }
}
