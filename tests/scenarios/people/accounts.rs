//! Invitations, sign-in, sessions.

use lastlooks::{
    app::{App, error::AppError, people::Administrator, people::NewDesk, productions::NewProduction},
    domain::{
        ids::{DeskId, InvitationId},
        policy::Side,
        time::Seconds,
    },
    sealing::seed::UnlockKey,
};
use serde_json::{Value, json};

use crate::{
    storage::read_number,
    support::{
        app::{TestApp, on_each},
        client::Answer,
        people::Person,
        western::Western,
    },
};

fn accepts(set: &TestApp, code: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "name": name, "password": password });
    set.client().send("POST", &format!("/v1/invitations/{code}/acceptance"), &[], Some(&body))
}

/// A desk of another production.
fn desk_elsewhere(app: &App, set: &TestApp) -> DeskId {
    let new = NewProduction { name: "Eastern".into(), slug: "eastern".into(), time_zone: "UTC".into(), policy: None };
    let made = set.wait(app.create_production(Administrator::Host, new)).unwrap();
    let desk = NewDesk { name: "Steward".into(), side: Side::Union, level: Some(1) };
    set.wait(app.add_desk(Administrator::Host, made.id, desk)).unwrap().id
}

#[test]
fn a_new_member_gets_twelve_words_once_and_signs_in() {
    on_each(|set| {
        let western = set.western();
        let upm = western.upm();
        assert_eq!(upm.recovery_words.as_deref().unwrap().split(' ').count(), 12);
        let me = upm.gets("/v1/me").is(200);
        assert_eq!(me["email"], "upm@western.test");
        assert_eq!(me["operator"], false);
        assert_eq!(me["seats"][0]["desk_name"], "Office");
        assert_eq!(me["seats"][0]["roles"], json!(["upm"]));
        assert_eq!(me["seats"][0]["level"], 2);
        let operator = western.operator().gets("/v1/me").is(200);
        assert_eq!((&operator["operator"], &operator["seats"]), (&json!(true), &json!([])));
    });
}

#[test]
fn a_known_address_gives_its_own_password_and_gets_no_words() {
    on_each(|set| {
        let western = set.western();
        let steward = western.steward();
        let desk = desk_elsewhere(set.app(), set);
        let roles = ["steward".to_owned()];
        let code = set.wait(set.app().invite_by_hand(desk, &steward.email, &roles)).unwrap().1.code;
        accepts(set, &code, "Sam", "quite another five words").refuses(401, "sign-in-required");
        let accepted = accepts(set, &code, "Sam", &steward.password).is(201);
        assert_eq!(accepted, json!({ "recovery_words": null }));
        let seats = steward.gets("/v1/me").is(200)["seats"].clone();
        assert_eq!(seats.as_array().unwrap().len(), 2, "{seats}");
    });
}

#[test]
fn an_invitation_that_is_false_used_or_over_answers_the_same() {
    on_each(|set| {
        let western = set.western();
        let used = western.invites("Office", "ben@western.test", &["upm"]);
        accepts(set, &used, "Ben", "five words for Ben alone").is(201);
        let over = western.invites("Office", "cam@western.test", &["upm"]);
        set.advance(Seconds::days(14));
        let false_code = "A".repeat(43);
        let problems = [&used, &over, &false_code, &"short".to_owned()]
            .map(|code| accepts(set, code, "Cam", "five words for Cam alone").refuses(404, "not-found"));
        assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
    });
}

#[test]
fn an_invitation_lasts_fourteen_days_and_not_a_millisecond_longer() {
    on_each(|set| {
        let western = set.empty_western();
        let code = western.invites("Office", "ben@western.test", &["upm"]);
        set.clock.move_to(set.now().plus(Seconds::days(14)).plus_millis(-1));
        accepts(set, &code, "Ben", "five words for Ben alone").is(201);
    });
}

