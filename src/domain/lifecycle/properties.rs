//! What no sequence of commands may break.

use proptest::prelude::*;

use super::{Actor, AnswerGiven, Command, Safety, apply, decide, fixtures::*, replay};
use crate::domain::{
    catalogue::Severity,
    event::{Addressed, AnswerKind, Event, EventKind, Telling, When},
    policy::{Level, Side},
    report::{Report, Stage},
    time::{Seconds, UtcMillis},
};

/// One step of a random story.
#[derive(Debug, Clone)]
enum Step {
    /// Time goes on, with the engine at work.
    Until(i64),
    /// Time goes on, with the engine late.
    Sleep(i64),
    /// An act that arrived a moment ago is committed now.
    Late(i64, Box<Command>),
    Does(Box<Command>),
    Empties(u8, Side),
    Dies(usize),
    KeepsOut(usize),
    Down(i64),
}

fn actor() -> impl Strategy<Value = Actor> {
    (0..EVERYBODY.len()).prop_map(|i| EVERYBODY[i].actor())
}

fn answer() -> impl Strategy<Value = AnswerGiven> {
    let kind =
        prop_oneof![3 => Just(AnswerKind::Action), 1 => Just(AnswerKind::Dispute), 1 => Just(AnswerKind::Referral)];
    (kind, prop::option::of(0..200_000_000_i64), any::<bool>()).prop_map(|(kind, by, drawn)| AnswerGiven {
        planned_by: by.map(|by| at(14, 5, 0).plus_millis(by)),
        drawn,
        ..given(kind, None)
    })
}

fn command() -> impl Strategy<Value = Command> {
    let safety = prop_oneof![Just(Safety::Yes), Just(Safety::No), Just(Safety::CannotTell)];
    let how = prop_oneof![Just(Telling::Notified), Just(Telling::Listed), Just(Telling::Opened)];
    prop_oneof![
        3 => actor().prop_map(Command::Acknowledge),
        4 => (actor(), answer()).prop_map(|(actor, given)| Command::Answer(actor, given)),
        3 => (actor(), any::<bool>()).prop_map(|(actor, yes)| Command::Verify(actor, yes)),
        3 => safety.prop_map(Command::Safety),
        2 => actor().prop_map(|actor| Command::StopWork(actor, "upm".into())),
        1 => actor().prop_map(Command::Resume),
        1 => actor().prop_map(Command::TakeOver),
        2 => actor().prop_map(Command::Escalate),
        1 => actor().prop_map(Command::Summarise),
        1 => actor().prop_map(Command::NotCredible),
        1 => actor().prop_map(Command::Recuse),
        1 => actor().prop_map(Command::Write),
        2 => (actor(), how).prop_map(|(actor, how)| Command::Told { member: actor.member, how, at: MIDNIGHT }),
        1 => Just(Command::Message(Addressed::Union)),
        2 => Just(Command::Worse),
        1 => Just(Command::PeopleChanged),
        1 => Just(Command::Withdraw),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..5_000_000_i64).prop_map(Step::Until),
        2 => (1..200_000_000_i64).prop_map(Step::Until),
        2 => (1..5_000_000_i64).prop_map(Step::Sleep),
        1 => (1..200_000_000_i64).prop_map(Step::Sleep),
        3 => (1..9_000_i64, command()).prop_map(|(ago, command)| Step::Late(ago, Box::new(command))),
        9 => command().prop_map(|command| Step::Does(Box::new(command))),
        1 => (1..4_u8, prop_oneof![Just(Side::Production), Just(Side::Union)]).prop_map(|(l, s)| Step::Empties(l, s)),
        1 => (0..EVERYBODY.len()).prop_map(Step::Dies),
        1 => (0..EVERYBODY.len()).prop_map(Step::KeepsOut),
        1 => (1..10_000_000_i64).prop_map(Step::Down),
    ]
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

/// The world after a decision, with everything checked that must hold after each.
fn happens(world: &mut World, command: &Command) {
    let before = world.report.clone();
    let decided = decide(&world.report, command, &world.policy, &world.people, world.now);
    if let Command::DeadlinePassed = command {
        let due = before.timer().is_some_and(|due| due <= world.now);
        assert_eq!(decided.is_ok(), due, "nothing fires before its deadline, and everything at it");
    }
    let Ok(events) = decided else { return };
    for event in &events {
        world.report = apply(std::mem::replace(&mut world.report, Report::unfiled()), event);
        breach_is_due(event, &world.people);
        survives_json(event, &world.report);
    }
    no_breach_is_removed(&before, &world.report, &events);
    timer_is_armed(&world.report);
    if command.is_coarse() {
        for event in &events {
            keeps_no_second(event, world.now);
        }
    }
    world.events.extend(events);
}

fn breach_is_due(event: &Event, people: &super::People) {
    if let EventKind::Breached { due_at, level, .. } = &event.kind {
        let mut seats = people.seats.iter().filter(|s| s.level == Some(*level));
        let passed_for_dead = seats.any(|s| s.dead_since.is_some());
        assert!(*due_at <= event.at.to || passed_for_dead, "{event:?}");
    }
}

fn survives_json(event: &Event, report: &Report) {
    let again: Event = serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap();
    assert_eq!(&again, event);
    let again: Report = serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap();
    assert_eq!(&again, report);
}

