//! Telling, dead addresses, outages, acts that overtake a breach. Source: domain.md, "Fairness".

use super::super::{Command, Refusal, Safety, fixtures::*};
use crate::domain::{
    catalogue::Severity::{Concern, Immediate, NextCall, NextSetup},
    event::{EventKind, Silence, Telling, When},
    policy::{Level, Side},
    report::Stage,
    time::{Seconds, UtcMillis},
};

fn unmailed(severity: crate::domain::catalogue::Severity) -> World {
    let mut world = World::empty();
    world.mail_works = false;
    world.files(severity, false, 0);
    world
}

fn tell(world: &mut World, who: Person, how: Telling, at: UtcMillis) -> Vec<crate::domain::event::Event> {
    world.does(&Command::Told { member: who.member(), how, at }).unwrap()
}

fn outage(world: &mut World, from: UtcMillis, to: UtcMillis) -> Vec<crate::domain::event::Event> {
    world.sleeps_until(to);
    world.does(&Command::Outage { from, to }).unwrap()
}

#[test]
fn a_level_that_was_not_told_in_time_is_not_notified_and_the_next_is_entered_just_the_same() {
    let mut world = unmailed(NextSetup);
    world.until(at(14, 21, 0));
    assert_eq!((world.breach(1).silence, world.clock().0), (Silence::NotNotified, vec![2]));
}

#[test]
fn mail_list_and_opening_each_tell_a_level_once_a_cycle() {
    for how in [Telling::Notified, Telling::Listed, Telling::Opened] {
        let mut world = unmailed(NextSetup);
        assert_eq!(tell(&mut world, FIRST_AD, how, at(14, 6, 0)).len(), 1);
        assert_eq!(tell(&mut world, ADVISOR, how, at(14, 7, 0)), []);
        world.until(at(14, 21, 0));
        assert_eq!(world.breach(1).silence, Silence::Unanswered, "{how:?}");
    }
}

#[test]
fn a_telling_at_the_deadline_is_on_record_and_changes_nothing() {
    let mut world = unmailed(NextSetup);
    let events = tell(&mut world, FIRST_AD, Telling::Opened, at(14, 21, 0));
    assert!(matches!(events[0].kind, EventKind::Told { in_time: false, .. }));
    world.until(at(14, 21, 0));
    assert_eq!(world.breach(1).silence, Silence::NotNotified);
    tell(&mut world, FIRST_AD, Telling::Listed, at(14, 20, 0));
    assert_eq!(world.breach(1).silence, Silence::NotNotified, "committed after the breach");
}

#[test]
fn a_telling_keeps_only_the_span_of_when_it_was_and_not_of_when_it_was_recorded() {
    let mut world = unmailed(NextSetup);
    world.sleeps_until(at(14, 9, 40));
    let events = tell(&mut world, FIRST_AD, Telling::Notified, at(14, 7, 40));
    assert_eq!(events[0].at, When { from: at(14, 7, 0), to: at(14, 8, 0) });
}

#[test]
fn telling_the_union_side_or_a_level_not_entered_is_no_telling() {
    let mut world = unmailed(NextSetup);
    assert_eq!(tell(&mut world, STEWARD, Telling::Opened, at(14, 6, 0)), []);
    assert_eq!(tell(&mut world, UPM, Telling::Opened, at(14, 6, 0)), []);
}

#[test]
fn whoever_acts_was_told() {
    let mut world = unmailed(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    world.until(at(15, 6, 0));
    assert_eq!(world.breach(1).silence, Silence::Unanswered);
}

#[test]
fn a_level_told_by_hand_before_its_clock_runs_is_told_in_time() {
    let mut world = unmailed(NextSetup);
    world.does(&Command::Escalate(STEWARD.actor())).unwrap();
    tell(&mut world, UPM, Telling::Listed, at(14, 6, 0));
    world.until(at(14, 36, 0));
    assert_eq!(world.breach(2).silence, Silence::Unanswered);
}

#[test]
fn a_level_told_by_hand_and_opened_while_a_plan_runs_is_told_in_time_for_its_own_clock() {
    let mut world = unmailed(NextSetup);
    world.does(&Command::Escalate(STEWARD.actor())).unwrap();
    world.plans(FIRST_AD, at(15, 0, 0)).unwrap();
    tell(&mut world, UPM, Telling::Opened, at(14, 6, 0));
    world.until(at(15, 15, 0));
    assert_eq!(world.breach(2).silence, Silence::Unanswered);
}

#[test]
fn telling_counts_for_its_cycle_alone() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.mail_works = false;
    world.rejects(STEWARD).unwrap();
    world.until(world.report.timer().unwrap());
    assert_eq!(world.breach(1).silence, Silence::NotNotified);
}

