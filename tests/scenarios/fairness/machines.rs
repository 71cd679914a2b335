//! Machines that sleep, and clocks that are set.

use lastlooks::domain::time::Seconds;

use super::{ACKNOWLEDGEMENT, answers, contests, judges};
use crate::{
    rust_2021::{begin, body, files, missed, on, written},
    support::app::on_each,
    workers::{acknowledges, another, handle, started, turn},
};

#[test]
fn a_machine_that_slept_was_an_outage_and_its_clock_did_not_jump() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 45));
        let mut engine = started(set);
        turn(set, &mut engine);
        // The lid is shut, twice, and the same process goes on.
        set.clock.sleeps(Seconds::hours(3));
        turn(set, &mut engine);
        set.clock.sleeps(Seconds::minutes(20));
        turn(set, &mut engine);
        assert_eq!(set.wait(set.app().check_engine()), Ok(()));
        assert_eq!(missed(&reporter), []);
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 14, 15)));
        assert_eq!(days.events_of(&handle(&reporter), "extended"), 2);
        days.until(on(16, 14, 15));
        assert_eq!(missed(&reporter), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 14, 15)))]);
    });
}

#[test]
fn whoever_is_quicker_than_a_machine_that_wakes_is_in_time() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 54));
        let mut engine = started(set);
        turn(set, &mut engine);
        set.clock.sleeps(Seconds::hours(8));
        assert_eq!(acknowledges(&western.first_ad(), &reporter)["status"], "acknowledged");
        turn(set, &mut engine);
        assert_eq!(missed(&reporter), []);
        let inbox = reporter.inbox();
        assert_eq!((&inbox["awaiting"], &inbox["due_at"]), (&"answer".into(), &written(on(16, 19, 40)).into()));
    });
}

#[test]
fn a_wall_clock_that_leaps_past_everything_closes_nothing_and_passes_no_question_on() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let judged = files(&mut days, &western, 1, body(1));
        let unjudged = western.crew().files(&"ab".repeat(16), another());
        for reporter in [&judged, &unjudged] {
            answers(&western.first_ad(), reporter);
        }
        judges(&western.steward(), &judged, "verified");
        days.work();
        let mut engine = started(set);
        turn(set, &mut engine);
        set.clock.is_set_by(30 * 86_400);
        turn(set, &mut engine);
        assert!(set.wait(set.app().check_engine()).is_err());
        assert_eq!((&judged.inbox()["status"], &unjudged.inbox()["status"]), (&"answered".into(), &"answered".into()));
        assert_eq!(days.events_of(&handle(&unjudged), "not_verified"), 0);
        set.clock.is_set_by(-30 * 86_400);
        turn(set, &mut engine);
        assert_eq!(set.wait(set.app().check_engine()), Ok(()));
        assert_eq!(contests(&judged).is(200)["cycle"], 2);
        assert_eq!(judges(&western.steward(), &unjudged, "rejected")["cycle"], 2);
        for reporter in [&judged, &unjudged] {
            assert_eq!(days.events_of(&handle(reporter), "extended"), 0);
            assert_eq!(missed(reporter), []);
        }
    });
}

#[test]
fn a_clock_that_was_right_after_all_is_let_go_and_what_passed_meanwhile_fires_as_it_was() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let mut engine = started(set);
        turn(set, &mut engine);
        set.clock.is_set_by(20 * 60);
        turn(set, &mut engine);
        assert_eq!(missed(&reporter), []);
        set.wait(set.app().resume_engine()).unwrap();
        turn(set, &mut engine);
        assert_eq!(missed(&reporter), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 10, 55)))]);
        // From there on it is the time, and the next leap is a leap again.
        set.clock.is_set_by(3600);
        turn(set, &mut engine);
        assert!(set.wait(set.app().check_engine()).is_err());
        assert_eq!(missed(&reporter).len(), 1);
    });
}
