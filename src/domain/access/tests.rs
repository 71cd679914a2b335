//! Who sees what, and what they may do.

use super::*;
use crate::domain::{
    catalogue::Severity::{Immediate, NextCall, NextSetup},
    event::{Addressed, AnswerKind, Awaiting, Event, EventKind},
    lifecycle::{Command, Refusal, Safety, fixtures::*},
    time::Seconds,
};

fn seen_by(world: &World, who: Person) -> Option<View> {
    let kept_out = world.people.seats.iter().any(|s| s.member == who.member() && s.kept_out);
    let levels: Vec<Level> = who.level.map(Level).into_iter().collect();
    view(&world.report, &Viewer { member: who.member(), side: who.side, levels: &levels, kept_out })
}

fn who_sees(world: &World) -> Vec<u8> {
    EVERYBODY.iter().filter(|p| seen_by(world, **p).is_some()).map(|p| p.id).collect()
}

fn acts_of(world: &World, who: Person) -> Vec<Act> {
    let levels: Vec<Level> = who.level.map(Level).into_iter().collect();
    let viewer = Viewer { member: who.member(), side: who.side, levels: &levels, kept_out: false };
    seen_by(world, who).map(|view| acts(&world.report, &view, &viewer)).unwrap_or_default()
}

#[test]
fn before_delivery_nobody_sees_a_report() {
    assert_eq!(who_sees(&World::with(NextCall)), Vec::<u8>::new());
}

#[test]
fn a_report_is_seen_by_the_levels_told_on_both_sides_and_by_observers_once_exhausted() {
    let mut world = World::with(NextSetup);
    assert_eq!(who_sees(&world), [1, 2, 11, 12]);
    world.until(at(14, 21, 0));
    assert_eq!(who_sees(&world), [1, 2, 3, 4, 11, 12, 13, 14]);
    world.until(at(15, 6, 0));
    assert_eq!(who_sees(&world), [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 21]);
}

#[test]
fn whoever_is_kept_out_or_recused_sees_nothing_whatever_seat_they_hold() {
    let mut world = World::with(Immediate);
    world.does(&Command::Recuse(ADVISOR.actor())).unwrap();
    world.keeps_out(UPM);
    assert_eq!(who_sees(&world), [1, 4, 11, 12, 13, 14]);
    let everywhere: Vec<Level> = (1..=3).map(Level).collect();
    let viewer = Viewer { member: UPM.member(), side: UPM.side, levels: &everywhere, kept_out: true };
    assert_eq!(view(&world.report, &viewer), None);
}

#[test]
fn the_union_part_is_for_the_union_side_alone() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0));
    let parts = |who| seen_by(&world, who).unwrap().parts;
    assert_eq!(parts(STEWARD), Parts { shared: true, union: true, summary: false });
    assert_eq!(parts(FIRST_AD), Parts { shared: true, union: false, summary: false });
    assert_eq!(parts(FINANCIER), Parts { shared: true, union: false, summary: false });
}

#[test]
fn of_retaliation_the_production_side_sees_nothing_before_the_summary_and_then_the_summary_alone() {
    let mut world = World::with_retaliation();
    assert_eq!(who_sees(&world), [11, 12]);
    world.does(&Command::Summarise(STEWARD.actor())).unwrap();
    assert_eq!(who_sees(&world), [1, 2, 11, 12]);
    let parts = |who| seen_by(&world, who).unwrap().parts;
    assert_eq!(parts(FIRST_AD), Parts { shared: false, union: false, summary: true });
    assert_eq!(parts(STEWARD), Parts { shared: true, union: true, summary: true });
    let shown: Vec<_> = world.events.iter().filter(|e| shows(Audience::Side(Side::Production), e)).collect();
    assert!(shown.iter().all(|e| e.chain == Chain::Production), "for the production side nothing earlier exists");
    assert_eq!(shown.len(), 1, "its level was entered");
}

