//! Who gets a notice, event by event.

use std::collections::BTreeSet;

use super::*;
use crate::domain::{
    catalogue::Severity,
    lifecycle::{
        Safety,
        fixtures::{
            ADVISOR, BUSINESS_REP, COUNSEL, EVERYBODY, FINANCIER, FIRST_AD, INTERNATIONAL, LINE_PRODUCER, PRODUCER,
            Person, SECOND_PRODUCER, SECOND_REP, SECOND_STEWARD, STEWARD, UPM, World, at,
        },
        replay,
    },
};

/// Everybody who got a notice of this kind over the whole story, each as often as they got one.
fn told(world: &World, kind: NoticeKind) -> Vec<MemberId> {
    let mut told = Vec::new();
    for (i, event) in world.events.iter().enumerate() {
        let before = replay(Report::unfiled(), &world.events[..i]);
        let after = replay(Report::unfiled(), &world.events[..=i]);
        let notices = audience(event, &before, &after, &world.people.seats);
        told.extend(notices.into_iter().filter(|n| n.kind == kind).map(|n| n.member));
    }
    told
}

fn set(members: Vec<MemberId>) -> BTreeSet<MemberId> {
    members.into_iter().collect()
}

fn people(people: &[Person]) -> BTreeSet<MemberId> {
    people.iter().map(|p| p.member()).collect()
}

const LEVEL_1: [Person; 4] = [FIRST_AD, ADVISOR, STEWARD, SECOND_STEWARD];

#[test]
fn a_level_entered_tells_its_seats_on_both_sides_and_nobody_else() {
    let world = World::with(Severity::NextSetup);
    assert_eq!(set(told(&world, NoticeKind::LevelEntered)), people(&LEVEL_1));
}

#[test]
fn a_breach_tells_the_union_seats_told_before_and_the_next_level() {
    let mut world = World::with(Severity::NextSetup);
    world.until(at(14, 21, 0));
    assert_eq!(set(told(&world, NoticeKind::Breach)), people(&[STEWARD, SECOND_STEWARD]));
    let entered = set(told(&world, NoticeKind::LevelEntered));
    assert!(entered.is_superset(&people(&[UPM, LINE_PRODUCER, BUSINESS_REP, SECOND_REP])));
}

#[test]
fn a_pair_that_lets_its_deadline_pass_makes_one_mail_for_one_person() {
    let mut world = World::with(Severity::Immediate);
    world.until(at(14, 11, 0));
    let breach = told(&world, NoticeKind::Breach);
    assert_eq!(breach.len(), set(breach).len());
}

#[test]
fn exhaustion_tells_the_union_side_the_observers_and_the_last_production_level() {
    let mut world = World::with(Severity::NextSetup);
    world.until(at(15, 36, 0));
    let expected = [
        STEWARD,
        SECOND_STEWARD,
        BUSINESS_REP,
        SECOND_REP,
        INTERNATIONAL,
        COUNSEL,
        FINANCIER,
        PRODUCER,
        SECOND_PRODUCER,
    ];
    assert_eq!(set(told(&world, NoticeKind::Exhausted)), people(&expected));
}

#[test]
fn observers_are_not_told_of_a_concern() {
    let mut world = World::with(Severity::Concern);
    world.until(at(14, 5, 10).plus(crate::domain::time::Seconds::days(7)));
    assert!(!told(&world, NoticeKind::Exhausted).contains(&FINANCIER.member()));
    assert!(told(&world, NoticeKind::Exhausted).contains(&COUNSEL.member()));
}

#[test]
fn retaliation_tells_union_seats_alone() {
    let world = World::with_retaliation();
    assert_eq!(set(told(&world, NoticeKind::LevelEntered)), people(&[STEWARD, SECOND_STEWARD]));
}

#[test]
fn whoever_is_kept_out_gets_no_notice_whatever_happens() {
    let mut world = World::empty();
    world.keeps_out(FIRST_AD);
    world.files(Severity::Immediate, false, 0);
    world.until(at(23, 0, 0));
    for kind in NoticeKind::ALL {
        assert!(!told(&world, kind).contains(&FIRST_AD.member()), "{kind}");
    }
    assert!(told(&world, NoticeKind::LevelEntered).contains(&UPM.member()));
}

#[test]
fn an_answer_tells_the_union_seats_told_and_not_whoever_gave_it() {
    let mut world = World::with(Severity::NextSetup);
    world.answers(FIRST_AD).unwrap();
    assert_eq!(set(told(&world, NoticeKind::Answered)), people(&[STEWARD, SECOND_STEWARD]));
}

#[test]
fn a_missed_check_asks_the_next_union_level_alone() {
    let mut world = World::with(Severity::NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.until(world.now.plus(crate::domain::time::Seconds::hours(24)));
    assert_eq!(set(told(&world, NoticeKind::VerificationAsked)), people(&[BUSINESS_REP, SECOND_REP]));
}

#[test]
fn a_contest_and_a_rejection_tell_everybody_told_but_whoever_did_it() {
    let mut world = World::with(Severity::NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.says(Safety::No).unwrap();
    assert_eq!(set(told(&world, NoticeKind::Contested)), people(&LEVEL_1));
    let mut world = World::with(Severity::NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.rejects(STEWARD).unwrap();
    assert_eq!(set(told(&world, NoticeKind::Rejected)), people(&[FIRST_AD, ADVISOR, SECOND_STEWARD]));
}

#[test]
fn stopped_work_tells_everybody_told() {
    let mut world = World::with(Severity::Immediate);
    world.stops_work(UPM).unwrap();
    let everybody_told: BTreeSet<MemberId> = EVERYBODY
        .iter()
        .filter(|p| p.level.is_some_and(|l| l <= 2) && p.member() != UPM.member())
        .map(|p| p.member())
        .collect();
    assert_eq!(set(told(&world, NoticeKind::StopWork)), everybody_told);
}
