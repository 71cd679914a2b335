//! Who can read what of a filing and of what is said later.

use super::*;
use crate::{
    entropy::SystemEntropy,
    sealing::{
        cbor::canonical,
        keys::{KeyId, MemberSeed, VerifyKey},
        receipt::Receipt,
    },
};

const PRODUCTION: ProductionId = ProductionId::new([9; 16]);

struct Set {
    receipt: Receipt,
    line_producer: Keys,
    steward: Keys,
    armorer: Keys,
}

fn set() -> Set {
    let member = |byte| MemberSeed::new([byte; 32]).keys();
    Set { receipt: Receipt::new([1; 16]), line_producer: member(2), steward: member(3), armorer: member(4) }
}

impl Set {
    fn file(&self) -> SealedFiling {
        let keys = self.receipt.keys();
        let (producer, steward, armorer) =
            (self.line_producer.seal_to(), self.steward.seal_to(), self.armorer.seal_to());
        let filing = Filing {
            production: PRODUCTION,
            reporter: &keys,
            ledger_key: &self.receipt.lookup_key().ledger_key(),
            policy_version: 1,
            roster_version: 1,
            clear: &canonical(&"weapons").unwrap(),
            parts: &[
                Part { kind: UnitKind::Shared, body: b"lock the cart" },
                Part { kind: UnitKind::Union, body: b"the armorer left it" },
                Part { kind: UnitKind::Own, body: b"13:04:05" },
            ],
            seats: &[(&producer, Reads::Shared), (&steward, Reads::SharedAndUnion), (&armorer, Reads::Nothing)],
        };
        seal_filing(&filing, SealMode::Sealed, &SystemEntropy).unwrap()
    }

    fn report(&self) -> Bound {
        Bound { production: PRODUCTION, verify_key: self.receipt.keys().public().verify }
    }

    fn author(&self) -> impl Fn(KeyId) -> Option<VerifyKey> + use<> {
        let (reporter, producer) = (*self.receipt.keys().public(), *self.line_producer.public());
        move |id| [reporter, producer].into_iter().find(|keys| keys.id() == id).map(|keys| keys.verify)
    }

    fn reads(&self, units: &[SealedUnit], envelope: &[u8], reader: &Keys) -> Vec<String> {
        let Ok(contents) = envelope::open(envelope, reader, self.report()) else { return Vec::new() };
        let opened = units.iter().filter_map(|sealed| {
            let key = contents.key_of(sealed.unit)?;
            Some(unit::open(sealed, self.report(), key, SealMode::Sealed, &self.author()).unwrap())
        });
        opened.map(|unit| String::from_utf8(unit.body.to_vec()).unwrap()).collect()
    }
}

#[test]
fn each_side_reads_its_parts_the_reporter_all_and_whoever_is_kept_out_nothing() {
    let set = set();
    let filed = set.file();
    assert_eq!(set.reads(&filed.units, &filed.envelopes[0], &set.line_producer), ["lock the cart"]);
    assert_eq!(set.reads(&filed.units, &filed.envelopes[1], &set.steward), ["lock the cart", "the armorer left it"]);
    assert!(set.reads(&filed.units, &filed.envelopes[2], &set.armorer).is_empty());
    let reporter = set.receipt.keys();
    assert_eq!(
        set.reads(&filed.units, &filed.reporter_envelope, &reporter),
        ["lock the cart", "the armorer left it", "13:04:05"]
    );
}

#[test]
fn the_rows_of_a_filing_do_not_tell_who_is_kept_out() {
    let filed = set().file();
    assert!(filed.envelopes.iter().all(|envelope| envelope.len() == Shape::FILING.envelope_bytes()));
}

#[test]
fn every_seat_finds_the_ledger_key_in_its_envelope() {
    let set = set();
    let filed = set.file();
    for (envelope, reader) in [(&filed.envelopes[0], &set.line_producer), (&filed.envelopes[1], &set.steward)] {
        let contents = envelope::open(envelope, reader, set.report()).unwrap();
        assert_eq!(contents.ledger_key, Some(set.receipt.lookup_key().ledger_key()));
    }
}

#[test]
fn a_filing_is_signed_by_its_reporter_and_each_part_names_the_one_before() {
    let set = set();
    let filed = set.file();
    assert!(digest::is_signed(&filed.digest, &filed.signature, set.report().verify_key));
    let contents = envelope::open(&filed.reporter_envelope, &set.receipt.keys(), set.report()).unwrap();
    let opened = |n: usize| {
        let sealed: &SealedUnit = &filed.units[n];
        let key = contents.key_of(sealed.unit).unwrap();
        unit::open(sealed, set.report(), key, SealMode::Sealed, &set.author()).unwrap()
    };
    assert_eq!(opened(0).previous, None);
    assert_eq!(opened(1).previous, Some(opened(0).hash()));
    assert_eq!(opened(2).previous, Some(opened(1).hash()));
}

#[test]
fn an_answer_is_read_by_its_seats_and_the_reporter_and_is_its_authors() {
    let set = set();
    let (steward, armorer, reporter) =
        (set.steward.seal_to(), set.armorer.seal_to(), SealTo::new(set.receipt.keys().public()));
    let said = Said {
        report: set.report(),
        author: &set.line_producer,
        kind: UnitKind::Answer,
        to: Audience::All,
        previous: None,
        body: b"locked",
        seats: &[(&steward, true), (&armorer, false)],
        reporter: Some(&reporter),
    };
    let sealed = seal_said(&said, SealMode::Sealed, &SystemEntropy).unwrap();
    let units = [sealed.unit];
    assert_eq!(set.reads(&units, &sealed.envelopes[0], &set.steward), ["locked"]);
    assert!(set.reads(&units, &sealed.envelopes[1], &set.armorer).is_empty());
    assert_eq!(set.reads(&units, &sealed.reporter_envelope.unwrap(), &set.receipt.keys()), ["locked"]);
    assert_eq!(sealed.envelopes[0].len(), sealed.envelopes[1].len());
}

#[test]
fn somebody_let_in_later_reads_from_an_envelope_that_a_desk_mate_made() {
    let set = set();
    let filed = set.file();
    let contents = envelope::open(&filed.envelopes[1], &set.steward, set.report()).unwrap();
    let later = MemberSeed::new([7; 32]).keys();
    let made = envelope::seal(&contents, Shape::FILING, &later.seal_to(), set.report(), &SystemEntropy).unwrap();
    assert_eq!(set.reads(&filed.units, &made, &later), ["lock the cart", "the armorer left it"]);
}

#[test]
fn a_fourth_part_does_not_fit() {
    let set = set();
    let keys = set.receipt.keys();
    let filing = Filing {
        production: PRODUCTION,
        reporter: &keys,
        ledger_key: &set.receipt.lookup_key().ledger_key(),
        policy_version: 1,
        roster_version: 1,
        clear: &canonical(&"weapons").unwrap(),
        parts: &[Part { kind: UnitKind::Own, body: b"" }; 4],
        seats: &[],
    };
    let refused = seal_filing(&filing, SealMode::Sealed, &SystemEntropy);
    assert_eq!(refused.map(|_| ()), Err(SealError::TooMany));
}
