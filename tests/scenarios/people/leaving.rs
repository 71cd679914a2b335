//! Somebody leaves a desk, or does something else on the show.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use super::{
    letting_in::{envelopes, envelopes_of},
    roster::{about, waiting},
};
use crate::{
    reports::{files, files_as, timeline, unattended_weapon},
    support::{app::on_each, client::Answer, days::Days, people::Person, western::Western},
};

fn seat(western: &Western<'_>, desk: &str, whom: &Person) -> String {
    format!("/v1/desks/{}/members/{}", western.desk(desk), whom.id())
}

fn gives_roles(by: &Person, path: &str, roles: &[&str]) -> Answer {
    by.sends("PATCH", path, Some(&json!({ "roles": roles })))
}

fn about_role(role: &str) -> Value {
    let mut body = unattended_weapon();
    body["subject_role"] = json!(role);
    body
}

#[test]
fn a_union_desk_ends_with_its_seats_once_a_union_member_agrees() {
    on_each(|set| {
        let western = set.western();
        let slip = json!({ "name": "Stewrad", "side": "union", "level": 1 });
        let desk = western.operator().posts(&western.path("/desks"), slip).is(201);
        let path = format!("/v1/desks/{}", desk["id"].as_str().unwrap());
        let body = json!({ "email": "ned@union.test", "roles": ["steward"] });
        let invited = western.operator().posts(&format!("{path}/invitations"), body).is(201);
        let id = invited["id"].as_str().unwrap().parse().unwrap();
        let code = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap().code;
        let ned = set.joins(&code, "Ned", "ned@union.test");
        assert_eq!(western.operator().sends("DELETE", &path, None).is(202), desk, "what stays is answered");
        assert_eq!(ned.gets("/v1/me").is(200)["seats"].as_array().unwrap().len(), 1, "they sit there until then");
        let medic = json!({ "name": "Medic", "side": "production", "level": 1 });
        western.operator().posts(&western.path("/desks"), medic).is(201);
        let policy = western.steward().gets(&western.path("/policy")).is(200);
        assert_eq!(policy["pending"]["union_desks_lost"], json!(["Stewrad"]), "it goes on waiting");
        let agreement = json!({ "version": policy["pending"]["version"] });
        western.steward().posts(&western.path("/policy/agreement"), agreement).is(200);
        let roster = western.roster(&western.steward()).to_string();
        assert!(!roster.contains("Stewrad") && !roster.contains("Ned"), "{roster}");
        ned.gets("/v1/me").refuses(401, "sign-in-required");
        western.operator().sends("DELETE", &path, None).refuses(404, "not-found");
    });
}

#[test]
fn sessions_envelopes_and_the_rosters_line_go_at_once() {
    on_each(|set| {
        let western = set.western();
        let (filed, lee) = (files(&western, 1), western.line_producer());
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        assert_eq!(filed.read_by(&lee)["shared"]["make_safe"], "lock the cart");
        let before = western.roster(&western.steward());
        let key = western.line_of("Lee", &western.steward())["key_id"].as_str().unwrap().to_owned();
        let (path, session) = (seat(&western, "Office", &lee), lee.session());
        western.upm().sends("DELETE", &path, None).is(204);

        let bearer = format!("Bearer {}", session.access_token);
        set.client().send("GET", "/v1/me", &[("authorization", &bearer)], None).refuses(401, "sign-in-required");
        let after = western.roster(&western.steward());
        assert_eq!(after["version"], json!(before["version"].as_i64().unwrap() + 1));
        assert_ne!(after["hash"], before["hash"]);
        assert!(after["seats"].as_array().unwrap().iter().all(|line| line["name"] != "Lee"), "{after}");
        assert!(envelopes_of(&western, &filed, &key).is_empty());
        let told = waiting(set);
        let told: Vec<_> = about(&told, "Lee").into_iter().filter(|(kind, _)| *kind == "roster_changed").collect();
        assert_eq!(told.len(), 4, "every union seat: {told:?}");

        // The account is there, and opens nothing of this production.
        let again = lee.signs_in();
        let headers =
            [("authorization", &*format!("Bearer {}", again.access_token)), ("unlock-key", &*again.unlock_key)];
        set.client().send("GET", &filed.path, &headers, None).refuses(404, "not-found");
        assert_eq!(set.client().send("GET", "/v1/reports", &headers, None).is(200)["items"], json!([]));
        western.upm().sends("DELETE", &path, None).refuses(404, "not-found");
        // Reports that come now are not sealed to them.
        let later = files(&western, 2);
        assert!(envelopes_of(&western, &later, &key).is_empty());
    });
}

