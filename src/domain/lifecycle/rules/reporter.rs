//! What the reporter may do. Source: domain.md, "Life of a report".

use super::super::{Command, Refusal, Safety, fixtures::*};
use crate::domain::{
    catalogue::Severity::{self, Concern, Immediate, NextCall, NextSetup},
    event::{Addressed, Awaiting, EventKind, Outcome},
    policy::{Level, Side},
    time::Seconds,
};

fn is_out_of_order<T: std::fmt::Debug>(result: Result<T, Refusal>) -> bool {
    matches!(result.unwrap_err(), Refusal::OutOfOrder { .. })
}

#[test]
fn not_safe_begins_the_next_cycle_one_severity_up_anchored_then() {
    let mut world = World::with(NextCall);
    world.until(at(14, 20, 0));
    world.answers(FIRST_AD).unwrap();
    world.until(at(14, 30, 31));
    assert_eq!(codes(&world.says(Safety::No).unwrap()), ["contested", "cycle_began", "assigned"]);
    assert_eq!((world.report.severity, world.report.cycle), (NextSetup, 2));
    assert_eq!(world.clock(), (vec![1], at(14, 39, 0), at(15, 1, 0)));
}

#[test]
fn a_contest_is_possible_until_72_hours_after_the_answer_and_not_a_millisecond_longer() {
    let end = at(14, 20, 0).plus(Seconds::hours(72));
    for (then, allowed) in [(end.plus_millis(-1), true), (end, false)] {
        let mut world = World::with(NextSetup);
        world.until(at(14, 20, 0));
        world.answers(FIRST_AD).unwrap();
        world.sleeps_until(then);
        assert_eq!(world.says(Safety::No).is_ok(), allowed);
    }
}

#[test]
fn a_contest_in_time_overtakes_the_closing() {
    let mut world = World::with(NextCall);
    world.until(at(14, 20, 0));
    world.answers(FIRST_AD).unwrap();
    let end = at(14, 20, 0).plus(Seconds::hours(72));
    world.until(end);
    assert_eq!(world.report.status(), "closed");
    world.sleeps_until(end.plus_millis(-1));
    assert_eq!(codes(&world.says(Safety::No).unwrap())[..2], ["lifted", "contested"]);
    assert_eq!(world.report.status(), "delivered");
}

#[test]
fn yes_counts_as_verification_below_immediate_and_is_said_once() {
    for (severity, closed) in [(NextSetup, true), (Immediate, false)] {
        let mut world = World::with(severity);
        world.answers(FIRST_AD).unwrap();
        world.says(Safety::Yes).unwrap();
        assert_eq!(world.report.status() == "closed", closed);
        assert!(is_out_of_order(world.says(Safety::No)));
    }
}

#[test]
fn immediate_closes_only_after_a_union_verdict_though_the_reporter_says_yes() {
    let mut world = World::with(Immediate);
    world.answers(FIRST_AD).unwrap();
    world.says(Safety::Yes).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Verification));
    world.verifies(STEWARD).unwrap();
    assert_eq!(world.report.status(), "closed");
    assert!(is_out_of_order(world.answers(FIRST_AD)), "a closed report is not opened again by a further answer");
    assert!(is_out_of_order(world.rejects(STEWARD)));
}

#[test]
fn cannot_tell_uses_nothing_up() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    let before = world.report.stage.clone();
    world.says(Safety::CannotTell).unwrap();
    world.says(Safety::CannotTell).unwrap();
    assert_eq!(world.report.stage, before);
    world.says(Safety::No).unwrap();
}

#[test]
fn before_an_answer_there_is_nothing_to_contest() {
    let mut world = World::with(NextSetup);
    for safety in [Safety::Yes, Safety::No, Safety::CannotTell] {
        assert!(is_out_of_order(world.says(safety)));
    }
}

#[test]
fn a_plan_can_be_contested_before_it_is_done_but_not_called_safe() {
    let mut world = World::with(NextSetup);
    world.plans(FIRST_AD, at(20, 0, 0)).unwrap();
    assert!(is_out_of_order(world.says(Safety::Yes)));
    world.says(Safety::No).unwrap();
    assert_eq!((world.report.severity, world.report.status()), (Immediate, "delivered"));
}

