//! Notices that were given up: who hears of them, and that they are tried again.

use lastlooks::domain::{ids::MemberId, time::Seconds};
use serde_json::{Value, json};

use crate::{
    reports::{Filed, files, files_as, unattended_weapon},
    support::{
        app::{TestApp, on_each},
        days::Days,
        people::Person,
    },
};

/// The mail host of one person takes nothing from us: every notice to them that waits is given up.
fn gives_up_on(set: &TestApp, member: MemberId) {
    let rows = set.wait(set.app().lease_notices(500, set.now())).unwrap();
    let mut given_up = 0;
    for row in rows {
        if row.member_id == Some(member) {
            assert!(set.wait(set.app().notice_failed(&row, false, set.now())).unwrap());
            given_up += 1;
        } else {
            set.wait(set.app().put_notice_off(&row, set.now())).unwrap();
        }
    }
    assert!(given_up > 0);
}

/// What somebody is shown of the notices about one report.
fn about(person: &Person, filed: &Filed) -> Vec<Value> {
    let page = person.gets("/v1/deliveries?state=dead&limit=100").is(200);
    let rows = page["items"].as_array().unwrap().iter();
    rows.filter(|row| row["handle"] == filed.reporter.filed["handle"]).cloned().collect()
}

#[test]
fn the_desk_the_desk_above_and_the_union_side_hear_of_a_notice_that_was_given_up() {
    on_each(|set| {
        let western = set.western();
        Days::of(set).deliver();
        let (filed, david) = (files(&western, 1), western.first_ad());
        gives_up_on(set, david.id());
        for person in [&david, &western.steward(), &western.rep()] {
            let rows = about(person, &filed);
            // The representative is not told of this report yet.
            assert_eq!(rows.len(), usize::from(person.email != "rep@union.test"), "{person:?} {rows:?}");
        }
        let row = &about(&western.steward(), &filed)[0];
        assert_eq!(
            (&row["kind"], &row["to"], &row["state"]),
            (&json!("level_entered"), &json!("David"), &json!("dead"))
        );
        assert_eq!((&row["email"], &row["desks"]), (&json!("1stad@western.test"), &json!(["Safety"])));
        for person in [western.upm(), western.producer(1), western.financier(), western.operator()] {
            assert!(about(&person, &filed).is_empty(), "{person:?}");
        }
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        assert_eq!(about(&western.upm(), &filed).len(), 1, "the desk above, once it may see the report");
        assert_eq!(about(&western.rep(), &filed).len(), 1);
        assert!(about(&western.operator(), &filed).is_empty(), "the host's account knows of no report");
    });
}

#[test]
fn a_notice_that_is_tried_again_arrives() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        days.deliver();
        let (filed, david) = (files(&western, 1), western.first_ad());
        gives_up_on(set, david.id());
        set.advance(Seconds::minutes(2));
        days.deliver();
        let before = days.mails_to(&david.email);
        let id = about(&western.steward(), &filed)[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/deliveries/{id}/retry");
        for stranger in [western.upm(), western.financier(), western.operator()] {
            stranger.sends("POST", &path, None).refuses(404, "not-found");
        }
        for _ in 0..2 {
            let tried = western.steward().sends("POST", &path, None).is(200);
            assert_eq!((&tried["state"], &tried["id"]), (&json!("waiting"), &json!(id)));
        }
        assert!(about(&western.steward(), &filed).is_empty());
        days.deliver();
        assert_eq!(days.mails_to(&david.email), before + 1);
        western.steward().sends("POST", &path, None).refuses(404, "not-found");
    });
}

#[test]
fn a_notice_about_a_report_is_hidden_from_whoever_is_kept_out_of_it() {
    on_each(|set| {
        let western = set.western();
        Days::of(set).deliver();
        let mut about_her = unattended_weapon();
        about_her["subject_role"] = json!("upm");
        let look = || western.upm().gets("/v1/deliveries").body;
        let before = look();
        let filed = files_as(&western, 1, about_her);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "look" })).is(200);
        gives_up_on(set, western.first_ad().id());
        assert_eq!(about(&western.line_producer(), &filed).len(), 1);
        assert_eq!(look(), before);
        let id = about(&western.steward(), &filed)[0]["id"].as_str().unwrap().to_owned();
        western.upm().sends("POST", &format!("/v1/deliveries/{id}/retry"), None).refuses(404, "not-found");
    });
}

#[test]
fn what_is_about_people_is_shown_to_the_host_as_well_and_pages_follow_on_each_other() {
    on_each(|set| {
        let mut western = set.western();
        Days::of(set).deliver();
        for n in 0..3 {
            let email: &'static str = ["a@western.test", "b@western.test", "c@western.test"][n];
            western.seats("Office", "New", email, &["upm"]);
        }
        gives_up_on(set, western.upm().id());
        let whole = western.operator().gets("/v1/deliveries").is(200);
        let whole: Vec<&Value> = whole["items"].as_array().unwrap().iter().collect();
        assert_eq!(whole.len(), 3, "{whole:?}");
        assert!(whole.iter().all(|row| row["kind"] == "joined" && row["handle"] == Value::Null), "{whole:?}");
        let first = western.operator().gets("/v1/deliveries?limit=2").is(200);
        let cursor = first["next"].as_str().unwrap();
        let second = western.operator().gets(&format!("/v1/deliveries?limit=2&cursor={cursor}")).is(200);
        assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
        western.upm().gets(&format!("/v1/deliveries?cursor={cursor}")).refuses_field("cursor", cursor);
        western.upm().gets("/v1/deliveries?state=hunter2").refuses_field("state", "hunter2");
        western.upm().gets("/v1/deliveries?limit=0").refuses_field("limit", "");
        western.upm().sends("POST", "/v1/deliveries/nonsense/retry", None).refuses(404, "not-found");
    });
}
