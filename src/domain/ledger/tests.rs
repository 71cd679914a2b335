//! Leaves, openings and which entries a life of a report makes.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    catalogue::Severity::{Immediate, NextSetup},
    event::When,
    ids::ProductionId,
    lifecycle::{Command, Safety, fixtures::*},
    policy::Side,
    report::Report,
    time::{Seconds, UtcMillis},
};

fn key() -> LedgerKey {
    LedgerKey::new([7; 32])
}

fn opening() -> Opening {
    Opening {
        kind: EntryKind::Answered,
        report: Digest([1; 32]),
        production: ProductionId::new([2; 16]),
        level: Level(2),
        desks: vec!["Unit production".into(), "Business representative".into()],
        policy_version: 3,
        deadline: Some(at(14, 36, 0)),
        moved: Some(Moved { to: at(14, 40, 0), why: Why::Outage }),
        at: When::exact(at(14, 30, 11)),
        notices: Some(Digest([4; 32])),
        previous: Some(Digest([5; 32])),
        answer: Some(Digest([6; 32])),
        cycle: 1,
        n: 0,
    }
}

#[test]
fn a_leaf_is_65_bytes_with_the_version_first_and_opens() {
    let leaf = Leaf::of(&opening(), &key());
    assert_eq!((leaf.as_bytes().len(), leaf.as_bytes()[0]), (65, 1));
    assert_eq!(leaf.open(&opening(), &key()), Ok(()));
    assert_eq!([leaf.tag(), leaf.commitment()].concat(), leaf.as_bytes()[1..]);
}

#[test]
fn the_tag_is_the_hmac_of_its_mark() {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&[7; 32]).unwrap();
    mac.update(b"tag\x08answered\x02\x00\x01\x00\x00\x00\x00");
    let expected: [u8; 32] = mac.finalize().into_bytes().into();
    assert_eq!(key().tag(&opening().mark()), expected);
}

#[test]
fn the_canonical_bytes_are_these_and_never_others() {
    let mut plain = opening();
    (plain.notices, plain.previous, plain.answer, plain.moved) = (None, None, None, None);
    plain.desks = vec!["A".into()];
    (plain.deadline, plain.at) = (Some(UtcMillis::new(24)), When { from: UtcMillis::new(0), to: UtcMillis::new(256) });
    let ones = "01".repeat(32);
    let twos = "02".repeat(16);
    let expected = format!("8c68616e7377657265645820{ones}50{twos}0281614103181 8f6820019 0100f6f6f6").replace(' ', "");
    assert_eq!(hex::encode(plain.cbor()), expected);
}

#[test]
fn an_opening_survives_its_own_json() {
    let json = serde_json::to_string(&opening()).unwrap();
    let again: Opening = serde_json::from_str(&json).unwrap();
    assert_eq!(again, opening());
    assert_eq!(Leaf::of(&opening(), &key()).open(&again, &key()), Ok(()));
}

#[test]
fn another_report_s_key_opens_nothing() {
    let leaf = Leaf::of(&opening(), &key());
    assert_eq!(leaf.open(&opening(), &LedgerKey::new([8; 32])), Err(OpenError::Tag));
}

#[test]
fn every_field_of_an_opening_is_bound() {
    let leaf = Leaf::of(&opening(), &key());
    let changes: [fn(&mut Opening); 17] = [
        |o| o.kind = EntryKind::Acknowledged,
        |o| o.report = Digest([9; 32]),
        |o| o.production = ProductionId::new([9; 16]),
        |o| o.level = Level(1),
        |o| o.desks.swap(0, 1),
        |o| o.desks = vec!["Unit productionBusiness representative".into()],
        |o| o.policy_version = 4,
        |o| o.deadline = o.deadline.map(|d| d.plus_millis(1)),
        |o| o.deadline = None,
        |o| o.moved = None,
        |o| o.moved = o.moved.map(|m| Moved { why: Why::StopWork, ..m }),
        |o| o.at.to = o.at.to.plus_millis(1),
        |o| o.notices = None,
        |o| (o.previous, o.notices) = (o.notices, o.previous),
        |o| o.answer = None,
        |o| o.cycle = 2,
        |o| o.n = 1,
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut other = opening();
        change(&mut other);
        assert!(leaf.open(&other, &key()).is_err(), "change {i}");
    }
}

#[test]
fn padding_has_the_shape_of_an_entry_and_opens_for_nobody() {
    let leaf = Leaf::padding([3; 64]);
    assert_eq!((leaf.as_bytes()[0], &leaf.as_bytes()[1..]), (VERSION, &[3; 64][..]));
    assert_eq!(leaf.open(&opening(), &key()), Err(OpenError::Tag));
}

#[test]
fn a_public_entry_has_the_tag_of_its_kind_and_binds_its_body() {
    let leaf = Leaf::public(PublicKind::Policy, b"body");
    let tag: [u8; 32] = Sha256::digest(b"lastlooks/v1/publicpolicy").into();
    assert_eq!(leaf.tag(), tag);
    assert_ne!(leaf.commitment(), Leaf::public(PublicKind::Policy, b"bodY").commitment());
    let tags: HashSet<_> = [PublicKind::Policy, PublicKind::Roster, PublicKind::Outage, PublicKind::Link]
        .map(|kind| Leaf::public(kind, b"").tag().to_vec())
        .into();
    assert_eq!(tags.len(), 4);
}

