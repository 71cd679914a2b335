//! The rest of the chain: a referral that nobody takes, retaliation through the union's levels, and every act with words
//! sent twice.

use lastlooks::domain::time::{Seconds, UtcMillis};
use serde_json::{Value, json};

use super::{Filed, files, files_as, locked, receipt, timeline, unattended_weapon};
use crate::{
    crew::rows::Rows,
    support::{app::on_each, days::Days, people::Person, western::Western},
};

#[test]
fn a_referral_that_nobody_takes_is_the_referring_levels_silence() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        days.deliver();
        let filed = files(&western, 1);
        days.deliver();
        let referral = json!({ "kind": "referral", "text": "it is the office's cart" });
        let referred = filed.done_by(&western.first_ad(), "answer", referral).is(200);
        // Referring acknowledges; the answer stays due when it was.
        assert_eq!((&referred["awaiting"], &referred["due_at"]), (&json!("answer"), &json!("2021-10-16T15:00:00Z")));
        let before = filed.read_by(&western.upm());
        assert!(before["acts"].as_array().unwrap().contains(&json!("acknowledge")), "{before}");
        days.until(set.now().plus(Seconds::hours(1)));
        let seen = filed.read_by(&western.steward());
        let missed = &seen["unanswered_by"][0];
        assert_eq!((&missed["level"], &missed["awaiting"]), (&json!(1), &json!("answer")));
        assert_eq!(missed["recorded_as"], "unanswered");
        assert_eq!((&seen["level"], &seen["awaiting"]), (&json!(2), &json!("acknowledgement")));
        assert_eq!(seen["due_at"], "2021-10-16T15:15:00Z");
    });
}

#[test]
fn a_referral_can_be_made_once_and_needs_somebody_above() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let referral = json!({ "kind": "referral", "text": "not ours" });
        filed.done_by(&western.first_ad(), "answer", referral.clone()).is(200);
        filed.done_by(&western.first_ad(), "answer", referral.clone()).refuses(409, "out-of-order");
        let mut days = Days::of(set);
        let other = files(&western, 2);
        days.until(set.now().plus(Seconds::minutes(30)));
        assert_eq!(other.read_by(&western.steward())["level"], 3);
        let top = other.done_by(&western.producer(1), "answer", referral);
        top.refuses(409, "out-of-order");
    });
}

#[test]
fn retaliation_climbs_the_unions_levels_with_mail_and_the_production_side_cannot_tell() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        days.deliver();
        let production = [western.first_ad(), western.upm(), western.producer(1), western.financier()];
        let look = |person: &Person| {
            let board = person.unlocked("GET", "/v1/reports", None);
            let deliveries = person.gets("/v1/deliveries").body;
            (board.header("etag").to_owned(), board.body, deliveries, person.gets("/v1/me").body)
        };
        let mails =
            |days: &Days<'_>, people: &[Person]| people.iter().map(|p| days.mails_to(&p.email)).collect::<Vec<_>>();
        let (before, mailed) = (production.each_ref().map(look), mails(&days, &production));
        let union = [western.steward(), western.rep(), western.international(), western.counsel()];
        let had = mails(&days, &union);

        let began = set.now();
        let body =
            json!({ "category": "retaliation", "severity": "immediate", "ongoing": "yes", "narrative": "I was moved" });
        let filed = files_as(&western, 1, body);
        days.deliver();
        let first = filed.read_by(&union[0]);
        assert_eq!((&first["level"], &first["due_at"]), (&json!(1), &json!("2021-10-17T14:00:00Z")));
        assert_eq!(mails(&days, &union), [had[0] + 1, had[1], had[2], had[3]]);
        union[1].gets(&filed.path).refuses(404, "not-found");
        days.until(began.plus(Seconds::days(1)));
        let second = filed.read_by(&union[1]);
        assert_eq!((&second["level"], &second["due_at"]), (&json!(2), &json!("2021-10-19T14:00:00Z")));
        let missed = &second["unanswered_by"][0];
        assert_eq!((&missed["level"], &missed["desks"]), (&json!(1), &json!(["Shop steward"])));
        assert!(mails(&days, &union)[1] > had[1]);
        filed.done_by(&western.upm(), "acknowledgement", json!({})).refuses(404, "not-found");
        filed.done_by(&union[1], "acknowledgement", json!({})).is(200);
        assert_eq!(production.each_ref().map(look), before);
        assert_eq!(mails(&days, &production), mailed);

        filed.done_by(&union[0], "summary", json!({ "text": "somebody was moved after a report" })).is(200);
        days.deliver();
        let seen = filed.read_by(&western.first_ad());
        assert_eq!((&seen["level"], &seen["cycle"], &seen["unanswered_by"]), (&json!(1), &json!(1), &json!([])));
        assert_eq!(seen["due_at"], shown(began.plus(Seconds::days(2))), "a day, as every level has");
        assert_eq!(mails(&days, &production)[0], mailed[0] + 1);
        assert!(!seen.to_string().contains("I was moved"), "{seen}");
        // The steward's silence stays on record beside the late answer, for the union side.
        let record = filed.read_by(&union[1]);
        assert_ne!(record["unanswered_by"][0]["answered_late_at"], Value::Null, "{record}");
        // Its own chain goes on as any other: silence moves it up.
        days.until(began.plus(Seconds::days(2)));
        assert_eq!(filed.read_by(&western.upm())["unanswered_by"][0]["desks"], json!(["Safety"]));
    });
}

