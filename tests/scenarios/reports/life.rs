//! The life of a report, through HTTP.

use lastlooks::domain::time::Seconds;
use serde_json::json;

use super::{files, files_as, locked, timeline, unattended_weapon};
use crate::support::app::on_each;

#[test]
fn a_report_is_acknowledged_answered_verified_and_closed() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let first_ad = western.first_ad();
        let new = filed.read_by(&first_ad);
        assert_eq!((&new["status"], &new["awaiting"]), (&json!("delivered"), &json!("acknowledgement")));
        assert_eq!(new["due_at"], "2021-10-16T14:15:00Z");
        assert_eq!(new["answer_due_at"], "2021-10-16T15:00:00Z");

        let held = first_ad.sends("POST", &filed.act("acknowledgement"), None).is(200);
        assert_eq!((&held["status"], &held["due_at"]), (&json!("acknowledged"), &json!("2021-10-16T15:00:00Z")));
        assert_eq!(held["holder"], json!({ "role": "1st_ad", "name": "David", "is_me": true }));

        set.advance(Seconds::minutes(10));
        let answered = filed.answered_by(&first_ad);
        assert_eq!((&answered["status"], &answered["awaiting"]), (&json!("answered"), &json!("verification")));
        assert_eq!(answered["answers"][0]["text"], "both revolvers are locked away");
        assert_eq!(answered["answers"][0]["in_time"], true);

        let inbox = filed.reporter.inbox();
        assert_eq!(inbox["answers"][0]["text"], "both revolvers are locked away");
        assert_eq!(inbox["answers"][0]["by_role"], "upm");

        let checked =
            filed.done_by(&western.steward(), "verification", json!({ "verdict": "verified", "note": "seen" }));
        let checked = checked.is(200);
        assert_eq!((&checked["status"], &checked["awaiting"]), (&json!("answered"), &json!("contest")));

        filed.reporter.sends("POST", "/v1/inbox/safety", Some(&json!({ "safe": "yes" }))).is(200);
        let closed = filed.read_by(&first_ad);
        assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("answered")));
        assert_eq!((&closed["due_at"], &closed["unanswered_by"]), (&json!(null), &json!([])));
        let what = timeline(&closed);
        let lived: Vec<_> = ["delivered", "assigned", "acknowledged", "answered", "verified", "closed"].into();
        assert!(lived.iter().all(|w| what.contains(w)), "{what:?}");
    });
}

#[test]
fn a_contest_starts_the_next_cycle_one_severity_up_with_its_reason_for_both_sides() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.answered_by(&western.first_ad());
        let not_fixed = json!({ "safe": "no", "reason": "the cart is open again" });
        filed.reporter.sends("POST", "/v1/inbox/safety", Some(&not_fixed)).is(200);
        let again = filed.read_by(&western.first_ad());
        assert_eq!((&again["status"], &again["cycle"]), (&json!("delivered"), &json!(2)));
        assert_eq!(again["severity"], "immediate");
        let lines = again["timeline"].as_array().unwrap();
        let contested = lines.iter().find(|line| line["what"] == "contested").unwrap();
        assert_eq!(contested["text"], "the cart is open again");
    });
}

#[test]
fn a_rejection_says_why_and_starts_the_clock_again() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.answered_by(&western.first_ad());
        let steward = western.steward();
        filed.done_by(&steward, "verification", json!({ "verdict": "rejected" })).refuses_field("note", "");
        let rejected = json!({ "verdict": "rejected", "note": "the lock is broken" });
        let again = filed.done_by(&steward, "verification", rejected).is(200);
        assert_eq!((&again["status"], &again["cycle"]), (&json!("delivered"), &json!(2)));
        let seen = filed.read_by(&western.first_ad());
        let lines = seen["timeline"].as_array().unwrap();
        assert!(lines.iter().any(|line| line["what"] == "rejected" && line["text"] == "the lock is broken"), "{seen}");
    });
}