#[test]
fn a_mailed_invitation_is_never_answered_and_each_mail_has_a_code_of_its_own() {
    on_each(|set| {
        let western = set.western();
        let path = format!("/v1/desks/{}/invitations", western.desk("Shop steward"));
        let body = json!({ "email": "Deb@Union.test", "roles": ["steward"] });
        let invited = western.steward().posts(&path, body.clone()).is(201);
        assert_eq!(invited["email"], "deb@union.test");
        assert_eq!(invited["handed_out"], false);
        assert!(!invited.to_string().contains("code"), "{invited}");
        let id: InvitationId = invited["id"].as_str().unwrap().parse().unwrap();
        let first = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap();
        assert!(first.url.ends_with(&format!("/desk#invitation={}", first.code.as_str())));
        let again = western.steward().posts(&path, body).is(200);
        assert_eq!(again["id"], invited["id"]);
        let second = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap();
        accepts(set, &first.code, "Deb", "five words for Deb alone").refuses(404, "not-found");
        accepts(set, &second.code, "Deb", "five words for Deb alone").is(201);
        assert!(set.wait(set.app().draw_invitation_code(id)).unwrap().is_none(), "it was used");
    });
}

#[test]
fn a_printed_code_does_not_pass_for_a_mailed_one() {
    on_each(|set| {
        let western = set.western();
        let printed = western.invites("Shop steward", "deb@union.test", &["steward"]);
        let path = format!("/v1/desks/{}/invitations", western.desk("Shop steward"));
        western.steward().posts(&path, json!({ "email": "deb@union.test", "roles": ["steward"] })).is(200);
        accepts(set, &printed, "Deb", "five words for Deb alone").refuses(404, "not-found");
    });
}

#[test]
fn a_password_that_anybody_would_try_is_not_taken() {
    on_each(|set| {
        let western = set.empty_western();
        let code = western.invites("Office", "ben@western.test", &["upm"]);
        for wrong in ["short", "password1234", &"long".repeat(33)] {
            accepts(set, &code, "Ben", wrong).refuses_field("password", wrong);
        }
        accepts(set, &code, "", "five words for Ben alone").refuses_field("name", "");
        accepts(set, &code, "Ben", "five words for Ben alone").is(201);
    });
}

fn fails(set: &TestApp, email: &str) -> Answer {
    let body = json!({ "email": email, "password": "not the five words" });
    set.client().send("POST", "/v1/sessions", &[], Some(&body))
}

#[test]
fn an_unknown_name_is_refused_and_slowed_down_like_a_known_one() {
    on_each(|set| {
        set.western();
        for _ in 0..4 {
            let known = fails(set, "upm@western.test").refuses(401, "sign-in-required");
            assert_eq!(known, fails(set, "nobody@western.test").refuses(401, "sign-in-required"));
        }
        let known = fails(set, "upm@western.test");
        let unknown = fails(set, "nobody@western.test");
        assert_eq!(known.refuses(429, "slow-down"), unknown.refuses(429, "slow-down"));
        assert_eq!((known.header("retry-after"), unknown.header("retry-after")), ("1", "1"));
    });
}

#[test]
fn failures_slow_an_account_down_and_never_lock_it() {
    on_each(|set| {
        let western = set.western();
        let upm = western.upm();
        for _ in 0..12 {
            while let Ok(seconds) = fails(set, &upm.email).header("retry-after").parse::<u32>() {
                assert!((1..=30).contains(&seconds));
                set.advance(Seconds(seconds));
            }
        }
        let refused = upm.tries_to_sign_in(&upm.password);
        refused.refuses(429, "slow-down");
        set.advance(Seconds(30));
        upm.tries_to_sign_in(&upm.password).is(201);
        // A success forgets them all.
        fails(set, &upm.email).refuses(401, "sign-in-required");
        upm.tries_to_sign_in(&upm.password).is(201);
    });
}

fn asks(set: &TestApp, token: &str) -> Answer {
    set.client().send("GET", "/v1/me", &[("authorization", &format!("Bearer {token}"))], None)
}