#[test]
fn the_hash_of_notices_is_salted_and_tells_lists_apart() {
    let (key, mark) = (key(), opening().mark());
    let line = |mail, reply: &str| (Digest([mail; 32]), reply.to_owned());
    let one = key.notices(&mark, &[line(1, "250 ok"), line(2, "250 ok")]);
    assert_ne!(one, LedgerKey::new([8; 32]).notices(&mark, &[line(1, "250 ok"), line(2, "250 ok")]));
    assert_ne!(one, key.notices(&mark, &[line(2, "250 ok"), line(1, "250 ok")]));
    assert_ne!(one, key.notices(&Mark { n: 1, ..mark }, &[line(1, "250 ok"), line(2, "250 ok")]));
}

#[test]
fn a_key_prints_nothing() {
    assert_eq!(format!("{:?}", key()), "LedgerKey(..)");
}

#[test]
fn a_leaf_of_another_length_or_version_is_refused() {
    assert_eq!(Leaf::try_from(&[1; 64][..]), Err(OpenError::Length(64)));
    let mut bytes = *Leaf::of(&opening(), &key()).as_bytes();
    bytes[0] = 2;
    let leaf = Leaf::try_from(&bytes[..]).unwrap();
    assert_eq!(leaf.open(&opening(), &key()), Err(OpenError::Version(2)));
}

proptest! {
    #[test]
    fn any_flipped_bit_of_a_leaf_is_found(byte in 0..LEAF_BYTES, bit in 0..8_u8) {
        let mut bytes = *Leaf::of(&opening(), &key()).as_bytes();
        bytes[byte] ^= 1 << bit;
        prop_assert!(Leaf::try_from(&bytes[..]).unwrap().open(&opening(), &key()).is_err());
    }

    #[test]
    fn any_flipped_byte_of_an_opening_is_found(position in 0..1_000_000_usize, flip in 1..=255_u8) {
        let leaf = Leaf::of(&opening(), &key());
        let mut json = serde_json::to_vec(&opening()).unwrap();
        let position = position % json.len();
        json[position] ^= flip;
        // Whatever can still be read and is not the same says something else.
        if let Ok(other) = serde_json::from_slice::<Opening>(&json) && other != opening() {
            prop_assert!(leaf.open(&other, &key()).is_err());
        }
    }
}

/// The entries of a world's life as (kind, level, cycle, n).
fn marks(world: &World) -> Vec<(&'static str, u8, u16, u32)> {
    let facts = entries(Report::unfiled(), &world.events);
    facts.iter().map(|f| (f.mark.kind.code(), f.mark.level.0, f.mark.cycle, f.mark.n)).collect()
}

#[test]
fn a_silent_report_leaves_these_entries() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0).plus(Seconds::days(2)));
    let expected = [
        ("assigned", 1, 1, 0),
        ("notified", 1, 1, 0),
        ("unanswered", 1, 1, 0),
        ("assigned", 2, 1, 0),
        ("notified", 2, 1, 0),
        ("unanswered", 2, 1, 0),
        ("assigned", 3, 1, 0),
        ("notified", 3, 1, 0),
        ("unanswered", 3, 1, 0),
        ("exhausted", 3, 1, 0),
        ("exhausted", 3, 1, 1),
        ("exhausted", 3, 1, 2),
    ];
    assert_eq!(marks(&world), expected);
}

#[test]
fn an_entry_carries_the_deadline_that_it_starts_meets_or_misses() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 10, 0));
    world.acknowledges(FIRST_AD).unwrap();
    world.until(at(15, 6, 0));
    let deadlines: Vec<_> = entries(Report::unfiled(), &world.events)
        .iter()
        .map(|f| (f.mark.kind.code(), f.deadline))
        .filter(|(kind, _)| *kind != "notified")
        .collect();
    let expected = [
        ("assigned", Some(at(14, 21, 0))),
        ("acknowledged", Some(at(15, 6, 0))),
        ("unanswered", Some(at(15, 6, 0))),
        ("assigned", Some(at(15, 21, 0))),
    ];
    assert_eq!(deadlines, expected);
}

#[test]
fn an_act_for_a_pair_leaves_an_entry_for_each_level_it_met() {
    let mut world = World::with(Immediate);
    world.acknowledges(UPM).unwrap();
    world.answers(FIRST_AD).unwrap();
    let acts: Vec<_> = marks(&world).into_iter().filter(|m| matches!(m.0, "acknowledged" | "answered")).collect();
    assert_eq!(
        acts,
        [("acknowledged", 1, 1, 0), ("acknowledged", 2, 1, 0), ("answered", 1, 1, 0), ("answered", 2, 1, 0)]
    );
}

