//! However long an outage lasts, however often it comes, whatever is awaited: nobody was silent while nobody watched.

use serde_json::json;

use super::{ACKNOWLEDGEMENT, act_on, answers, contests, is_down, judges};
use crate::{
    rust_2021::{begin, body, files, missed, on, written},
    support::app::on_each,
    workers::{another, handle},
};

/// A missed acknowledgement, as [`missed`] tells it.
fn unacknowledged(level: u64, day: u32, hour: u32, minute: u32) -> (u64, String, String) {
    (level, ACKNOWLEDGEMENT.to_owned(), written(on(day, hour, minute)))
}

#[test]
fn an_outage_longer_than_every_window_blames_nobody_and_then_the_rest_of_the_window_runs() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        is_down(set, &mut days, on(16, 10, 45), on(18, 10, 45));
        assert_eq!(missed(&reporter), []);
        assert_eq!(reporter.inbox()["due_at"], written(on(18, 10, 55)));
        days.until(on(18, 10, 55).plus_millis(-1));
        assert_eq!(missed(&reporter), []);
        days.until(on(18, 10, 55));
        assert_eq!(missed(&reporter), [unacknowledged(1, 18, 10, 55)]);
        assert_eq!(reporter.inbox()["due_at"], written(on(18, 11, 10)), "the next level has its whole window");
    });
}

#[test]
fn outage_after_outage_on_the_way_through_the_levels_takes_from_no_level_what_was_its_own() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        // Shorter than the window of level 1.
        is_down(set, &mut days, on(16, 10, 45), on(16, 10, 50));
        days.until(on(16, 11, 0));
        assert_eq!(missed(&reporter), [unacknowledged(1, 16, 11, 0)]);
        // Longer than that of level 2, and then two short ones that cost one step together.
        is_down(set, &mut days, on(16, 11, 5), on(16, 12, 5));
        for minute in [6, 7] {
            let from = on(16, 12, minute);
            is_down(set, &mut days, from, from.plus_millis(40_000));
        }
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 12, 17)));
        days.until(on(16, 12, 17));
        is_down(set, &mut days, on(16, 12, 40), on(16, 13, 0));
        days.until(on(16, 13, 7));
        let all = [unacknowledged(1, 16, 11, 0), unacknowledged(2, 16, 12, 17), unacknowledged(3, 16, 13, 7)];
        assert_eq!(missed(&reporter), all);
        assert_eq!(reporter.inbox()["status"], "exhausted");
        // A day of silence is entered when somebody watches again, and the next one where it stood.
        is_down(set, &mut days, on(17, 12, 0), on(17, 15, 0));
        assert_eq!(days.events_of(&handle(&reporter), "exhausted_day"), 1);
        days.until(on(18, 13, 7).plus_millis(-1));
        assert_eq!(days.events_of(&handle(&reporter), "exhausted_day"), 1);
        days.until(on(18, 13, 7));
        assert_eq!(days.events_of(&handle(&reporter), "exhausted_day"), 2);
        assert_eq!(missed(&reporter), all);
    });
}

#[test]
fn an_answer_that_was_due_in_an_outage_is_in_time_after_it() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let first_ad = western.first_ad();
        first_ad.sends("POST", &act_on(&first_ad, &reporter, "acknowledgement"), None).is(200);
        // Due at 11:40.
        is_down(set, &mut days, on(16, 11, 35), on(16, 13, 35));
        days.until(on(16, 13, 40).plus_millis(-1));
        assert_eq!(answers(&first_ad, &reporter)["answers"][0]["in_time"], true);
        days.until(on(16, 14, 0));
        assert_eq!(missed(&reporter), []);
    });
}

#[test]
fn a_verdict_that_was_due_in_an_outage_is_asked_of_the_same_people_after_it() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let asked = files(&mut days, &western, 1, body(1));
        let silent = western.crew().files(&"ab".repeat(16), another());
        days.until(on(16, 10, 50));
        for reporter in [&asked, &silent] {
            answers(&western.first_ad(), reporter);
        }
        // A day after the answers.
        is_down(set, &mut days, on(17, 10, 40), on(17, 16, 40));
        days.until(on(17, 16, 50).plus_millis(-1));
        judges(&western.steward(), &asked, "verified");
        assert_eq!(days.events_of(&handle(&silent), "verification_asked"), 0);
        days.until(on(17, 16, 50));
        assert_eq!(days.events_of(&handle(&asked), "verification_asked"), 0);
        assert_eq!(days.events_of(&handle(&silent), "verification_asked"), 1, "the next union level is asked");
        assert_eq!(missed(&silent), [], "that is no breach");
    });
}

#[test]
fn a_contest_has_its_whole_time_though_the_service_was_down_for_longer() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let contested = files(&mut days, &western, 1, body(1));
        let content = western.crew().files(&"ab".repeat(16), another());
        days.until(on(16, 10, 50));
        for reporter in [&contested, &content] {
            answers(&western.first_ad(), reporter);
            judges(&western.steward(), reporter, "verified");
        }
        // Seventy-two hours, and most of them in the dark.
        is_down(set, &mut days, on(16, 12, 0), on(20, 12, 0));
        days.until(on(23, 10, 50).plus_millis(-1));
        assert_eq!(content.inbox()["status"], "answered");
        days.until(on(23, 10, 50));
        contests(&contested).refuses(409, "out-of-order");
        assert_eq!(content.inbox()["status"], "closed");
    });
}

#[test]
fn the_cycle_after_a_contest_is_moved_by_its_own_outages_alone() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 50));
        answers(&western.first_ad(), &reporter);
        is_down(set, &mut days, on(16, 12, 0), on(19, 12, 0));
        days.until(on(22, 10, 49));
        contests(&reporter).is(200);
        let inbox = reporter.inbox();
        // `immediate` by now, windows halved, but not below five minutes.
        assert_eq!((&inbox["cycle"], &inbox["due_at"]), (&json!(2), &json!(written(on(22, 10, 54)))));
        days.deliver();
        is_down(set, &mut days, on(22, 10, 50), on(22, 10, 53));
        days.until(on(22, 10, 57).plus_millis(-1));
        assert_eq!(missed(&reporter), []);
        days.until(on(22, 10, 57));
        assert_eq!(missed(&reporter), [unacknowledged(1, 22, 10, 57), unacknowledged(2, 22, 10, 57)]);
    });
}

#[test]
fn a_promise_is_not_broken_by_an_outage() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let kept = files(&mut days, &western, 1, body(1));
        let broken = western.crew().files(&"ab".repeat(16), another());
        days.until(on(16, 10, 50));
        let first_ad = western.first_ad();
        let plan = json!({
            "kind": "action", "text": "a new cart comes", "by_role": "upm", "done": "planned",
            "done_by": written(on(16, 14, 0)),
        });
        for reporter in [&kept, &broken] {
            first_ad.unlocked("POST", &act_on(&first_ad, reporter, "answer"), Some(&plan)).is(200);
        }
        is_down(set, &mut days, on(16, 13, 50), on(16, 14, 10));
        is_down(set, &mut days, on(16, 14, 11), on(16, 14, 31));
        days.until(on(16, 14, 40).plus_millis(-1));
        answers(&first_ad, &kept);
        assert_eq!(missed(&broken), []);
        days.until(on(16, 14, 40));
        assert_eq!(missed(&kept), []);
        assert_eq!(missed(&broken), [(1, "completion".to_owned(), written(on(16, 14, 40)))]);
        assert_eq!(broken.inbox()["unanswered_by"][0]["recorded_as"], "promised_not_done");
    });
}
