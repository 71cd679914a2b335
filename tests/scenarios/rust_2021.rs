//! The set of *Rust*, October 2021: seven warnings, and what would have been on record before 21 October.
//!
//! Facts from press and from New Mexico's occupational health and safety bureau; the times of day are ours.

mod answered;
mod silent;
mod subject;

use lastlooks::domain::time::UtcMillis;
use serde_json::{Value, json};

use crate::support::{
    app::{MORNING, TestApp},
    days::Days,
    people::{Person, Reporter},
    western::Western,
};

/// An instant of October 2021, in Denver.
pub fn on(day: u32, hour: u32, minute: u32) -> UtcMillis {
    let since = i64::from(day * 86_400 + hour * 3600 + minute * 60) - (16 * 86_400 + 8 * 3600);
    MORNING.plus_millis(since * 1000)
}

/// The same instant as the API writes it.
pub fn written(at: UtcMillis) -> String {
    let seconds = at.get() / 1000 - MORNING.get() / 1000 + 14 * 3600;
    let (day, rest) = (16 + seconds / 86_400, seconds % 86_400);
    format!("2021-10-{day:02}T{:02}:{:02}:00Z", rest / 3600, rest % 3600 / 60)
}

/// What was seen: when, category, kind, severity chosen, ongoing.
type Seen = ((u32, u32, u32), &'static str, &'static str, &'static str, &'static str);

const SEEN: [Seen; 7] = [
    ((16, 10, 40), "weapons", "went_off_unintended", "next_setup", "no"),
    ((16, 15, 5), "weapons", "went_off_unintended", "next_setup", "no"),
    ((17, 9, 30), "explosives_sfx", "no_warning", "next_setup", "unknown"),
    ((17, 13, 20), "weapons", "left_unattended", "next_call", "yes"),
    ((18, 8, 10), "rehearsal_and_process", "rehearsal_skipped", "next_call", "yes"),
    ((18, 21, 30), "fatigue", "rest_breach", "next_call", "yes"),
    ((20, 19, 0), "rehearsal_and_process", "no_safety_meeting", "next_setup", "yes"),
];

/// The body of report `number`, 1..=7, without its receipt.
pub fn body(number: usize) -> Value {
    let (_, category, kind, severity, ongoing) = SEEN[number - 1];
    let mut body = json!({
        "category": category, "kind": kind, "severity": severity, "ongoing": ongoing,
        "departments": ["camera"], "narrative": "we asked and nobody came", "make_safe": "stop and check",
    });
    if number == 7 {
        body["raised_before"] = json!("yes");
        body["raised_with"] = json!("upm");
        body["was_answered"] = json!("no");
        body["considering_refusal"] = json!(true);
    }
    body
}

/// Moves time to the moment of report `number` and files it.
#[track_caller]
pub fn files(days: &mut Days<'_>, western: &Western<'_>, number: usize, body: Value) -> Reporter {
    let (day, hour, minute) = SEEN[number - 1].0;
    days.until(on(day, hour, minute));
    let filed = western.crew().files(&hex::encode([u8::try_from(number).unwrap(); 16]), body);
    days.deliver();
    filed
}

/// What is on record of a report: (level, what was awaited, deadline), in the order of deadlines and levels.
pub fn missed(reporter: &Reporter) -> Vec<(u64, String, String)> {
    let inbox = reporter.inbox();
    let mut missed: Vec<_> = inbox["unanswered_by"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| {
            assert_eq!(b["told"], true, "every notice was accepted: {b}");
            (b["level"].as_u64().unwrap(), text(&b["awaiting"]), text(&b["due_at"]))
        })
        .collect();
    missed.sort_by(|a, b| (&a.2, a.0).cmp(&(&b.2, b.0)));
    missed
}

/// The instants at which levels were told: (level, start of the span's end).
pub fn told(reporter: &Reporter) -> Vec<(u64, String)> {
    let inbox = reporter.inbox();
    let lines = inbox["timeline"].as_array().unwrap().clone();
    let assigned = lines.iter().filter(|line| line["what"] == "assigned");
    assigned
        .map(|line| {
            let end = line["until"].as_str().or(line["at"].as_str()).unwrap();
            (line["level"].as_u64().unwrap(), end.to_owned())
        })
        .collect()
}

/// A JSON text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Handles on somebody's board.
pub fn board(person: &Person) -> Vec<String> {
    let list = person.gets("/v1/reports?limit=100").is(200);
    let mut handles: Vec<String> = list["items"].as_array().unwrap().iter().map(|item| text(&item["handle"])).collect();
    handles.sort();
    handles
}

/// The western of a story, at 08:00 on 16 October.
pub fn begin(set: &TestApp) -> (Western<'_>, Days<'_>) {
    let western = set.western();
    let mut days = Days::of(set);
    days.deliver();
    (western, days)
}

/// How many missed deadlines the host's own list has.
pub fn all_missed(set: &TestApp) -> usize {
    set.wait(set.app().unanswered("western")).unwrap().len()
}
