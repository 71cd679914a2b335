//! Acknowledge, hold, answer, plan, refer, stop work, recuse. Source: domain.md, "Life of a report".

use super::super::{Command, Refusal, fixtures::*};
use crate::domain::{
    catalogue::Severity::{Concern, Immediate, NextCall, NextSetup},
    event::{AnswerKind, Awaiting, EventKind, Silence},
    policy::{Level, Side},
    report::{Check, Report, Stage},
    time::{Seconds, UtcMillis},
};

fn check(report: &Report) -> &Check {
    match &report.stage {
        Stage::Answered(answered) => &answered.check,
        other => panic!("not answered: {other:?}"),
    }
}

fn is_out_of_order(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::OutOfOrder { .. })
}

#[test]
fn acknowledging_swaps_the_first_deadline_for_the_second_and_moves_neither() {
    let mut world = World::with(NextSetup);
    let before = world.clock();
    world.acknowledges(FIRST_AD).unwrap();
    assert_eq!((world.clock(), world.report.due_at()), (before, Some(at(15, 6, 0))));
}

#[test]
fn acknowledging_again_changes_nothing() {
    let mut world = World::with(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    assert_eq!(world.acknowledges(FIRST_AD).unwrap(), []);
    assert_eq!(world.acknowledges(ADVISOR).unwrap(), []);
    world.answers(ADVISOR).unwrap();
    assert_eq!(world.acknowledges(ADVISOR).unwrap(), []);
}

#[test]
fn the_acknowledger_holds_the_report_and_anybody_told_may_take_it_over() {
    let mut world = World::with(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    assert_eq!(world.report.holder, Some((FIRST_AD.member(), "1st_ad".into())));
    assert_eq!(codes(&world.does(&Command::TakeOver(ADVISOR.actor())).unwrap()), ["holder_taken"]);
    assert_eq!(world.report.holder, Some((ADVISOR.member(), "safety_advisor".into())));
    assert_eq!(world.does(&Command::TakeOver(ADVISOR.actor())).unwrap(), []);
    assert_eq!(world.does(&Command::TakeOver(UPM.actor())), Err(Refusal::NotVisible));
}

#[test]
fn to_take_a_report_over_stops_no_clock() {
    let mut world = World::with(NextSetup);
    world.does(&Command::TakeOver(FIRST_AD.actor())).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Acknowledgement));
}

#[test]
fn only_the_production_sides_act_stops_its_clock() {
    let mut world = World::with(NextSetup);
    let refusal = Refusal::NotForYourSide { side: Side::Production };
    assert_eq!(world.acknowledges(STEWARD), Err(refusal.clone()));
    assert_eq!(world.answers(STEWARD), Err(refusal));
    world.stops_work(STEWARD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Acknowledgement));
    assert!(world.report.stopped.is_some());
}

#[test]
fn an_answer_acknowledges_in_the_same_instant() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    assert_eq!((world.report.status(), world.missed()), ("answered", vec![]));
    assert!(world.report.answers[0].in_time);
}

#[test]
fn a_dispute_is_an_answer_and_is_always_verified() {
    let mut world = World::with(Concern);
    world.until(at(15, 0, 0));
    world.disputes(FIRST_AD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Verification));
    assert_eq!(world.report.due_at(), Some(at(15, 0, 0).plus(Seconds::hours(72))));
}

#[test]
fn immediate_and_next_setup_are_verified_and_the_rest_only_where_chance_drew_them() {
    for (severity, drawn, verified) in
        [(Immediate, false, true), (NextSetup, false, true), (NextCall, false, false), (NextCall, true, true)]
    {
        let mut world = World::with(severity);
        world.until(at(14, 15, 0));
        world.acknowledges(FIRST_AD).unwrap();
        let mut given = given(AnswerKind::Action, None);
        given.drawn = drawn;
        world.does(&Command::Answer(FIRST_AD.actor(), given)).unwrap();
        assert_eq!(matches!(check(&world.report), Check::Due { .. }), verified, "{severity:?} {drawn}");
        let Stage::Answered(answered) = &world.report.stage else { panic!() };
        assert_eq!(answered.drawn, drawn);
    }
}

