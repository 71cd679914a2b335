//! Windows, steps, anchors, delivery. Source: domain.md, "Windows".

use super::super::{Command, Safety, fixtures::*};
use crate::domain::{
    catalogue::Severity::{Concern, Immediate, NextCall, NextSetup},
    event::{Awaiting, EventKind, When},
    policy::Side,
    time::Seconds,
};

#[test]
fn a_next_setup_report_runs_to_the_minute_of_the_example() {
    let mut world = World::with(NextSetup);
    assert_eq!(world.clock(), (vec![1], at(14, 21, 0), at(15, 6, 0)));
    world.until(at(14, 21, 0));
    assert_eq!(world.clock(), (vec![2], at(14, 36, 0), at(15, 21, 0)));
    world.until(at(14, 36, 0));
    assert_eq!(world.clock(), (vec![3], at(15, 6, 0), at(15, 36, 0)));
}

#[test]
fn the_ladder_of_a_policy_is_the_one_that_silence_climbs() {
    for (severity, empty) in [
        (Immediate, None),
        (NextSetup, None),
        (NextCall, None),
        (Concern, None),
        (Immediate, Some(1)),
        (Immediate, Some(2)),
        (NextSetup, Some(2)),
    ] {
        let mut world = World::empty();
        let is_left = |level: Option<crate::domain::policy::Level>| level.map(|level| level.0) != empty;
        world.policy.desks.retain(|desk| desk.side != Side::Production || is_left(desk.level));
        world.people.seats.retain(|seat| seat.side != Side::Production || is_left(seat.level));
        world.files(severity, false, 0);
        let told = world.policy.ladder(severity.into(), at(14, 5, 10));
        let mut climbed = Vec::new();
        while world.report.status() != "exhausted" {
            if let crate::domain::report::Stage::Open(open) = &world.report.stage {
                climbed.push((open.levels.clone(), open.acknowledge_by.at, open.answer_by.at));
            }
            world.until(world.report.timer().unwrap());
        }
        let rungs: Vec<_> =
            told.rungs.iter().map(|rung| (rung.levels.clone(), rung.acknowledge_by, rung.answer_by)).collect();
        assert_eq!((rungs, told.exhausted_at), (climbed, world.now), "{severity:?} without {empty:?}");
    }
}

#[test]
fn an_answer_is_due_an_hour_after_the_anchor_whenever_it_was_acknowledged() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 20, 59));
    world.acknowledges(FIRST_AD).unwrap();
    assert_eq!((world.report.awaiting(), world.report.due_at()), (Some(Awaiting::Answer), Some(at(15, 6, 0))));
    world.until(at(15, 6, 0));
    assert_eq!(world.breach(1).awaiting, Awaiting::Answer);
    assert_eq!(world.clock(), (vec![2], at(15, 21, 0), at(16, 6, 0)));
    assert_eq!(world.report.awaiting(), Some(Awaiting::Acknowledgement));
}

#[test]
fn nothing_fires_a_millisecond_before_its_deadline() {
    let mut world = World::with(NextSetup);
    world.sleeps_until(at(14, 21, 0).plus_millis(-1));
    let refusal = world.does(&Command::DeadlinePassed).unwrap_err();
    assert_eq!(refusal.to_string(), "the deadline is still 1 ms away");
    world.sleeps_until(at(14, 21, 0));
    assert_eq!(codes(&world.does(&Command::DeadlinePassed).unwrap()), ["breached_acknowledgement", "assigned"]);
}

#[test]
fn an_act_at_the_deadline_itself_is_late() {
    let mut world = World::with(NextSetup);
    world.sleeps_until(at(14, 21, 0));
    let events = world.acknowledges(FIRST_AD).unwrap();
    assert_eq!(codes(&events), ["breached_acknowledgement", "assigned", "acknowledged"]);
    assert_eq!(world.missed(), [(1, at(14, 21, 0))]);
}

#[test]
fn immediate_enters_the_two_lowest_levels_together_with_one_deadline() {
    let mut world = World::with(Immediate);
    assert_eq!(world.clock(), (vec![1, 2], at(14, 11, 0), at(14, 21, 0)));
    assert_eq!(world.report.level().0, 2);
    world.until(at(14, 11, 0));
    assert_eq!(world.missed(), [(1, at(14, 11, 0)), (2, at(14, 11, 0))]);
    assert_eq!(world.clock(), (vec![3], at(14, 26, 0), at(14, 26, 0)));
    world.until(at(14, 26, 0));
    assert_eq!((world.report.status(), world.missed().len()), ("exhausted", 3));
}

#[test]
fn one_acknowledgement_stops_the_clock_of_both_levels_of_a_pair() {
    let mut world = World::with(Immediate);
    world.acknowledges(UPM).unwrap();
    world.until(at(14, 20, 59));
    assert_eq!((world.missed(), world.report.status()), (vec![], "acknowledged"));
    world.until(at(14, 21, 0));
    assert_eq!(world.missed(), [(1, at(14, 21, 0)), (2, at(14, 21, 0))]);
}

