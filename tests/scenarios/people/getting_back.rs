//! Back in with twelve words; another password; both lost.

use serde_json::{Value, json};

use super::{
    letting_in::{envelopes, envelopes_of},
    roster::{about, waiting},
};
use crate::{
    reports::files,
    support::{
        app::{TestApp, on_each},
        client::Answer,
        people::Person,
        western::Western,
    },
};

const NEW: &str = "five other words for later";

fn recovers(set: &TestApp, email: &str, words: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "recovery_words": words, "password": password });
    set.client().send("POST", "/v1/recoveries", &[], Some(&body))
}

fn is_over(set: &TestApp, access_token: &str) {
    let bearer = format!("Bearer {access_token}");
    set.client().send("GET", "/v1/me", &[("authorization", &bearer)], None).refuses(401, "sign-in-required");
}

fn changes(by: &Person, current: &str, password: &str, more: &Value) -> Answer {
    let mut body = json!({ "current_password": current, "password": password });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    by.sends("PUT", "/v1/me/password", Some(&body))
}

#[test]
fn twelve_words_bring_back_who_forgot_the_password_and_are_good_once() {
    on_each(|set| {
        let western = set.western();
        let (filed, mut upm) = (files(&western, 1), western.upm());
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        let (words, before) = (upm.recovery_words.clone().unwrap(), upm.session());
        let recovered = recovers(set, "UPM@western.test", &words, NEW).is(201);
        let next = recovered["recovery_words"].as_str().unwrap();
        assert!(next.split(' ').count() == 12 && next != words);
        is_over(set, &before.access_token);
        upm.tries_to_sign_in(&upm.password).refuses(401, "sign-in-required");
        NEW.clone_into(&mut upm.password);
        let upm = upm.at(set);
        // The same key: what was sealed to them still opens.
        assert_eq!(filed.read_by(&upm)["shared"]["make_safe"], "lock the cart");
        recovers(set, &upm.email, &words, "five more words again").refuses(401, "sign-in-required");
        recovers(set, &upm.email, next, "five more words again").is(201);
    });
}

#[test]
fn words_of_somebody_else_and_an_unknown_address_are_one_refusal() {
    on_each(|set| {
        let western = set.western();
        let steward = western.steward().recovery_words.unwrap();
        let wrong = recovers(set, "upm@western.test", &steward, NEW).refuses(401, "sign-in-required");
        assert_eq!(wrong, recovers(set, "nobody@western.test", &steward, NEW).refuses(401, "sign-in-required"));
        recovers(set, "upm@western.test", "hunter two", NEW).refuses_field("recovery_words", "hunter");
        recovers(set, "upm@western.test", &steward, "short").refuses_field("password", "short");
        western.upm().signs_in();
    });
}

#[test]
fn a_session_alone_changes_no_password_and_a_change_ends_every_session() {
    on_each(|set| {
        let western = set.western();
        let mut upm = western.upm();
        let (here, there) = (upm.session(), upm.signs_in());
        changes(&upm, "not my five words", NEW, &json!({})).refuses_field("current_password", "not my");
        changes(&upm, &upm.password, "short", &json!({})).refuses_field("password", "short");
        let changed = changes(&upm, &upm.password, NEW, &json!({})).is(200);
        assert_eq!(changed, json!({ "recovery_words": null }));
        is_over(set, &here.access_token);
        is_over(set, &there.access_token);
        upm.tries_to_sign_in(&upm.password).refuses(401, "sign-in-required");
        NEW.clone_into(&mut upm.password);
        let upm = upm.at(set);
        upm.gets("/v1/me").is(200);
        // The words are as good as before, unless others are asked for.
        let with_words = changes(&upm, NEW, "a third line of words", &json!({ "new_recovery_words": true })).is(200);
        let words = with_words["recovery_words"].as_str().unwrap();
        let old = upm.recovery_words.clone().unwrap();
        recovers(set, &upm.email, &old, NEW).refuses(401, "sign-in-required");
        recovers(set, &upm.email, words, NEW).is(201);
    });
}

#[test]
fn wrong_current_passwords_slow_the_account_down() {
    on_each(|set| {
        let western = set.western();
        let upm = western.upm();
        for _ in 0..4 {
            changes(&upm, "not my five words", NEW, &json!({})).refuses_field("current_password", "not my");
        }
        changes(&upm, &upm.password, NEW, &json!({})).refuses(429, "slow-down");
    });
}

fn seat(western: &Western<'_>, desk: &str, whom: &Person) -> String {
    format!("/v1/desks/{}/members/{}", western.desk(desk), whom.id())
}

/// Somebody asks that a member may begin anew, and the letter's code is accepted with a new password.
fn begins_anew(western: &Western<'_>, by: &Person, path: &str, whom: &Person) -> Person {
    let letter = by.sends("POST", &format!("{path}/renewal"), None).is(201);
    assert_eq!((&letter["email"], &letter["renews"]), (&json!(whom.email), &json!(true)));
    let set = western.set;
    let id = letter["id"].as_str().unwrap().parse().unwrap();
    let code = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap().code;
    let body = json!({ "name": whom.name, "password": NEW });
    let path = format!("/v1/invitations/{}/acceptance", code.as_str());
    let accepted = set.client().send("POST", &path, &[], Some(&body)).is(201);
    let words = accepted["recovery_words"].as_str().unwrap();
    assert_eq!(words.split(' ').count(), 12);
    set.client().send("POST", &path, &[], Some(&body)).refuses(404, "not-found");
    let mut anew = whom.at(set);
    (anew.password, anew.recovery_words) = (NEW.to_owned(), Some(words.to_owned()));
    anew
}

