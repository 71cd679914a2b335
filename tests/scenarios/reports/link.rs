//! The page behind a mail's link.

use lastlooks::{
    auth::one_time::OneTime,
    domain::{
        ids::{MemberId, ReportId},
        time::{Seconds, UtcMillis},
    },
    storage::{
        StorageError,
        engine::{self, EngineRow},
        outbox::{self, LinkRow},
    },
};
use serde_json::json;

use super::{Filed, files};
use crate::{
    storage::KEY,
    support::{app::TestApp, app::on_each, client::Answer, people::Person},
};

/// A link as a mail carries it, until a quarter of an hour from the morning's first minute.
fn link(set: &TestApp, filed: &Filed, person: &Person, byte: u8) -> String {
    let token = OneTime::new([byte; 32]);
    let member: MemberId = person.gets("/v1/me").is(200)["id"].as_str().unwrap().parse().unwrap();
    let report: ReportId = filed.id.parse().unwrap();
    let due_at: UtcMillis = set.now().plus(Seconds::minutes(15));
    let row = LinkRow { token_hash: token.stored().into(), report_id: report, member_id: member, cycle: 1, due_at };
    set.database().open().write_blocking(&KEY, move |tx| outbox::add_link(tx, &row)).unwrap();
    format!("/a/{}", token.text().as_str())
}

fn opens(set: &TestApp, method: &str, path: &str) -> Answer {
    set.client().send(method, path, &[], None)
}

#[track_caller]
fn is_over(set: &TestApp, path: &str) {
    let never = opens(set, "GET", "/a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for method in ["GET", "POST"] {
        let answer = opens(set, method, path);
        assert_eq!((answer.status, answer.text()), (404, never.text()), "{method} {path}");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
}

#[test]
fn only_the_button_acts_and_it_is_recorded_as_pressed_by_link() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let path = link(set, &filed, &first_ad, 1);
        set.advance(Seconds::minutes(3));
        for _ in 0..2 {
            let page = opens(set, "GET", &path);
            assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{page:?}");
            let text = page.text();
            for said in ["12 min left", "On set, by 08:15 MDT", "Before next setup", "I have it", "09:00 MDT"] {
                assert!(text.contains(said), "{said} in {text}");
            }
            assert!(text.contains(filed.reporter.filed["handle"].as_str().unwrap()), "{text}");
            assert!(
                !text.contains("weapons") && !text.contains("lock the cart") && !text.contains(&filed.id),
                "{text}"
            );
            assert!(page.header("content-security-policy").contains("style-src 'self'"));
        }
        assert_eq!(filed.read_by(&western.steward())["status"], "delivered");

        for _ in 0..2 {
            let pressed = opens(set, "POST", &path);
            assert!(pressed.status == 200 && pressed.text().contains("You have it"), "{pressed:?}");
            assert!(!pressed.text().contains("<button"), "{pressed:?}");
        }
        let seen = filed.read_by(&western.steward());
        assert_eq!((&seen["status"], &seen["holder"]["role"]), (&json!("acknowledged"), &json!("1st_ad")));
        let lines = seen["timeline"].as_array().unwrap();
        let held: Vec<_> = lines.iter().filter(|line| line["what"] == "acknowledged").collect();
        assert_eq!((held.len(), &held[0]["by_link"]), (1, &json!(true)));
        assert_eq!(seen["opened"], false);
    });
}

#[test]
fn a_link_that_is_false_or_over_is_one_and_the_same_page() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let path = link(set, &filed, &first_ad, 1);
        is_over(set, "/a/nonsense");
        is_over(set, &format!("{path}="));
        set.advance(Seconds::minutes(15));
        is_over(set, &path);
        assert_eq!(filed.read_by(&western.steward())["status"], "delivered");
    });
}

#[test]
fn a_link_ends_for_whoever_takes_themselves_off_or_may_not_acknowledge() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "nobody is on set" })).is(200);
        let upm = western.upm();
        let path = link(set, &filed, &upm, 1);
        assert_eq!(opens(set, "GET", &path).status, 200);
        upm.sends("POST", &filed.act("recusal"), None).is(204);
        is_over(set, &path);
        is_over(set, &link(set, &filed, &western.steward(), 2));
        is_over(set, &link(set, &filed, &western.producer(1), 3));
    });
}

#[test]
fn a_link_does_not_act_in_the_next_cycle_though_its_deadline_is_still_to_come() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let path = link(set, &filed, &first_ad, 1);
        filed.answered_by(&first_ad);
        assert!(opens(set, "GET", &path).text().contains("You have it"));
        let not_fixed = json!({ "reason": "the cart is open again" });
        filed.reporter.sends("POST", "/v1/inbox/contest", Some(&not_fixed)).is(200);
        assert_eq!(filed.read_by(&first_ad)["cycle"], 2);
        is_over(set, &path);
        assert_eq!(filed.read_by(&western.steward())["status"], "delivered");
    });
}

#[test]
fn whoever_comes_second_reads_who_has_it() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        filed.done_by(&western.steward(), "escalation", json!({ "reason": "nobody is on set" })).is(200);
        let path = link(set, &filed, &western.upm(), 1);
        western.first_ad().sends("POST", &filed.act("acknowledgement"), None).is(200);
        let page = opens(set, "GET", &path);
        assert!(page.text().contains("Somebody has it: 1st AD") && !page.text().contains("<button"), "{page:?}");
    });
}

#[test]
fn the_page_is_styled_by_a_file_of_the_host() {
    on_each(|set| {
        let style = opens(set, "GET", "/link.css");
        assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
        assert!(style.text().contains("prefers-color-scheme: dark"));
    });
}

fn hold(set: &TestApp, held: bool) {
    let row = EngineRow { held, held_reason: None };
    set.database()
        .open()
        .write_blocking(&KEY, move |tx| engine::save_state(tx, &row))
        .map_err(|e: StorageError| e)
        .unwrap();
}

#[test]
fn a_link_outlives_a_clock_that_was_wrong_for_a_while() {
    on_each(|set| {
        let western = set.western();
        link(set, &files(&western, 1), &western.first_ad(), 1);
        let kept = || {
            set.wait(set.app().keep_up()).unwrap();
            let hash = OneTime::new([1; 32]).stored();
            set.database().open().read_blocking(move |conn| outbox::link(conn, &hash)).unwrap().is_some()
        };
        hold(set, true);
        set.advance(Seconds::days(20));
        assert!(kept(), "a clock that is being checked says that it is over");
        hold(set, false);
        assert!(!kept());
    });
}