#[test]
fn after_a_plan_is_done_the_72_hours_count_from_its_completion() {
    let mut world = World::with(NextCall);
    world.until(at(14, 20, 0));
    world.plans(FIRST_AD, at(38, 0, 0)).unwrap();
    world.until(at(37, 0, 0));
    world.answers(FIRST_AD).unwrap();
    world.until(at(37, 0, 0).plus(Seconds::hours(72)).plus_millis(-1));
    world.says(Safety::No).unwrap();
}

#[test]
fn retaliation_is_contested_as_usual_but_never_raised() {
    let mut world = World::with_retaliation();
    world.answers(STEWARD).unwrap();
    world.says(Safety::No).unwrap();
    assert_eq!((world.report.severity, world.report.cycle), (NextCall, 2));
    assert_eq!(world.clock(), (vec![1], at(27, 0, 0), at(75, 0, 0)), "half of 24 h and of 5 days");
}

#[test]
fn worse_is_one_severity_up_and_the_level_is_anchored_now_if_that_is_sooner() {
    let mut world = World::with(NextCall);
    world.until(at(14, 15, 0));
    world.until(at(14, 20, 30));
    assert_eq!(codes(&world.does(&Command::Worse).unwrap()), ["worse", "reanchored"]);
    assert_eq!(world.report.severity, NextSetup);
    assert_eq!(world.clock(), (vec![1], at(14, 36, 0), at(15, 21, 0)));
    assert!(is_out_of_order(world.does(&Command::Worse)), "once");
}

#[test]
fn worse_moves_no_deadline_to_later() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 17, 0));
    assert_eq!(codes(&world.does(&Command::Worse).unwrap()), ["worse"]);
    assert_eq!((world.report.severity, world.clock()), (Immediate, (vec![1], at(14, 21, 0), at(15, 6, 0))));
    world.until(at(14, 21, 0));
    assert_eq!(world.clock(), (vec![2], at(14, 26, 0), at(14, 36, 0)), "from here on the windows of immediate");
}

#[test]
fn each_deadline_is_the_earlier_of_old_and_new() {
    let mut world = World::with(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    world.until(at(14, 30, 0));
    world.does(&Command::Worse).unwrap();
    assert_eq!((world.report.due_at(), world.clock().1), (Some(at(14, 45, 0)), at(14, 21, 0)));
}

#[test]
fn level_two_joins_level_one_when_it_becomes_immediate() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 7, 0));
    assert_eq!(codes(&world.does(&Command::Worse).unwrap()), ["worse", "reanchored", "assigned"]);
    assert_eq!(world.clock(), (vec![1, 2], at(14, 12, 0), at(14, 22, 0)));
    assert_eq!(world.told(), (vec![1, 2], vec![1, 2]));
}

#[test]
fn where_level_two_cannot_join_its_union_desks_are_told_and_level_one_runs_alone() {
    let mut world = World::with(NextSetup);
    world.empties(2, Side::Production);
    world.until(at(14, 7, 0));
    assert_eq!(codes(&world.does(&Command::Worse).unwrap()), ["worse", "reanchored", "no_recipient"]);
    assert_eq!((world.clock().0, world.told().1), (vec![1], vec![1, 2]));
    world.until(at(14, 12, 0));
    assert_eq!(world.clock().0, [3]);
}

#[test]
fn a_level_two_that_was_skipped_once_is_not_skipped_again() {
    let mut world = World::empty();
    world.empties(2, Side::Production);
    world.files(Immediate, false, 0);
    world.stops_work(FIRST_AD).unwrap();
    world.until(at(14, 20, 0));
    assert_eq!(codes(&world.does(&Command::Worse).unwrap()), ["worse", "reanchored"]);
    assert_eq!(world.report.due_at(), Some(at(14, 35, 0)));
}

