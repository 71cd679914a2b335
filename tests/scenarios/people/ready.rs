//! Whether a show is ready: people, addresses, and a test notice that everybody confirms.

use lastlooks::domain::{ids::MemberId, time::Seconds};
use serde_json::{Value, json};

use crate::support::{
    app::{TestApp, on_each},
    days::Days,
    people::Person,
    western::Western,
};

fn readiness(western: &Western<'_>, reader: &Person) -> Value {
    reader.gets(&western.path("/readiness")).is(200)
}

/// Codes of findings, with the person or desk that each is about.
fn codes<'v>(view: &'v Value, list: &str) -> Vec<(&'v str, &'v str)> {
    let of = |finding: &'v Value| {
        let about = finding["person"].as_str().or(finding["desk"].as_str()).unwrap_or_default();
        (finding["code"].as_str().unwrap(), about)
    };
    view[list].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_show_is_ready_once_everybody_has_confirmed_a_test_notice() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        days.deliver();
        let before = readiness(&western, &western.upm());
        assert_eq!((&before["ready"], codes(&before, "missing")), (&json!(false), vec![("no_test_notice", "")]));
        let sent = western.steward().sends("POST", &western.path("/test-notice"), None).is(201);
        assert_eq!(sent, json!({ "sent_at": "2021-10-16T14:00:00Z", "people": 15 }));
        let mails = days.mails_to("upm@western.test");
        days.deliver();
        assert_eq!(days.mails_to("upm@western.test"), mails + 1);
        assert!(mail_to(set, "upm@western.test").contains("/desk#test"));

        let waits = readiness(&western, &western.financier());
        assert_eq!(codes(&waits, "missing").len(), 15, "{waits}");
        assert!(codes(&waits, "missing").contains(&("test_not_confirmed", "Ulla")));
        // Production before union at each level, then by desk and name, so that two looks can be laid side by side.
        let place = |finding: &Value| {
            let text = |key: &str| finding[key].as_str().map(str::to_owned);
            (finding["level"].as_u64().unwrap_or(u64::MAX), text("side"), text("desk"), text("person"))
        };
        assert!(waits["missing"].as_array().unwrap().is_sorted_by_key(place), "{waits}");
        for person in western.everybody() {
            assert_eq!(readiness(&western, person)["ready"], false);
            for _ in 0..2 {
                let confirmed = person.sends("POST", "/v1/me/test-notice", None).is(200);
                assert_eq!(confirmed["productions"], json!([western.id]));
            }
        }
        let ready = readiness(&western, &western.operator());
        assert_eq!((&ready["ready"], &ready["missing"]), (&json!(true), &json!([])));
        assert_eq!(ready["last_test_at"], "2021-10-16T14:00:00Z");
        let office =
            json!({ "side": "production", "level": 2, "desks": ["Office"], "people": 2, "let_in": 0, "confirmed": 2 });
        assert!(ready["levels"].as_array().unwrap().contains(&office), "{ready}");
        let warned = codes(&ready, "warnings");
        assert!(
            warned.contains(&("single_person_desk", "Safety")) && !warned.contains(&("single_person_desk", "Office"))
        );
        assert!(warned.contains(&("not_let_in", "David")) && !warned.contains(&("not_let_in", "Sam")), "{warned:?}");
        // The next test begins anew, five minutes later at the earliest.
        let again = western.operator().sends("POST", &western.path("/test-notice"), None);
        again.refuses(429, "slow-down");
        assert_eq!(again.header("retry-after"), "300");
        set.advance(Seconds::minutes(5));
        western.operator().sends("POST", &western.path("/test-notice"), None).is(201);
        assert_eq!(readiness(&western, &western.upm())["ready"], false);
    });
}

/// The newest mail to an address that is a test.
fn mail_to(set: &TestApp, email: &str) -> String {
    let files = std::fs::read_dir(set.folder().join("mail")).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let mut found = texts.filter(|text| text.contains(email) && text.contains("This is a test"));
    found.next().unwrap_or_default()
}

/// A mail server says that this address does not exist.
fn bounces(set: &TestApp, member: MemberId) {
    let rows = set.wait(set.app().lease_notices(500, set.now())).unwrap();
    let row = rows.iter().find(|row| row.member_id == Some(member)).unwrap();
    let mail = set.wait(set.app().prepare_notice(row, set.now())).unwrap().unwrap();
    set.wait(set.app().address_is_dead(&mail, "550 5.1.1 no such user", set.now())).unwrap();
}

#[test]
fn an_empty_level_and_a_dead_address_are_named() {
    on_each(|set| {
        let mut western = set.empty_western();
        western.seats("Shop steward", "Sam", "steward@union.test", &["steward"]);
        western.seats("Office", "Ulla", "upm@western.test", &["upm"]);
        western.seats("Office", "Lee", "line@western.test", &["line_producer"]);
        let view = readiness(&western, &western.steward());
        let empty = view["missing"].as_array().unwrap().iter().filter(|finding| finding["code"] == "nobody_there");
        let empty: Vec<_> =
            empty.map(|finding| (finding["side"].as_str().unwrap(), finding["level"].as_u64().unwrap())).collect();
        assert_eq!(empty, [("production", 1), ("union", 2), ("production", 3), ("union", 3), ("union", 4)]);
        assert_eq!(codes(&view, "warnings")[..2], [("few_on_side", ""), ("few_on_side", "")]);
        bounces(set, western.upm().id());
        let view = readiness(&western, &western.steward());
        assert!(codes(&view, "missing").contains(&("dead_address", "Ulla")), "{view}");
        let line = &western.steward().gets("/v1/deliveries").is(200)["items"][0];
        assert_eq!((&line["to"], &line["address_dead_since"]), (&json!("Ulla"), &json!("2021-10-16T14:00:00Z")));
    });
}

#[test]
fn whoever_sits_there_reads_it_and_either_side_presses_the_button() {
    on_each(|set| {
        let western = set.western();
        let made = western.operator().posts("/v1/productions", json!({ "name": "Eastern", "slug": "eastern" })).is(201);
        let elsewhere = format!("/v1/productions/{}", made["id"].as_str().unwrap());
        western.steward().gets(&format!("{elsewhere}/readiness")).refuses(404, "not-found");
        western.steward().sends("POST", &format!("{elsewhere}/test-notice"), None).refuses(404, "not-found");
        western.financier().sends("POST", &western.path("/test-notice"), None).refuses(404, "not-found");
        assert_eq!(western.upm().sends("POST", "/v1/me/test-notice", None).is(200)["productions"], json!([]));
        western.producer(4).sends("POST", &western.path("/test-notice"), None).is(201);
    });
}
