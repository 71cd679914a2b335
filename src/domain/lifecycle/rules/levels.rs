//! Who is told, who is skipped, what follows the last level. Source: domain.md, "Levels".

use super::super::{Command, Refusal, Safety, fixtures::*};
use crate::domain::{
    catalogue::Severity::{Concern, Immediate, NextSetup},
    event::{Awaiting, EventKind},
    policy::{Level, Side},
    time::Seconds,
};

#[test]
fn the_union_desks_of_a_level_are_told_with_its_production_desks() {
    let mut world = World::with(NextSetup);
    assert_eq!(world.told(), (vec![1], vec![1]));
    world.until(at(14, 21, 0));
    assert_eq!(world.told(), (vec![1, 2], vec![1, 2]));
}

#[test]
fn a_level_that_nobody_can_be_reached_at_is_skipped_and_its_window_goes_to_the_next() {
    let mut world = World::empty();
    world.policy.document.windows.get_mut(&crate::domain::policy::WindowRow::NextSetup).unwrap().acknowledge =
        vec![Seconds::minutes(15), Seconds::minutes(20), Seconds::minutes(30)];
    world.empties(1, Side::Production);
    world.files(NextSetup, false, 0);
    assert_eq!(world.clock(), (vec![2], at(14, 21, 0), at(15, 6, 0)), "same anchor, the first one's window");
    assert_eq!(world.told(), (vec![2], vec![1, 2]), "its union desks are told all the same");
    world.until(at(14, 21, 0));
    assert_eq!(world.clock().1, at(14, 51, 0), "levels after it keep their own");
    assert_eq!(world.missed(), [(2, at(14, 21, 0))], "to be skipped is no breach");
}

#[test]
fn of_several_skipped_levels_the_first_ones_window_is_carried() {
    let mut world = World::empty();
    world.policy.document.windows.get_mut(&crate::domain::policy::WindowRow::NextSetup).unwrap().acknowledge =
        vec![Seconds::minutes(15), Seconds::minutes(20), Seconds::minutes(30)];
    world.empties(1, Side::Production);
    world.empties(2, Side::Production);
    world.files(NextSetup, false, 0);
    assert_eq!(world.clock(), (vec![3], at(14, 21, 0), at(15, 6, 0)));
    assert_eq!(world.count(|k| matches!(k, EventKind::NoRecipient { .. })), 2);
}

#[test]
fn a_level_without_a_production_desk_below_the_last_one_is_skipped_like_an_empty_one() {
    let mut world = World::empty();
    world.empties(2, Side::Production);
    world.policy.desks.retain(|d| d.level != Some(Level(2)) || d.side == Side::Union);
    world.files(NextSetup, false, 0);
    world.until(at(14, 21, 0));
    assert_eq!(world.clock(), (vec![3], at(14, 36, 0), at(15, 21, 0)));
    assert_eq!(world.told().1, [1, 2, 3]);
}

#[test]
fn gaps_in_the_numbers_of_levels_mean_nothing() {
    let mut world = World::empty();
    let spread = |level: Option<Level>| level.map(|l| Level(l.0 * 2));
    world.policy.desks.iter_mut().for_each(|d| d.level = spread(d.level));
    world.people.seats.iter_mut().for_each(|s| s.level = spread(s.level));
    world.files(Immediate, false, 0);
    assert_eq!(world.clock().0, [2, 4]);
    world.until(at(14, 11, 0));
    assert_eq!(world.clock(), (vec![6], at(14, 26, 0), at(14, 26, 0)));
}

#[test]
fn whoever_is_kept_out_makes_nobody_reachable() {
    let mut world = World::empty();
    world.keeps_out(FIRST_AD);
    world.keeps_out(ADVISOR);
    world.files(NextSetup, false, 0);
    assert_eq!(world.clock().0, [2]);
    assert_eq!(world.acknowledges(FIRST_AD), Err(Refusal::NotVisible));
}

#[test]
fn a_level_that_empties_while_its_clock_runs_is_no_breach_and_the_next_is_entered_then_with_its_own_window() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 21, 0));
    world.until(at(14, 25, 30));
    world.empties(2, Side::Production);
    assert_eq!(codes(&world.does(&Command::PeopleChanged).unwrap()), ["no_recipient", "assigned"]);
    assert_eq!(world.clock(), (vec![3], at(14, 56, 0), at(15, 26, 0)));
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
}

