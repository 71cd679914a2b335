//! Filters leave what their reader is shown, whatever the columns behind them hold.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use crate::{
    reports::{files_as, locked, receipt, unattended_weapon},
    support::{app::on_each, days::Days, people::Person, western::Western},
};

const FILTERS: [(&str, &[&str]); 4] = [
    ("status", &["delivered", "acknowledged", "answered", "closed", "exhausted", "withdrawn"]),
    ("awaiting", &["delivery", "acknowledgement", "answer", "completion", "verification", "contest"]),
    ("category", &["weapons", "electrical", "retaliation", "animals"]),
    ("level", &["1", "2", "3", "9"]),
];

/// Reports in every state that a board can show.
fn a_busy_week(western: &Western<'_>, days: &mut Days<'_>) {
    let (first_ad, steward) = (western.first_ad(), western.steward());
    let electrical = |severity: &str| json!({ "category": "electrical", "severity": severity, "ongoing": "yes" });
    let retaliation =
        json!({ "category": "retaliation", "severity": "concern", "ongoing": "yes", "narrative": "moved" });
    let of = |byte: u8, body: Value| files_as(western, byte, body);
    of(1, unattended_weapon());
    days.deliver();
    pass(western, days, 120);
    // Of these two levels are asked together.
    of(2, electrical("immediate"));
    for (byte, acts) in (3_u8..).zip(["acknowledgement", "answer", "answer", "answer", "answer", "plan"]) {
        let filed = of(byte, electrical("next_setup"));
        match acts {
            "acknowledgement" => drop(filed.done_by(&first_ad, "acknowledgement", json!({})).is(200)),
            "answer" => drop(filed.answered_by(&first_ad)),
            _ => {
                let plan = json!({
                    "kind": "action", "text": "a new cart", "by_role": "upm", "done": "planned",
                    "done_by": "2021-10-16T20:00:00Z",
                });
                filed.done_by(&first_ad, "answer", plan).is(200);
            }
        }
        if byte == 5 {
            let verified = json!({ "verdict": "verified", "note": "I saw it" });
            filed.done_by(&steward, "verification", verified.clone()).is(200);
        }
        if byte == 6 {
            filed.reporter.sends("POST", "/v1/inbox/safety", Some(&json!({ "safe": "no", "reason": "no" }))).is(200);
        }
        if byte == 7 {
            filed.reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        }
    }
    // One in ten of these is drawn to be checked, which the production's side is not shown.
    let hot = json!({ "category": "heat_cold_weather_structure", "severity": "next_call", "ongoing": "no" });
    (20..60).for_each(|byte| drop(western.crew().files(&receipt(byte), hot.clone())));
    pass(western, days, 16);
    for item in items(&first_ad, "category=heat_cold_weather_structure") {
        let path = format!("/v1/reports/{}/answer", item["id"].as_str().unwrap());
        first_ad.unlocked("POST", &path, Some(&locked())).is(200);
    }
    western.crew().files(&"ef".repeat(16), retaliation);
    pass(western, days, 61);
}

fn pass(western: &Western<'_>, days: &mut Days<'_>, minutes: u32) {
    let until = western.set.now().plus(Seconds::minutes(minutes));
    days.until(until);
}

#[track_caller]
fn items(person: &Person, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut path = format!("/v1/reports?limit=7&{query}");
    loop {
        let page = person.gets(&path).is(200);
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return items };
        path = format!("/v1/reports?limit=7&{query}&cursor={next}");
    }
}

fn has(item: &Value, field: &str, value: &str) -> bool {
    match field {
        "unanswered" => (item["unanswered_by"] == json!([])) == (value == "false"),
        "level" => item["level"].as_u64() == value.parse().ok(),
        _ => item[field] == value,
    }
}

#[test]
fn a_filter_leaves_exactly_the_rows_that_are_shown_with_what_it_asks_for() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        a_busy_week(&western, &mut days);
        let filters = FILTERS.iter().copied().chain([("unanswered", ["true", "false"].as_slice())]);
        let filters: Vec<(&str, &str)> =
            filters.flat_map(|(field, values)| values.iter().map(move |value| (field, *value))).collect();
        for person in [western.first_ad(), western.upm(), western.producer(1), western.steward(), western.rep()] {
            items(&person, "");
            let all = items(&person, "");
            for (field, value) in &filters {
                let wanted: Vec<&Value> = all.iter().filter(|item| has(item, field, value)).collect();
                let left = items(&person, &format!("{field}={value}"));
                assert_eq!(left.iter().collect::<Vec<_>>(), wanted, "{person:?}: {field}={value}");
            }
        }
        let steward = items(&western.steward(), "awaiting=verification").len();
        let first_ad = items(&western.first_ad(), "awaiting=verification").len();
        assert!(steward >= first_ad && first_ad > 0, "{steward} {first_ad}");
    });
}