#[test]
fn the_union_chains_breaches_and_answers_are_the_union_sides_alone() {
    let mut world = World::with_retaliation();
    world.until(at(39, 0, 0));
    world.answers(STEWARD).unwrap();
    world.does(&Command::Summarise(STEWARD.actor())).unwrap();
    let known = |side| (breaches_for(&world.report, side).count(), answers_for(&world.report, side).count());
    assert_eq!([Side::Production, Side::Observer, Side::Union].map(known), [(0, 0), (0, 0), (1, 1)]);
    world.until(world.now.plus(Seconds::days(1)));
    world.answers(FIRST_AD).unwrap();
    let known = |side| (breaches_for(&world.report, side).count(), answers_for(&world.report, side).count());
    assert_eq!([Side::Production, Side::Union].map(known), [(1, 1), (2, 2)]);
}

#[test]
fn the_level_is_the_one_whose_clock_runs_else_the_highest_told() {
    let mut world = World::with(NextSetup);
    let all: Vec<Level> = (1..=3).map(Level).collect();
    let viewer = Viewer { member: UPM.member(), side: Side::Production, levels: &all, kept_out: false };
    assert_eq!(view(&world.report, &viewer).unwrap().level, Some(Level(1)));
    world.does(&Command::Escalate(STEWARD.actor())).unwrap();
    assert_eq!(view(&world.report, &viewer).unwrap().level, Some(Level(1)));
    world.answers(FIRST_AD).unwrap();
    assert_eq!(view(&world.report, &viewer).unwrap().level, Some(Level(2)));
}

#[test]
fn each_side_has_its_acts_in_each_stage() {
    use Act::{Acknowledge, Answer, Escalate, NotCredible, Recuse, Resume, StopWork, TakeOver, Verify, Write};
    let mut world = World::with(NextSetup);
    assert_eq!(acts_of(&world, FIRST_AD), [Acknowledge, TakeOver, Answer, StopWork, Write, Recuse]);
    assert_eq!(acts_of(&world, STEWARD), [StopWork, Escalate, NotCredible, Write, Recuse]);
    world.acknowledges(FIRST_AD).unwrap();
    assert_eq!(acts_of(&world, FIRST_AD), [Answer, StopWork, Write, Recuse]);
    world.stops_work(STEWARD).unwrap();
    world.answers(ADVISOR).unwrap();
    assert_eq!(acts_of(&world, FIRST_AD), [TakeOver, Answer, StopWork, Resume, Write, Recuse]);
    assert_eq!(acts_of(&world, STEWARD), [StopWork, Resume, Verify, NotCredible, Write, Recuse]);
    world.does(&Command::Withdraw).unwrap();
    assert_eq!(acts_of(&world, FIRST_AD), [Resume, Recuse]);
}

#[test]
fn the_wrong_side_is_told_whose_act_it_is() {
    let world = World::with(NextSetup);
    let viewer = Viewer { member: STEWARD.member(), side: Side::Union, levels: &[Level(1)], kept_out: false };
    let view = view(&world.report, &viewer).unwrap();
    assert_eq!(permit(&world.report, &view, &viewer, Act::Answer), Err(Denied::NotForYourSide(Side::Production)));
    assert_eq!(permit(&world.report, &view, &viewer, Act::Verify), Err(Denied::OutOfOrder));
}

/// The command of an act, with content that the rules take in any stage.
fn command(act: Act, who: Person) -> Command {
    let actor = who.actor();
    match act {
        Act::Acknowledge => Command::Acknowledge(actor),
        Act::TakeOver => Command::TakeOver(actor),
        Act::Answer => Command::Answer(actor, given(AnswerKind::Action, None)),
        Act::StopWork => Command::StopWork(actor, "upm".into()),
        Act::Resume => Command::Resume(actor),
        Act::Verify => Command::Verify(actor, true),
        Act::Escalate => Command::Escalate(actor),
        Act::Summarise => Command::Summarise(actor),
        Act::NotCredible => Command::NotCredible(actor),
        Act::Write => Command::Write(actor),
        Act::Recuse => Command::Recuse(actor),
    }
}