#[test]
fn a_level_whose_addresses_are_all_dead_is_passed_at_once_and_the_next_anchored_now() {
    let mut world = unmailed(NextSetup);
    world.sleeps_until(at(14, 10, 30));
    world.kills_address(FIRST_AD, at(14, 10, 0));
    assert_eq!(world.does(&Command::PeopleChanged).unwrap(), [], "one of them can still be told");
    world.kills_address(ADVISOR, at(14, 10, 30));
    assert_eq!(codes(&world.does(&Command::PeopleChanged).unwrap()), ["breached_acknowledgement", "assigned"]);
    assert_eq!((world.breach(1).silence, world.breach(1).due_at), (Silence::NotNotified, at(14, 21, 0)));
    assert_eq!(world.clock(), (vec![2], at(14, 26, 0), at(15, 11, 0)));
}

#[test]
fn an_act_after_a_level_was_passed_for_dead_lifts_nothing() {
    let mut world = unmailed(NextSetup);
    world.kills_address(FIRST_AD, at(14, 10, 0));
    world.kills_address(ADVISOR, at(14, 10, 0));
    world.does(&Command::PeopleChanged).unwrap();
    assert_eq!(codes(&world.acknowledges(UPM).unwrap()), ["acknowledged"]);
    assert!(!world.breach(1).lifted);
}

#[test]
fn a_level_that_was_told_or_acknowledged_is_not_passed_for_dead() {
    for acknowledged in [false, true] {
        let mut world = unmailed(NextSetup);
        tell(&mut world, FIRST_AD, Telling::Listed, at(14, 6, 0));
        if acknowledged {
            world.acknowledges(FIRST_AD).unwrap();
        }
        world.kills_address(FIRST_AD, at(14, 10, 0));
        world.kills_address(ADVISOR, at(14, 10, 0));
        assert_eq!(world.does(&Command::PeopleChanged).unwrap(), []);
    }
}

#[test]
fn of_a_pair_the_one_that_can_be_told_goes_on() {
    let mut world = unmailed(Immediate);
    world.kills_address(FIRST_AD, at(14, 0, 0));
    world.kills_address(ADVISOR, at(14, 0, 0));
    assert_eq!(world.does(&Command::PeopleChanged).unwrap(), []);
    tell(&mut world, UPM, Telling::Notified, at(14, 7, 0));
    world.until(at(14, 11, 0));
    assert_eq!((world.breach(1).silence, world.breach(2).silence), (Silence::NotNotified, Silence::Unanswered));
}

#[test]
fn an_address_known_dead_for_a_day_is_unreachable() {
    let mut world = World::empty();
    world.kills_address(FIRST_AD, at(14, 5, 10).plus_millis(-Seconds::days(1).millis()));
    world.kills_address(ADVISOR, MIDNIGHT.plus_millis(-Seconds::days(3).millis()));
    world.files(NextSetup, false, 0);
    assert_eq!((world.breach(1).silence, world.clock().0), (Silence::Unreachable, vec![2]));
}

#[test]
fn an_outage_moves_open_deadlines_by_its_length_rounded_up() {
    let mut world = World::with(NextSetup);
    assert_eq!(codes(&outage(&mut world, at(14, 10, 0), at(14, 12, 15))), ["extended"]);
    assert_eq!(world.clock(), (vec![1], at(14, 24, 0), at(15, 9, 0)));
    world.until(at(14, 24, 0));
    assert_eq!(world.clock(), (vec![2], at(14, 39, 0), at(15, 24, 0)), "later levels follow");
    assert_eq!(world.missed(), [(1, at(14, 24, 0))]);
}

#[test]
fn several_short_outages_cost_one_step() {
    let mut world = World::with(NextSetup);
    for minute in 7..9 {
        outage(&mut world, at(14, minute, 0), at(14, minute, 30));
    }
    assert_eq!(world.clock(), (vec![1], at(14, 22, 0), at(15, 7, 0)));
    outage(&mut world, at(14, 10, 0), at(14, 10, 30));
    assert_eq!(world.clock().1, at(14, 23, 0), "90 seconds in all");
}

#[test]
fn an_outage_under_thirty_seconds_moves_nothing() {
    let mut world = World::with(NextSetup);
    assert_eq!(outage(&mut world, at(14, 10, 0), at(14, 10, 30).plus_millis(-1)), []);
    assert_eq!(world.clock().1, at(14, 21, 0));
}