#[test]
fn a_late_answer_stands_at_the_level_that_answers_and_at_the_one_whose_deadline_it_met() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 22, 0));
    world.answers(FIRST_AD).unwrap();
    world.answers(FIRST_AD).unwrap();
    let answers: Vec<_> = marks(&world).into_iter().filter(|m| m.0 == "answered").collect();
    assert_eq!(answers, [("answered", 1, 1, 0), ("answered", 2, 1, 0), ("answered", 1, 1, 1)]);
}

#[test]
fn the_first_telling_is_notified_however_it_was_and_the_first_opening_is_opened() {
    use crate::domain::event::Telling::{Listed, Opened};
    let mut world = World::empty();
    world.mail_works = false;
    world.files(NextSetup, false, 0);
    for (who, how) in [(FIRST_AD, Listed), (ADVISOR, Opened), (FIRST_AD, Opened)] {
        world.does(&Command::Told { member: who.member(), how, at: world.now }).unwrap();
    }
    assert_eq!(marks(&world)[1..], [("notified", 1, 1, 0), ("opened", 1, 1, 0)]);
}

#[test]
fn acting_is_no_telling() {
    let mut world = World::empty();
    world.mail_works = false;
    world.files(NextSetup, false, 0);
    world.acknowledges(FIRST_AD).unwrap();
    let told = crate::domain::event::Telling::Notified;
    world.does(&Command::Told { member: ADVISOR.member(), how: told, at: world.now }).unwrap();
    assert_eq!(marks(&world)[1..], [("acknowledged", 1, 1, 0), ("notified", 1, 1, 0)]);
}

#[test]
fn a_life_of_cycles_numbers_each_kind_by_its_cycle() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.rejects(STEWARD).unwrap();
    world.plans(FIRST_AD, world.now.plus(Seconds(600))).unwrap();
    world.answers(FIRST_AD).unwrap();
    world.verifies(STEWARD).unwrap();
    world.says(Safety::No).unwrap();
    world.does(&Command::Withdraw).unwrap();
    let kinds: Vec<_> = marks(&world).into_iter().filter(|m| m.0 != "notified").collect();
    let expected = [
        ("assigned", 1, 1, 0),
        ("answered", 1, 1, 0),
        ("rejected", 1, 1, 0),
        ("assigned", 1, 2, 0),
        ("answered", 1, 2, 0),
        ("answered", 1, 2, 1),
        ("completed", 1, 2, 0),
        ("verified", 1, 2, 0),
        ("contested", 0, 2, 0),
        ("assigned", 1, 3, 0),
        ("assigned", 2, 3, 0),
        ("withdrawn", 0, 3, 0),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_moved_deadline_says_from_where_to_where_and_why() {
    let mut world = World::with(Immediate);
    world.sleeps_until(at(14, 9, 0));
    world.does(&Command::Outage { from: at(14, 8, 0), to: at(14, 9, 0) }).unwrap();
    world.stops_work(FIRST_AD).unwrap();
    let moved: Vec<_> = entries(Report::unfiled(), &world.events)
        .into_iter()
        .filter_map(|f| f.moved.map(|moved| (f.mark.level.0, f.mark.n, f.deadline, moved)))
        .collect();
    let by_outage = |level| (level, 0, Some(at(14, 11, 0)), Moved { to: at(14, 12, 0), why: Why::Outage });
    let by_stop = |level| (level, 1, Some(at(14, 22, 0)), Moved { to: at(16, 7, 0), why: Why::StopWork });
    assert_eq!(moved, [by_outage(1), by_outage(2), by_stop(1), by_stop(2)]);
}

#[test]
fn a_lifted_breach_has_an_entry_beside_its_own() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 21, 0));
    world.sleeps_until(at(14, 20, 59));
    world.acknowledges(FIRST_AD).unwrap();
    let kinds: Vec<_> =
        marks(&world).into_iter().filter(|m| matches!(m.0, "unanswered" | "lifted" | "acknowledged")).collect();
    assert_eq!(kinds, [("unanswered", 1, 1, 0), ("lifted", 1, 1, 0), ("acknowledged", 1, 1, 0)]);
}

#[test]
fn the_chain_that_a_summary_began_is_told_apart() {
    let mut world = World::with_retaliation();
    world.does(&Command::Summarise(STEWARD.actor())).unwrap();
    let chains: Vec<_> = entries(Report::unfiled(), &world.events)
        .iter()
        .map(|f| (f.chain.code(), f.mark.kind.code()))
        .filter(|(_, kind)| *kind != "notified")
        .collect();
    assert_eq!(chains, [("union", "assigned"), ("union", "answered"), ("production", "assigned")]);
}

#[test]
fn a_report_withdrawn_before_delivery_leaves_nothing() {
    let mut world = World::with(crate::domain::catalogue::Severity::Concern);
    world.does(&Command::Withdraw).unwrap();
    assert_eq!(marks(&world), []);
}

#[test]
fn a_skipped_level_is_no_recipient() {
    let mut world = World::empty();
    world.empties(1, Side::Production);
    world.files(NextSetup, false, 0);
    assert_eq!(marks(&world)[..2], [("no_recipient", 1, 1, 0), ("assigned", 2, 1, 0)]);
}