#[test]
fn signing_out_acts_at_once_and_on_that_device_alone() {
    on_each(|set| {
        let western = set.western();
        let (here, there) = (western.upm().signs_in(), western.upm().signs_in());
        let bearer = format!("Bearer {}", here.access_token);
        set.client().send("DELETE", "/v1/sessions/current", &[("authorization", &bearer)], None).is(204);
        asks(set, &here.access_token).refuses(401, "sign-in-required");
        assert_eq!(asks(set, &here.access_token).header("www-authenticate"), "Bearer");
        refreshes(set, &here.refresh_token).refuses(401, "sign-in-required");
        asks(set, &there.access_token).is(200);
    });
}

fn refreshes(set: &TestApp, token: &str) -> Answer {
    set.client().send("POST", "/v1/sessions/refresh", &[], Some(&json!({ "refresh_token": token })))
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}

#[test]
fn a_refresh_token_works_once_and_its_second_use_ends_the_session() {
    on_each(|set| {
        let western = set.western();
        let first = western.upm().signs_in();
        let second = refreshes(set, &first.refresh_token).is(200);
        assert_eq!(second["unlock_key"], Value::Null);
        asks(set, &text(&second, "access_token")).is(200);
        set.advance(Seconds(61));
        refreshes(set, &first.refresh_token).refuses(401, "sign-in-required");
        refreshes(set, &text(&second, "refresh_token")).refuses(401, "sign-in-required");
        asks(set, &text(&second, "access_token")).refuses(401, "sign-in-required");
    });
}

#[test]
fn who_lost_the_answer_to_a_refresh_may_ask_again_within_a_minute() {
    on_each(|set| {
        let western = set.western();
        let first = western.upm().signs_in();
        let lost = refreshes(set, &first.refresh_token).is(200);
        set.advance(Seconds(60));
        let second = refreshes(set, &first.refresh_token).is(200);
        let third = refreshes(set, &text(&second, "refresh_token")).is(200);
        // The one that was lost was found by somebody.
        refreshes(set, &text(&lost, "refresh_token")).refuses(401, "sign-in-required");
        refreshes(set, &text(&third, "refresh_token")).refuses(401, "sign-in-required");
    });
}

#[test]
fn who_has_used_what_a_refresh_gave_has_not_lost_the_answer() {
    on_each(|set| {
        let western = set.western();
        let first = western.upm().signs_in();
        let second = refreshes(set, &first.refresh_token).is(200);
        // Within the same session the access token of the sign-in shows nothing about the refresh.
        asks(set, &first.access_token).is(200);
        let third = refreshes(set, &first.refresh_token).is(200);
        asks(set, &text(&third, "access_token")).is(200);
        refreshes(set, &first.refresh_token).refuses(401, "sign-in-required");
        asks(set, &text(&third, "access_token")).refuses(401, "sign-in-required");
        asks(set, &text(&second, "access_token")).refuses(401, "sign-in-required");
    });
}

#[test]
fn who_knows_a_session_but_never_had_its_tokens_cannot_end_it() {
    on_each(|set| {
        let western = set.western();
        let session = western.upm().signs_in();
        let (id, rest) = session.refresh_token.split_once('.').unwrap();
        let (secret, mark) = rest.split_once('.').unwrap();
        let made_up = "A".repeat(43);
        let written = || read_number(&set.database().open(), "SELECT count(*) AS number FROM batches");
        let before = written();
        for token in [
            format!("{id}.{made_up}.{mark}"),
            format!("{id}.{secret}.{made_up}"),
            format!("{id}.{made_up}"),
            format!("{id}.{secret}"),
            format!("{}.{secret}.{mark}", "0".repeat(32)),
        ] {
            refreshes(set, &token).refuses(401, "sign-in-required");
        }
        assert_eq!(written(), before, "nothing is written for a token that is none");
        asks(set, &session.access_token).is(200);
        let second = refreshes(set, &session.refresh_token).is(200);
        let bearer = format!("Bearer {}", text(&second, "access_token"));
        set.client().send("DELETE", "/v1/sessions/current", &[("authorization", &bearer)], None).is(204);
        let before = written();
        refreshes(set, &text(&second, "refresh_token")).refuses(401, "sign-in-required");
        assert_eq!(written(), before, "nor for one whose session is over");
    });
}