#[test]
fn the_levels_anchor_follows_an_outage() {
    let mut world = World::with(Immediate);
    outage(&mut world, at(14, 7, 0), at(14, 17, 0));
    world.stops_work(FIRST_AD).unwrap();
    assert_eq!(world.report.due_at(), Some(at(16, 16, 0)));
}

#[test]
fn a_deadline_that_had_passed_before_the_outage_fires_at_once_and_the_next_level_has_its_whole_window() {
    let mut world = World::with(NextSetup);
    assert_eq!(outage(&mut world, at(14, 21, 0), at(15, 0, 0)), []);
    world.does(&Command::DeadlinePassed).unwrap();
    assert_eq!((world.missed(), world.clock()), (vec![(1, at(14, 21, 0))], (vec![2], at(15, 15, 0), at(16, 0, 0))));
}

#[test]
fn plans_verdicts_and_contests_are_extended_too() {
    let mut world = World::with(NextSetup);
    world.plans(FIRST_AD, at(16, 0, 0)).unwrap();
    outage(&mut world, at(15, 0, 0), at(16, 30, 0));
    assert_eq!(world.report.due_at(), Some(at(17, 30, 0)));
    world.answers(FIRST_AD).unwrap();
    outage(&mut world, at(17, 0, 0), at(18, 0, 0));
    let Stage::Answered(answered) = &world.report.stage else { panic!() };
    assert_eq!(world.report.due_at(), Some(at(17, 30, 0).plus(Seconds::days(1))));
    assert_eq!(answered.contest_until.unwrap().at, at(17, 30, 0).plus(Seconds::days(3)));
}

#[test]
fn delivery_and_daily_entries_do_not_move() {
    let mut world = World::with(Concern);
    assert_eq!(outage(&mut world, at(14, 10, 0), at(14, 40, 0)), []);
    assert_eq!(world.report.timer(), Some(at(15, 0, 0)));
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0));
    let before = world.report.timer();
    outage(&mut world, at(16, 0, 0), at(17, 0, 0));
    assert_eq!(world.report.timer(), before);
}

#[test]
fn while_nobody_watches_nothing_fires_and_nobody_is_judged() {
    let mut world = World::with(NextSetup);
    world.people.unwatched = true;
    world.sleeps_until(at(18, 0, 0));
    assert_eq!(world.does(&Command::DeadlinePassed).unwrap(), []);
    assert_eq!(codes(&world.acknowledges(FIRST_AD).unwrap()), ["acknowledged"]);
    assert!(world.missed().is_empty());
}

#[test]
fn while_the_engine_is_held_what_meets_a_deadline_in_time_goes_on_and_what_comes_after_it_waits() {
    let mut world = World::with(NextSetup);
    world.people.engine_held = true;
    world.sleeps_until(at(14, 20, 59));
    assert_eq!(codes(&world.acknowledges(FIRST_AD).unwrap()), ["acknowledged"]);
    world.sleeps_until(at(18, 0, 0));
    assert_eq!(world.does(&Command::DeadlinePassed).unwrap(), []);
    assert_eq!(world.answers(FIRST_AD), Err(Refusal::Held));
    assert_eq!(world.does(&Command::Withdraw), Err(Refusal::Held), "a withdrawal must not take the breach with it");
    assert_eq!(world.does(&Command::NotCredible(STEWARD.actor())), Err(Refusal::Held));
    // Whom it is not for learns nothing of the clock, and words and stopped work wait for no clock.
    assert_eq!(world.acknowledges(STEWARD), Err(Refusal::NotForYourSide { side: Side::Production }));
    assert_eq!(world.acknowledges(PRODUCER), Err(Refusal::NotVisible));
    assert_eq!(codes(&world.does(&Command::Write(STEWARD.actor())).unwrap()), ["message"]);
    assert_eq!(codes(&world.stops_work(STEWARD).unwrap()), ["stop_work"]);
    world.empties(1, Side::Production);
    assert_eq!(world.does(&Command::PeopleChanged).unwrap(), [], "a level that empties late has missed its deadline");
    world.people.engine_held = false;
    world.does(&Command::DeadlinePassed).unwrap();
    assert_eq!(world.missed()[0], (1, at(15, 6, 0)));
}

/// The deadline at 14:21 has fired; an act arrived before it.
fn overtaken(arrived: UtcMillis) -> World {
    let mut world = World::with(NextSetup);
    world.until(at(14, 21, 0).plus_millis(5));
    world.sleeps_until(arrived);
    world
}

