//! Nobody is silent whom nothing reached: dead addresses, and levels that empty.

use std::sync::Arc;

use lastlooks::notify::{from_url, mail::mailbox};
use serde_json::{Value, json};

use super::{act_on, is_down};
use crate::{
    rust_2021::{all_missed, begin, body, files, on, written},
    support::{
        app::{TestApp, on_each},
        days::Days,
        people::Reporter,
        smtp_server::SmtpServer,
        western::Western,
    },
    workers::{another, handle},
};

const NOBODY: &str = "550 5.1.1 no such user";
const LEVEL_2: [&str; 2] = ["upm@western.test", "line@western.test"];

fn by<'a>(set: &'a TestApp, server: &SmtpServer) -> Days<'a> {
    let from = mailbox("Last Looks <reports@western.test>").unwrap();
    Days::by(set, Arc::from(from_url(&server.url(), &from).unwrap()))
}

/// Level, word and whether it was told, of each breach.
fn recorded(reporter: &Reporter) -> Vec<(u64, String, bool)> {
    let inbox = reporter.inbox();
    let breaches = inbox["unanswered_by"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    breaches.map(|b| (b["level"].as_u64().unwrap(), text(&b["recorded_as"]), b["told"].as_bool().unwrap())).collect()
}

#[test]
fn levels_that_no_mail_reaches_are_passed_one_after_the_other_and_the_one_that_it_reaches_has_its_window() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = by(set, &server);
        for address in ["1stad@western.test"].iter().chain(&LEVEL_2) {
            server.refuses(address, NOBODY);
        }
        let reporter = files(&mut days, &western, 1, body(1));
        days.work();
        let passed = [(1, "not_notified".to_owned(), false), (2, "not_notified".to_owned(), false)];
        assert_eq!(recorded(&reporter), passed);
        let inbox = reporter.inbox();
        // Level 3 has thirty minutes, from the minute in which it was told.
        assert_eq!((&inbox["level"], &inbox["due_at"]), (&json!(3), &json!(written(on(16, 11, 10)))));
        days.until(on(16, 11, 10));
        let all = [passed.as_slice(), &[(3, "unanswered".to_owned(), true)]].concat();
        assert_eq!(recorded(&reporter), all);
    });
}

#[test]
fn one_address_that_works_is_enough_for_a_level_to_have_been_told() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = by(set, &server);
        server.refuses(LEVEL_2[0], NOBODY);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 11, 10));
        let silent = [(1, "unanswered".to_owned(), true), (2, "unanswered".to_owned(), true)];
        assert_eq!(recorded(&reporter), silent);
    });
}

#[test]
fn an_address_that_was_known_to_be_dead_for_a_day_is_silence_and_until_then_it_is_not() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = by(set, &server);
        server.refuses("1stad@western.test", NOBODY);
        let first = files(&mut days, &western, 1, body(1));
        days.until(on(17, 10, 30));
        let within = western.crew().files(&"ab".repeat(16), another());
        days.work();
        days.until(on(17, 11, 0));
        let after = western.crew().files(&"cd".repeat(16), another());
        days.work();
        let word = |reporter: &Reporter| recorded(reporter)[0].clone();
        assert_eq!(word(&first), (1, "not_notified".to_owned(), false));
        assert_eq!(word(&within), (1, "not_notified".to_owned(), false));
        assert_eq!(word(&after), (1, "unreachable".to_owned(), true), "which counts as silence");
    });
}

#[test]
fn whoever_reads_it_was_told_though_their_address_is_dead() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = by(set, &server);
        // The mail waits for another try: meanwhile they look at their list.
        server.refuses("1stad@western.test", "450 4.2.1 busy");
        let reporter = files(&mut days, &western, 1, body(1));
        act_on(&western.first_ad(), &reporter, "acknowledgement");
        server.refuses("1stad@western.test", NOBODY);
        days.until(on(16, 10, 42));
        assert_eq!(
            (recorded(&reporter), &reporter.inbox()["level"]),
            (Vec::new(), &json!(1)),
            "they had seen it by then"
        );
        days.until(on(16, 10, 55));
        assert_eq!(recorded(&reporter), [(1, "unanswered".to_owned(), true)]);
    });
}

/// Somebody gets a role besides their own.
#[track_caller]
fn gets_role(western: &Western<'_>, desk: &str, email: &str, roles: &[&str]) {
    let path = format!("/v1/desks/{}/members/{}", western.desk(desk), western.person(email).id());
    western.operator().sends("PATCH", &path, Some(&json!({ "roles": roles }))).is(200);
}

#[test]
fn levels_that_empty_one_after_the_other_are_nobodys_silence() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        days.until(on(16, 10, 40));
        let filing = json!({
            "category": "electrical", "severity": "next_setup", "ongoing": "yes", "subject_role": "armorer",
        });
        let reporter = western.crew().files(&"ab".repeat(16), filing);
        days.deliver();
        let first_ad = western.first_ad();
        first_ad.sends("POST", &act_on(&first_ad, &reporter, "acknowledgement"), None).is(200);
        // While its answer is awaited, level 1 turns out to be whom it is about.
        days.until(on(16, 10, 50));
        gets_role(&western, "Safety", "1stad@western.test", &["1st_ad", "safety_contact", "armorer"]);
        let inbox = reporter.inbox();
        assert_eq!((&inbox["level"], &inbox["awaiting"]), (&json!(2), &json!("acknowledgement")));
        assert_eq!(inbox["due_at"], written(on(16, 11, 5)));
        days.deliver();
        // An outage over the one deadline, and then level 2 empties too, one person after the other.
        is_down(set, &mut days, on(16, 11, 0), on(16, 11, 30));
        gets_role(&western, "Office", LEVEL_2[0], &["upm", "armorer"]);
        assert_eq!(reporter.inbox()["level"], 2);
        gets_role(&western, "Office", LEVEL_2[1], &["line_producer", "armorer"]);
        let inbox = reporter.inbox();
        assert_eq!((&inbox["level"], &inbox["due_at"]), (&json!(3), &json!(written(on(16, 12, 0)))));
        for number in 1..=6 {
            gets_role(&western, "Producers", &format!("producer{number}@western.test"), &["producer", "armorer"]);
        }
        days.until(on(16, 14, 0));
        assert_eq!(reporter.inbox()["status"], "exhausted");
        assert_eq!(recorded(&reporter), [], "nobody was there to be silent");
        assert_eq!(all_missed(set), 0);
        assert_eq!(days.events_of(&handle(&reporter), "no_recipient"), 3);
    });
}
