//! Desks, invitations, settings, policy: who may do what, and what follows.

use lastlooks::domain::{ids::ProductionId, time::Seconds};
use serde_json::{Value, json};

use super::roster::waiting;
use crate::support::{
    app::{TestApp, on_each},
    client::Answer,
    people::{Person, Reporter},
    western::Western,
};

fn invites(by: &Person, western: &Western<'_>, desk: &str, email: &str) -> Answer {
    let path = format!("/v1/desks/{}/invitations", western.desk(desk));
    by.posts(&path, json!({ "email": email, "roles": ["other"] }))
}

/// Everybody of the western's union side.
const UNION: [&str; 4] = ["counsel@union.test", "international@union.test", "rep@union.test", "steward@union.test"];

/// Who is told that a policy waits for them.
fn told_of_a_policy(set: &TestApp) -> Vec<String> {
    let waiting = waiting(set).into_iter().filter(|(kind, _, _)| kind == "policy_waiting");
    waiting.map(|(_, email, _)| email).collect()
}

#[test]
fn members_invite_to_desks_of_their_side_at_their_level_and_below() {
    on_each(|set| {
        let western = set.western();
        let may = [
            (western.operator(), "Counsel"),
            (western.operator(), "Safety"),
            (western.rep(), "Shop steward"),
            (western.rep(), "Business representative"),
            (western.upm(), "Safety"),
            (western.upm(), "Office"),
            (western.first_ad(), "Financier"),
            (western.financier(), "Guarantor"),
        ];
        for (number, (by, desk)) in may.into_iter().enumerate() {
            invites(&by, &western, desk, &format!("new{number}@west.test")).is(201);
        }
        let may_not = [
            (western.rep(), "International"),
            (western.rep(), "Office"),
            (western.counsel(), "Financier"),
            (western.upm(), "Producers"),
            (western.producer(1), "Shop steward"),
            (western.financier(), "Safety"),
            (western.financier(), "Shop steward"),
        ];
        for (by, desk) in may_not {
            invites(&by, &western, desk, "new@west.test").refuses(404, "not-found");
        }
    });
}

