//! Figures over one's own list.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use crate::{
    reports::{files, files_as, locked, unattended_weapon},
    support::{app::on_each, days::Days, people::Person},
};

/// The row of one group.
#[track_caller]
fn row(statistics: &Value, by: &str, of: &str) -> Value {
    let rows = statistics["items"].as_array().unwrap();
    let found = rows.iter().find(|row| row["by"] == by && row["of"] == of);
    found.unwrap_or_else(|| panic!("no {by} {of} in {statistics}")).clone()
}

#[track_caller]
fn counts(row: &Value) -> [u64; 4] {
    ["filed", "answered_in_time", "late", "unanswered"].map(|field| row[field].as_u64().unwrap())
}

#[track_caller]
fn of(person: &Person) -> Value {
    person.gets("/v1/statistics").is(200)
}

#[test]
fn what_was_answered_in_time_late_and_never_is_counted_with_how_long_it_took() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        let first_ad = western.first_ad();
        // On the stroke of a minute, so that the span of the filing ends where it begins.
        let [quick, slow, never] = [1, 2, 3].map(|byte| files(&western, byte));
        days.deliver();
        set.advance(Seconds::minutes(4));
        first_ad.sends("POST", &quick.act("acknowledgement"), None).is(200);
        set.advance(Seconds::minutes(6));
        quick.done_by(&first_ad, "answer", locked()).is(200);
        days.until(set.now().plus(Seconds::minutes(10)));
        slow.done_by(&first_ad, "answer", locked()).is(200);
        let seen = of(&western.steward());
        for (by, value) in [("all", "all"), ("category", "weapons"), ("severity", "next_setup")] {
            assert_eq!(counts(&row(&seen, by, value)), [3, 1, 1, 2], "{by} {value}");
        }
        let all = row(&seen, "all", "all");
        assert_eq!([&all["acknowledged_median_seconds"], &all["acknowledged_p90_seconds"]], [240, 1200]);
        assert_eq!([&all["answered_median_seconds"], &all["answered_p90_seconds"]], [600, 1200]);
        assert_eq!(counts(&row(&seen, "level", "1")), [1, 1, 0, 0]);
        assert_eq!(counts(&row(&seen, "level", "2")), [2, 0, 1, 2]);
        assert!(never.read_by(&western.steward())["unanswered_by"][0]["level"] == 1);

        // The office was told of what level 1 let pass, and of nothing else.
        assert_eq!(counts(&row(&of(&western.upm()), "all", "all")), [2, 0, 1, 2]);
        let nothing = of(&western.financier());
        assert_eq!(nothing["items"].as_array().unwrap().len(), 1);
        assert_eq!(counts(&row(&nothing, "all", "all")), [0, 0, 0, 0]);
        assert_eq!(row(&nothing, "all", "all")["answered_median_seconds"], json!(null));
    });
}

#[test]
fn figures_are_of_ones_own_list_and_of_the_production_asked_for() {
    on_each(|set| {
        let western = set.western();
        files(&western, 1);
        let first_ad = western.first_ad();
        let before = first_ad.gets("/v1/statistics");
        let mut about_them = unattended_weapon();
        about_them["subject_role"] = json!("1st_ad");
        files_as(&western, 2, about_them);
        let after = first_ad.gets("/v1/statistics");
        assert_eq!((after.header("etag"), &after.body), (before.header("etag"), &before.body));
        assert_eq!(counts(&row(&of(&western.steward()), "all", "all"))[0], 2);
        let steward = western.steward();
        let asked = |production: &str| steward.gets(&format!("/v1/statistics?production={production}")).is(200);
        assert_eq!(asked("western"), of(&steward));
        assert_eq!(asked(&western.id.to_string()), of(&steward));
        assert_eq!(counts(&row(&asked("eastern"), "all", "all"))[0], 0);
        let operator = of(&western.operator());
        assert_eq!(counts(&row(&operator, "all", "all"))[0], 0);
        set.client().send("GET", "/v1/statistics", &[], None).refuses(401, "sign-in-required");
    });
}

#[test]
fn retaliation_counts_for_the_production_from_its_summary_on() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        let body = json!({ "category": "retaliation", "severity": "concern", "ongoing": "yes" });
        western.crew().files(&crate::reports::receipt(1), body);
        days.until(set.now().plus(Seconds::hours(2)));
        let page = western.steward().gets("/v1/reports").is(200);
        let act = |name: &str| format!("/v1/reports/{}/{name}", page["items"][0]["id"].as_str().unwrap());
        western.steward().sends("POST", &act("acknowledgement"), None).is(200);
        set.advance(Seconds::hours(1));
        let summary = json!({ "text": "somebody was moved off the camera" });
        western.steward().unlocked("POST", &act("summary"), Some(&summary)).is(200);
        set.advance(Seconds::minutes(10));
        western.first_ad().sends("POST", &act("acknowledgement"), None).is(200);
        let (production, union) = (of(&western.first_ad()), of(&western.steward()));
        let production = row(&production, "category", "retaliation");
        assert_eq!((counts(&production), &production["acknowledged_median_seconds"]), ([1, 0, 0, 0], &json!(600)));
        assert_eq!(production["answered_median_seconds"], json!(null));
        let union = row(&union, "category", "retaliation");
        assert_eq!((counts(&union)[1], &union["answered_median_seconds"]), (1, &json!(3 * 3600)));
    });
}