#[test]
fn a_level_that_empties_while_its_answer_is_awaited_is_left_too() {
    let mut world = World::with(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    world.empties(1, Side::Production);
    world.does(&Command::PeopleChanged).unwrap();
    assert_eq!((world.clock().0, world.report.awaiting()), (vec![2], Some(Awaiting::Acknowledgement)));
}

#[test]
fn when_one_of_a_pair_empties_the_other_goes_on() {
    let mut world = World::with(Immediate);
    world.empties(2, Side::Production);
    assert_eq!(codes(&world.does(&Command::PeopleChanged).unwrap()), ["no_recipient"]);
    assert_eq!(world.clock(), (vec![1], at(14, 11, 0), at(14, 21, 0)));
    assert_eq!(world.does(&Command::PeopleChanged).unwrap(), [], "told once");
    world.empties(1, Side::Production);
    world.does(&Command::PeopleChanged).unwrap();
    assert_eq!(world.clock(), (vec![3], at(14, 21, 0), at(14, 21, 0)));
}

#[test]
fn when_all_are_skipped_it_is_exhausted() {
    let mut world = World::empty();
    (1..=3).for_each(|level| world.empties(level, Side::Production));
    world.files(NextSetup, false, 0);
    assert_eq!((world.report.status(), world.missed()), ("exhausted", vec![]));
    assert_eq!(world.told().1, [1, 2, 3, 4]);
}

#[test]
fn after_the_last_level_it_is_exhausted_and_observers_and_counsel_are_told() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0));
    assert_eq!(world.report.status(), "exhausted");
    assert_eq!((world.report.awaiting(), world.report.due_at()), (Some(Awaiting::Answer), None));
    assert_eq!(world.told(), (vec![1, 2, 3], vec![1, 2, 3, 4]));
    assert!(world.report.observers_told);
    assert_eq!(world.missed().len(), 3);
}

#[test]
fn observers_are_not_told_of_a_concern() {
    let mut world = World::with(Concern);
    world.until(MIDNIGHT.plus(Seconds::days(5)));
    assert_eq!((world.report.status(), world.report.observers_told), ("exhausted", false));
}

#[test]
fn an_exhausted_report_has_an_entry_every_day_after_its_anchor_and_thirty_at_most() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0));
    world.until(at(15, 5, 59).plus(Seconds::days(1)));
    assert_eq!(world.count(|k| matches!(k, EventKind::ExhaustedDay { .. })), 0);
    world.until(at(15, 6, 0).plus(Seconds::days(1)));
    assert_eq!(world.count(|k| matches!(k, EventKind::ExhaustedDay { day: 1 })), 1);
    world.until(at(15, 6, 0).plus(Seconds::days(60)));
    assert_eq!(world.count(|k| matches!(k, EventKind::ExhaustedDay { .. })), 30);
    assert_eq!((world.report.timer(), world.report.status()), (None, "exhausted"));
}

#[test]
fn the_days_of_silence_go_on_counting_after_a_broken_promise_of_the_same_cycle() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0).plus(Seconds::days(20)));
    world.plans(PRODUCER, world.now.plus(Seconds::hours(1))).unwrap();
    world.until(world.now.plus(Seconds::days(60)));
    let days = world.count(|k| matches!(k, EventKind::ExhaustedDay { .. }));
    let last = world.count(|k| matches!(k, EventKind::ExhaustedDay { day: 30 }));
    assert_eq!((days, last), (30, 1));
    world.rejects(STEWARD).unwrap_err();
}

#[test]
fn an_acknowledgement_of_an_exhausted_report_is_on_record_and_stops_nothing() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 10, 0));
    assert_eq!(codes(&world.acknowledges(FIRST_AD).unwrap()), ["acknowledged"]);
    assert_eq!(world.acknowledges(PRODUCER).unwrap(), [], "once");
    assert_eq!((world.report.status(), world.report.awaiting()), ("exhausted", Some(Awaiting::Answer)));
    world.until(at(15, 6, 0).plus(Seconds::days(1)));
    assert_eq!(world.count(|k| matches!(k, EventKind::ExhaustedDay { .. })), 1);
}

