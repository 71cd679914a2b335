//! While the service was down, nobody was silent.

use lastlooks::{app::outages::Pass, clock::Clock as _};

use super::{acknowledges, another, handle, started, turn};
use crate::{
    rust_2021::{begin, body, files, missed, on, written},
    support::app::on_each,
};

#[test]
fn an_outage_moves_the_deadlines_that_had_not_passed_and_then_they_hold() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 45));
        set.clock.move_to(on(16, 11, 5));
        turn(set, &mut started(set));
        assert_eq!(missed(&reporter), [], "its deadline lay in the outage");
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 11, 15)));
        assert_eq!(days.events_of(&handle(&reporter), "extended"), 1);
        days.until(on(16, 11, 15).plus_millis(-1));
        assert_eq!(missed(&reporter), []);
        days.until(on(16, 11, 15));
        assert_eq!(missed(&reporter), [(1, "acknowledgement".to_owned(), written(on(16, 11, 15)))]);
    });
}

#[test]
fn a_deadline_that_passed_before_the_outage_fires_at_once_as_it_was() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 54));
        // The last sign of life comes at the deadline itself, and the engine dies before it looks.
        set.clock.move_to(on(16, 10, 55));
        set.wait(set.app().beat_over_jump([9; 16], set.clock.now())).unwrap();
        set.clock.move_to(on(16, 11, 30));
        turn(set, &mut started(set));
        assert_eq!(missed(&reporter), [(1, "acknowledgement".to_owned(), written(on(16, 10, 55)))]);
        // The level told late is anchored when it is told.
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 11, 45)));
    });
}

#[test]
fn whoever_acts_before_the_first_heartbeat_after_it_is_not_late_for_the_outage() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 45));
        set.clock.move_to(on(16, 10, 58));
        let held = acknowledges(&western.first_ad(), &reporter);
        assert_eq!(held["status"], "acknowledged");
        turn(set, &mut started(set));
        assert_eq!(missed(&reporter), []);
        let inbox = reporter.inbox();
        assert_eq!((&inbox["awaiting"], &inbox["due_at"]), (&"answer".into(), &written(on(16, 11, 53)).into()));
    });
}

#[test]
fn a_pass_that_is_killed_in_the_middle_moves_nothing_twice_and_leaves_nothing_out() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let first = files(&mut days, &western, 1, body(1));
        let second = western.crew().files(&"ab".repeat(16), another());
        days.until(on(16, 10, 45));
        set.clock.move_to(on(16, 10, 50));
        let now = set.clock.now();
        let outage = set.wait(set.app().beat([9; 16], None, now)).unwrap();
        assert_eq!(outage, Some((on(16, 10, 45), on(16, 10, 50))));
        let pass = set.wait(set.app().count_outages(now, None, 1)).unwrap();
        assert!(matches!(pass, Pass::After(_)), "one of two was moved");
        set.clock.move_to(on(16, 10, 50).plus_millis(20_000));
        turn(set, &mut started(set));
        for reporter in [&first, &second] {
            assert_eq!(days.events_of(&handle(reporter), "extended"), 1);
            assert_eq!(reporter.inbox()["due_at"], written(on(16, 11, 0)));
        }
        assert_eq!(set.wait(set.app().uncounted_outage()).unwrap(), None);
    });
}

#[test]
fn several_short_outages_cost_one_step_and_under_thirty_seconds_cost_nothing() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 45));
        let mut engine = started(set);
        set.clock.move_to(set.now().plus_millis(29_999));
        turn(set, &mut engine);
        assert_eq!(days.events_of(&handle(&reporter), "extended"), 0);
        for _ in 0..2 {
            set.clock.move_to(set.now().plus_millis(30_000));
            turn(set, &mut engine);
        }
        assert_eq!(days.events_of(&handle(&reporter), "extended"), 2);
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 10, 56)));
    });
}

#[test]
fn what_is_filed_after_an_outage_and_before_its_first_heartbeat_is_not_moved() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 45));
        set.clock.move_to(on(16, 18, 0));
        let reporter = western.crew().files(&"ab".repeat(16), another());
        set.clock.move_to(on(16, 18, 0).plus_millis(5_000));
        turn(set, &mut started(set));
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 18, 15)));
        assert_eq!(days.events_of(&handle(&reporter), "extended"), 0);
    });
}