#[test]
fn a_carried_window_is_the_one_that_worse_starts_again() {
    let mut world = World::empty();
    world.empties(1, Side::Production);
    world.empties(2, Side::Production);
    world.files(Immediate, false, 0);
    world.acknowledges(PRODUCER).unwrap();
    world.until(at(14, 10, 0));
    world.does(&Command::Worse).unwrap();
    assert_eq!(world.clock(), (vec![3], at(14, 11, 0), at(14, 21, 0)), "nothing would be sooner");
}

#[test]
fn worse_before_delivery_delivers_sooner() {
    for (chosen, tick) in [(Concern, at(14, 15, 0)), (NextCall, at(14, 6, 0))] {
        let mut world = World::empty();
        world.files(chosen, false, 7_200_000);
        world.does(&Command::Worse).unwrap();
        if chosen == NextCall {
            assert_eq!(world.report.status(), "delivered", "next_setup is delivered at once");
            assert_eq!(world.clock().1, at(14, 21, 0));
        }
        assert_eq!(world.report.delivered_at.or(world.report.timer()), Some(tick));
    }
}

#[test]
fn worse_never_delivers_later() {
    let mut world = World::empty();
    world.now = at(14, 59, 30);
    world.files(Concern, false, 0);
    world.policy.document.steps.insert(crate::domain::policy::WindowRow::NextCall, Seconds::hours(6));
    world.does(&Command::Worse).unwrap();
    assert_eq!(world.report.timer(), Some(at(15, 0, 0)));
}

#[test]
fn worse_is_for_reports_that_are_not_answered() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    assert!(is_out_of_order(world.does(&Command::Worse)));
    let mut world = World::with(NextSetup);
    world.until(at(15, 10, 0));
    world.does(&Command::Worse).unwrap();
    assert_eq!((world.report.severity, world.report.status()), (Immediate, "exhausted"));
}

#[test]
fn retaliation_gets_no_worse_severity() {
    let mut world = World::with_retaliation();
    let before = world.clock();
    assert_eq!(codes(&world.does(&Command::Worse).unwrap()), ["worse"]);
    assert_eq!((world.report.severity, world.clock()), (NextCall, before));
}

#[test]
fn withdrawing_closes_and_before_delivery_erases() {
    let mut world = World::with(NextSetup);
    let events = world.does(&Command::Withdraw).unwrap();
    assert!(matches!(events[0].kind, EventKind::Withdrawn { erased: false }));
    assert_eq!(world.report.status(), "withdrawn");
    assert_eq!(world.does(&Command::Withdraw).unwrap(), []);
    assert_eq!((world.report.timer(), world.told().1), (None, vec![1]), "that it was filed stays with the union side");
    let mut world = World::with(Concern);
    let events = world.does(&Command::Withdraw).unwrap();
    assert!(matches!(events[0].kind, EventKind::Withdrawn { erased: true }));
}

#[test]
fn withdrawing_takes_no_breach_away() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 30, 0));
    world.does(&Command::Withdraw).unwrap();
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
}

#[test]
fn a_message_stops_no_clock() {
    let mut world = World::with(NextSetup);
    let before = world.report.stage.clone();
    world.does(&Command::Message(Addressed::All)).unwrap();
    world.does(&Command::Write(FIRST_AD.actor())).unwrap();
    assert_eq!(world.report.stage, before);
}

#[test]
fn a_report_closes_when_it_is_verified_and_the_time_to_contest_is_over() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.verifies(STEWARD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Contest));
    let end = at(14, 5, 10).plus(Seconds::hours(72));
    world.until(end.plus_millis(-1));
    assert_eq!(world.report.status(), "answered");
    world.until(end);
    assert_eq!(world.count(|k| matches!(k, EventKind::Closed { outcome: Outcome::Answered })), 1);
}

#[test]
fn severity_is_never_past_immediate_however_often_it_is_contested() {
    let mut world = World::with(Concern);
    world.until(at(15, 0, 0));
    let mut seen: Vec<Severity> = Vec::new();
    for _ in 0..4 {
        world.answers(FIRST_AD).unwrap();
        world.says(Safety::No).unwrap();
        seen.push(world.report.severity);
    }
    assert_eq!(seen, [NextCall, NextSetup, Immediate, Immediate]);
    assert_eq!(world.report.reached.iter().max(), Some(&Level(2)));
}
