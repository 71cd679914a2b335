//! Verification, escalation by hand, retaliation, not credible. Source: domain.md, "Life of a report", "Retaliation".

use super::super::{Command, Refusal, Safety, fixtures::*};
use crate::domain::{
    catalogue::{
        Chain,
        Severity::{Immediate, NextCall, NextSetup},
    },
    event::{Addressed, Awaiting, EventKind, Outcome},
    policy::{Level, Side},
    report::{Check, Stage},
    time::Seconds,
};

fn is_out_of_order<T: std::fmt::Debug>(result: Result<T, Refusal>) -> bool {
    matches!(result.unwrap_err(), Refusal::OutOfOrder { .. })
}

#[test]
fn a_missed_verification_is_no_breach_and_the_next_union_level_is_asked_with_the_same_window() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 22, 0));
    world.answers(UPM).unwrap();
    let day = |n| at(14, 22, 0).plus(Seconds::days(n));
    world.until(day(1));
    assert_eq!((world.report.due_at(), world.told().1), (Some(day(2)), vec![1, 2, 3]));
    world.until(day(2));
    assert_eq!((world.report.due_at(), world.told().1), (Some(day(3)), vec![1, 2, 3, 4]));
    world.until(day(3));
    assert_eq!(world.report.stage, Stage::Closed { outcome: Outcome::AnsweredNotChecked });
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
    assert_eq!(world.count(|k| matches!(k, EventKind::NotVerified { level: Some(Level(4)) })), 1);
}

#[test]
fn a_verification_missed_by_more_than_a_step_gives_the_next_level_its_whole_window() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.sleeps_until(at(16, 0, 0).plus(Seconds::days(1)));
    world.does(&Command::DeadlinePassed).unwrap();
    assert_eq!(world.report.due_at(), Some(at(16, 0, 0).plus(Seconds::days(2))));
}

#[test]
fn no_answer_closes_next_setup_before_every_union_level_was_asked_and_missed_it() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.until(at(14, 5, 10).plus(Seconds::hours(95)));
    assert_eq!((world.report.status(), world.report.awaiting()), ("answered", Some(Awaiting::Verification)));
    world.until(at(14, 5, 10).plus(Seconds::hours(96)));
    assert_eq!(world.report.status(), "closed");
}

#[test]
fn a_union_desk_told_may_verify_or_reject_any_answer_until_it_is_closed_or_verified() {
    let mut world = World::with(NextCall);
    world.until(at(14, 20, 0));
    world.answers(FIRST_AD).unwrap();
    assert_eq!(world.verifies(BUSINESS_REP), Err(Refusal::NotVisible), "not told");
    world.verifies(STEWARD).unwrap();
    assert_eq!(world.verifies(SECOND_STEWARD).unwrap(), []);
    assert!(is_out_of_order(world.rejects(SECOND_STEWARD)));
}

#[test]
fn a_late_verdict_after_not_verified_counts_while_the_report_is_open() {
    let mut world = World::with(Immediate);
    world.answers(FIRST_AD).unwrap();
    world.until(at(14, 5, 10).plus(Seconds::hours(16)));
    let Stage::Answered(answered) = &world.report.stage else { panic!() };
    assert_eq!(answered.check, Check::NotVerified);
    world.verifies(COUNSEL).unwrap();
    world.until(at(14, 5, 10).plus(Seconds::hours(72)));
    assert_eq!(world.report.stage, Stage::Closed { outcome: Outcome::Answered });
}

#[test]
fn a_rejection_begins_the_next_cycle_with_the_same_severity_and_windows_anchored_at_that_moment() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.until(at(14, 30, 31));
    assert_eq!(codes(&world.rejects(STEWARD).unwrap()), ["rejected", "cycle_began", "assigned"]);
    assert_eq!((world.report.severity, world.report.cycle), (NextSetup, 2));
    let Stage::Open(open) = &world.report.stage else { panic!() };
    assert_eq!(open.anchor.at, at(14, 30, 31));
    assert_eq!(world.clock(), (vec![1], at(14, 46, 0), at(15, 31, 0)));
}

