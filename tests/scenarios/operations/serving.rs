//! The service as it runs: its log, whom to tell of a hole, and how it stops.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use lastlooks::clock::{Clock as _, SystemClock};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};

use super::{asks, inbox, joins};
use crate::{
    crew::{host::Host, left_weapon, new_receipt, rows::Rows, with},
    support::TestDatabase,
};

#[test]
fn every_line_of_the_log_is_json_and_a_request_is_found_again_by_its_id() {
    let mut host = Host::on(TestDatabase::sqlite());
    host.makes_western();
    let client = host.serves_with(&[("LASTLOOKS_LOG", "json"), ("LASTLOOKS_LOG_LEVEL", "info")]);
    let steward = joins(&host, &client, "Steward", "steward@western.test", "steward");
    let who = steward.signs_in(&client);
    let answer = asks(&client, &who, "GET", "/v1/reports", None);
    let id = answer.header("x-request-id").to_owned();
    assert_eq!(id.len(), 16, "{answer:?}");
    assert!(host.stops().success());
    let logs = host.logs();
    let lines: Vec<Value> = logs
        .lines()
        .filter(|line| !line.starts_with("listening on ") && !line.starts_with("metrics on "))
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let found: Vec<_> = lines.iter().filter(|line| line["span"]["id"] == id.as_str()).collect();
    let [line] = found[..] else { panic!("{logs}") };
    assert_eq!(
        (&line["span"]["route"], &line["status"], &line["message"]),
        (&json!("/v1/reports"), &json!(200), &json!("answered"))
    );
}

#[test]
fn whom_to_tell_of_a_hole_is_at_the_well_known_address_and_never_for_longer_than_a_year() {
    let mut host = Host::on(TestDatabase::sqlite());
    let client = host.serves();
    client.send("GET", "/.well-known/security.txt", &[], None).refuses(404, "not-found");
    assert!(host.stops().success());
    let settings = [
        ("LASTLOOKS_SECURITY_CONTACT", "security@local600.example"),
        ("LASTLOOKS_PUBLIC_URL", "https://looks.local600.example"),
    ];
    let client = host.serves_with(&settings);
    let answer = client.send("GET", "/.well-known/security.txt", &[], None);
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"));
    let text = answer.text();
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned();
    assert_eq!(field("Contact"), "mailto:security@local600.example");
    assert_eq!(field("Canonical"), "https://looks.local600.example/.well-known/security.txt");
    let expires: jiff::Timestamp = field("Expires").parse().unwrap();
    let days = (expires.as_millisecond() - SystemClock::new().now().get()) / 86_400_000;
    assert!((150..365).contains(&days), "{text}");
}

#[test]
fn a_service_that_finds_no_host_says_that_a_new_one_begins_and_only_then() {
    let mut host = Host::before_init(TestDatabase::sqlite());
    let begins = "No host was here: a new one begins, with secrets of its own in ";
    for starts in [1, 2] {
        host.serves().send("GET", "/health/live", &[], None).is(200);
        assert!(host.stops().success());
        assert_eq!(host.logs().matches(begins).count(), 1, "after {starts} starts: {}", host.logs());
    }
}

/// What a phone heard: the receipt of a report that was accepted, or nothing.
fn tries_to_file(client: &crate::support::client::Client, code: &str, asked: &AtomicUsize) -> Option<String> {
    let receipt = new_receipt();
    let body = with(left_weapon(), json!({ "receipt": receipt }));
    asked.fetch_add(1, Ordering::SeqCst);
    // A service that has stopped breaks the connection, which this client takes for a fault of the story.
    let sent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        client.send("POST", "/v1/reports", &[("crew-code", code)], Some(&body)).status
    }));
    match sent {
        Ok(201) => Some(receipt),
        Ok(503) | Err(_) => None,
        Ok(status) => panic!("answered {status}"),
    }
}

#[test]
fn a_service_that_is_told_to_stop_under_load_loses_nothing_that_it_accepted() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        let code = host.makes_western();
        let client = host.serves();
        joins(&host, &client, "Steward", "steward@western.test", "steward");
        joins(&host, &client, "Safety", "safety@western.test", "1st_ad");
        let (asked, pid) = (AtomicUsize::new(0), host.pid());
        let accepted: Vec<String> = thread::scope(|scope| {
            let phones: Vec<_> = (0..8)
                .map(|_| {
                    let client = crate::support::client::Client::new(client.base_url());
                    let (code, asked) = (&code, &asked);
                    scope.spawn(move || {
                        let mut heard = Vec::new();
                        while let Some(receipt) = tries_to_file(&client, code, asked) {
                            heard.push(receipt);
                        }
                        heard
                    })
                })
                .collect();
            while asked.load(Ordering::SeqCst) < 60 {
                thread::yield_now();
            }
            kill_process(pid, Signal::TERM).unwrap();
            phones.into_iter().flat_map(|phone| phone.join().unwrap()).collect()
        });
        assert!(host.ends().success(), "{}", host.logs());
        assert!(accepted.len() > 40 && !host.logs().contains("panic"), "{} were accepted", accepted.len());
        // What was under way was finished and answered: nobody was left to wonder.
        assert_eq!(Rows::of(&host.database).count("reports"), accepted.len());
        let client = host.serves();
        for receipt in &accepted {
            inbox(&client, receipt);
        }
    }
}