#[test]
fn a_late_answer_to_an_exhausted_report_stands_beside_the_silence_and_is_verified() {
    let mut world = World::with(NextSetup);
    world.until(at(16, 0, 0));
    world.answers(UPM).unwrap();
    assert_eq!((world.report.status(), world.report.awaiting()), ("answered", Some(Awaiting::Verification)));
    assert!(!world.report.answers[0].in_time);
    assert_eq!(world.breach(2).answered_late_at, Some(at(16, 0, 0)));
    assert_eq!((world.breach(1).answered_late_at, world.missed().len()), (None, 3));
    world.until(at(16, 0, 0).plus(Seconds::days(1)));
    assert_eq!(world.count(|k| matches!(k, EventKind::NotVerified { .. })), 1, "every union level was told already");
    world.until(at(16, 0, 0).plus(Seconds::days(3)));
    assert_eq!((world.report.status(), world.report.is_unanswered()), ("closed", true));
}

#[test]
fn any_production_member_of_any_level_told_may_act_and_it_counts_for_the_report() {
    let mut world = World::with(NextSetup);
    assert_eq!(world.acknowledges(UPM), Err(Refusal::NotVisible));
    world.until(at(14, 22, 0));
    let events = world.acknowledges(ADVISOR).unwrap();
    let EventKind::Acknowledged { level, met } = &events[0].kind else { panic!("{events:?}") };
    assert_eq!((level.0, met.clone()), (1, vec![Level(2)]), "the actor's level, and the level whose deadline it met");
    world.until(at(15, 20, 0));
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
}

#[test]
fn a_levels_breach_stays_when_somebody_of_it_acts_later() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 22, 0));
    world.answers(FIRST_AD).unwrap();
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
    assert_eq!(world.breach(1).answered_late_at, Some(at(14, 22, 0)));
}

#[test]
fn the_next_cycle_begins_at_the_highest_level_that_was_told_and_is_reachable() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 40, 0));
    world.answers(PRODUCER).unwrap();
    world.empties(3, Side::Production);
    world.rejects(STEWARD).unwrap();
    assert_eq!(world.clock(), (vec![2], at(14, 55, 0), at(15, 40, 0)));
    assert_eq!((world.report.cycle, world.report.status()), (2, "delivered"));
    assert_eq!(world.told().0, [1, 2, 3], "whoever was told stays told");
}

#[test]
fn the_next_cycle_of_immediate_begins_with_the_pair_if_it_is_one_of_them() {
    let mut world = World::with(Immediate);
    world.answers(UPM).unwrap();
    world.rejects(STEWARD).unwrap();
    assert_eq!(world.clock().0, [1, 2]);
    world.until(world.report.timer().unwrap());
    world.answers(PRODUCER).unwrap();
    world.rejects(STEWARD).unwrap();
    assert_eq!(world.clock().0, [3]);
}

#[test]
fn where_nobody_who_was_told_is_left_the_next_cycle_goes_on_above_them() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.empties(1, Side::Production);
    assert_eq!(codes(&world.rejects(STEWARD).unwrap()), ["rejected", "cycle_began", "assigned"]);
    assert_eq!(world.clock().0, [2]);
}

#[test]
fn a_new_cycle_has_thirty_days_of_its_own() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0).plus(Seconds::days(60)));
    world.answers(PRODUCER).unwrap();
    world.rejects(STEWARD).unwrap();
    world.until(world.now.plus(Seconds::days(60)));
    assert_eq!(world.count(|k| matches!(k, EventKind::ExhaustedDay { .. })), 60);
}

#[test]
fn an_exhausted_report_that_was_answered_and_contested_goes_back_to_the_last_level() {
    let mut world = World::with(NextSetup);
    world.until(at(16, 0, 0));
    world.answers(PRODUCER).unwrap();
    world.says(Safety::No).unwrap();
    assert_eq!(world.clock(), (vec![3], at(16, 8, 0), at(16, 15, 0)));
}