#[test]
fn a_verdict_is_due_exactly_four_hours_or_a_day_or_three_days_after_the_answer() {
    for (severity, hours) in [(Immediate, 4), (NextSetup, 24), (NextCall, 72), (Concern, 72)] {
        let mut world = World::with(severity);
        world.until(at(15, 0, 0).plus_millis(-1));
        world.until(at(15, 0, 0).plus_millis(7));
        let who = if matches!(severity, Immediate | NextSetup) { PRODUCER } else { FIRST_AD };
        world.disputes(who).unwrap();
        assert_eq!(world.report.due_at(), Some(at(15, 0, 0).plus_millis(7).plus(Seconds::hours(hours))));
    }
}

#[test]
fn a_plan_may_be_at_most_so_far_ahead_as_its_severity_allows() {
    let most = [
        (Immediate, Seconds::hours(2)),
        (NextSetup, Seconds::hours(12)),
        (NextCall, Seconds::hours(36)),
        (Concern, Seconds::days(14)),
    ];
    for (severity, most) in most {
        let mut world = World::with(severity);
        if let Stage::Filed { deliver_at } = world.report.stage {
            world.until(deliver_at);
        }
        world.stops_work(FIRST_AD).unwrap();
        let refusal = Refusal::DateOutOfRange { most_seconds: most.0 };
        assert_eq!(world.plans(FIRST_AD, world.now.plus(most).plus_millis(1)), Err(refusal.clone()));
        assert_eq!(world.plans(FIRST_AD, world.now), Err(refusal));
        world.plans(FIRST_AD, world.now.plus(most)).unwrap();
        assert_eq!(world.report.awaiting(), Some(Awaiting::Completion));
    }
}

#[test]
fn a_plan_for_immediate_needs_work_to_be_stopped_by_anybody_until_resumed() {
    let mut world = World::with(Immediate);
    let by = world.now.plus(Seconds::hours(1));
    assert!(is_out_of_order(&world.plans(FIRST_AD, by).unwrap_err()));
    world.stops_work(STEWARD).unwrap();
    world.does(&Command::Resume(UPM.actor())).unwrap();
    assert!(is_out_of_order(&world.plans(FIRST_AD, by).unwrap_err()));
    world.stops_work(STEWARD).unwrap();
    world.plans(FIRST_AD, by).unwrap();
}

#[test]
fn work_that_is_not_stopped_cannot_be_resumed() {
    let mut world = World::with(Immediate);
    assert!(is_out_of_order(&world.does(&Command::Resume(UPM.actor())).unwrap_err()));
}

#[test]
fn a_broken_promise_is_the_breach_of_whoever_promised_and_the_level_after_the_highest_entered_follows() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 22, 0));
    world.plans(FIRST_AD, at(16, 0, 0)).unwrap();
    assert_eq!((world.report.awaiting(), world.report.due_at()), (Some(Awaiting::Completion), Some(at(16, 0, 0))));
    world.until(at(16, 0, 0));
    let broken = world.report.breaches.last().unwrap();
    assert_eq!((broken.level.0, broken.silence, broken.awaiting), (1, Silence::PromisedNotDone, Awaiting::Completion));
    assert_eq!(world.clock(), (vec![3], at(16, 30, 0), at(17, 0, 0)));
}

#[test]
fn a_level_that_broke_a_promise_cannot_plan_again_in_that_cycle() {
    let mut world = World::with(NextSetup);
    world.plans(FIRST_AD, at(15, 0, 0)).unwrap();
    world.until(at(15, 1, 0));
    assert!(is_out_of_order(&world.plans(ADVISOR, at(16, 0, 0)).unwrap_err()));
    world.answers(ADVISOR).unwrap();
    world.rejects(STEWARD).unwrap();
    world.plans(ADVISOR, at(16, 0, 0)).unwrap();
}

#[test]
fn a_further_answer_that_says_done_completes_a_plan_which_is_then_verified() {
    let mut world = World::with(NextCall);
    world.until(at(14, 20, 0));
    world.plans(FIRST_AD, at(20, 0, 0)).unwrap();
    assert!(is_out_of_order(&world.verifies(STEWARD).unwrap_err()), "a plan is checked once it is done");
    world.until(at(15, 0, 0));
    assert_eq!(codes(&world.answers(ADVISOR).unwrap()), ["answered", "completed"]);
    assert_eq!(world.report.awaiting(), Some(Awaiting::Verification));
    assert_eq!(world.report.due_at(), Some(at(15, 0, 0).plus(Seconds::hours(72))));
    assert!(world.missed().is_empty());
}

