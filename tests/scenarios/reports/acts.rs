//! Who may do what, and what happens when the same thing is done twice, too late, or without the key.

use lastlooks::domain::time::Seconds;
use serde_json::json;

use super::{files, files_as, locked, receipt, timeline};
use crate::support::{app::on_each, people::Person};

#[test]
fn the_other_side_is_refused_and_whoever_was_not_told_finds_nothing() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let (steward, first_ad, upm) = (western.steward(), western.first_ad(), western.upm());
        steward.sends("POST", &filed.act("acknowledgement"), None).refuses(403, "not-for-your-side");
        filed.done_by(&steward, "answer", locked()).refuses(403, "not-for-your-side");
        filed.done_by(&first_ad, "verification", json!({ "verdict": "verified" })).refuses(403, "not-for-your-side");
        filed.done_by(&first_ad, "escalation", json!({ "reason": "x" })).refuses(403, "not-for-your-side");
        let stranger = western.financier();
        for person in [&upm, &stranger, &western.operator()] {
            let hidden = person.gets(&filed.path).refuses(404, "not-found");
            let unknown = person.gets(&format!("/v1/reports/{}", receipt(9))).refuses(404, "not-found");
            assert_eq!(hidden, unknown);
            person.sends("POST", &filed.act("acknowledgement"), None).refuses(404, "not-found");
            filed.done_by(person, "answer", locked()).refuses(404, "not-found");
        }
        upm.gets("/v1/reports/nonsense").refuses(404, "not-found");
        set.client().send("GET", &filed.path, &[], None).refuses(401, "sign-in-required");
    });
}

#[test]
fn words_need_the_unlock_key_of_this_session() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        first_ad.posts(&filed.act("answer"), locked()).refuses(401, "unlock-key-required");
        let others = first_ad.signs_in().unlock_key;
        let headers = [("unlock-key", others.as_str())];
        let wrong = first_ad.sends_with("POST", &filed.act("answer"), &headers, Some(&locked()));
        wrong.refuses(401, "unlock-key-required");
        first_ad.sends_with("GET", &filed.path, &headers, None).refuses(401, "unlock-key-required");
        assert_eq!(first_ad.gets(&filed.path).is(200)["answers"], json!([]));
        // "I have it" carries no words and needs none.
        first_ad.sends("POST", &filed.act("acknowledgement"), None).is(200);
    });
}

#[test]
fn the_same_act_again_changes_nothing() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let once = filed.done_by(&first_ad, "acknowledgement", json!({})).is(200);
        set.advance(Seconds::minutes(1));
        assert_eq!(filed.done_by(&first_ad, "acknowledgement", json!({})).is(200), once);

        let unlock = first_ad.session().unlock_key;
        let headers = [("unlock-key", unlock.as_str()), ("idempotency-key", "000102030405060708090a0b0c0d0e0f")];
        let note = json!({ "text": "we are on it" });
        let first = first_ad.sends_with("POST", &filed.act("messages"), &headers, Some(&note)).is(200);
        let second = first_ad.sends_with("POST", &filed.act("messages"), &headers, Some(&note)).is(200);
        assert_eq!(first, second);
        assert_eq!(filed.reporter.inbox()["messages"].as_array().unwrap().len(), 1);
        // Under another name it is another message, and sent four times at once it is still one.
        let headers = [("unlock-key", unlock.as_str()), ("idempotency-key", "ff0102030405060708090a0b0c0d0e0f")];
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    first_ad.sends_with("POST", &filed.act("messages"), &headers, Some(&note)).is(200);
                });
            }
        });
        assert_eq!(filed.reporter.inbox()["messages"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn the_name_of_an_act_is_its_doers_own_and_names_that_act_alone() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let named = |person: &Person, act: &str, body: serde_json::Value| {
            let unlock = person.session().unlock_key;
            let headers = [("unlock-key", unlock.as_str()), ("idempotency-key", "000102030405060708090a0b0c0d0e0f")];
            person.sends_with("POST", &filed.act(act), &headers, Some(&body)).is(200)
        };
        let note = json!({ "text": "we are on it" });
        named(&western.first_ad(), "messages", note.clone());
        named(&western.first_ad(), "messages", note.clone());
        // Whoever happens to give the same name is heard all the same, and so is another act.
        named(&western.steward(), "messages", note.clone());
        named(&western.first_ad(), "stop-work", json!({ "what": "all of it", "may_restart_role": "upm" }));
        let receipt = format!("Receipt {}", filed.reporter.receipt);
        let headers = [("authorization", receipt.as_str()), ("idempotency-key", "000102030405060708090a0b0c0d0e0f")];
        let words = json!({ "to": "all", "text": "thank you" });
        for _ in 0..2 {
            set.client().send("POST", "/v1/inbox/messages", &headers, Some(&words)).is(200);
        }
        let inbox = filed.reporter.inbox();
        assert_eq!((inbox["messages"].as_array().unwrap().len(), &inbox["stopped"]), (3, &json!("upm")), "{inbox}");
    });
}

