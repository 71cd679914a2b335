//! Reports at the desks: the board, one report, what members do about it, the page behind a mail's link.

mod acts;
mod board;
mod chain;
mod life;
mod link;
mod sealed;
mod together;

use serde_json::{Value, json};

use crate::support::{
    client::Answer,
    people::{Person, Reporter},
    western::Western,
};

/// A revolver nobody watches: `next_setup` at least, so it is on the boards at once.
pub fn unattended_weapon() -> Value {
    json!({
        "category": "weapons", "kind": "left_unattended", "severity": "next_setup", "ongoing": "yes",
        "place": "stage_2", "weapon": "revolver", "make_safe": "lock the cart",
        "departments": ["props"], "narrative": "it lay on the cart, nobody near",
    })
}

/// A receipt for stories: the same two digits, sixteen times.
pub fn receipt(byte: u8) -> String {
    hex::encode([byte; 16])
}

/// Somebody files about a weapon that nobody watches.
#[track_caller]
pub fn files(western: &Western<'_>, byte: u8) -> Filed {
    files_as(western, byte, unattended_weapon())
}

/// Somebody files this.
#[track_caller]
pub fn files_as(western: &Western<'_>, byte: u8, body: Value) -> Filed {
    let reporter = western.crew().files(&receipt(byte), body);
    let items = western.steward().gets("/v1/reports?limit=100").is(200);
    let handle = &reporter.filed["handle"];
    let row = items["items"].as_array().unwrap().iter().find(|row| row["handle"] == *handle);
    let id = row.unwrap_or_else(|| panic!("{handle} is not on the board: {items}"))["id"].as_str().unwrap();
    Filed { path: format!("/v1/reports/{id}"), id: id.to_owned(), reporter }
}

/// A report on the boards, and whoever filed it.
#[derive(Debug)]
pub struct Filed {
    /// Its id.
    pub id: String,
    /// Its address.
    pub path: String,
    /// Whoever filed it.
    pub reporter: Reporter,
}

impl Filed {
    /// The address of an act.
    pub fn act(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// The report as somebody reads it.
    #[track_caller]
    pub fn read_by(&self, person: &Person) -> Value {
        person.unlocked("GET", &self.path, None).is(200)
    }

    /// Somebody does something about it, with words or without.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "stories read better without a reference before each body")]
    pub fn done_by(&self, person: &Person, act: &str, body: Value) -> Answer {
        person.unlocked("POST", &self.act(act), Some(&body))
    }

    /// Somebody answers that it is done.
    #[track_caller]
    pub fn answered_by(&self, person: &Person) -> Value {
        self.done_by(person, "answer", locked()).is(200)
    }
}

/// An answer: it is done.
pub fn locked() -> Value {
    json!({ "kind": "action", "text": "both revolvers are locked away", "by_role": "upm", "done": "yes" })
}

/// What happened, in order.
pub fn timeline(report: &Value) -> Vec<&str> {
    report["timeline"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect()
}

/// The handles on a page of the board.
pub fn handles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|row| row["handle"].as_str().unwrap()).collect()
}