/// Worlds in every stage and on both chains.
fn stages() -> Vec<World> {
    let mut worlds =
        vec![World::with(NextSetup), World::with(Immediate), World::with(NextCall), World::with_retaliation()];
    for steps in 1..8 {
        let mut world = World::with(NextSetup);
        let mut retaliation = World::with_retaliation();
        let acts: [&dyn Fn(&mut World); 7] = [
            &|w| drop(w.acknowledges(FIRST_AD).or_else(|_| w.acknowledges(STEWARD))),
            &|w| drop(w.stops_work(STEWARD)),
            &|w| {
                drop(w.plans(FIRST_AD, w.now.plus(Seconds(60))).or_else(|_| w.plans(STEWARD, w.now.plus(Seconds(60)))));
            },
            &|w| drop(w.answers(ADVISOR).or_else(|_| w.answers(STEWARD))),
            &|w| drop(w.does(&Command::Summarise(STEWARD.actor())).or_else(|_| w.verifies(STEWARD))),
            &|w| drop(w.says(Safety::No)),
            &|w| w.until(w.now.plus(Seconds::days(9))),
        ];
        for act in acts.iter().take(steps) {
            act(&mut world);
            act(&mut retaliation);
        }
        worlds.extend([world, retaliation]);
    }
    worlds
}

#[test]
fn a_screen_offers_exactly_what_the_rules_take() {
    let mut compared = 0;
    for world in stages() {
        for who in EVERYBODY {
            let offered = acts_of(&world, who);
            for act in Act::ALL {
                let decided = world.tries(&command(act, who));
                // Only decide knows who is above, and who would leave a level empty.
                if matches!(
                    (act, &decided),
                    (Act::Escalate, Err(Refusal::OutOfOrder { .. })) | (_, Err(Refusal::LastAtLevel))
                ) {
                    continue;
                }
                let taken = decided.is_ok_and(|events| !events.is_empty());
                assert_eq!(offered.contains(&act), taken, "{act:?} by {} in {:?}", who.role, world.report.stage);
                compared += 1;
            }
        }
    }
    assert!(compared > 2000, "{compared}");
}

#[test]
fn the_production_side_never_sees_who_was_told_or_skipped() {
    let mut world = World::empty();
    world.empties(1, Side::Production);
    world.files(Immediate, false, 0);
    world.does(&Command::NotCredible(STEWARD.actor())).unwrap();
    world.does(&Command::Recuse(UPM.actor())).unwrap();
    let shown = |side| {
        world.events.iter().filter(|e| shows(Audience::Side(side), e)).map(|e| e.kind.code()).collect::<Vec<_>>()
    };
    assert_eq!(shown(Side::Production), ["delivered", "assigned"]);
    assert_eq!(shown(Side::Union), codes_of(&world.events));
    let reporter: Vec<_> =
        world.events.iter().filter(|e| shows(Audience::Reporter, e)).map(|e| e.kind.code()).collect();
    assert_eq!(reporter, ["delivered", "no_recipient", "assigned", "notified"]);
}

fn codes_of(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|e| e.kind.code()).collect()
}

#[test]
fn a_message_is_shown_to_those_it_is_for() {
    let mut world = World::with(NextSetup);
    let mut written = |command| world.does(&command).unwrap().remove(0);
    let to_union = written(Command::Message(Addressed::Union));
    let to_all = written(Command::Message(Addressed::All));
    let by_union = written(Command::Write(STEWARD.actor()));
    let by_production = written(Command::Write(FIRST_AD.actor()));
    let readers = |event: &Event| {
        [
            Audience::Reporter,
            Audience::Side(Side::Production),
            Audience::Side(Side::Union),
            Audience::Side(Side::Observer),
        ]
        .map(|audience| shows(audience, event))
    };
    assert_eq!(readers(&to_union), [true, false, true, false]);
    assert_eq!(readers(&to_all), [true, true, true, false]);
    assert_eq!(readers(&by_union), [true, false, true, false]);
    assert_eq!(readers(&by_production), [true, true, false, false]);
}

