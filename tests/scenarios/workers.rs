//! What goes on without anybody asking: deadlines, outages, mail.

mod deadlines;
pub mod mails;
mod outages;

use lastlooks::{
    domain::ids::ReportId,
    storage::{StorageError, reports},
    worker::engine::{Engine, Turn},
};
use serde_json::{Value, json};

use crate::support::{
    app::TestApp,
    people::{Person, Reporter},
};

/// An engine that was just started.
pub fn started(set: &TestApp) -> Engine {
    Engine::new(set.app().clone(), set.app().draw_instance())
}

/// One turn of an engine.
#[track_caller]
pub fn turn(set: &TestApp, engine: &mut Engine) -> Turn {
    set.wait(engine.turn()).unwrap()
}

/// The ids of all open reports.
pub fn open_reports(set: &TestApp) -> Vec<ReportId> {
    let rows = set.database().open().read_blocking(|conn| reports::open_after(conn, None, 1000));
    rows.unwrap_or_else(|error: StorageError| panic!("{error}")).iter().map(|row| row.id).collect()
}

/// Another report than those of 2021: due as report 1 would be, of a category of its own.
pub fn another() -> Value {
    json!({ "category": "electrical", "severity": "next_setup", "ongoing": "yes" })
}

/// The handle of a filing.
pub fn handle(reporter: &Reporter) -> String {
    reporter.filed["handle"].as_str().unwrap().to_owned()
}

/// "I have it", signed in.
#[track_caller]
pub fn acknowledges(person: &Person, reporter: &Reporter) -> Value {
    let list = person.gets("/v1/reports?limit=100").is(200);
    let items = list["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["handle"] == reporter.filed["handle"]).expect("it is on their list");
    let path = format!("/v1/reports/{}/acknowledgement", item["id"].as_str().unwrap());
    person.sends("POST", &path, None).is(200)
}
