//! The set of *Rust*, October 2021: what would have been on record before the 21st.
//!
//! The days, times and reports are public facts and the case's tables; the policy and the chain are the shipped ones.

use super::super::{Filing, file, fixtures::*};
use crate::domain::{
    catalogue::{Catalogue, RaisedBecause, Severity, severity},
    event::{EventKind, Outcome, Telling},
    policy::{Level, Side},
    report::{Report, Stage},
    time::{Seconds, UtcMillis},
};

/// 2021-10-16, 00:00 in America/Denver (UTC-6): the first day of the case.
const SATURDAY: UtcMillis = UtcMillis::new(1_634_364_000_000);

fn day(day: u32, hours: u32, minutes: u32) -> UtcMillis {
    SATURDAY.plus(Seconds((day - 16) * 86_400 + hours * 3600 + minutes * 60))
}

struct Seen {
    at: UtcMillis,
    category: &'static str,
    kind: &'static str,
    chosen: Severity,
    ignored_before: bool,
}

fn seen() -> [Seen; 7] {
    let seen = |at, category, kind, chosen, ignored_before| Seen { at, category, kind, chosen, ignored_before };
    let (setup, call) = (Severity::NextSetup, Severity::NextCall);
    [
        seen(day(16, 10, 40), "weapons", "went_off_unintended", setup, false),
        seen(day(16, 15, 5), "weapons", "went_off_unintended", setup, false),
        seen(day(17, 9, 30), "explosives_sfx", "no_warning", setup, false),
        seen(day(17, 13, 20), "weapons", "left_unattended", call, false),
        seen(day(18, 8, 10), "rehearsal_and_process", "rehearsal_skipped", call, false),
        seen(day(18, 21, 30), "fatigue", "rest_breach", call, false),
        seen(day(20, 19, 0), "rehearsal_and_process", "no_safety_meeting", setup, true),
    ]
}

/// Seats of the case: one person is 1st AD and safety contact; steward and business representative are one each.
fn people() -> World {
    let mut world = World::empty();
    world
        .people
        .seats
        .retain(|s| ![ADVISOR.member(), SECOND_STEWARD.member(), SECOND_REP.member()].contains(&s.member));
    world
}

/// Severities computed as they were filed, one after the other.
fn raised(earlier: &[(&str, Report)], report: &Seen) -> (Severity, Vec<RaisedBecause>) {
    let (catalogue, repeated) = (Catalogue::shipped(), shipped_policy().document.repeated);
    let again = earlier.iter().any(|(category, earlier)| {
        *category == report.category && earlier.delivered_at.is_some_and(|at| repeated.counts(at, report.at))
    });
    let category = catalogue.category(report.category).unwrap();
    severity(category, category.kind(report.kind), report.chosen, report.ignored_before, again)
}

const END: (u32, u32, u32) = (21, 8, 0);

/// All seven, each told by mail, until the morning of the 21st; `live` acts on each before it runs to the end.
fn run(live: impl Fn(usize, &mut World)) -> Vec<World> {
    let mut earlier: Vec<(&str, Report)> = Vec::new();
    let mut worlds = Vec::new();
    for (i, report) in seen().iter().enumerate() {
        let mut world = people();
        world.now = report.at;
        let (severity, _) = raised(&earlier, report);
        if i == 3 {
            live(10, &mut world);
        }
        world.files(severity, false, 0);
        live(i, &mut world);
        world.until(day(END.0, END.1, END.2));
        earlier.push((report.category, world.report.clone()));
        worlds.push(world);
    }
    worlds
}

fn silent() -> Vec<World> {
    run(|_, _| {})
}

fn missed(worlds: &[World]) -> Vec<Vec<(u8, UtcMillis)>> {
    worlds.iter().map(World::missed).collect()
}

fn days_of_silence(world: &World) -> usize {
    world.count(|k| matches!(k, EventKind::ExhaustedDay { .. }))
}