#[test]
fn the_production_side_cannot_verify() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    assert_eq!(world.verifies(ADVISOR), Err(Refusal::NotForYourSide { side: Side::Union }));
}

#[test]
fn a_verdict_in_time_overtakes_not_verified() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    let last = at(14, 5, 10).plus(Seconds::days(4));
    world.until(last);
    assert_eq!(world.report.status(), "closed");
    world.sleeps_until(last.plus_millis(-1));
    world.rejects(COUNSEL).unwrap();
    assert_eq!((world.report.status(), world.report.cycle), ("delivered", 2));
}

#[test]
fn escalating_by_hand_tells_the_next_reachable_level_and_moves_no_deadline() {
    let mut world = World::with(NextSetup);
    let before = world.clock();
    world.does(&Command::Escalate(STEWARD.actor())).unwrap();
    assert_eq!((world.clock(), world.told()), (before, (vec![1, 2], vec![1, 2])));
    world.acknowledges(UPM).unwrap();
    assert_eq!(world.report.due_at(), Some(at(15, 6, 0)), "it counts for the report; the level keeps its deadline");
}

#[test]
fn a_level_told_by_hand_still_has_its_own_turn() {
    let mut world = World::with(NextSetup);
    world.does(&Command::Escalate(STEWARD.actor())).unwrap();
    world.until(at(14, 21, 0));
    assert_eq!(world.clock(), (vec![2], at(14, 36, 0), at(15, 21, 0)));
}

#[test]
fn escalating_passes_over_empty_levels_and_tells_their_union_desks() {
    let mut world = World::with(NextSetup);
    world.empties(2, Side::Production);
    world.does(&Command::Escalate(STEWARD.actor())).unwrap();
    assert_eq!(world.told(), (vec![1, 3], vec![1, 2, 3]));
    assert!(is_out_of_order(world.does(&Command::Escalate(STEWARD.actor()))), "nobody is above");
}

#[test]
fn escalating_needs_a_running_clock_of_the_production() {
    let mut world = World::with(NextSetup);
    assert_eq!(world.does(&Command::Escalate(FIRST_AD.actor())), Err(Refusal::NotForYourSide { side: Side::Union }));
    world.answers(FIRST_AD).unwrap();
    assert!(is_out_of_order(world.does(&Command::Escalate(STEWARD.actor()))));
    let mut world = World::with_retaliation();
    assert!(is_out_of_order(world.does(&Command::Escalate(STEWARD.actor()))));
}

#[test]
fn not_credible_takes_two_members_and_closes() {
    let mut world = World::with(NextSetup);
    world.does(&Command::NotCredible(STEWARD.actor())).unwrap();
    assert_eq!(world.does(&Command::NotCredible(STEWARD.actor())).unwrap(), []);
    assert_eq!(world.report.status(), "delivered");
    world.does(&Command::NotCredible(SECOND_STEWARD.actor())).unwrap();
    assert_eq!(world.report.stage, Stage::Closed { outcome: Outcome::NotCredible });
    assert!(is_out_of_order(world.acknowledges(FIRST_AD)), "no act opens it again");
}

#[test]
fn retaliation_runs_on_the_union_chain_with_its_own_windows_and_nobody_else_is_told() {
    let mut world = World::with_retaliation();
    assert_eq!(world.report.chain, Chain::Union);
    assert_eq!(world.clock(), (vec![1], at(39, 0, 0), at(135, 0, 0)));
    assert_eq!(world.told(), (vec![], vec![1]));
    assert_eq!(world.acknowledges(FIRST_AD), Err(Refusal::NotVisible));
    world.until(at(39, 0, 0));
    assert_eq!(world.clock(), (vec![2], at(87, 0, 0), at(159, 0, 0)));
    world.until(at(87, 0, 0));
    world.until(at(135, 0, 0));
    assert_eq!((world.report.status(), world.report.observers_told), ("exhausted", false));
    assert_eq!(world.told(), (vec![], vec![1, 2, 3, 4]), "counsel is told when its windows end");
    assert_eq!(world.missed().len(), 3);
}