fn shown(at: UtcMillis) -> String {
    lastlooks::app::rfc3339(at)
}

/// Sends an act under one name twice: the second changes nothing.
#[track_caller]
fn twice(western: &Western<'_>, rows: &Rows, filed: &Filed, by: &Person, act: &str, body: &Value) {
    let session = by.session();
    let key = receipt(u8::try_from(act.len()).unwrap() + 100);
    let headers = [("unlock-key", session.unlock_key.as_str()), ("idempotency-key", key.as_str())];
    let sends = || by.sends_with("POST", &filed.act(act), &headers, Some(body)).is(200);
    let once = sends();
    let before = rows.said();
    assert_eq!(sends(), once, "{act}");
    rows.are_as(&before);
    // Time does not make another act of it.
    western.set.advance(Seconds(30));
    assert_eq!(sends()["timeline"], once["timeline"], "{act}");
}

#[track_caller]
fn twice_by_reporter(western: &Western<'_>, rows: &Rows, filed: &Filed, act: &str, body: &Value) {
    let authorization = format!("Receipt {}", filed.reporter.receipt);
    let key = receipt(u8::try_from(act.len()).unwrap() + 150);
    let headers = [("authorization", authorization.as_str()), ("idempotency-key", key.as_str())];
    let sends = || western.set.client().send("POST", &format!("/v1/inbox/{act}"), &headers, Some(body)).is(200);
    let once = sends();
    let before = rows.said();
    assert_eq!(sends(), once, "{act}");
    rows.are_as(&before);
}

#[test]
fn every_act_with_words_that_is_sent_again_under_its_name_is_done_once() {
    on_each(|set| {
        let western = set.western();
        let rows = Rows::of(set.database());
        let (first_ad, steward) = (western.first_ad(), western.steward());
        let filed = files(&western, 1);
        twice(&western, &rows, &filed, &steward, "escalation", &json!({ "reason": "nobody is on set" }));
        twice(&western, &rows, &filed, &steward, "not-credible", &json!({ "reason": "there was no shoot" }));
        twice(&western, &rows, &filed, &first_ad, "messages", &json!({ "text": "we are on it" }));
        let stop = json!({ "what": "no weapon leaves the cart", "may_restart_role": "upm" });
        twice(&western, &rows, &filed, &first_ad, "stop-work", &stop);
        twice(&western, &rows, &filed, &first_ad, "resumption", &json!({ "what_changed": "it is locked" }));
        twice_by_reporter(&western, &rows, &filed, "messages", &json!({ "to": "all", "text": "look again" }));
        twice_by_reporter(&western, &rows, &filed, "worse", &json!({ "text": "it is loaded" }));
        twice(&western, &rows, &filed, &first_ad, "answer", &locked());
        twice_by_reporter(
            &western,
            &rows,
            &filed,
            "safety",
            &json!({ "safe": "cannot_tell", "reason": "too far away" }),
        );
        let rejected = json!({ "verdict": "rejected", "note": "the lock is broken" });
        twice(&western, &rows, &filed, &steward, "verification", &rejected);
        filed.answered_by(&first_ad);
        twice_by_reporter(&western, &rows, &filed, "contest", &json!({ "reason": "it is open again" }));

        let retaliation = json!({ "category": "retaliation", "severity": "concern", "ongoing": "yes" });
        set.clock.move_to(set.now().up(Seconds::hours(1)));
        let moved = files_as(&western, 2, retaliation);
        twice(&western, &rows, &moved, &steward, "summary", &json!({ "text": "somebody was moved" }));
    });
}

#[test]
fn the_last_seat_is_refused_whoever_is_kept_out() {
    on_each(|set| {
        let western = set.western();
        // The refusal is the same with and without somebody kept out beside them: it names nobody.
        let mut about_lee = unattended_weapon();
        about_lee["subject_role"] = json!("line_producer");
        for (byte, body) in [(1, unattended_weapon()), (2, about_lee)] {
            let filed = files_as(&western, byte, body);
            filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
            western.upm().sends("POST", &filed.act("recusal"), None).is(204);
            western.upm().gets(&filed.path).refuses(404, "not-found");
            assert!(timeline(&filed.read_by(&western.steward())).contains(&"escalated"));
        }
        // Whoever took themselves off is not counted: the other one stays.
        let filed = files(&western, 3);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        western.upm().sends("POST", &filed.act("recusal"), None).is(204);
        western.line_producer().sends("POST", &filed.act("recusal"), None).refuses(409, "last-at-level");
    });
}