#[test]
fn the_silent_run_has_the_severities_of_the_table_and_why() {
    use RaisedBecause::{CategoryMinimum, IgnoredBefore, Repeated};
    let mut earlier: Vec<(&str, Report)> = Vec::new();
    let mut found = Vec::new();
    for (report, world) in seen().iter().zip(silent()) {
        found.push(raised(&earlier, report));
        earlier.push((report.category, world.report));
    }
    let expected = [
        (Severity::NextSetup, vec![]),
        (Severity::Immediate, vec![Repeated]),
        (Severity::NextSetup, vec![]),
        (Severity::Immediate, vec![CategoryMinimum, Repeated]),
        (Severity::NextCall, vec![]),
        (Severity::NextCall, vec![]),
        (Severity::Immediate, vec![IgnoredBefore, Repeated]),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_silent_run_has_21_breaches_to_the_minute() {
    let worlds = silent();
    let expected = [
        vec![(1, day(16, 10, 55)), (2, day(16, 11, 10)), (3, day(16, 11, 40))],
        vec![(1, day(16, 15, 10)), (2, day(16, 15, 10)), (3, day(16, 15, 25))],
        vec![(1, day(17, 9, 45)), (2, day(17, 10, 0)), (3, day(17, 10, 30))],
        vec![(1, day(17, 13, 25)), (2, day(17, 13, 25)), (3, day(17, 13, 40))],
        vec![(1, day(18, 10, 15)), (2, day(18, 12, 15)), (3, day(18, 16, 15))],
        vec![(1, day(18, 23, 30)), (2, day(19, 1, 30)), (3, day(19, 5, 30))],
        vec![(1, day(20, 19, 5)), (2, day(20, 19, 5)), (3, day(20, 19, 20))],
    ];
    assert_eq!(missed(&worlds), expected);
    assert_eq!(missed(&worlds).iter().flatten().count(), 21);
    assert!(worlds.iter().all(|w| w.report.status() == "exhausted" && w.report.is_unanswered()));
    let all_told = |w: &World| w.report.breaches.iter().all(|b| b.silence.code() == "unanswered");
    assert!(worlds.iter().all(all_told));
}

#[test]
fn the_silent_run_was_delivered_at_the_minutes_of_the_table() {
    let delivered: Vec<_> = silent().iter().map(|w| w.report.delivered_at.unwrap()).collect();
    let times = [(16, 10, 40), (16, 15, 5), (17, 9, 30), (17, 13, 20), (18, 8, 15), (18, 21, 30), (20, 19, 0)];
    assert_eq!(delivered, times.map(|(d, h, m)| day(d, h, m)));
}

#[test]
fn the_silent_run_has_the_daily_entries_of_the_table_by_the_morning_of_the_21st() {
    let days: Vec<_> = silent().iter().map(days_of_silence).collect();
    assert_eq!(days, [4, 4, 3, 3, 2, 2, 0]);
}

#[test]
fn the_silent_run_told_the_union_side_of_each_level_with_the_production_side_and_observers_at_the_end() {
    for world in silent() {
        let mut report = Report::unfiled();
        for event in &world.events {
            report = super::super::apply(report, event);
            let union: Vec<Level> = report.union_reached.iter().copied().filter(|l| l.0 <= 3).collect();
            assert_eq!(report.reached.iter().copied().collect::<Vec<_>>(), union);
            assert_eq!(report.observers_told, report.status() == "exhausted");
        }
        assert!(report.union_reached.contains(&Level(4)), "counsel");
    }
}

#[test]
fn in_the_answered_run_level_one_stays_unanswered_level_two_answered_and_level_three_was_never_told() {
    let worlds = run(|i, world| {
        if i == 0 {
            world.until(day(16, 11, 5));
            world.answers(UPM).unwrap();
        }
    });
    let first = &worlds[0];
    assert_eq!((first.missed(), first.told().0), (vec![(1, day(16, 10, 55))], vec![1, 2]));
    assert_eq!(first.report.answers[0].level, Level(2));
    assert_eq!(first.report.stage, Stage::Closed { outcome: Outcome::AnsweredNotChecked });
    assert_eq!(missed(&worlds).iter().flatten().count(), 19);
    assert_eq!((worlds[1].report.severity, worlds[3].report.severity), (Severity::Immediate, Severity::Immediate));
}

#[test]
fn in_the_answered_run_the_union_side_is_asked_level_by_level_until_the_time_to_contest_is_over() {
    let mut world = people();
    world.now = day(16, 10, 40);
    world.files(Severity::NextSetup, false, 0);
    world.until(day(16, 11, 5));
    assert_eq!(world.report.due_at(), Some(day(16, 11, 10)));
    world.answers(UPM).unwrap();
    let Stage::Answered(answered) = world.report.stage.clone() else { panic!() };
    assert_eq!(answered.contest_until.unwrap().at, day(19, 11, 5));
    for (asked, until) in [(2, 17), (3, 18), (4, 19)] {
        assert_eq!(
            (world.report.union_reached.iter().max(), world.report.due_at()),
            (Some(&Level(asked)), Some(day(until, 11, 5)))
        );
        world.until(day(until, 11, 5));
    }
    assert_eq!(world.report.stage, Stage::Closed { outcome: Outcome::AnsweredNotChecked });
    assert_eq!(world.count(|k| matches!(k, EventKind::NotVerified { .. })), 1);
}

#[test]
fn with_the_first_ad_as_subject_level_two_is_told_at_once_and_20_deadlines_are_missed() {
    let worlds = run(|i, world| {
        if i == 10 {
            world.keeps_out(FIRST_AD);
        }
    });
    let fourth = &worlds[3];
    assert_eq!(fourth.missed(), [(2, day(17, 13, 25)), (3, day(17, 13, 40))]);
    assert_eq!(fourth.count(|k| matches!(k, EventKind::NoRecipient { level: Level(1) })), 1);
    assert_eq!(missed(&worlds).iter().flatten().count(), 20);
    assert_eq!(fourth.count(|k| matches!(k, EventKind::Told { level: Level(1), how: Telling::Notified, .. })), 0);
}

#[test]
fn with_the_first_ad_as_subject_the_steward_is_told_with_level_two() {
    let mut world = people();
    world.now = day(17, 13, 20);
    world.keeps_out(FIRST_AD);
    let filing = Filing { retaliation: false, severity: Severity::Immediate, delay_millis: 0 };
    let (report, _) = file(&filing, &world.policy, &world.people, world.now);
    assert_eq!(report.union_reached.iter().map(|l| l.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((report.clock_side(), report.due_at()), (Side::Production, Some(day(17, 13, 25))));
}