#[test]
fn a_check_that_chance_asked_for_is_not_shown_to_the_production_side() {
    for (drawn, shown) in [(true, Awaiting::Contest), (false, Awaiting::Contest)] {
        let mut world = World::with(NextCall);
        world.until(at(14, 20, 0));
        let mut answer = given(AnswerKind::Action, None);
        answer.drawn = drawn;
        world.does(&Command::Answer(FIRST_AD.actor(), answer)).unwrap();
        let until = Some(at(14, 20, 0).plus(Seconds::hours(72)));
        assert_eq!(due_for(&world.report, Side::Production), (Some(shown), until), "drawn: {drawn}");
        let to_union = due_for(&world.report, Side::Union).0;
        assert_eq!(to_union, Some(if drawn { Awaiting::Verification } else { Awaiting::Contest }));
    }
    let mut world = World::with(NextSetup);
    world.answers(FIRST_AD).unwrap();
    assert_eq!(due_for(&world.report, Side::Production).0, Some(Awaiting::Verification), "everybody knows of this one");
}

#[test]
fn the_place_on_a_board_is_the_deadline_that_its_side_is_shown_and_exhausted_stands_where_its_time_ran_out() {
    let mut world = World::with(NextCall);
    world.policy.document.verification.insert(NextCall, Seconds::hours(24));
    world.until(at(14, 30, 0));
    let mut answer = given(AnswerKind::Action, None);
    answer.drawn = true;
    world.does(&Command::Answer(FIRST_AD.actor(), answer)).unwrap();
    for side in [Side::Production, Side::Union, Side::Observer] {
        assert_eq!(board_at(&world.report, side), due_for(&world.report, side).1);
    }
    assert_ne!(board_at(&world.report, Side::Production), board_at(&world.report, Side::Union));

    let mut silent = World::with(NextSetup);
    silent.until(at(15, 36, 0));
    assert!(matches!(silent.report.stage, Stage::Exhausted(_)));
    assert!(board_at(&silent.report, Side::Production).unwrap() <= at(15, 36, 0));
    silent.does(&Command::Withdraw).unwrap();
    assert_eq!(board_at(&silent.report, Side::Union), None);
}

#[test]
fn each_side_counts_the_events_that_it_may_see() {
    let mut world = World::with(NextSetup);
    let counted = |world: &World| [Side::Production, Side::Union].map(|side| world.report.seen.by(side));
    let before = counted(&world);
    world.does(&Command::Message(Addressed::Union)).unwrap();
    assert_eq!(counted(&world), [before[0], before[1] + 1]);
    world.does(&Command::Message(Addressed::All)).unwrap();
    assert_eq!(counted(&world), [before[0] + 1, before[1] + 2]);
}

#[test]
fn only_a_report_that_everybody_may_know_of_counts_for_repeated() {
    let world = World::with(NextSetup);
    assert!(counts_for_repeated(&world.report, false, false, false));
    for (subject, kept_out, overflow) in [(true, false, false), (false, true, false), (false, false, true)] {
        assert!(!counts_for_repeated(&world.report, subject, kept_out, overflow));
    }
    assert!(!counts_for_repeated(&World::with_retaliation().report, false, false, false));
    let mut withdrawn = World::with(NextSetup);
    withdrawn.does(&Command::Withdraw).unwrap();
    assert!(!counts_for_repeated(&withdrawn.report, false, false, false));
    let mut refuted = World::with(NextSetup);
    refuted.does(&Command::NotCredible(STEWARD.actor())).unwrap();
    refuted.does(&Command::NotCredible(SECOND_STEWARD.actor())).unwrap();
    assert!(!counts_for_repeated(&refuted.report, false, false, false));
}

