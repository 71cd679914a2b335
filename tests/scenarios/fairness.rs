//! The ledger accuses levels of silence, so it must be right: outages, clocks, dead addresses, levels that empty, acts
//! that come at the last moment.
//!
//! Source: domain.md, "Fairness".

mod machines;
mod outages;
mod races;
mod reach;

use lastlooks::domain::time::UtcMillis;
use serde_json::{Value, json};

use crate::{
    reports::locked,
    support::{
        app::TestApp,
        client::Answer,
        days::Days,
        people::{Person, Reporter},
    },
    workers::{started, turn},
};

/// What is awaited first.
pub const ACKNOWLEDGEMENT: &str = "acknowledgement";

/// The service dies at one instant and is started at another.
#[track_caller]
fn is_down(set: &TestApp, days: &mut Days<'_>, from: UtcMillis, to: UtcMillis) {
    days.until(from);
    set.clock.move_to(to);
    turn(set, &mut started(set));
    days.deliver();
}

/// The address of an act on somebody's report.
#[track_caller]
fn act_on(person: &Person, reporter: &Reporter, act: &str) -> String {
    let list = person.gets("/v1/reports?limit=100").is(200);
    let items = list["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["handle"] == reporter.filed["handle"]).expect("it is on their list");
    format!("/v1/reports/{}/{act}", item["id"].as_str().unwrap())
}

/// Somebody answers that it is done.
#[track_caller]
fn answers(person: &Person, reporter: &Reporter) -> Value {
    person.unlocked("POST", &act_on(person, reporter, "answer"), Some(&locked())).is(200)
}

/// Somebody of the union side gives a verdict.
#[track_caller]
fn judges(person: &Person, reporter: &Reporter, verdict: &str) -> Value {
    let body = json!({ "verdict": verdict, "note": "I went there" });
    person.unlocked("POST", &act_on(person, reporter, "verification"), Some(&body)).is(200)
}

/// "No": it is not safe.
fn contests(reporter: &Reporter) -> Answer {
    reporter.sends("POST", "/v1/inbox/safety", Some(&json!({ "safe": "no", "reason": "it is still there" })))
}