#[test]
fn a_plan_awaits_its_day_and_done_completes_it() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let plan = |by: &str| json!({ "kind": "action", "text": "a new cart comes", "by_role": "props_master", "done": "planned", "done_by": by });
        // 08:00 in Denver is 14:00; a plan for the next setup may be twelve hours ahead.
        filed.done_by(&first_ad, "answer", plan("2021-10-17T02:00:01Z")).refuses_field("done_by", "2021-10-17");
        filed.done_by(&first_ad, "answer", plan("2021-10-16T13:00:00Z")).refuses_field("done_by", "2021-10-16");
        let planned = filed.done_by(&first_ad, "answer", plan("2021-10-16T11:00:00-07:00")).is(200);
        assert_eq!((&planned["awaiting"], &planned["due_at"]), (&json!("completion"), &json!("2021-10-16T18:00:00Z")));
        assert_eq!(planned["answers"][0]["done_by"], "2021-10-16T18:00:00Z");
        filed
            .done_by(&western.steward(), "verification", json!({ "verdict": "verified" }))
            .refuses(409, "out-of-order");
        set.advance(Seconds::hours(1));
        let done = filed.done_by(&first_ad, "answer", locked()).is(200);
        assert_eq!(done["awaiting"], "verification");
        assert_eq!(done["answers"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_dispute_is_always_checked_and_gives_its_reasons() {
    on_each(|set| {
        let western = set.western();
        let body = json!({
            "category": "sanitation_food_housing", "severity": "next_setup", "ongoing": "no", "make_safe": "the water",
        });
        let (filed, first_ad) = (files_as(&western, 1, body), western.first_ad());
        filed.done_by(&first_ad, "answer", json!({ "kind": "dispute", "text": " " })).refuses_field("text", "");
        let dispute = json!({ "kind": "dispute", "text": "the water was tested this morning" });
        let disputed = filed.done_by(&first_ad, "answer", dispute).is(200);
        assert_eq!(
            (&disputed["answers"][0]["kind"], &disputed["awaiting"]),
            (&json!("dispute"), &json!("verification"))
        );
        assert_eq!(disputed["answers"][0]["by_role"], "1st_ad");
    });
}

#[test]
fn a_deadline_that_passed_stays_on_record_beside_the_late_answer() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        first_ad.gets(&filed.path).is(200);
        set.advance(Seconds::minutes(20));
        let late = filed.answered_by(&first_ad);
        let missed = &late["unanswered_by"][0];
        assert_eq!((&missed["level"], &missed["awaiting"]), (&json!(1), &json!("acknowledgement")));
        assert_eq!((&missed["told"], &missed["recorded_as"]), (&json!(true), &json!("unanswered")));
        assert_eq!(missed["desks"], json!(["Safety"]));
        assert_eq!(missed["answered_late_at"], "2021-10-16T14:20:00Z");
        let listed = western.steward().gets("/v1/reports?unanswered=true").is(200);
        assert_eq!(listed["items"][0]["id"], filed.id.as_str());
        assert_eq!(western.steward().gets("/v1/reports?unanswered=false").is(200)["items"], json!([]));
    });
}

#[test]
fn work_that_is_stopped_names_who_may_restart_it_and_goes_on_with_what_changed() {
    on_each(|set| {
        let western = set.western();
        let mut body = unattended_weapon();
        body["severity"] = json!("immediate");
        let filed = files_as(&western, 1, body);
        let stop = json!({ "what": "no weapon leaves the cart", "may_restart_role": "upm" });
        let stopped = filed.done_by(&western.steward(), "stop-work", stop.clone()).is(200);
        assert_eq!((&stopped["stopped"], &stopped["awaiting"]), (&json!("upm"), &json!("acknowledgement")));
        // Only the production's own stop acknowledges and moves the written answer to two hours.
        let stopped = filed.done_by(&western.first_ad(), "stop-work", stop).is(200);
        assert_eq!((&stopped["awaiting"], &stopped["due_at"]), (&json!("answer"), &json!("2021-10-16T16:00:00Z")));
        let on = json!({ "what_changed": "the armorer is back" });
        let resumed = filed.done_by(&western.upm(), "resumption", on.clone()).is(200);
        assert_eq!(resumed["stopped"], json!(null));
        filed.done_by(&western.upm(), "resumption", on).refuses(409, "out-of-order");
        let words = filed.reporter.inbox();
        let lines = words["timeline"].as_array().unwrap();
        assert!(lines.iter().any(|line| line["what"] == "resumed" && line["text"] == "the armorer is back"), "{words}");
    });
}
