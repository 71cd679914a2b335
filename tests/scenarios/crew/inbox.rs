//! What the receipt opens, and what whoever holds it may do.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use super::{
    dirty_kitchen, files, left_weapon, messages, new_receipt, on_board, read_by, rows::Rows, small_crew, with,
};
use crate::support::{app::on_each, client::Answer, people::Person, people::Reporter, western::Western};

impl Reporter {
    /// Says something, once.
    fn says(&self, path: &str, body: Value) -> Answer {
        self.sends("POST", &format!("/v1/inbox/{path}"), Some(&body))
    }

    /// As [`Reporter::says`], with a name for the act.
    fn says_as(&self, set: &Western<'_>, key: &str, path: &str, body: Value) -> Answer {
        let receipt = format!("Receipt {}", self.receipt);
        let headers = [("authorization", receipt.as_str()), ("idempotency-key", key)];
        set.set.client().send("POST", &format!("/v1/inbox/{path}"), &headers, Some(&body))
    }
}

/// What happened, in order.
fn timeline(shown: &Value) -> Vec<&str> {
    shown["timeline"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect()
}

/// Says that it is done.
#[track_caller]
fn answers(person: &Person, reporter: &Reporter) -> Value {
    let path = on_board(person, &reporter.filed).unwrap();
    let body = json!({ "kind": "action", "text": "both are locked away", "by_role": "1st_ad", "done": "yes" });
    person.unlocked("POST", &format!("{path}/answer"), Some(&body)).is(200)
}

#[test]
fn a_wrong_receipt_opens_nothing_whatever_it_asks_for() {
    on_each(|set| {
        let western = small_crew(set);
        let mut stranger = files(&western.crew(), left_weapon());
        stranger.receipt = new_receipt();
        let (rows, text) = (Rows::of(set.database()), json!({ "to": "union", "text": "let me in" }));
        let before = rows.said();
        stranger.sends("GET", "/v1/inbox", None).refuses(404, "not-found");
        stranger.says("messages", text).refuses(404, "not-found");
        stranger.says("safety", json!({ "safe": "no" })).refuses(404, "not-found");
        stranger.says("contest", json!({ "reason": "it is not" })).refuses(404, "not-found");
        stranger.says("worse", json!({})).refuses(404, "not-found");
        stranger.says("withdrawal", json!({})).refuses(404, "not-found");
        rows.are_as(&before);
    });
}

#[test]
fn a_message_reaches_the_side_that_it_is_for() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        reporter.says("messages", json!({ "to": "union", "text": "between us" })).is(200);
        let inbox = reporter.says("messages", json!({ "to": "all", "text": "for everybody" })).is(200);
        assert_eq!(messages(&inbox), ["between us", "for everybody"]);
        assert!(inbox["messages"].as_array().unwrap().iter().all(|message| message["from"] == "reporter"));
        assert_eq!(messages(&read_by(&western.steward(), &reporter.filed)), ["between us", "for everybody"]);
        assert_eq!(messages(&read_by(&western.first_ad(), &reporter.filed)), ["for everybody"]);
    });
}

#[test]
fn the_same_act_with_the_same_key_is_done_once() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        let (key, other) = (new_receipt(), new_receipt());
        let message = json!({ "to": "union", "text": "once" });
        let first = reporter.says_as(&western, &key, "messages", message.clone()).is(200);
        let rows = Rows::of(set.database());
        let before = rows.said();
        assert_eq!(reporter.says_as(&western, &key, "messages", message.clone()).is(200), first);
        rows.are_as(&before);
        let twice = reporter.says_as(&western, &other, "messages", message.clone()).is(200);
        assert_eq!(messages(&twice), ["once", "once"]);
        let thrice = reporter.says("messages", message).is(200);
        assert_eq!(messages(&thrice), ["once", "once", "once"]);
        let somebody_else = files(&western.crew(), left_weapon());
        let same_key = somebody_else.says_as(&western, &key, "messages", json!({ "to": "all", "text": "mine" }));
        assert_eq!(messages(&same_key.is(200)), ["mine"], "a key is one reporter's own");
    });
}

#[test]
fn worse_raises_the_severity_once() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        let worse = reporter.says("worse", json!({ "text": "now it is loaded" })).is(200);
        assert_eq!((&worse["severity"], timeline(&worse).contains(&"worse")), (&json!("immediate"), true));
        assert_eq!(worse["due_at"], "2021-10-16T14:05:00Z", "five minutes, where it had fifteen");
        let again = reporter.says("worse", json!({ "text": "still" })).refuses(409, "out-of-order");
        assert_eq!(again["state"], "delivered");
        let shown = read_by(&western.steward(), &reporter.filed).to_string();
        assert!(shown.contains("now it is loaded") && !shown.contains("still"));
        assert!(!read_by(&western.first_ad(), &reporter.filed).to_string().contains("now it is loaded"));
    });
}