#[test]
fn a_person_sits_on_one_side_only() {
    on_each(|set| {
        let western = set.western();
        invites(&western.steward(), &western, "Shop steward", "upm@western.test")
            .refuses_field("email", "upm@western.test");
        invites(&western.operator(), &western, "Financier", "upm@western.test")
            .refuses_field("email", "upm@western.test");
        // Two letters on the way to one person: the first that is accepted decides.
        let union = western.invites("Shop steward", "deb@west.test", &["steward"]);
        let office = western.invites("Office", "deb@west.test", &["upm"]);
        let deb = set.joins(&union, "Deb", "deb@west.test");
        let body = json!({ "name": "Deb", "password": deb.password });
        let path = format!("/v1/invitations/{office}/acceptance");
        set.client().send("POST", &path, &[], Some(&body)).refuses_field("invitation", "deb");
        assert_eq!(deb.gets("/v1/me").is(200)["seats"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn one_person_may_sit_at_several_desks_of_one_side_but_once_at_each() {
    on_each(|set| {
        let western = set.western();
        let upm = western.upm();
        let code = western.invites("Safety", &upm.email, &["safety_advisor"]);
        let body = json!({ "name": "Ulla", "password": upm.password });
        set.client().send("POST", &format!("/v1/invitations/{code}/acceptance"), &[], Some(&body)).is(201);
        assert_eq!(upm.gets("/v1/me").is(200)["seats"].as_array().unwrap().len(), 2);
        invites(&upm, &western, "Safety", &upm.email).refuses_field("email", &upm.email);
    });
}

#[test]
fn the_operators_account_gets_no_seat() {
    on_each(|set| {
        let western = set.western();
        invites(&western.steward(), &western, "Shop steward", "host@host.test").refuses_field("email", "host");
    });
}

#[test]
fn whoever_does_not_sit_there_finds_nothing_there() {
    on_each(|set| {
        let western = set.western();
        let nowhere = format!("/v1/productions/{}", ProductionId::new([9; 16]));
        let made = western.operator().posts("/v1/productions", json!({ "name": "Eastern", "slug": "eastern" })).is(201);
        let elsewhere = format!("/v1/productions/{}", made["id"].as_str().unwrap());
        for base in [nowhere, elsewhere] {
            for (method, below, body) in [
                ("GET", "/roster", None),
                ("GET", "/policy", None),
                ("PATCH", "", Some(json!({ "crew_size": 5 }))),
                ("PUT", "/policy", Some(json!({}))),
                ("POST", "/policy/agreement", Some(json!({ "version": 1 }))),
                ("POST", "/desks", Some(json!({ "name": "X", "side": "union", "level": 1 }))),
            ] {
                let answer = western.steward().sends(method, &format!("{base}{below}"), body.as_ref());
                answer.refuses(404, "not-found");
            }
        }
        let mine = western.steward().gets("/v1/productions").is(200);
        assert_eq!(mine["items"].as_array().unwrap().len(), 1, "{mine}");
        let all = western.operator().gets("/v1/productions").is(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 2, "{all}");
    });
}

#[test]
fn only_the_operator_makes_productions_and_desks_and_moves_or_ends_them() {
    on_each(|set| {
        let western = set.western();
        let desk = format!("/v1/desks/{}", western.desk("Office"));
        for by in [western.producer(1), western.counsel()] {
            by.posts("/v1/productions", json!({ "name": "X", "slug": "x" })).refuses(404, "not-found");
            let wanted = json!({ "name": "X", "side": "production", "level": 3 });
            by.posts(&western.path("/desks"), wanted).refuses(404, "not-found");
            by.sends("PATCH", &desk, Some(&json!({ "level": 3 }))).refuses(404, "not-found");
            by.sends("DELETE", &desk, None).refuses(404, "not-found");
        }
        let renamed = western.upm().sends("PATCH", &desk, Some(&json!({ "name": "Production office" }))).is(200);
        assert_eq!((&renamed["name"], &renamed["level"]), (&json!("Production office"), &json!(2)));
    });
}

#[test]
fn settings_are_changed_by_the_operator_and_the_highest_production_level() {
    on_each(|set| {
        let western = set.western();
        let change = json!({
            "shown_as": "West", "crew_size": 120, "country": "CA", "languages": ["en", "fr-CA"],
            "time_zone": "America/Toronto", "hotline": "555 0100", "emergency_number": "112",
            "emergency_text": "Shout stop.", "places": [{ "code": "stage_2", "name": "Stage 2" }],
            "departments": [{ "code": "props", "name": "Props" }], "roles": [{ "code": "armorer", "name": "Armorer" }],
        });
        for by in [western.upm(), western.counsel(), western.financier()] {
            by.sends("PATCH", &western.path(""), Some(&change)).refuses(404, "not-found");
        }
        let changed = western.producer(3).sends("PATCH", &western.path(""), Some(&change)).is(200);
        for (field, value) in change.as_object().unwrap() {
            assert_eq!(&changed[field], value, "{field}");
        }
        let taken_away = json!({ "shown_as": null, "hotline": null });
        let changed = western.operator().sends("PATCH", &western.path(""), Some(&taken_away)).is(200);
        assert_eq!((&changed["shown_as"], &changed["hotline"]), (&Value::Null, &Value::Null));
        assert_eq!(changed["crew_size"], 120);
    });
}

#[test]
fn a_desk_makes_a_version_of_policy_and_roster() {
    on_each(|set| {
        let western = set.western();
        let before = western.roster(&western.steward());
        let policy = western.steward().gets(&western.path("/policy")).is(200);
        let desk = json!({ "name": "Safety advisor", "side": "production", "level": 1 });
        let added = western.operator().posts(&western.path("/desks"), desk).is(201);
        assert_eq!((&added["side"], &added["level"]), (&json!("production"), &json!(1)));
        let after = western.roster(&western.steward());
        assert_eq!(after["version"], json!(before["version"].as_i64().unwrap() + 1));
        let next = western.steward().gets(&western.path("/policy")).is(200);
        assert_eq!(next["version"], json!(policy["version"].as_i64().unwrap() + 1));
        assert_eq!(next["desks"].as_array().unwrap().len(), 10);
    });
}

#[test]
fn a_desk_needs_a_level_unless_it_observes_and_a_name_of_its_own() {
    on_each(|set| {
        let western = set.western();
        let adds = |desk: Value| western.operator().posts(&western.path("/desks"), desk);
        adds(json!({ "name": "A", "side": "union" })).refuses_field("level", "");
        adds(json!({ "name": "A", "side": "observer", "level": 4 })).refuses_field("level", "");
        adds(json!({ "name": "A", "side": "union", "level": 0 })).refuses_field("level", "");
        adds(json!({ "name": "A", "side": "union", "level": 10 })).refuses_field("level", "");
        adds(json!({ "name": "Office", "side": "union", "level": 1 })).refuses_field("name", "Office");
        adds(json!({ "name": "A", "side": "sideways", "level": 1 })).refuses_field("side", "sideways");
    });
}

#[test]
fn the_lowest_level_keeps_a_union_desk() {
    on_each(|set| {
        let western = set.empty_western();
        let steward = format!("/v1/desks/{}", western.desk("Shop steward"));
        western.operator().sends("DELETE", &steward, None).refuses_field("level", "");
        western.operator().sends("PATCH", &steward, Some(&json!({ "level": 2 }))).refuses_field("level", "");
    });
}

#[test]
fn a_union_desk_leaves_its_level_once_a_union_member_agrees() {
    on_each(|set| {
        let western = set.western();
        let counsel = format!("/v1/desks/{}", western.desk("Counsel"));
        let version = western.steward().gets(&western.path("/policy")).is(200)["version"].as_i64().unwrap();
        let moved = western.operator().sends("PATCH", &counsel, Some(&json!({ "level": 5 }))).is(202);
        assert_eq!(told_of_a_policy(set), UNION);
        assert_eq!(moved["level"], 4, "it stays until then");
        let policy = western.steward().gets(&western.path("/policy")).is(200);
        assert_eq!(policy["version"], version);
        assert_eq!(policy["pending"]["union_desks_lost"], json!(["Counsel"]));
        let agreement = json!({ "version": policy["pending"]["version"] });
        for by in [western.operator(), western.producer(1)] {
            by.posts(&western.path("/policy/agreement"), agreement.clone()).refuses(404, "not-found");
        }
        let agreed = western.steward().posts(&western.path("/policy/agreement"), agreement.clone()).is(200);
        let desks = agreed["desks"].as_array().unwrap();
        assert!(desks.iter().any(|desk| desk["name"] == "Counsel" && desk["level"] == 5), "{agreed}");
        assert_eq!(agreed["pending"], Value::Null);
        let again = western.rep().posts(&western.path("/policy/agreement"), agreement.clone()).is(200);
        assert_eq!(again, agreed, "agreed to already");
        let before = json!({ "version": version });
        let over = western.steward().posts(&western.path("/policy/agreement"), before).refuses(409, "out-of-order");
        assert_eq!(over["state"], "replaced");
        western.operator().posts(&western.path("/policy/agreement"), agreement).refuses(404, "not-found");
        let none = json!({ "version": 1000 });
        western.steward().posts(&western.path("/policy/agreement"), none).refuses(404, "not-found");
    });
}

#[test]
fn the_last_person_at_a_level_is_not_taken_away_with_their_desk() {
    on_each(|set| {
        let western = set.western();
        let office = format!("/v1/desks/{}", western.desk("Office"));
        western.operator().sends("DELETE", &office, None).refuses(409, "last-at-level");
        let desk = json!({ "name": "Studio safety", "side": "production", "level": 2 });
        let added = western.operator().posts(&western.path("/desks"), desk).is(201);
        let path = format!("/v1/desks/{}/invitations", added["id"].as_str().unwrap());
        let body = json!({ "email": "sue@western.test", "roles": ["studio_safety"] });
        let invited = western.operator().posts(&path, body).is(201);
        let id = invited["id"].as_str().unwrap().parse().unwrap();
        let code = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap().code;
        set.joins(&code, "Sue", "sue@western.test");
        let (upm, session) = (western.upm(), western.upm().session());
        western.operator().sends("DELETE", &office, None).is(204);
        let bearer = format!("Bearer {}", session.access_token);
        let ended = set.client().send("GET", "/v1/me", &[("authorization", &bearer)], None);
        ended.refuses(401, "sign-in-required");
        let again = upm.signs_in();
        let bearer = format!("Bearer {}", again.access_token);
        let me = set.client().send("GET", "/v1/me", &[("authorization", &bearer)], None).is(200);
        assert_eq!(me["seats"], json!([]));
        let roster = western.roster(&western.steward());
        assert!(roster["seats"].as_array().unwrap().iter().all(|seat| seat["name"] != "Ulla"), "{roster}");
    });
}

#[test]
fn a_shorter_policy_is_in_force_at_once_and_a_longer_one_once_a_union_member_agrees() {
    on_each(|set| {
        let western = set.western();
        let shorter = json!({ "windows": { "next_setup": { "acknowledge": [600], "answer": 1800 } } });
        let put = western.producer(1).sends("PUT", &western.path("/policy"), Some(&shorter)).is(200);
        assert_eq!(put["windows"]["next_setup"]["answer"], 1800);
        assert_eq!(told_of_a_policy(set), [""; 0], "nothing waits");
        assert_eq!(put["windows"]["concern"]["answer"], 259_200, "what is left out is as shipped");
        let longer = json!({ "windows": { "next_setup": { "acknowledge": [600], "answer": 3600 } } });
        western.upm().sends("PUT", &western.path("/policy"), Some(&longer)).refuses(404, "not-found");
        let waits = western.producer(1).sends("PUT", &western.path("/policy"), Some(&longer)).is(202);
        assert_eq!(waits["windows"]["next_setup"]["answer"], 1800);
        assert_eq!(waits["pending"]["longer"], json!(["windows.next_setup.answer"]));
        assert_eq!(told_of_a_policy(set), UNION);
        let agreement = json!({ "version": waits["pending"]["version"] });
        let agreed = western.counsel().posts(&western.path("/policy/agreement"), agreement).is(200);
        assert_eq!(agreed["windows"]["next_setup"]["answer"], 3600);
    });
}

#[test]
fn a_policy_longer_than_shipped_does_not_come_in_with_a_new_production() {
    on_each(|set| {
        let western = set.western();
        let policy = json!({ "windows": { "next_setup": { "acknowledge": [900], "answer": 7200 } } });
        let body = json!({ "name": "Eastern", "slug": "eastern", "policy": policy });
        let made = western.operator().posts("/v1/productions", body).is(201);
        assert_eq!(made["policy_pending"], true);
        assert_eq!(made["crew_code"].as_str().unwrap().len(), 8);
        let policy_path = format!("/v1/productions/{}/policy", made["id"].as_str().unwrap());
        let policy = western.operator().gets(&policy_path).is(200);
        assert_eq!((&policy["version"], &policy["windows"]["next_setup"]["answer"]), (&json!(1), &json!(3600)));
        assert_eq!(policy["pending"]["version"], 2);
        // Nobody of the union is seated there. Whoever comes is told.
        let eastern = format!("/v1/productions/{}/desks", made["id"].as_str().unwrap());
        let desk = json!({ "name": "Steward", "side": "union", "level": 1 });
        let desk = western.operator().posts(&eastern, desk).is(201);
        let path = format!("/v1/desks/{}/invitations", desk["id"].as_str().unwrap());
        let body = json!({ "email": "eve@union.test", "roles": ["steward"] });
        let id = western.operator().posts(&path, body).is(201)["id"].as_str().unwrap().parse().unwrap();
        let code = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap().code;
        assert_eq!(told_of_a_policy(set), [""; 0]);
        set.joins(&code, "Eve", "eve@union.test");
        assert_eq!(told_of_a_policy(set), ["eve@union.test"]);
        // A desk made a version of its own; what waits goes on waiting.
        let policy = western.operator().gets(&policy_path).is(200);
        assert_eq!((&policy["version"], &policy["pending"]["version"]), (&json!(3), &json!(4)));
        assert_eq!(policy["pending"]["longer"], json!(["windows.next_setup.answer"]));
    });
}

#[test]
fn productions_come_in_pages() {
    on_each(|set| {
        let western = set.western();
        for slug in ["alpha", "zulu"] {
            western.operator().posts("/v1/productions", json!({ "name": slug, "slug": slug })).is(201);
        }
        let first = western.operator().gets("/v1/productions?limit=2").is(200);
        let slugs = |page: &Value| -> Vec<String> {
            page["items"].as_array().unwrap().iter().map(|p| p["slug"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(slugs(&first), ["alpha", "western"]);
        let cursor = first["next"].as_str().unwrap();
        let second = western.operator().gets(&format!("/v1/productions?limit=2&cursor={cursor}")).is(200);
        assert_eq!((slugs(&second), &second["next"]), (vec!["zulu".to_owned()], &Value::Null));
        // Somebody else's cursor is no cursor.
        western.steward().gets(&format!("/v1/productions?cursor={cursor}")).refuses_field("cursor", cursor);
        western.operator().gets("/v1/productions?limit=0").refuses_field("limit", "");
        western.operator().gets("/v1/productions?limit=101").refuses_field("limit", "101 ");
    });
}

/// A second desk at level 1 with one person, and a report about the 1st AD: that person is all of the level for it.
fn about_the_first_ad(western: &Western<'_>) -> (String, Reporter) {
    let desk = json!({ "name": "Advisors", "side": "production", "level": 1 });
    let added = western.operator().posts(&western.path("/desks"), desk).is(201);
    let desk = format!("/v1/desks/{}", added["id"].as_str().unwrap());
    let body = json!({ "email": "ada@western.test", "roles": ["safety_advisor"] });
    let invited = western.operator().posts(&format!("{desk}/invitations"), body).is(201);
    let id = invited["id"].as_str().unwrap().parse().unwrap();
    let code = western.set.wait(western.set.app().draw_invitation_code(id)).unwrap().unwrap().code;
    western.set.joins(&code, "Ada", "ada@western.test");
    let about = json!({
        "category": "electrical", "severity": "next_setup", "ongoing": "yes", "subject_role": "1st_ad",
    });
    let reporter = western.crew().files(&"ab".repeat(16), about);
    assert_eq!(reporter.inbox()["level"], 1, "Ada can be reached");
    (desk, reporter)
}

#[track_caller]
fn is_passed_on(reporter: &Reporter) {
    let inbox = reporter.inbox();
    assert_eq!((&inbox["level"], &inbox["status"]), (&json!(2), &json!("delivered")), "{inbox}");
    // With its own window, anchored when the level emptied; and nobody was silent.
    assert_eq!((&inbox["due_at"], &inbox["unanswered_by"]), (&json!("2021-10-16T14:20:00Z"), &json!([])));
}

#[test]
fn a_level_that_empties_with_its_desk_is_passed_on_at_once() {
    on_each(|set| {
        let western = set.western();
        let (desk, reporter) = about_the_first_ad(&western);
        set.advance(Seconds::minutes(5));
        western.operator().sends("DELETE", &desk, None).is(204);
        is_passed_on(&reporter);
    });
}

#[test]
fn a_level_whose_desk_moves_away_is_passed_on_at_once() {
    on_each(|set| {
        let western = set.western();
        let (desk, reporter) = about_the_first_ad(&western);
        set.advance(Seconds::minutes(5));
        western.operator().sends("PATCH", &desk, Some(&json!({ "level": 3 }))).is(200);
        is_passed_on(&reporter);
    });
}