#[test]
fn who_lost_both_gets_a_new_key_once_somebody_of_their_side_confirms_it_and_is_then_let_in_like_anybody() {
    on_each(|set| {
        let western = set.western();
        let (steward, first_ad, upm, lee) =
            (western.steward(), western.first_ad(), western.upm(), western.line_producer());
        western.lets_in(&steward, "Safety", &first_ad);
        western.lets_in(&first_ad, "Office", &upm);
        western.lets_in(&upm, "Office", &lee);
        let filed = files(&western, 1);
        filed.done_by(&steward, "escalation", json!({ "reason": "look" })).is(200);
        filed.done_by(&lee, "messages", json!({ "text": "said with the old key" })).is(200);
        let (path, old) = (seat(&western, "Office", &lee), western.line_of("Lee", &steward));

        let anew = begins_anew(&western, &upm, &path, &lee);
        // Nothing has changed yet: neither for the new password nor for the old one.
        anew.tries_to_sign_in(NEW).refuses(401, "sign-in-required");
        lee.gets("/v1/me").is(200);
        let confirmation = format!("{path}/renewal/confirmation");
        for by in [western.operator(), steward.clone(), lee.clone(), western.producer(1)] {
            by.sends("POST", &confirmation, None).refuses(404, "not-found");
        }
        let version = western.roster(&steward)["version"].as_i64().unwrap();
        let line = upm.sends("POST", &confirmation, None).is(200);
        assert_eq!((&line["name"], &line["let_in"]), (&json!("Lee"), &json!(false)));
        assert_ne!(line["key_id"], old["key_id"]);
        assert_eq!(western.roster(&steward)["version"], version + 1);
        let told = waiting(set);
        let told: Vec<_> = about(&told, "Lee").into_iter().filter(|(kind, _)| *kind == "roster_changed").collect();
        assert_eq!(told.len(), 4, "every union seat: {told:?}");
        upm.sends("POST", &confirmation, None).refuses(404, "not-found");

        lee.gets("/v1/me").refuses(401, "sign-in-required");
        lee.tries_to_sign_in(&lee.password).refuses(401, "sign-in-required");
        assert_eq!(filed.read_by(&anew)["shared"], json!(null));
        assert!(envelopes_of(&western, &filed, old["key_id"].as_str().unwrap()).is_empty());
        western.lets_in(&upm, "Office", &anew);
        upm.unlocked("GET", "/v1/reports", None).is(200);
        let seen = filed.read_by(&anew);
        assert_eq!(seen["shared"]["make_safe"], "lock the cart");
        // What they wrote before stays theirs.
        let said = &seen["messages"][0];
        assert_eq!((&said["text"], &said["altered"]), (&json!("said with the old key"), &json!(false)));
        assert_eq!(envelopes(&western, &filed, "Lee"), envelopes(&western, &filed, "Ulla"));
        recovers(set, &anew.email, lee.recovery_words.as_deref().unwrap(), "again five new words")
            .refuses(401, "sign-in-required");
        recovers(set, &anew.email, anew.recovery_words.as_deref().unwrap(), "again five new words").is(201);
    });
}

#[test]
fn who_can_still_open_the_account_ends_what_others_began_in_their_name() {
    on_each(|set| {
        let western = set.western();
        let (upm, lee) = (western.upm(), western.line_producer());
        western.lets_in(&western.steward(), "Office", &upm);
        let path = seat(&western, "Office", &lee);
        begins_anew(&western, &western.operator(), &path, &lee);
        changes(&lee, &lee.password, "my own five new words", &json!({})).is(200);
        upm.sends("POST", &format!("{path}/renewal/confirmation"), None).refuses(404, "not-found");
    });
}

#[test]
fn a_new_key_waits_for_every_production_where_the_person_sits() {
    on_each(|set| {
        let western = set.western();
        let (upm, lee, operator) = (western.upm(), western.line_producer(), western.operator());
        western.lets_in(&western.steward(), "Office", &upm);
        let made = operator.posts("/v1/productions", json!({ "name": "Eastern", "slug": "eastern" })).is(201);
        let eastern = format!("/v1/productions/{}", made["id"].as_str().unwrap());
        let desk = |name: &str, side: &str| {
            let body = json!({ "name": name, "side": side, "level": 1 });
            operator.posts(&format!("{eastern}/desks"), body).is(201)["id"].as_str().unwrap().to_owned()
        };
        let (union, safety) = (desk("Steward", "union"), desk("Safety", "production"));
        let sits = |desk: &str, whom: &Person| {
            let code = set.wait(set.app().invite_by_hand(desk.parse().unwrap(), &whom.email, &["x".to_owned()]));
            let body = json!({ "name": whom.name, "password": whom.password });
            let path = format!("/v1/invitations/{}/acceptance", code.unwrap().1.code.as_str());
            set.client().send("POST", &path, &[], Some(&body)).is(201);
        };
        sits(&union, &western.steward());
        sits(&safety, &lee);
        let path = seat(&western, "Office", &lee);
        let anew = begins_anew(&western, &upm, &path, &lee);
        upm.sends("POST", &format!("{path}/renewal/confirmation"), None).is(200);
        anew.tries_to_sign_in(NEW).refuses(401, "sign-in-required");
        let there = format!("/v1/desks/{safety}/members/{}/renewal/confirmation", lee.id());
        western.steward().sends("POST", &there, None).is(200);
        anew.tries_to_sign_in(NEW).is(201);
    });
}