#[test]
fn of_a_pair_the_one_that_nobody_can_be_reached_at_is_skipped_and_the_other_runs_alone() {
    for (empty, alone) in [(1, 2), (2, 1)] {
        let mut world = World::empty();
        world.empties(empty, Side::Production);
        world.files(Immediate, false, 0);
        assert_eq!(world.clock(), (vec![alone], at(14, 11, 0), at(14, 21, 0)));
        assert_eq!(world.told(), (vec![alone], vec![1, 2]));
        world.until(at(14, 11, 0));
        assert_eq!(world.clock().0, [3], "the next after the pair, whichever of it ran");
        assert_eq!(world.missed(), [(alone, at(14, 11, 0))]);
    }
}

#[test]
fn only_if_both_of_a_pair_are_skipped_is_the_next_entered_with_the_first_ones_window() {
    let mut world = World::empty();
    world.empties(1, Side::Production);
    world.empties(2, Side::Production);
    world.files(Immediate, false, 0);
    assert_eq!(world.clock(), (vec![3], at(14, 11, 0), at(14, 21, 0)));
    assert_eq!(world.told(), (vec![3], vec![1, 2, 3]));
}

#[test]
fn the_anchor_is_the_missed_deadline_though_the_engine_came_up_to_a_step_late() {
    let mut world = World::with(NextSetup);
    world.sleeps_until(at(14, 22, 0));
    world.does(&Command::DeadlinePassed).unwrap();
    assert_eq!(world.clock().1, at(14, 36, 0));
}

#[test]
fn a_level_entered_more_than_a_step_late_is_anchored_when_it_is_entered() {
    let mut world = World::with(NextSetup);
    world.sleeps_until(at(14, 22, 0).plus_millis(1));
    world.does(&Command::DeadlinePassed).unwrap();
    assert_eq!(world.clock(), (vec![2], at(14, 38, 0), at(15, 23, 0)));
}

#[test]
fn immediate_and_next_setup_are_delivered_at_once_and_the_delay_is_dropped() {
    for severity in [Immediate, NextSetup] {
        let mut world = World::empty();
        world.files(severity, false, 7_200_000);
        assert_eq!((world.report.status(), world.report.delivered_at), ("delivered", Some(at(14, 6, 0))));
    }
}

#[test]
fn the_others_are_delivered_at_the_next_step() {
    for (severity, tick) in [(NextCall, at(14, 15, 0)), (Concern, at(15, 0, 0))] {
        let mut world = World::with(severity);
        assert_eq!((world.report.status(), world.report.awaiting()), ("filed", Some(Awaiting::Delivery)));
        assert_eq!((world.report.timer(), world.report.due_at(), world.report.level().0), (Some(tick), None, 0));
        assert_eq!(world.told(), (vec![], vec![]));
        world.until(tick);
        assert_eq!((world.report.status(), world.report.delivered_at), ("delivered", Some(tick)));
    }
}

#[test]
fn retaliation_waits_for_its_step_at_any_severity() {
    let mut world = World::empty();
    world.files(Immediate, true, 0);
    assert_eq!(world.report.timer(), Some(at(15, 0, 0)));
}

#[test]
fn a_random_delay_ends_on_a_step() {
    let mut world = World::empty();
    world.files(NextCall, false, 3_600_000);
    assert_eq!(world.report.timer(), Some(at(15, 15, 0)));
}

#[test]
fn a_delivery_is_recorded_at_its_tick_and_not_when_the_engine_came_by() {
    let mut world = World::with(NextCall);
    world.sleeps_until(at(14, 15, 0).plus_millis(7));
    let events = world.does(&Command::DeadlinePassed).unwrap();
    let tick = When { from: at(14, 0, 0), to: at(14, 15, 0) };
    assert_eq!(events.iter().map(|e| e.at).collect::<Vec<_>>(), [tick, tick]);
    assert_eq!(world.clock(), (vec![1], at(16, 15, 0), at(26, 15, 0)));
}

#[test]
fn a_delivery_that_was_missed_for_long_counts_from_when_it_is_made() {
    let mut world = World::with(NextCall);
    world.sleeps_until(at(15, 20, 1));
    world.does(&Command::DeadlinePassed).unwrap();
    assert_eq!((world.report.delivered_at, world.clock().1), (Some(at(15, 30, 0)), at(17, 30, 0)));
}

#[test]
fn after_stop_work_the_written_answer_to_immediate_is_due_two_hours_after_the_anchor_once_a_cycle() {
    let mut world = World::with(Immediate);
    world.until(at(14, 10, 0));
    assert_eq!(codes(&world.stops_work(FIRST_AD).unwrap()), ["acknowledged", "stop_work"]);
    assert_eq!((world.report.status(), world.report.due_at()), ("acknowledged", Some(at(16, 6, 0))));
    world.until(at(16, 6, 0));
    assert_eq!(world.clock(), (vec![3], at(16, 21, 0), at(16, 21, 0)));
    world.stops_work(PRODUCER).unwrap();
    assert_eq!(world.report.due_at(), Some(at(16, 21, 0)), "a second stop in the cycle moves nothing");
}