#[test]
fn an_act_on_a_closed_report_names_its_state() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        let late = filed.done_by(&western.first_ad(), "answer", locked()).refuses(409, "out-of-order");
        assert!(late["state"].as_str().unwrap().contains("withdrawn"), "{late}");
    });
}

#[test]
fn bad_words_are_refused_by_name_and_never_repeated() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let with = |field: &str, value: serde_json::Value| {
            let mut body = locked();
            body[field] = value;
            body
        };
        let long = "hunter2".repeat(300);
        for (field, value) in [
            ("text", json!(long)),
            ("text", json!("hunter2\u{202e}")),
            ("text", json!(7)),
            ("by_role", json!("Hunter2 the boss")),
            ("kind", json!("hunter2")),
            ("done", json!("hunter2")),
            ("boss", json!("hunter2")),
        ] {
            filed.done_by(&first_ad, "answer", with(field, value)).refuses_field(field, "unter2");
        }
        assert_eq!(filed.read_by(&first_ad)["status"], "delivered");
    });
}

#[test]
fn whoever_is_asked_early_can_act_and_no_deadline_moves() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let due = filed.read_by(&western.steward())["due_at"].clone();
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "nobody is on set" })).is(200);
        let seen = filed.read_by(&western.upm());
        assert_eq!(seen["due_at"], due);
        let held = western.upm().sends("POST", &filed.act("acknowledgement"), None).is(200);
        assert_eq!((&held["status"], &held["holder"]["role"]), (&json!("acknowledged"), &json!("upm")));
        // Anybody told may take it over; nobody hands it to another.
        let taken = western.first_ad().sends("POST", &filed.act("holder"), None).is(200);
        assert_eq!(taken["holder"]["is_me"], true);
    });
}

#[test]
fn a_referral_tells_the_next_level_early_and_counts_once_it_is_taken() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let referral = json!({ "kind": "referral", "text": "it is the office's cart" });
        filed.done_by(&western.first_ad(), "answer", referral.clone()).is(200);
        let taken = western.upm().sends("POST", &filed.act("acknowledgement"), None).is(200);
        assert_eq!((&taken["level"], &taken["status"]), (&json!(2), &json!("acknowledged")));
        filed.done_by(&western.upm(), "answer", referral).refuses(409, "out-of-order");
        let answered = filed.read_by(&western.steward());
        assert_eq!(answered["answers"][0]["kind"], "referral");
        assert_eq!(answered["answers"][0]["text"], "it is the office's cart");
        for view in [answered, filed.reporter.inbox(), filed.read_by(&western.first_ad())] {
            let line = view["timeline"].as_array().unwrap().iter().find(|line| line["what"] == "answered").unwrap();
            assert_eq!((&line["level"], &line["by_role"]), (&json!(1), &json!("1st_ad")), "whoever referred: {view}");
        }
    });
}

#[test]
fn what_gets_worse_needs_no_words_and_once_it_is_over_a_new_report() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        assert_eq!(filed.reporter.sends("POST", "/v1/inbox/worse", None).is(200)["severity"], "immediate");
        filed.reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        let withdrawn = files(&western, 2);
        withdrawn.reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        let told = withdrawn.reporter.sends("POST", "/v1/inbox/worse", None).refuses(409, "out-of-order");
        let why = "not possible while it is withdrawn: what goes on, or happens again, needs a new report";
        assert_eq!((&told["state"], &told["detail"]), (&json!("withdrawn"), &json!(why)));
    });
}