#[test]
fn a_further_answer_moves_nothing() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    let before = world.report.stage.clone();
    world.until(at(15, 0, 0));
    assert_eq!(codes(&world.disputes(FIRST_AD).unwrap()), ["answered"]);
    world.plans(FIRST_AD, at(16, 0, 0)).unwrap();
    assert_eq!((world.report.stage.clone(), world.report.answers.len()), (before, 3));
}

#[test]
fn a_further_answer_of_a_level_that_was_silent_is_not_in_time() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 22, 0));
    world.answers(UPM).unwrap();
    world.answers(LINE_PRODUCER).unwrap();
    world.answers(FIRST_AD).unwrap();
    assert_eq!(world.report.answers.iter().map(|a| a.in_time).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(world.breach(1).answered_late_at, Some(at(14, 22, 0)));
}

#[test]
fn a_dispute_completes_no_plan() {
    let mut world = World::with(NextSetup);
    world.plans(FIRST_AD, at(16, 0, 0)).unwrap();
    world.disputes(FIRST_AD).unwrap();
    assert_eq!(world.report.awaiting(), Some(Awaiting::Completion));
}

#[test]
fn a_referral_tells_the_next_level_and_acknowledges() {
    let mut world = World::with(NextSetup);
    assert_eq!(codes(&world.refers(FIRST_AD).unwrap()), ["acknowledged", "referred"]);
    assert_eq!((world.told(), world.clock().0), ((vec![1, 2], vec![1, 2]), vec![1]));
    assert!(is_out_of_order(&world.refers(UPM).unwrap_err()), "once a report");
}

#[test]
fn a_referral_that_is_taken_is_the_referring_levels_answer_and_the_next_has_a_whole_window() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 20, 0));
    world.refers(FIRST_AD).unwrap();
    world.until(at(14, 50, 30));
    let events = world.acknowledges(UPM).unwrap();
    assert_eq!(codes(&events), ["answered_by_referral", "assigned", "acknowledged"]);
    assert_eq!((world.clock().0, world.report.due_at()), (vec![2], Some(at(15, 20, 0))), "up(referral + answer)");
    world.until(at(15, 20, 0));
    assert_eq!(world.missed(), [(2, at(15, 20, 0))]);
}

#[test]
fn the_answer_after_a_referral_is_never_due_before_the_running_deadline() {
    let mut world = World::with(Immediate);
    world.stops_work(FIRST_AD).unwrap();
    world.refers(FIRST_AD).unwrap();
    world.acknowledges(PRODUCER).unwrap();
    assert_eq!((world.clock().0, world.report.due_at()), (vec![3], Some(at(16, 6, 0))));
}

#[test]
fn a_referral_that_nobody_takes_is_the_referring_levels_breach() {
    let mut world = World::with(NextSetup);
    world.refers(FIRST_AD).unwrap();
    world.acknowledges(ADVISOR).unwrap();
    world.until(at(15, 6, 0));
    assert_eq!(world.missed(), [(1, at(15, 6, 0))]);
    assert_eq!(
        (world.clock(), world.report.awaiting()),
        ((vec![2], at(15, 21, 0), at(16, 6, 0)), Some(Awaiting::Acknowledgement))
    );
}

#[test]
fn the_referrer_cannot_take_the_own_referral() {
    let mut world = World::with(NextSetup);
    let second_seat = crate::domain::access::Seated { level: Some(Level(2)), ..FIRST_AD.seat() };
    world.people.seats.push(second_seat);
    world.refers(FIRST_AD).unwrap();
    assert_eq!(world.acknowledges(FIRST_AD).unwrap(), []);
    assert_eq!(world.clock().0, [1]);
}

#[test]
fn an_answer_of_the_level_referred_to_takes_the_referral_with_it() {
    let mut world = World::with(NextSetup);
    world.refers(FIRST_AD).unwrap();
    let events = world.answers(UPM).unwrap();
    assert_eq!(codes(&events), ["answered_by_referral", "assigned", "acknowledged", "answered"]);
    let EventKind::Answered { level, met, .. } = &events[3].kind else { panic!() };
    assert_eq!((level.0, met.clone()), (2, vec![Level(2)]));
}

#[test]
fn a_referral_needs_somebody_above_and_a_running_clock() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 40, 0));
    assert!(is_out_of_order(&world.refers(PRODUCER).unwrap_err()), "nobody is above");
    world.until(at(15, 10, 0));
    assert!(is_out_of_order(&world.refers(PRODUCER).unwrap_err()), "exhausted");
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    assert!(is_out_of_order(&world.refers(FIRST_AD).unwrap_err()), "answered");
}

