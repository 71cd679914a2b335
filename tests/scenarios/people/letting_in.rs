//! Somebody who comes later: told at once, reading what is open only once a person of their side has let them in.

use std::collections::BTreeMap;

use lastlooks::{domain::ids::ReportId, storage::report_parts};
use serde_json::{Value, json};

use crate::{
    reports::{Filed, files, files_as, unattended_weapon},
    support::{app::on_each, people::Person, western::Western},
};

/// Length of each envelope that somebody has at a report, by its group.
pub fn envelopes(western: &Western<'_>, filed: &Filed, whose: &str) -> BTreeMap<Vec<u8>, usize> {
    let key = western.line_of(whose, &western.steward())["key_id"].as_str().unwrap().to_owned();
    envelopes_of(western, filed, &key)
}

/// As [`envelopes`], for a key that need not be in the roster any more.
pub fn envelopes_of(western: &Western<'_>, filed: &Filed, key: &str) -> BTreeMap<Vec<u8>, usize> {
    let (key, report): (Vec<u8>, ReportId) = (hex::decode(key).unwrap(), filed.id.parse().unwrap());
    let key: [u8; 16] = key.try_into().unwrap();
    let read = move |conn: &mut lastlooks::storage::Conn| report_parts::envelopes_for(conn, report, &key);
    let rows = western.set.database().open().read_blocking(read).unwrap();
    rows.into_iter().map(|row| (row.group_id.0.to_vec(), row.sealed.len())).collect()
}

/// The western with its 1st AD let in, so that the production side can let in others by itself.
fn western_of(set: &crate::support::app::TestApp) -> Western<'_> {
    let western = set.western();
    western.lets_in(&western.steward(), "Safety", &western.first_ad());
    western
}

/// A request with Unlock-Key that has nothing to do with who is let in.
fn looks(person: &Person) {
    person.unlocked("GET", "/v1/reports", None).is(200);
}