#[test]
fn a_token_from_long_ago_ends_the_session_too() {
    on_each(|set| {
        let western = set.western();
        let first = western.upm().signs_in();
        let second = refreshes(set, &first.refresh_token).is(200);
        let third = refreshes(set, &text(&second, "refresh_token")).is(200);
        refreshes(set, &first.refresh_token).refuses(401, "sign-in-required");
        asks(set, &text(&third, "access_token")).refuses(401, "sign-in-required");
    });
}

#[test]
fn an_access_token_lasts_ten_minutes_a_session_an_hour_without_use_and_twelve_hours_in_any_case() {
    on_each(|set| {
        let western = set.western();
        let session = western.upm().signs_in();
        let signed_in = set.now();
        set.advance(Seconds::minutes(10));
        asks(set, &session.access_token).refuses(401, "sign-in-required");
        let mut token = text(&refreshes(set, &session.refresh_token).is(200), "refresh_token");
        while set.now().plus(Seconds::minutes(55)) < signed_in.plus(Seconds::hours(12)) {
            set.advance(Seconds::minutes(55));
            let refreshed = refreshes(set, &token).is(200);
            token = text(&refreshed, "refresh_token");
        }
        set.clock.move_to(signed_in.plus(Seconds::hours(12)));
        refreshes(set, &token).refuses(401, "sign-in-required");

        let idle = western.upm().signs_in();
        set.advance(Seconds::minutes(60));
        refreshes(set, &idle.refresh_token).refuses(401, "sign-in-required");
    });
}

#[test]
fn a_request_keeps_a_session_alive() {
    on_each(|set| {
        let western = set.western();
        let session = western.upm().signs_in();
        set.advance(Seconds::minutes(9));
        asks(set, &session.access_token).is(200);
        set.advance(Seconds::minutes(55));
        refreshes(set, &session.refresh_token).is(200);
    });
}

#[test]
fn an_unlock_key_opens_its_own_session_alone() {
    on_each(|set| {
        let western = set.western();
        let (here, there) = (western.upm().signs_in(), western.upm().signs_in());
        let who = set.wait(set.app().authenticate(&here.access_token)).unwrap();
        let key = |text: &str| UnlockKey::parse(text).unwrap();
        let keys = set.app().unlock(&who, &key(&here.unlock_key)).unwrap();
        let roster = western.roster(&western.steward());
        let seats = roster["seats"].as_array().unwrap();
        assert!(seats.iter().any(|s| s["name"] == "Ulla" && s["key_id"] == keys.id().to_string()), "{roster}");
        let refused = set.app().unlock(&who, &key(&there.unlock_key)).unwrap_err();
        assert!(matches!(refused, AppError::UnlockKeyRequired));
        western.upm().unlocked("GET", "/v1/me", None).is(200);
    });
}

#[test]
fn everybody_can_still_sign_in_after_a_restart() {
    for database in crate::support::TestDatabase::each() {
        let set = TestApp::on(database);
        let (upm, session) = {
            let western = set.western();
            (western.upm(), western.upm().signs_in())
        };
        let set = set.restarted();
        let upm: Person = upm.at(&set);
        upm.gets("/v1/me").is(200);
        // The token names the public address, which stayed; the port of the client is of no matter.
        asks(&set, &session.access_token).is(200);
    }
}

#[test]
fn a_member_who_has_the_answer_already_gets_304() {
    on_each(|set| {
        let western = set.western();
        let upm = western.upm();
        let etag = upm.gets("/v1/me").header("etag").to_owned();
        let again = upm.sends_with("GET", "/v1/me", &[("if-none-match", &etag)], None);
        assert_eq!((again.status, again.body.len()), (304, 0));
        let other = western.line_producer().sends_with("GET", "/v1/me", &[("if-none-match", &etag)], None);
        assert_eq!(other.status, 200);
    });
}

#[test]
fn the_operator_is_invited_once_per_address() {
    on_each(|set: &TestApp| {
        let western: Western<'_> = set.western();
        for email in ["host@host.test", "upm@western.test"] {
            let refused = set.wait(set.app().invite_operator(email)).unwrap_err();
            assert!(matches!(refused, AppError::Invalid { field, .. } if field == "email"));
        }
        drop(western);
    });
}