/// A breach stays as it was, but for the two words that may stand beside it.
fn no_breach_is_removed(before: &Report, after: &Report, events: &[Event]) {
    assert!(after.breaches.len() >= before.breaches.len());
    let lifted = events.iter().any(|e| matches!(e.kind, EventKind::Lifted { .. }));
    for (old, new) in before.breaches.iter().zip(&after.breaches) {
        let mut same = new.clone();
        (same.lifted, same.answered_late_at) = (old.lifted, old.answered_late_at);
        assert_eq!(&same, old);
        assert!(new.lifted == old.lifted || (new.lifted && lifted));
        assert!(old.answered_late_at.is_none() || old.answered_late_at == new.answered_late_at);
    }
}

fn timer_is_armed(report: &Report) {
    let spent = matches!(report.stage, Stage::Exhausted(_)) && report.silent_days == 30;
    assert_eq!(report.timer().is_some(), report.is_open() && !spent, "{:?}", report.stage);
}

/// Every instant in what follows from a reporter's act is on a step, or was there before: the second at which the
/// reporter acted is in none of them.
fn keeps_no_second(event: &Event, acted: UtcMillis) {
    let When { from, to } = event.at;
    assert!(from < to && from <= acted.plus(Seconds::days(400)), "a span, not an instant: {event:?}");
    let mut instants = Vec::new();
    collect(&serde_json::to_value(event).unwrap(), &mut instants);
    assert!(!instants.contains(&acted.get()), "{event:?}");
    for instant in instants.iter().filter(|i| acted.since(UtcMillis::new(**i)).abs() < 60_000) {
        // Within a minute of the act: only a step, or a deadline that somebody else's act had set, may be here.
        assert!(instant % 60_000 == 0 || acted.get() % 1000 != instant % 1000, "{event:?}");
    }
}

fn collect(value: &serde_json::Value, instants: &mut Vec<i64>) {
    match value {
        serde_json::Value::Number(number) => instants.extend(number.as_i64().filter(|n| *n > 1_000_000_000_000)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, instants)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect(field, instants)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::String(_) => {}
    }
}

fn lives(world: &mut World, step: Step) {
    match step {
        Step::Until(millis) => {
            let then = world.now.plus_millis(millis);
            while let Some(due) = world.report.timer().filter(|due| *due <= then) {
                world.now = world.now.max(due);
                happens(world, &Command::DeadlinePassed);
            }
            world.now = then;
        }
        Step::Sleep(millis) => world.now = world.now.plus_millis(millis),
        Step::Late(ago, command) => {
            let now = world.now;
            happens(world, &Command::DeadlinePassed);
            world.now = now.plus_millis(-ago);
            happens(world, &timed(*command, world.now));
            world.now = now;
        }
        Step::Does(command) => happens(world, &timed(*command, world.now)),
        Step::Empties(level, side) => {
            world.people.seats.retain(|s| s.level != Some(Level(level)) || s.side != side);
            happens(world, &Command::PeopleChanged);
        }
        Step::Dies(i) => {
            let now = world.now;
            world.kills_address(EVERYBODY[i], now);
            happens(world, &Command::PeopleChanged);
        }
        Step::KeepsOut(i) => {
            world.keeps_out(EVERYBODY[i]);
            happens(world, &Command::PeopleChanged);
        }
        Step::Down(millis) => {
            let from = world.now;
            world.now = from.plus_millis(millis);
            happens(world, &Command::Outage { from, to: world.now });
        }
    }
}

fn timed(command: Command, now: UtcMillis) -> Command {
    match command {
        Command::Told { member, how, .. } => Command::Told { member, how, at: now },
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_story_breaks_a_rule(
        severity in severity(),
        retaliation in prop::bool::weighted(0.2),
        delay in prop_oneof![Just(0), 0..7_200_000_i64],
        filed in 0..86_400_000_i64,
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::empty();
        world.mail_works = false;
        world.now = MIDNIGHT.plus_millis(filed);
        world.files(severity, retaliation, delay);
        for event in &world.events {
            keeps_no_second(event, world.now);
        }
        for step in steps {
            lives(&mut world, step);
        }
        prop_assert_eq!(replay(Report::unfiled(), &world.events), world.report);
        let marks: Vec<_> = crate::domain::ledger::entries(Report::unfiled(), &world.events).iter().map(|e| (e.chain, e.mark)).collect();
        let unique: std::collections::HashSet<_> = marks.iter().collect();
        prop_assert_eq!(unique.len(), marks.len(), "two entries of one report have different tags");
        let keys: std::collections::HashSet<_> =
            world.events.iter().map(|e| (e.chain, e.kind.level(), e.cycle, e.kind.code(), e.n)).collect();
        prop_assert_eq!(keys.len(), world.events.len(), "no event has the key of another");
    }

    #[test]
    fn any_event_can_be_applied_to_any_state(
        severity in severity(),
        steps in prop::collection::vec(step(), 1..25),
        other in prop::collection::vec(step(), 1..25),
    ) {
        let mut world = World::with(severity);
        let mut second = World::with(Severity::Immediate);
        for step in steps {
            lives(&mut world, step);
        }
        for step in other {
            lives(&mut second, step);
        }
        // Events of one report on the state of another: nonsense, but no panic.
        let mixed = replay(world.report, &second.events);
        prop_assert!(mixed.breaches.len() >= second.report.breaches.len());
    }
}
