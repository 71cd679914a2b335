//! Somebody is away, and somebody else stands in.

use lastlooks::domain::time::{Seconds, UtcMillis};
use serde_json::{Value, json};

use crate::{
    reports::{files, files_as, unattended_weapon},
    support::{app::on_each, client::Answer, days::Days, people::Person},
};

/// As answers show it.
fn shown(at: UtcMillis) -> String {
    lastlooks::app::rfc3339(at)
}

fn is_away(who: &Person, from: UtcMillis, to: UtcMillis, substitute: Option<&Person>) -> Answer {
    let body = json!({ "from": shown(from), "to": shown(to), "substitute": substitute.map(Person::id) });
    who.sends("PUT", "/v1/me/absence", Some(&body))
}

#[test]
fn whoever_stands_in_is_told_sees_and_acts_at_that_level_as_long_as_it_lasts() {
    on_each(|set| {
        let western = set.western();
        let (david, ulla) = (western.first_ad(), western.upm());
        let (from, to) = (set.now().plus(Seconds::hours(1)), set.now().plus(Seconds::hours(5)));
        let away = is_away(&david, from, to, Some(&ulla)).is(200);
        assert_eq!((&away["from"], &away["substitute_name"]), (&json!("2021-10-16T15:00:00Z"), &json!("Ulla")));
        assert_eq!(david.gets("/v1/me").is(200)["absence"], away);
        assert_eq!(ulla.gets("/v1/me").is(200)["stands_in_for"][0]["name"], "David");

        let early = files(&western, 1);
        ulla.gets(&early.path).refuses(404, "not-found");
        early.reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        let mut days = Days::of(set);
        days.until(from);
        let (his, hers) = (days.mails_to(&david.email), days.mails_to(&ulla.email));
        let filed = files(&western, 2);
        days.deliver();
        assert_eq!(days.mails_to(&ulla.email), hers + 1, "whoever stands in is told");
        assert_eq!(days.mails_to(&david.email), his + 1, "and so is whoever is away");
        let seen = filed.read_by(&ulla);
        assert_eq!((&seen["shared"]["make_safe"], &seen["level"]), (&json!("lock the cart"), &json!(1)));
        let held = filed.done_by(&ulla, "acknowledgement", json!({})).is(200);
        assert_eq!(held["holder"], json!({ "role": "upm", "name": "Ulla", "is_me": true }));
        assert_eq!(western.line_producer().gets(&filed.path).status, 404, "for her alone");
        filed.answered_by(&ulla);

        set.clock.move_to(to.plus_millis(-1));
        ulla.gets(&filed.path).is(200);
        set.clock.move_to(to);
        ulla.gets(&filed.path).refuses(404, "not-found");
        assert_eq!(david.gets("/v1/me").is(200)["absence"], Value::Null);
        let other = json!({ "category": "electrical", "severity": "next_setup", "ongoing": "no" });
        ulla.gets(&files_as(&western, 3, other).path).refuses(404, "not-found");
    });
}

#[test]
fn the_last_at_a_level_needs_somebody_who_stands_in() {
    on_each(|set| {
        let western = set.western();
        let (from, to) = (set.now(), set.now().plus(Seconds::days(7)));
        let david = western.first_ad();
        is_away(&david, from, to, None).refuses(409, "last-at-level");
        // Somebody else sits at this one.
        let lee = western.line_producer();
        is_away(&lee, from, to, None).is(200);
        // An observer leaves no level empty.
        is_away(&western.financier(), from, to, None).is(200);
        for wrong in [&western.steward(), &western.operator(), &david] {
            is_away(&david, from, to, Some(wrong)).refuses_field("substitute", "");
        }
        is_away(&david, from, to, Some(&lee)).refuses_field("substitute", "");
        let nobody = json!({ "from": shown(from), "to": shown(to), "substitute": "09".repeat(16) });
        david.sends("PUT", "/v1/me/absence", Some(&nobody)).refuses_field("substitute", "0909");
        is_away(&david, to, from, Some(&western.upm())).refuses_field("to", "");
        is_away(&david, from, from.plus(Seconds::days(400)), Some(&western.upm())).refuses_field("to", "");
        let wrong = json!({ "from": "hunter2", "to": shown(to) });
        david.sends("PUT", "/v1/me/absence", Some(&wrong)).refuses_field("from", "hunter2");
        is_away(&david, from, to, Some(&western.upm())).is(200);
        assert_eq!(david.gets("/v1/me").is(200)["absence"]["substitute_name"], "Ulla");
    });
}

#[test]
fn whoever_took_themselves_off_a_report_is_no_reason_to_be_away_without_somebody_standing_in() {
    on_each(|set| {
        let western = set.western();
        let (from, to) = (set.now(), set.now().plus(Seconds::days(7)));
        let filed = files(&western, 1);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        western.line_producer().sends("POST", &filed.act("recusal"), None).is(204);
        is_away(&western.upm(), from, to, None).refuses(409, "last-at-level");
        is_away(&western.upm(), from, to, Some(&western.producer(2))).is(200);
    });
}

#[test]
fn whoever_is_kept_out_is_accepted_like_anybody_and_gets_nothing_of_it() {
    on_each(|set| {
        let western = set.western();
        let (david, ulla, lee) = (western.first_ad(), western.upm(), western.line_producer());
        let (from, to) = (set.now(), set.now().plus(Seconds::days(7)));
        let mut about_her = unattended_weapon();
        about_her["subject_role"] = json!("upm");
        let known = files(&western, 1);
        let before = files_as(&western, 2, about_her.clone());
        let accepted = is_away(&david, from, to, Some(&ulla)).is(200);
        let other = is_away(&david, from, to, Some(&lee)).is(200);
        let same = |view: &Value| (view["from"].clone(), view["to"].clone(), view.as_object().unwrap().len());
        assert_eq!(same(&accepted), same(&other));
        is_away(&david, from, to, Some(&ulla)).is(200);

        let mut days = Days::of(set);
        days.deliver();
        ulla.gets(&known.path).is(200);
        let look = || (ulla.unlocked("GET", "/v1/reports", None).body, days_mails(set, &ulla.email));
        let seen = look();
        let after = files_as(&western, 3, about_her);
        days.deliver();
        assert_eq!(look(), seen);
        for hidden in [&before, &after] {
            ulla.unlocked("GET", &hidden.path, None).refuses(404, "not-found");
            ulla.sends("POST", &hidden.act("acknowledgement"), None).refuses(404, "not-found");
            // The level is not empty: whoever is away is told and can act.
            assert_eq!(hidden.read_by(&western.steward())["level"], 1);
            hidden.done_by(&david, "acknowledgement", json!({})).is(200);
        }
    });
}

fn days_mails(set: &crate::support::app::TestApp, email: &str) -> usize {
    Days::of(set).mails_to(email)
}

#[test]
fn whoever_comes_back_early_says_so() {
    on_each(|set| {
        let western = set.western();
        let (david, ulla) = (western.first_ad(), western.upm());
        is_away(&david, set.now(), set.now().plus(Seconds::days(7)), Some(&ulla)).is(200);
        let filed = files(&western, 1);
        ulla.gets(&filed.path).is(200);
        for _ in 0..2 {
            david.sends("DELETE", "/v1/me/absence", None).is(204);
            ulla.gets(&filed.path).refuses(404, "not-found");
        }
        assert_eq!(ulla.gets("/v1/me").is(200)["stands_in_for"], json!([]));
    });
}
