//! Crew codes that are rotated or burned, and more reports in an hour than anybody expects.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use super::{dirty_kitchen, files, left_weapon, new_receipt, on_board, read_by, rows::Rows, small_crew, with};
use crate::support::{app::on_each, people::Crew, people::Person, western::Western};

fn renews(by: &Person, western: &Western<'_>, body: Option<&Value>) -> Value {
    by.sends("POST", &western.path("/crew-code"), body).is(201)
}

fn with_code(western: &Western<'_>, answer: &Value) -> Crew {
    Crew::with(western.set, answer["crew_code"].as_str().unwrap())
}

/// Whether a report is marked, as two sides see it.
#[track_caller]
fn is_marked(western: &Western<'_>, filed: &Value) -> (bool, bool) {
    let of = |person: &Person| {
        let page = person.gets("/v1/reports?limit=100").is(200);
        let row =
            page["items"].as_array().unwrap().iter().find(|row| row["handle"] == filed["handle"]).unwrap().clone();
        let whole = read_by(person, filed);
        assert_eq!(row["overflow"], whole["overflow"]);
        row["overflow"].as_bool().unwrap()
    };
    (of(&western.steward()), of(&western.first_ad()))
}

#[test]
fn a_rotated_code_is_good_for_a_week_files_marked_for_thirty_days_and_is_then_a_miss() {
    on_each(|set| {
        let western = small_crew(set);
        let (old, rotated) = (western.crew(), set.now());
        let answer = renews(&western.upm(), &western, None);
        assert_eq!(answer["old_in_force_until"], "2021-10-23T14:00:00Z");
        assert_eq!(answer["old_files_until"], "2021-11-22T14:00:00Z");
        let new = with_code(&western, &answer);
        set.clock.move_to(rotated.plus(Seconds::days(7)).plus_millis(-1));
        assert_eq!(is_marked(&western, &files(&old, left_weapon()).filed), (false, false));
        assert_eq!(old.manifest().is(200)["code_in_force"], true);
        set.clock.move_to(rotated.plus(Seconds::days(7)));
        let by_new = files(&new, left_weapon()).filed;
        assert_eq!(is_marked(&western, &by_new), (false, false));
        let marked = files(&old, left_weapon()).filed;
        assert_eq!(is_marked(&western, &marked), (true, false), "for the union side alone");
        for field in ["status", "severity", "due_at", "level", "awaiting", "levels"] {
            assert_eq!(marked[field], by_new[field], "{field}");
        }
        assert_eq!(old.manifest().is(200)["code_in_force"], false);
        set.clock.move_to(rotated.plus(Seconds::days(37)).plus_millis(-1));
        files(&old, left_weapon());
        set.clock.move_to(rotated.plus(Seconds::days(37)));
        old.tries_to_file(&with(left_weapon(), json!({ "receipt": new_receipt() }))).refuses(404, "not-found");
        old.manifest().refuses(404, "not-found");
        files(&new, left_weapon());
    });
}

#[test]
fn a_burned_code_and_every_one_before_it_lose_their_force_at_once() {
    on_each(|set| {
        let western = small_crew(set);
        let first = western.crew();
        let second = with_code(&western, &renews(&western.steward(), &western, Some(&json!({}))));
        let third = with_code(&western, &renews(&western.operator(), &western, Some(&json!({ "burn": true }))));
        for burned in [&first, &second] {
            assert_eq!(is_marked(&western, &files(burned, left_weapon()).filed), (true, false));
        }
        assert_eq!(is_marked(&western, &files(&third, left_weapon()).filed), (false, false));
        set.advance(Seconds::days(30));
        let body = || with(left_weapon(), json!({ "receipt": new_receipt() }));
        for burned in [&first, &second] {
            burned.tries_to_file(&body()).refuses(404, "not-found");
        }
        third.tries_to_file(&body()).is(201);
    });
}

#[test]
fn either_side_and_the_operator_renew_the_code_and_nobody_else() {
    on_each(|set| {
        let mut western = small_crew(set);
        let fay = western.seats("Financier", "Fay", "financier@western.test", &["financier"]);
        fay.sends("POST", &western.path("/crew-code"), None).refuses(404, "not-found");
        set.client().send("POST", &western.path("/crew-code"), &[], None).refuses(401, "sign-in-required");
        let nowhere = format!("/v1/productions/{}/crew-code", "09".repeat(16));
        western.steward().sends("POST", &nowhere, None).refuses(404, "not-found");
        let wrong = json!({ "burn": "hunter2" });
        western.steward().sends("POST", &western.path("/crew-code"), Some(&wrong)).refuses_field("burn", "hunter2");
        for by in [western.steward(), western.first_ad(), western.operator()] {
            assert_eq!(renews(&by, &western, None)["crew_code"].as_str().unwrap().len(), 8);
        }
    });
}

#[test]
fn above_the_hours_budget_a_report_is_taken_like_any_other_and_marked_for_the_union_side_alone() {
    on_each(|set| {
        let western = small_crew(set);
        let rows = Rows::of(set.database());
        let made = || ["outbox", "ledger_pending", "events", "sealed"].map(|table| rows.count(table));
        let mut grown = Vec::new();
        let mut last = None;
        // A crew of 100 has twenty an hour.
        for _ in 0..21 {
            let before = made();
            let filed = files(&western.crew(), left_weapon()).filed;
            let after = made();
            grown.push([0, 1, 2, 3].map(|n| after[n] - before[n]));
            if let Some(before) = last.replace(filed.clone()) {
                for field in ["status", "severity", "due_at", "level", "raised_because", "delay_dropped"] {
                    assert_eq!(filed[field], before[field], "{field}");
                }
            }
        }
        assert!(grown.iter().all(|rows| *rows == grown[0]), "notices, record and ledger are the same: {grown:?}");
        let marked = western.steward().gets("/v1/reports?limit=100").is(200);
        let marked = marked["items"].as_array().unwrap().iter().filter(|row| row["overflow"] == true).count();
        assert_eq!(marked, 1);
        assert_eq!(is_marked(&western, &last.unwrap()), (true, false));
        set.advance(Seconds::hours(1));
        assert_eq!(is_marked(&western, &files(&western.crew(), left_weapon()).filed), (false, false));
    });
}

#[test]
fn the_same_report_sent_again_takes_nothing_from_the_budget() {
    on_each(|set| {
        let western = small_crew(set);
        let body = with(left_weapon(), json!({ "receipt": new_receipt() }));
        western.crew().tries_to_file(&body).is(201);
        for _ in 0..25 {
            western.crew().tries_to_file(&body).is(200);
        }
        assert_eq!(is_marked(&western, &files(&western.crew(), left_weapon()).filed), (false, false));
    });
}

#[test]
fn what_is_marked_raises_no_other_report() {
    on_each(|set| {
        let western = small_crew(set);
        let kitchen = with(dirty_kitchen(), json!({ "severity": "next_setup", "category": "electrical" }));
        let old = western.crew();
        let new = with_code(&western, &renews(&western.steward(), &western, Some(&json!({ "burn": true }))));
        let marked = files(&old, kitchen.clone()).filed;
        assert!(on_board(&western.steward(), &marked).is_some());
        set.advance(Seconds::hours(2));
        let second = files(&new, kitchen.clone()).filed;
        assert_eq!((&second["severity"], &second["raised_because"]), (&json!("next_setup"), &json!([])));
        set.advance(Seconds::hours(2));
        // One that is not marked does, also a marked one.
        assert_eq!(files(&old, kitchen).filed["raised_because"], json!(["repeated"]));
    });
}