#[test]
fn members_take_away_seats_of_their_side_at_their_level_and_below() {
    on_each(|set| {
        let mut western = set.western();
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        let path = seat(&western, "Safety", &ned);
        let may_not = [western.steward(), western.counsel(), western.financier()];
        for by in may_not {
            by.sends("DELETE", &path, None).refuses(404, "not-found");
            gives_roles(&by, &path, &["grip"]).refuses(404, "not-found");
        }
        let producer = seat(&western, "Producers", &western.producer(1));
        western.upm().sends("DELETE", &producer, None).refuses(404, "not-found");
        gives_roles(&western.upm(), &path, &["Not A Code"]).refuses_field("roles[0]", "Not A Code");
        assert_eq!(gives_roles(&western.upm(), &path, &["grip"]).is(200)["roles"], json!(["grip"]));
        western.upm().sends("DELETE", &path, None).is(204);
        western.operator().sends("DELETE", &producer, None).is(204);
    });
}

#[test]
fn the_last_person_at_a_level_stays() {
    on_each(|set| {
        let western = set.western();
        for (desk, person) in [("Safety", western.first_ad()), ("Shop steward", western.steward())] {
            let path = seat(&western, desk, &person);
            for by in [western.operator(), person] {
                by.sends("DELETE", &path, None).refuses(409, "last-at-level");
            }
        }
        // Observers have no level to leave empty.
        let gus = seat(&western, "Guarantor", &western.guarantor());
        western.producer(1).sends("DELETE", &gus, None).is(204);
    });
}

#[test]
fn whoever_is_kept_out_counts_as_there_and_a_level_with_nobody_else_empties() {
    on_each(|set| {
        let western = set.western();
        let filed = files_as(&western, 1, about_role("upm"));
        Days::of(set).until(set.now().plus(Seconds::minutes(15)));
        assert_eq!(filed.read_by(&western.steward())["level"], 2);
        let lee = seat(&western, "Office", &western.line_producer());
        western.upm().sends("DELETE", &lee, None).is(204);
        let seen = filed.read_by(&western.steward());
        assert_eq!(seen["level"], 3);
        assert!(timeline(&seen).contains(&"no_recipient"), "{seen}");
        let missed = seen["unanswered_by"].as_array().unwrap();
        assert!(missed.iter().all(|missed| missed["level"] == 1), "an empty level is no silence: {seen}");
        assert_eq!(filed.read_by(&western.producer(1))["status"], "delivered");
    });
}

#[test]
fn whoever_took_themselves_off_does_not_count_as_there_for_those_who_may_see_it() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        western.line_producer().sends("POST", &filed.act("recusal"), None).is(204);
        let ulla = seat(&western, "Office", &western.upm());
        western.upm().sends("DELETE", &ulla, None).refuses(409, "last-at-level");
        // A producer knows nothing of this report yet, and learns nothing.
        western.producer(1).sends("DELETE", &ulla, None).is(204);
    });
}

#[test]
fn a_role_that_is_added_later_keeps_out_for_good() {
    on_each(|set| {
        let western = set.western();
        let filed = files_as(&western, 1, about_role("armorer"));
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        let lee = western.line_producer();
        let before = lee.gets("/v1/reports").is(200);
        assert_eq!(before["items"].as_array().unwrap().len(), 1);
        let (path, held) = (seat(&western, "Office", &lee), envelopes(&western, &filed, "Lee"));
        let version = western.roster(&western.steward())["version"].as_i64().unwrap();
        let line = gives_roles(&western.upm(), &path, &["line_producer", "armorer"]).is(200);
        assert_eq!(line["roles"], json!(["line_producer", "armorer"]));
        assert_eq!(western.roster(&western.steward())["version"], version + 1);
        let told = waiting(set);
        let told: Vec<_> = about(&told, "Lee").into_iter().filter(|(kind, _)| *kind == "roster_changed").collect();
        assert_eq!(told.len(), 4, "{told:?}");
        for _ in 0..2 {
            lee.unlocked("GET", &filed.path, None).refuses(404, "not-found");
            assert_eq!(lee.gets("/v1/reports").is(200)["items"], json!([]));
            assert_eq!(envelopes(&western, &filed, "Lee"), held, "decoys of the same length");
            // Losing the role again lets nobody in.
            gives_roles(&western.upm(), &path, &["line_producer"]).is(200);
        }
        let words = filed.done_by(&western.steward(), "messages", json!({ "text": "still here" }));
        words.is(200);
        lee.unlocked("GET", &filed.path, None).refuses(404, "not-found");
        assert_eq!(filed.read_by(&western.upm())["shared"]["make_safe"], "lock the cart");
    });
}
