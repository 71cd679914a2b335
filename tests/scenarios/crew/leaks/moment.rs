//! The exact moment of a reporter's act stands in no row.

use lastlooks::domain::time::Seconds;
use serde_json::json;

use crate::{
    crew::{dirty_kitchen, files, left_weapon, rows::Rows, small_crew, with},
    support::{app::on_each, days::Days},
};

/// Rows that hold no time of a reporter: accounts and what the engine writes about itself.
const NOT_ABOUT_REPORTS: [&str; 3] = ["sessions", "heartbeats", "engine_state"];

#[test]
fn the_exact_second_of_a_reporters_act_is_in_no_row() {
    on_each(|set| {
        let western = small_crew(set);
        let mut days = Days::of(set);
        days.work();
        let rows = Rows::of(set.database());
        let mut moments = Vec::new();
        let mut at = |millis: i64| {
            set.clock.move_to(set.now().plus_millis(millis));
            moments.push(set.now().get());
        };
        at(423_457);
        let weapon = files(&western.crew(), left_weapon());
        at(61_391);
        files(&western.crew(), with(dirty_kitchen(), json!({ "delay": "up_to_2h" })));
        at(137_913);
        files(&western.crew(), json!({ "category": "retaliation", "severity": "concern", "ongoing": "no" }));
        at(88_177);
        weapon.sends("POST", "/v1/inbox/messages", Some(&json!({ "to": "all", "text": "hello" }))).is(200);
        at(70_719);
        weapon.sends("POST", "/v1/inbox/worse", Some(&json!({}))).is(200);
        at(97_531);
        weapon.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        let stored = rows.all_but(&NOT_ABOUT_REPORTS);
        no_moment_in(&stored, &moments);
        set.advance(Seconds(11));
        days.until(set.now().plus(Seconds::hours(3)));
        no_moment_in(&rows.all_but(&NOT_ABOUT_REPORTS), &moments);
    });
}

/// No number within a second of a moment, no moment as bytes, no moment as text.
#[track_caller]
fn no_moment_in(stored: &crate::crew::rows::Dump, moments: &[i64]) {
    let mut seen = 0;
    for (table, row) in stored.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table, row))) {
        for number in numbers(row) {
            seen += 1;
            for moment in moments {
                assert!((number - moment).abs() >= 1000, "{table} holds {number}: {row}");
                assert_ne!(number, moment / 1000, "{table}: {row}");
            }
        }
        let lower = row.to_lowercase();
        for moment in moments {
            let time = jiff::Timestamp::from_millisecond(*moment).unwrap().strftime("%H:%M:%S").to_string();
            let bytes = [hex::encode(moment.to_be_bytes()), hex::encode(moment.to_le_bytes())];
            let short = [hex::encode(&moment.to_be_bytes()[2..]), hex::encode(&moment.to_le_bytes()[..6])];
            for text in bytes.iter().chain(&short).chain([&time]) {
                assert!(!lower.contains(text), "{table} holds {text}: {row}");
            }
        }
    }
    assert!(seen > 100, "there were numbers to look at");
}

/// Every run of digits that a time could be.
fn numbers(row: &str) -> impl Iterator<Item = i64> {
    row.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|run| run.parse().ok())
}