#[test]
fn what_one_side_writes_to_the_reporter_stays_with_the_reporter_and_that_side() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.done_by(&western.first_ad(), "messages", json!({ "text": "from the production" })).is(200);
        filed.done_by(&western.steward(), "messages", json!({ "text": "from the union" })).is(200);
        let to_all = json!({ "to": "all", "text": "from the crew" });
        filed.reporter.sends("POST", "/v1/inbox/messages", Some(&to_all)).is(200);
        let to_union = json!({ "to": "union", "text": "for the union alone" });
        filed.reporter.sends("POST", "/v1/inbox/messages", Some(&to_union)).is(200);
        let said = |report: serde_json::Value| -> Vec<(String, String)> {
            let text = |m: &serde_json::Value, field: &str| m[field].as_str().unwrap().to_owned();
            let messages = report["messages"].as_array().unwrap();
            messages.iter().map(|m| (text(m, "from"), text(m, "text"))).collect()
        };
        let of = |from: &str, text: &str| (from.to_owned(), text.to_owned());
        let (production, union) = (of("production", "from the production"), of("union", "from the union"));
        let (crew, alone) = (of("reporter", "from the crew"), of("reporter", "for the union alone"));
        assert_eq!(said(filed.read_by(&western.first_ad())), [production.clone(), crew.clone()]);
        assert_eq!(said(filed.read_by(&western.steward())), [union.clone(), crew.clone(), alone.clone()]);
        assert_eq!(said(filed.reporter.inbox()), [production, union, crew, alone]);
    });
}

#[test]
fn whoever_takes_themselves_off_finds_nothing_any_more() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        western.first_ad().sends("POST", &filed.act("recusal"), None).refuses(409, "last-at-level");
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "x" })).is(200);
        let upm = western.upm();
        let before = upm.gets("/v1/reports").is(200);
        assert_eq!(before["items"].as_array().unwrap().len(), 1);
        upm.sends("POST", &filed.act("recusal"), None).is(204);
        upm.sends("POST", &filed.act("recusal"), None).is(204);
        upm.gets(&filed.path).refuses(404, "not-found");
        upm.sends("POST", &filed.act("acknowledgement"), None).refuses(404, "not-found");
        assert_eq!(upm.gets("/v1/reports").is(200)["items"], json!([]));
        western.line_producer().gets(&filed.path).is(200);
    });
}

#[test]
fn two_union_members_find_a_report_not_credible_and_one_does_not() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let reason = json!({ "reason": "there was no shoot that day" });
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look at this" })).is(200);
        for _ in 0..2 {
            let proposed = filed.done_by(&western.steward(), "not-credible", reason.clone()).is(200);
            assert_eq!(proposed["status"], "delivered");
        }
        assert!(!timeline(&filed.read_by(&western.first_ad())).contains(&"not_credible"));
        let found = filed.done_by(&western.rep(), "not-credible", reason).is(200);
        assert_eq!((&found["status"], &found["outcome"]), (&json!("closed"), &json!("not_credible")));
    });
}

#[test]
fn retaliation_is_the_unions_until_its_summary_and_then_has_no_past_for_the_production() {
    on_each(|set| {
        let western = set.western();
        let body = json!({
            "category": "retaliation", "severity": "concern", "ongoing": "yes", "narrative": "I was moved off the camera",
        });
        let filed = files_as(&western, 1, body);
        let (steward, first_ad) = (western.steward(), western.first_ad());
        first_ad.gets(&filed.path).refuses(404, "not-found");
        assert_eq!(first_ad.gets("/v1/reports").is(200)["items"], json!([]));
        steward.sends("POST", &filed.act("acknowledgement"), None).is(200);
        assert_eq!(filed.read_by(&steward)["union"]["narrative"], "I was moved off the camera");

        let summary = json!({ "text": "somebody of the camera crew lost work after a report" });
        filed.done_by(&steward, "summary", summary.clone()).is(200);
        filed.done_by(&steward, "summary", summary).refuses(409, "out-of-order");
        let seen = filed.read_by(&first_ad);
        assert_eq!(seen["summary"], "somebody of the camera crew lost work after a report");
        assert_eq!((&seen["shared"], &seen["union"]), (&json!(null), &json!(null)));
        assert_eq!((&seen["status"], &seen["cycle"]), (&json!("delivered"), &json!(1)));
        let what = timeline(&seen);
        assert!(what.iter().all(|w| matches!(*w, "assigned" | "no_recipient")), "{what:?}");
        filed.answered_by(&first_ad);
        assert_eq!(filed.read_by(&steward)["answers"][0]["text"], "both revolvers are locked away");
    });
}
