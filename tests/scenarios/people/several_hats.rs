//! A member with several roles and seats; and the operator's account, which opens nothing.

use lastlooks::{
    domain::time::Seconds,
    http::{routes, server},
};
use serde_json::{Value, json};

use super::letting_in::envelopes;
use crate::{
    reports::{Filed, files, files_as, unattended_weapon},
    support::{app::on_each, days::Days, people::Person, western::Western},
};

/// Sits at another desk as well.
fn sits_also(western: &Western<'_>, who: &Person, desk: &str, roles: &[&str]) {
    let code = western.invites(desk, &who.email, roles);
    let body = json!({ "name": who.name, "password": who.password });
    let path = format!("/v1/invitations/{code}/acceptance");
    western.set.client().send("POST", &path, &[], Some(&body)).is(201);
}

#[test]
fn somebody_with_two_seats_acts_from_the_one_whose_clock_runs_and_gets_one_mail() {
    on_each(|set| {
        let western = set.western();
        let ulla = western.upm();
        sits_also(&western, &ulla, "Safety", &["safety_advisor"]);
        let mut days = Days::of(set);
        days.deliver();
        let mails = days.mails_to(&ulla.email);
        let filed = files(&western, 1);
        days.deliver();
        assert_eq!(days.mails_to(&ulla.email), mails + 1, "one mail, not one for each seat");
        let held = filed.done_by(&ulla, "acknowledgement", json!({})).is(200);
        assert_eq!((&held["holder"]["role"], &held["level"]), (&json!("safety_advisor"), &json!(1)));
        let other = files(&western, 2);
        days.until(set.now().plus(Seconds::minutes(15)));
        let held = other.done_by(&ulla, "acknowledgement", json!({})).is(200);
        assert_eq!((&held["holder"]["role"], &held["level"]), (&json!("upm"), &json!(2)));
        // Losing one seat takes nothing that the other one has.
        let seat = format!("/v1/desks/{}/members/{}", western.desk("Safety"), ulla.id());
        western.first_ad().sends("DELETE", &seat, None).is(204);
        let ulla = ulla.at(set);
        assert_eq!(other.read_by(&ulla)["shared"]["make_safe"], "lock the cart");
        assert_eq!(ulla.gets("/v1/me").is(200)["seats"].as_array().unwrap().len(), 1);
        assert_eq!(envelopes(&western, &filed, "Ulla").len(), 1);
    });
}

#[test]
fn being_kept_out_by_one_role_cuts_every_seat() {
    on_each(|set| {
        let western = set.western();
        let ulla = western.upm();
        sits_also(&western, &ulla, "Safety", &["safety_advisor", "armorer"]);
        let mut about_her = unattended_weapon();
        about_her["subject_role"] = json!("armorer");
        let filed = files_as(&western, 1, about_her);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "the office too" })).is(200);
        ulla.unlocked("GET", &filed.path, None).refuses(404, "not-found");
        // Neither does giving the seat up let her in at the other one.
        let seat = format!("/v1/desks/{}/members/{}", western.desk("Safety"), ulla.id());
        western.first_ad().sends("DELETE", &seat, None).is(204);
        let ulla = ulla.at(set);
        ulla.unlocked("GET", &filed.path, None).refuses(404, "not-found");
        assert_eq!(ulla.gets("/v1/reports").is(200)["items"], json!([]));
        assert_eq!(filed.read_by(&western.line_producer())["shared"]["make_safe"], "lock the cart");
    });
}

/// Every route of the API document with the ids of this story in its path: method and address.
fn every_route(western: &Western<'_>, filed: &Filed, notice: &str) -> Vec<(String, String)> {
    let document = serde_json::to_value(server::document(&routes::listed).unwrap()).unwrap();
    let (desk, member) = (western.desk("Office").to_string(), western.upm().id().to_string());
    let mut found = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        let id = match template.split('/').nth(2) {
            Some("reports") => filed.id.clone(),
            Some("productions") => western.id.to_string(),
            Some("desks") => desk.clone(),
            Some("deliveries") => notice.to_owned(),
            _ => String::new(),
        };
        let path = template.replace("{id}", &id).replace("{member}", &member);
        let path =
            path.replace("{code}", &"A".repeat(43)).replace("{token}", &"A".repeat(43)).replace("{slug}", "invalid");
        assert!(!path.contains('{') && !path.contains("//"), "{template} needs an id of its own");
        let methods = ["get", "post", "put", "patch", "delete"];
        found.extend(methods.into_iter().filter(|m| item.get(*m).is_some()).map(|m| (m.to_uppercase(), path.clone())));
    }
    // What takes people and desks away comes last.
    found.sort_by_key(|(method, path)| (method == "DELETE", method != "GET", path.clone()));
    found
}

#[test]
fn the_operators_account_opens_nothing_whatever_it_tries() {
    on_each(|set| {
        let western = set.western();
        Days::of(set).deliver();
        let filed = files(&western, 1);
        filed.done_by(&western.steward(), "messages", json!({ "text": "a word from the union" })).is(200);
        filed.answered_by(&western.first_ad());
        let handle = filed.reporter.filed["handle"].as_str().unwrap().to_owned();
        let row = set.wait(set.app().lease_notices(500, set.now())).unwrap().remove(0);
        set.wait(set.app().notice_failed(&row, false, set.now())).unwrap();
        let marks = [
            "lock the cart",
            "nobody near",
            "a word from the union",
            "both revolvers",
            "left_unattended",
            "weapons",
            handle.as_str(),
            filed.id.as_str(),
            filed.reporter.receipt.as_str(),
        ];
        let operator = western.operator();
        let routes = every_route(&western, &filed, &row.id.to_string());
        assert!(routes.len() > 45, "{}", routes.len());
        let wanted = [json!({}), json!({ "reason": "x", "text": "x", "what": "x", "may_restart_role": "upm" })];
        for (method, path) in &routes {
            for body in [None, Some(&wanted[0]), Some(&wanted[1])] {
                let answer = operator.unlocked(method, path, body.filter(|_| method != "GET"));
                let text = answer.text();
                let found: Vec<&&str> = marks.iter().filter(|mark| text.contains(**mark)).collect();
                assert!(found.is_empty(), "{method} {path} tells {found:?}: {text}");
                if path.starts_with(&filed.path) {
                    answer.refuses(404, "not-found");
                }
            }
        }
        // One of the routes signed them out.
        let operator = operator.at(set);
        assert_eq!(operator.unlocked("GET", "/v1/reports", None).is(200), json!({ "items": [], "next": Value::Null }));
        // The marks are marks: whoever may read it sees them.
        let seen = filed.read_by(&western.steward()).to_string();
        assert!(marks[..8].iter().all(|mark| seen.contains(mark)), "{seen}");
    });
}