#[test]
fn whoever_comes_later_acknowledges_what_is_open_and_reads_it_once_a_desk_mate_has_let_them_in() {
    on_each(|set| {
        let mut western = western_of(set);
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        filed.done_by(&first_ad, "messages", json!({ "text": "we look at the cart" })).is(200);
        filed.reporter.sends("POST", "/v1/inbox/messages", Some(&json!({ "to": "all", "text": "hurry" }))).is(200);
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        let seat = &ned.gets("/v1/me").is(200)["seats"][0];
        assert_eq!((&seat["let_in"], &seat["let_in_by"]), (&json!(false), &json!(["David"])));
        let before = filed.read_by(&ned);
        assert_eq!(
            (&before["sealed"], &before["shared"], &before["messages"]),
            (&json!(true), &json!(null), &json!([]))
        );
        ned.sends("POST", &filed.act("acknowledgement"), None).is(200);
        looks(&first_ad);
        assert_eq!(filed.read_by(&ned)["shared"], json!(null), "nobody has let them in");

        let line = western.lets_in(&first_ad, "Safety", &ned);
        assert_eq!(
            (&line["name"], &line["email"], &line["let_in"]),
            (&json!("Ned"), &json!("ned@western.test"), &json!(true))
        );
        assert_eq!(filed.read_by(&ned)["shared"], json!(null), "nobody with a key has come by");
        looks(&western.steward());
        assert_eq!(filed.read_by(&ned)["shared"], json!(null), "somebody of the other side came by");
        looks(&first_ad);
        let after = filed.read_by(&ned);
        assert_eq!((&after["sealed"], &after["altered"]), (&json!(false), &json!(false)));
        assert_eq!(after["shared"]["make_safe"], "lock the cart");
        let said: Vec<_> = after["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap()).collect();
        assert_eq!(said, ["we look at the cart", "hurry"]);
        assert_eq!(after["union"], json!(null));
        assert_eq!(envelopes(&western, &filed, "Ned"), envelopes(&western, &filed, "David"));
    });
}

#[test]
fn a_new_union_seat_reads_what_the_union_side_reads() {
    on_each(|set| {
        let mut western = set.western();
        let filed = files(&western, 1);
        let deb = western.seats("Shop steward", "Deb", "deb@union.test", &["steward"]);
        western.lets_in(&western.steward(), "Shop steward", &deb);
        looks(&western.steward());
        let seen = filed.read_by(&deb);
        assert_eq!(seen["union"]["narrative"], "it lay on the cart, nobody near");
        assert_eq!(seen["shared"]["make_safe"], "lock the cart");
    });
}

#[test]
fn the_reporters_visit_seals_to_whoever_was_let_in() {
    on_each(|set| {
        let mut western = western_of(set);
        let filed = files(&western, 1);
        filed.done_by(&western.steward(), "messages", json!({ "text": "between us and you" })).is(200);
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        filed.reporter.inbox();
        assert_eq!(filed.read_by(&ned)["shared"], json!(null));
        western.lets_in(&western.first_ad(), "Safety", &ned);
        filed.reporter.inbox();
        assert_eq!(filed.read_by(&ned)["shared"]["make_safe"], "lock the cart");
        assert_eq!(filed.read_by(&ned)["union"], json!(null), "what is the union's stays the union's");
        assert_eq!(envelopes(&western, &filed, "Ned"), envelopes(&western, &filed, "David"));
    });
}

#[test]
fn a_desk_mate_or_the_next_higher_desk_lets_in_and_nobody_else() {
    on_each(|set| {
        let mut western = western_of(set);
        western.lets_in(&western.first_ad(), "Office", &western.upm());
        western.lets_in(&western.upm(), "Producers", &western.producer(1));
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        let may_not = [
            ned.clone(),
            western.operator(),
            western.steward(),
            western.producer(1),
            western.financier(),
            // Not let in themselves.
            western.line_producer(),
        ];
        for by in may_not {
            western.tries_to_let_in(&by, "Safety", &ned).refuses(404, "not-found");
        }
        assert_eq!(western.line_of("Ned", &western.upm())["let_in_by"], json!(["David", "Ulla"]));
        assert_eq!(western.line_of("Ned", &western.upm())["yours_to_let_in"], true);
        assert_eq!(western.line_of("Ned", &western.producer(1))["yours_to_let_in"], false);
        // Not at that desk.
        western.tries_to_let_in(&western.upm(), "Office", &ned).refuses(404, "not-found");
        western.lets_in(&western.upm(), "Safety", &ned);
        let again = western.lets_in(&western.upm(), "Safety", &ned);
        assert_eq!((&again["let_in"], &again["let_in_by"]), (&json!(true), &json!([])));
        assert_eq!(western.line_of("Ned", &western.steward())["handed_out"], false);
    });
}

#[test]
fn a_productions_first_seat_is_let_in_by_a_union_seat_which_then_seals_the_shared_part_to_it() {
    on_each(|set| {
        let mut western = set.empty_western();
        let sam = western.seats("Shop steward", "Sam", "steward@union.test", &["steward"]);
        let filed = files(&western, 1);
        let david = western.seats("Safety", "David", "1stad@western.test", &["1st_ad"]);
        western.lets_in(&sam, "Safety", &david);
        looks(&sam);
        let seen = filed.read_by(&david);
        assert_eq!((&seen["shared"]["make_safe"], &seen["union"]), (&json!("lock the cart"), &json!(null)));
        assert!(!seen.to_string().contains("it lay on the cart"), "{seen}");
        // From now on the production side lets in its own.
        let ulla = western.seats("Office", "Ulla", "upm@western.test", &["upm"]);
        western.tries_to_let_in(&sam, "Office", &ulla).refuses(404, "not-found");
        western.lets_in(&david, "Office", &ulla);
    });
}

#[test]
fn whoever_is_kept_out_gets_decoys_in_the_same_step_and_the_rows_do_not_tell() {
    on_each(|set| {
        let mut western = western_of(set);
        let mut about_the_armorer = unattended_weapon();
        about_the_armorer["subject_role"] = json!("armorer");
        let filed = files_as(&western, 1, about_the_armorer);
        filed.answered_by(&western.first_ad());
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        let arn = western.seats("Safety", "Arn", "arn@western.test", &["armorer"]);
        let board = |person: &Person| person.unlocked("GET", "/v1/reports", None).body;
        let before = board(&arn);
        for person in [&ned, &arn] {
            western.lets_in(&western.first_ad(), "Safety", person);
        }
        for name in ["Ned", "Arn"] {
            assert!(envelopes(&western, &filed, name).is_empty(), "{name}");
        }
        looks(&western.first_ad());
        assert_eq!(envelopes(&western, &filed, "Ned").len(), 2, "the filing and the answer");
        assert_eq!(envelopes(&western, &filed, "Arn"), envelopes(&western, &filed, "Ned"));
        assert_eq!(filed.read_by(&ned)["answers"][0]["text"], "both revolvers are locked away");
        arn.unlocked("GET", &filed.path, None).refuses(404, "not-found");
        assert_eq!(board(&arn), before);
        // Whoever is kept out seals nothing to others either.
        let deb = western.seats("Safety", "Deb", "deb@western.test", &["safety_advisor"]);
        western.lets_in(&western.first_ad(), "Safety", &deb);
        looks(&arn);
        assert!(envelopes(&western, &filed, "Deb").is_empty());
        looks(&ned);
        assert_eq!(envelopes(&western, &filed, "Deb"), envelopes(&western, &filed, "Ned"));
    });
}

#[test]
fn of_retaliation_a_later_production_seat_gets_nothing_but_the_summary_and_what_follows_it() {
    on_each(|set| {
        let mut western = western_of(set);
        let body =
            json!({ "category": "retaliation", "severity": "concern", "ongoing": "yes", "narrative": "I was moved" });
        let filed = files_as(&western, 1, body);
        let steward = western.steward();
        filed.done_by(&steward, "stop-work", json!({ "what": "between us", "may_restart_role": "steward" })).is(200);
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        western.lets_in(&western.first_ad(), "Safety", &ned);
        filed.reporter.inbox();
        assert!(envelopes(&western, &filed, "Ned").is_empty());
        filed.done_by(&steward, "summary", json!({ "text": "somebody lost work" })).is(200);
        let deb = western.seats("Safety", "Deb", "deb@western.test", &["safety_advisor"]);
        western.lets_in(&western.first_ad(), "Safety", &deb);
        filed.reporter.inbox();
        let seen = filed.read_by(&deb);
        assert_eq!(seen["summary"], "somebody lost work");
        let text = seen.to_string();
        assert!(!text.contains("between us") && !text.contains("I was moved"), "{text}");
        assert_eq!(envelopes(&western, &filed, "Deb").len(), 1);
    });
}

#[test]
fn whoever_was_removed_before_anybody_came_by_gets_nothing() {
    on_each(|set| {
        let mut western = western_of(set);
        let filed = files(&western, 1);
        let ned = western.seats("Safety", "Ned", "ned@western.test", &["safety_advisor"]);
        let key: Value = western.line_of("Ned", &western.steward())["key_id"].clone();
        western.lets_in(&western.first_ad(), "Safety", &ned);
        let path = format!("/v1/desks/{}/members/{}", western.desk("Safety"), ned.id());
        western.first_ad().sends("DELETE", &path, None).is(204);
        looks(&western.first_ad());
        filed.reporter.inbox();
        assert!(envelopes_of(&western, &filed, key.as_str().unwrap()).is_empty());
    });
}