#[test]
fn stop_work_moves_no_deadline_to_sooner() {
    let mut world = World::empty();
    let row = world.policy.document.windows.get_mut(&crate::domain::policy::WindowRow::Immediate).unwrap();
    row.written = Some(Seconds::minutes(10));
    world.files(Immediate, false, 0);
    world.stops_work(FIRST_AD).unwrap();
    assert_eq!(world.report.due_at(), Some(at(14, 21, 0)));
}

#[test]
fn stop_work_moves_no_deadline_of_a_less_urgent_report() {
    let mut world = World::with(NextSetup);
    world.stops_work(FIRST_AD).unwrap();
    assert_eq!(world.report.due_at(), Some(at(15, 6, 0)));
}

#[test]
fn concern_ends_with_its_windows_and_the_last_window_of_the_others_serves_all_further_levels() {
    for (severity, step, last) in [(Concern, 1, 3_u8), (NextSetup, 2, 4)] {
        let mut world = World::empty();
        let mut desk = world.policy.desks[4].clone();
        desk.id = crate::domain::ids::DeskId::new([9; 16]);
        desk.level = Some(crate::domain::policy::Level(4));
        world.policy.desks.push(desk);
        world.people.seats.push(crate::domain::access::Seated {
            member: crate::domain::ids::MemberId::new([31; 16]),
            level: Some(crate::domain::policy::Level(4)),
            ..PRODUCER.seat()
        });
        world.files(severity, false, 0);
        let mut levels = Vec::new();
        while world.report.status() != "exhausted" {
            if let crate::domain::report::Stage::Open(open) = &world.report.stage {
                levels.push((open.levels[0].0, open.acknowledge_by.at.since(open.anchor.at)));
            }
            world.until(world.report.timer().unwrap());
        }
        assert_eq!(levels.last().map(|l| l.0), Some(last), "{severity:?}");
        if step == 2 {
            assert_eq!(levels[2].1, levels[3].1);
            assert_eq!(levels[3].1, Seconds::minutes(30).millis());
        }
    }
}

#[test]
fn halved_windows_are_rounded_up_to_the_step_and_not_under_five_and_fifteen_minutes() {
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    world.until(at(15, 0, 0));
    world.says(Safety::No).unwrap();
    // Immediate now: half of 5 and of 15 minutes would be under the floor.
    assert_eq!(world.clock(), (vec![1, 2], at(15, 5, 0), at(15, 15, 0)));
    world.until(at(15, 5, 0));
    assert_eq!(world.clock(), (vec![3], at(15, 13, 0), at(15, 20, 0)), "15 minutes halved is 7.5, rounded up 8");
}

#[test]
fn windows_are_halved_once_however_often_it_is_contested() {
    let mut world = World::with(Concern);
    world.until(at(15, 0, 0));
    world.answers(FIRST_AD).unwrap();
    world.says(Safety::No).unwrap();
    assert_eq!(world.clock(), (vec![1], at(16, 0, 0), at(21, 0, 0)), "next_call, half of 2 h and of 12 h");
    world.answers(FIRST_AD).unwrap();
    world.says(Safety::No).unwrap();
    assert_eq!(world.clock(), (vec![1], at(15, 8, 0), at(15, 30, 0)), "next_setup, half of 15 min is 8, of 60 is 30");
}

#[test]
fn windows_shorter_than_the_floor_are_left_as_they_are_when_halved() {
    let mut world = World::empty();
    let row = world.policy.document.windows.get_mut(&crate::domain::policy::WindowRow::Immediate).unwrap();
    (row.acknowledge, row.answer) = (vec![Seconds(10)], Seconds(20));
    world.policy.document.steps.values_mut().for_each(|step| *step = Seconds(1));
    world.files(Immediate, false, 0);
    world.answers(FIRST_AD).unwrap();
    world.says(Safety::No).unwrap();
    assert_eq!(world.clock(), (vec![1, 2], at(14, 5, 20), at(14, 5, 30)));
}

#[test]
fn the_two_hours_after_stop_work_are_not_halved() {
    let mut world = World::with(Immediate);
    world.answers(FIRST_AD).unwrap();
    world.says(Safety::No).unwrap();
    world.stops_work(FIRST_AD).unwrap();
    assert_eq!(world.report.due_at(), Some(at(16, 6, 0)));
}

#[test]
fn a_breach_names_what_was_awaited_and_its_deadline() {
    let mut world = World::with(NextSetup);
    world.until(at(14, 21, 0));
    let breach = |k: &EventKind| matches!(k, EventKind::Breached { level, due_at, awaiting: Awaiting::Acknowledgement, .. } if level.0 == 1 && *due_at == at(14, 21, 0));
    assert_eq!(world.count(breach), 1);
}