#[test]
fn worse_brings_a_report_that_still_waits_to_its_desks() {
    on_each(|set| {
        let western = small_crew(set);
        set.advance(Seconds::minutes(10));
        let body = with(dirty_kitchen(), json!({ "category": "electrical", "severity": "next_call" }));
        let reporter = files(&western.crew(), body);
        assert_eq!(reporter.filed["status"], "filed");
        let worse = reporter.says("worse", json!({})).is(200);
        assert_eq!((&worse["severity"], &worse["status"]), (&json!("next_setup"), &json!("delivered")));
        assert!(on_board(&western.first_ad(), &reporter.filed).is_some());
    });
}

#[test]
fn there_is_nothing_to_contest_before_an_answer() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        for (path, body) in [
            ("safety", json!({ "safe": "yes" })),
            ("safety", json!({ "safe": "no", "reason": "it is not" })),
            ("safety", json!({ "safe": "cannot_tell" })),
            ("contest", json!({ "reason": "it is not" })),
        ] {
            let refused = reporter.says(path, body).refuses(409, "out-of-order");
            assert_eq!(refused["state"], "delivered");
        }
    });
}

#[test]
fn a_contest_begins_the_next_cycle_one_step_more_urgent_and_cannot_be_repeated() {
    on_each(|set| {
        let western = small_crew(set);
        for (path, body) in [
            ("contest", json!({ "reason": "the cart is open" })),
            ("safety", json!({ "safe": "no", "reason": "the cart is open" })),
            ("safety", json!({ "safe": "no" })),
        ] {
            let reporter = files(&western.crew(), left_weapon());
            answers(&western.first_ad(), &reporter);
            let inbox = reporter.inbox();
            assert_eq!(inbox["answers"][0]["text"], "both are locked away");
            assert_eq!(reporter.says("safety", json!({ "safe": "cannot_tell" })).is(200)["status"], "answered");
            let contested = reporter.says(path, body.clone()).is(200);
            assert_eq!((&contested["status"], &contested["cycle"]), (&json!("delivered"), &json!(2)), "{path} {body}");
            assert_eq!(contested["severity"], "immediate");
            reporter.says(path, body).refuses(409, "out-of-order");
        }
    });
}

#[test]
fn a_contests_reason_is_read_by_both_sides() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        answers(&western.first_ad(), &reporter);
        let inbox = reporter.says("contest", json!({ "reason": "the cart is open" })).is(200);
        assert!(inbox.to_string().contains("the cart is open"));
        for reader in [western.first_ad(), western.steward()] {
            assert!(read_by(&reader, &reporter.filed).to_string().contains("the cart is open"), "{reader:?}");
        }
    });
}

#[test]
fn a_yes_is_kept_and_can_be_said_once() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        answers(&western.first_ad(), &reporter);
        let safe = reporter.says("safety", json!({ "safe": "yes" })).is(200);
        assert!(timeline(&safe).contains(&"verified"), "{safe}");
        assert_eq!((&safe["status"], &safe["outcome"]), (&json!("closed"), &json!("answered")));
        reporter.says("safety", json!({ "safe": "yes" })).refuses(409, "out-of-order");
        reporter.says("contest", json!({ "reason": "no, wait" })).refuses(409, "out-of-order");
        reporter.says("withdrawal", json!({})).refuses(409, "out-of-order");
    });
}

#[test]
fn a_report_that_is_withdrawn_before_delivery_leaves_no_row_in_any_table() {
    on_each(|set| {
        let western = small_crew(set);
        set.advance(Seconds::minutes(10));
        let rows = Rows::of(set.database());
        let before = rows.said();
        let body = with(dirty_kitchen(), json!({ "subject_role": "upm", "delay": "up_to_2h" }));
        let reporter = files(&western.crew(), body.clone());
        let key = new_receipt();
        reporter.says_as(&western, &key, "messages", json!({ "to": "all", "text": "no, wait" })).is(200);
        assert_ne!(rows.said(), before);
        assert_eq!(reporter.says("withdrawal", json!({})).is(200)["status"], "withdrawn");
        rows.are_as(&before);
        reporter.sends("GET", "/v1/inbox", None).refuses(404, "not-found");
        let again = western.crew().tries_to_file(&with(body, json!({ "receipt": reporter.receipt }))).is(201);
        assert_eq!(again["status"], "filed", "the receipt is as good as new");
    });
}

#[test]
fn a_report_that_is_withdrawn_later_is_closed_and_stays_with_the_union_side() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        assert!(on_board(&western.first_ad(), &reporter.filed).is_some());
        let withdrawn = reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        assert_eq!((&withdrawn["status"], &withdrawn["due_at"]), (&json!("withdrawn"), &Value::Null));
        assert_eq!(read_by(&western.steward(), &reporter.filed)["status"], "withdrawn");
        let rows = Rows::of(set.database());
        let before = rows.said();
        assert_eq!(reporter.says("withdrawal", json!({})).is(200)["status"], "withdrawn", "twice changes nothing");
        let late = reporter.says("messages", json!({ "to": "all", "text": "no, wait" }));
        assert_eq!(late.refuses(409, "out-of-order")["state"], "withdrawn");
        rows.are_as(&before);
    });
}