#[test]
fn an_act_in_time_lifts_the_breach_that_was_committed_meanwhile_and_the_clock_goes_back() {
    let mut world = overtaken(at(14, 20, 59));
    assert_eq!(codes(&world.acknowledges(FIRST_AD).unwrap()), ["lifted", "acknowledged"]);
    assert_eq!((world.clock(), world.report.due_at()), ((vec![1], at(14, 21, 0), at(15, 6, 0)), Some(at(15, 6, 0))));
    assert!(world.breach(1).lifted, "it stays on record beside that word");
    assert_eq!((world.missed(), world.report.is_unanswered()), (vec![], false));
    assert_eq!(world.told().0, [1, 2], "the level entered meanwhile stays told");
}

#[test]
fn the_lifted_report_goes_on_as_if_the_breach_had_not_been() {
    let mut world = overtaken(at(14, 20, 59));
    world.acknowledges(FIRST_AD).unwrap();
    world.until(at(15, 6, 0));
    assert_eq!(world.missed(), [(1, at(15, 6, 0))]);
    assert_eq!(world.clock(), (vec![2], at(15, 21, 0), at(16, 6, 0)));
}

#[test]
fn an_act_at_the_deadline_lifts_nothing() {
    let mut world = overtaken(at(14, 21, 0));
    assert_eq!(codes(&world.acknowledges(FIRST_AD).unwrap()), ["acknowledged"]);
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
}

#[test]
fn an_act_in_time_that_does_not_meet_the_deadline_lifts_nothing() {
    let mut world = World::with(NextSetup);
    world.acknowledges(FIRST_AD).unwrap();
    world.until(at(15, 6, 0));
    world.sleeps_until(at(15, 5, 59));
    assert_eq!(codes(&world.does(&Command::TakeOver(ADVISOR.actor())).unwrap()), ["holder_taken"]);
    assert_eq!(codes(&world.stops_work(ADVISOR).unwrap()), ["acknowledged", "stop_work"]);
    assert_eq!(world.missed(), [(1, at(15, 6, 0))]);
}

#[test]
fn both_breaches_of_a_pair_are_lifted_together() {
    let mut world = World::with(Immediate);
    world.until(at(14, 11, 0));
    world.sleeps_until(at(14, 10, 59));
    world.acknowledges(UPM).unwrap();
    assert_eq!((world.missed(), world.clock().0), (vec![], vec![1, 2]));
    assert_eq!(world.report.breaches.len(), 2);
}

#[test]
fn a_plan_completed_in_time_was_not_broken() {
    let mut world = World::with(NextSetup);
    world.plans(FIRST_AD, at(15, 0, 0)).unwrap();
    world.until(at(15, 0, 0));
    world.sleeps_until(at(14, 59, 59));
    assert_eq!(codes(&world.answers(FIRST_AD).unwrap()), ["lifted", "answered", "completed"]);
    assert_eq!((world.missed(), world.report.broke_promise.len()), (vec![], 0));
}

#[test]
fn an_earlier_breach_is_not_lifted_with_a_later_one() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 36, 0));
    world.sleeps_until(at(14, 35, 59));
    world.answers(UPM).unwrap();
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
}

#[test]
fn an_answer_committed_meanwhile_is_not_taken_away_by_an_act_that_was_in_time() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 21, 0));
    world.sleeps_until(at(14, 21, 5));
    world.answers(UPM).unwrap();
    world.sleeps_until(at(14, 20, 59));
    assert_eq!(world.acknowledges(FIRST_AD).unwrap(), []);
    assert_eq!((world.report.status(), world.report.answers.len()), ("answered", 1));
}

#[test]
fn a_refused_act_lifts_nothing() {
    let mut world = overtaken(at(14, 20, 59));
    let before = world.report.clone();
    assert!(matches!(world.plans(FIRST_AD, at(14, 0, 0)), Err(Refusal::DateOutOfRange { .. })));
    assert_eq!(world.report, before);
}

#[test]
fn a_clock_is_put_back_for_a_minute_at_most() {
    let mut world = World::with(NextCall);
    world.until(at(30, 0, 0));
    assert!(world.report.rewinds.len() <= 1, "{:?}", world.report.rewinds);
}

#[test]
fn the_exact_second_of_a_contest_is_nowhere_in_what_follows() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 30, 0));
    world.answers(UPM).unwrap();
    world.until(at(14, 50, 17).plus_millis(123));
    for event in world.says(Safety::No).unwrap() {
        assert_eq!(event.at, When { from: at(14, 50, 0), to: at(14, 51, 0) }, "{event:?}");
    }
    assert_eq!(world.clock().1, at(14, 56, 0));
    assert_eq!(world.report.reached.iter().max(), Some(&Level(2)));
    assert_eq!(world.report.clock_side(), Side::Production);
}
