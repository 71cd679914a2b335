//! The crew: what anybody with the poster may do, and what must never follow from it.

mod bad_input;
mod codes;
mod faults;
mod filing;
pub mod host;
mod inbox;
mod leaks;
mod malformed;
pub mod rows;

use std::sync::atomic::{AtomicU64, Ordering};

use lastlooks::entropy::{Entropy as _, SystemEntropy};
use serde_json::{Value, json};

use crate::support::{
    app::TestApp,
    people::{Crew, Person, Reporter},
    western::Western,
};

/// What a body may hold that leaves the edge padded in steps.
pub const STEP_BYTES: usize = 4096;

/// A production with one person at each of five desks.
#[track_caller]
pub fn small_crew(set: &TestApp) -> Western<'_> {
    let mut western = set.empty_western();
    western.seats("Shop steward", "Sam", "steward@union.test", &["steward"]);
    western.seats("Business representative", "Bea", "rep@union.test", &["business_rep"]);
    western.seats("Safety", "David", "1stad@western.test", &["1st_ad", "safety_contact"]);
    western.seats("Office", "Ulla", "upm@western.test", &["upm"]);
    western.seats("Producers", "Paul", "producer1@western.test", &["producer"]);
    western
}

/// A receipt that nobody has.
pub fn new_receipt() -> String {
    let mut bytes = [0; 16];
    SystemEntropy.fill(&mut bytes);
    hex::encode(bytes)
}

/// Text that stands nowhere else.
pub fn mark(name: &str) -> String {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes);
    format!("{name}{}{}", hex::encode(bytes), DRAWN.fetch_add(1, Ordering::Relaxed))
}

/// A hazard that can wait for the next full hour.
pub fn dirty_kitchen() -> Value {
    json!({ "category": "sanitation_food_housing", "severity": "concern", "ongoing": "yes" })
}

/// A weapon that nobody watches; told at once.
pub fn left_weapon() -> Value {
    json!({
        "category": "weapons", "kind": "left_unattended", "severity": "next_call", "ongoing": "yes",
        "weapon": "revolver", "make_safe": "lock the cart", "narrative": "it lay on the cart",
    })
}

/// The same with other fields.
#[expect(clippy::needless_pass_by_value, reason = "stories read better without a reference before each body")]
pub fn with(mut body: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Files with a receipt of its own.
#[track_caller]
pub fn files(crew: &Crew, body: Value) -> Reporter {
    crew.files(&new_receipt(), body)
}

/// The address of the one report on somebody's board with this handle; `None` if they do not see it.
#[track_caller]
pub fn on_board(person: &Person, filed: &Value) -> Option<String> {
    let page = person.gets("/v1/reports?limit=100").is(200);
    let items = page["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["handle"] == filed["handle"])?;
    Some(format!("/v1/reports/{}", found["id"].as_str().unwrap()))
}

/// The report with this handle as somebody with their Unlock-Key reads it.
#[track_caller]
pub fn read_by(person: &Person, filed: &Value) -> Value {
    let path = on_board(person, filed).unwrap_or_else(|| panic!("{person:?} does not see it"));
    person.unlocked("GET", &path, None).is(200)
}

/// The texts of the messages of a report or an inbox.
pub fn messages(shown: &Value) -> Vec<&str> {
    shown["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap()).collect()
}