#[test]
fn the_unions_answer_to_retaliation_is_not_verified() {
    let mut world = World::with_retaliation();
    world.disputes(STEWARD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Contest));
    assert!(is_out_of_order(world.verifies(STEWARD)));
}

#[test]
fn a_plan_against_retaliation_is_at_most_fourteen_days_ahead_and_needs_no_stop() {
    let mut world = World::empty();
    world.files(Immediate, true, 0);
    world.until(at(15, 0, 0));
    let most = world.now.plus(Seconds::days(14));
    assert!(matches!(world.plans(STEWARD, most.plus_millis(1)), Err(Refusal::DateOutOfRange { .. })));
    world.plans(STEWARD, most).unwrap();
    world.until(at(16, 0, 0));
    world.answers(STEWARD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Contest), "no verification");
}

#[test]
fn a_summary_ends_the_union_chain_and_begins_the_productions_with_its_first_level_now() {
    let mut world = World::with_retaliation();
    world.until(at(39, 0, 0));
    let breaches = world.missed();
    world.until(at(40, 0, 30));
    assert_eq!(codes(&world.does(&Command::Summarise(BUSINESS_REP.actor())).unwrap()), ["summary", "assigned"]);
    assert_eq!((world.report.chain, world.report.cycle), (Chain::Production, 1));
    assert_eq!(world.clock(), (vec![1], at(65, 0, 0), at(161, 0, 0)), "same windows, levels one by one");
    assert_eq!((world.told(), world.missed()), ((vec![1], vec![1, 2]), breaches));
    assert!(is_out_of_order(world.does(&Command::Summarise(BUSINESS_REP.actor()))), "once");
}

#[test]
fn a_summary_is_the_unions_answer_late_for_whoever_was_silent() {
    let mut world = World::with_retaliation();
    world.until(at(39, 0, 0));
    let events = world.does(&Command::Summarise(STEWARD.actor())).unwrap();
    let EventKind::Summary { level, met, late_for } = &events[0].kind else { panic!() };
    assert_eq!((level.0, met.clone(), late_for.clone()), (1, vec![Level(2)], vec![Level(1)]));
    assert_eq!(world.breach(1).answered_late_at, Some(at(39, 0, 0)));
}

#[test]
fn after_a_summary_the_productions_answer_is_checked_by_the_union() {
    let mut world = World::with_retaliation();
    world.does(&Command::Summarise(STEWARD.actor())).unwrap();
    world.disputes(FIRST_AD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Verification));
    world.rejects(STEWARD).unwrap();
    assert_eq!((world.report.cycle, world.report.chain), (2, Chain::Production));
    assert_eq!(world.report.timer().map(|t| t.since(world.now)), Some(Seconds::days(1).millis()));
}

#[test]
fn the_productions_chain_after_a_summary_ends_exhausted_without_observers() {
    let mut world = World::with_retaliation();
    world.does(&Command::Summarise(STEWARD.actor())).unwrap();
    world.until(at(15, 0, 0).plus(Seconds::days(6)));
    assert_eq!((world.report.status(), world.report.observers_told), ("exhausted", false));
    assert_eq!(world.told().0, [1, 2, 3]);
}

#[test]
fn whoever_writes_to_the_reporter_stops_no_clock_and_nobody_writes_to_one_who_withdrew() {
    let mut world = World::with(NextSetup);
    let events = world.does(&Command::Write(STEWARD.actor())).unwrap();
    assert!(matches!(events[0].kind, EventKind::Message { to: Addressed::Reporter }));
    world.does(&Command::Withdraw).unwrap();
    assert!(is_out_of_order(world.does(&Command::Write(STEWARD.actor()))));
}

#[test]
fn a_contest_of_a_checked_answer_begins_a_cycle_in_which_the_union_checks_again() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.verifies(STEWARD).unwrap();
    world.says(Safety::No).unwrap();
    world.answers(UPM).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Verification));
}