#[test]
fn a_referral_passes_over_levels_that_nobody_can_be_reached_at_and_tells_their_union_desks() {
    let mut world = World::with(NextSetup);
    world.empties(2, Side::Production);
    world.refers(FIRST_AD).unwrap();
    assert_eq!(world.told(), (vec![1, 3], vec![1, 2, 3]));
}

#[test]
fn a_production_members_stop_work_acknowledges_and_a_union_members_does_not() {
    let mut world = World::with(Immediate);
    assert_eq!(codes(&world.stops_work(STEWARD).unwrap()), ["stop_work"]);
    assert_eq!(codes(&world.stops_work(UPM).unwrap()), ["acknowledged", "stop_work"]);
    assert_eq!(codes(&world.stops_work(UPM).unwrap()), ["stop_work"]);
}

#[test]
fn observers_read_and_do_nothing_else() {
    let mut world = World::with(NextSetup);
    assert_eq!(world.acknowledges(FINANCIER), Err(Refusal::NotVisible));
    world.until(at(15, 10, 0));
    let who = FINANCIER.actor();
    let commands = [
        Command::Acknowledge(who.clone()),
        Command::TakeOver(who.clone()),
        Command::Answer(who.clone(), given(AnswerKind::Action, None)),
        Command::StopWork(who.clone(), "upm".into()),
        Command::Resume(who.clone()),
        Command::Verify(who.clone(), true),
        Command::Escalate(who.clone()),
        Command::NotCredible(who.clone()),
        Command::Write(who),
    ];
    for command in commands {
        let refusal = world.does(&command).unwrap_err();
        assert!(matches!(refusal, Refusal::NotForYourSide { .. }), "{command:?}: {refusal}");
    }
}

#[test]
fn whoever_recused_does_not_see_the_report_any_more() {
    let mut world = World::with(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    world.does(&Command::Recuse(FIRST_AD.actor())).unwrap();
    assert_eq!((world.report.holder.clone(), world.answers(FIRST_AD)), (None, Err(Refusal::NotVisible)));
    assert_eq!(world.does(&Command::Recuse(FIRST_AD.actor())).unwrap(), []);
}

#[test]
fn the_last_person_at_a_level_cannot_recuse_and_whoever_recused_is_not_counted() {
    let mut world = World::with(NextSetup);
    world.does(&Command::Recuse(FIRST_AD.actor())).unwrap();
    assert_eq!(world.does(&Command::Recuse(ADVISOR.actor())), Err(Refusal::LastAtLevel));
    assert_eq!(world.clock().0, [1]);
}

#[test]
fn if_those_who_stay_are_all_kept_out_it_is_a_level_that_empties() {
    let mut world = World::empty();
    world.keeps_out(ADVISOR);
    world.files(NextSetup, false, 0);
    let events = world.does(&Command::Recuse(FIRST_AD.actor())).unwrap();
    assert_eq!(codes(&events), ["recused", "no_recipient", "assigned"]);
    assert!(world.missed().is_empty());
}

#[test]
fn with_several_seats_the_actor_acts_for_the_level_whose_clock_runs_else_for_the_highest_told() {
    let mut world = World::empty();
    let more = |level| crate::domain::access::Seated { level: Some(Level(level)), ..FIRST_AD.seat() };
    world.people.seats.extend([more(2), more(3)]);
    world.files(NextSetup, false, 0);
    let level = |events: Vec<crate::domain::event::Event>| events[0].kind.level().unwrap().0;
    world.until(at(14, 21, 0));
    assert_eq!(level(world.tries(&Command::Acknowledge(FIRST_AD.actor())).unwrap()), 2);
    world.until(at(15, 30, 0));
    assert_eq!(level(world.tries(&Command::Acknowledge(FIRST_AD.actor())).unwrap()), 3);
    world.answers(FIRST_AD).unwrap();
    assert!(world.report.breaches.iter().all(|b| b.answered_late_at == Some(at(15, 30, 0))), "late for each level");
}

#[test]
fn a_closed_report_takes_no_act_of_a_clock() {
    let mut world = World::with(NextCall);
    world.until(at(14, 15, 0));
    world.answers(FIRST_AD).unwrap();
    world.until(UtcMillis::new(i64::MAX / 2));
    assert_eq!(world.report.status(), "closed");
    for refused in [world.acknowledges(FIRST_AD), world.answers(FIRST_AD), world.stops_work(FIRST_AD)] {
        assert!(is_out_of_order(&refused.unwrap_err()));
    }
}