#[test]
fn the_last_at_a_level_is_judged_by_side_and_level_and_counts_whoever_is_kept_out() {
    let mut world = World::with(NextSetup);
    let last =
        |world: &World, who: Person| is_last_at_a_level(&world.people.seats, &world.report.recused, who.member());
    assert_eq!([FIRST_AD, STEWARD, INTERNATIONAL, FINANCIER].map(|who| last(&world, who)), [false, false, true, false]);
    world.keeps_out(ADVISOR);
    assert!(!last(&world, FIRST_AD));
    world.report.recused.insert(ADVISOR.member());
    assert!(last(&world, FIRST_AD));
}

#[test]
fn every_event_is_shown_to_somebody_or_is_the_service_s_own() {
    let mut world = World::with(NextSetup);
    world.until(at(15, 6, 0));
    let hidden = world.events.iter().filter(|e| !shows(Audience::Side(Side::Union), e));
    assert_eq!(hidden.map(|e| &e.kind).collect::<Vec<&EventKind>>(), Vec::<&EventKind>::new());
}

/// What a side is shown of a report's life and of its silences.
fn shown_to(world: &World, side: Side) -> (Vec<EventKind>, Vec<crate::domain::report::Breach>, Level) {
    let together = Together::seen_by(side, &world.policy).unwrap();
    let events = world.events.iter().filter(|event| shows(Audience::Side(side), event));
    let kinds = events.filter_map(|event| together.event(&world.report, event)).map(|event| event.kind).collect();
    let report = &world.report;
    (kinds, together.breaches(report), together.shown(report, report.cycle, report.level()))
}

/// A report of this severity whose first deadlines pass, with these people kept out of it, at each of these instants.
fn lives_of(severity: crate::domain::catalogue::Severity, kept_out: &[Person]) -> Vec<World> {
    let mut world = World::empty();
    for person in kept_out {
        world.keeps_out(*person);
    }
    world.files(severity, false, 0);
    let mut lives = vec![world.clone()];
    for minutes in [11, 26, 55] {
        world.until(at(14, minutes, 0));
        lives.push(world.clone());
    }
    lives
}

#[test]
fn of_two_levels_that_are_asked_together_the_production_cannot_tell_which_one_is_missing() {
    let whole = lives_of(Immediate, &[]);
    for missing in [&[FIRST_AD, ADVISOR][..], &[UPM, LINE_PRODUCER]] {
        for (one, other) in whole.iter().zip(lives_of(Immediate, missing)) {
            for side in [Side::Production, Side::Observer] {
                assert_eq!(shown_to(one, side), shown_to(&other, side), "{}", one.now.get());
            }
        }
    }
    let (_, breaches, level) = shown_to(&whole[1], Side::Production);
    assert_eq!((breaches.len(), breaches[0].level, level), (1, Level(2), Level(3)), "and reads of their silence once");
    assert_eq!(Together::seen_by(Side::Union, &whole[1].policy), None, "the record itself has each by itself");
    assert_eq!(whole[1].report.breaches.len(), 2);
}

#[test]
fn levels_that_are_asked_one_by_one_stay_as_they_are() {
    for world in lives_of(NextSetup, &[]) {
        let together = Together::seen_by(Side::Production, &world.policy).unwrap();
        assert!(world.events.iter().all(|event| together.event(&world.report, event).as_ref() == Some(event)));
        assert_eq!(together.breaches(&world.report), world.report.breaches);
    }
}

#[test]
fn a_promise_stays_that_of_the_level_that_made_it() {
    let mut world = World::with(Immediate);
    world.stops_work(FIRST_AD).unwrap();
    world.plans(FIRST_AD, at(15, 0, 0)).unwrap();
    world.until(at(15, 0, 0));
    let (kinds, breaches, _) = shown_to(&world, Side::Production);
    assert_eq!(breaches.iter().map(|b| b.level).collect::<Vec<_>>(), [Level(1)]);
    assert!(kinds.iter().any(|kind| matches!(kind, EventKind::Breached { level: Level(1), .. })), "{kinds:?}");
}
