//! Pages of the board: their order, what they are filled with, and cursors while the list changes under them.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use crate::{
    reports::{files_as, handles},
    support::{app::on_each, days::Days, people::Person},
};

fn electrical() -> Value {
    json!({ "category": "electrical", "severity": "next_setup", "ongoing": "no" })
}

fn about(role: &str) -> Value {
    json!({ "category": "electrical", "severity": "next_setup", "ongoing": "no", "subject_role": role })
}

/// Every handle from this page on.
#[track_caller]
fn walk(person: &Person, query: &str, mut cursor: Option<String>) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = person.gets(&format!("/v1/reports?{query}{after}")).is(200);
        seen.extend(handles(&page).into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return seen,
        }
    }
}

#[test]
fn a_cursor_holds_while_reports_come_move_and_go() {
    on_each(|set| {
        let western = set.western();
        let mut filed = Vec::new();
        for byte in 1..=6 {
            filed.push(files_as(&western, byte, electrical()));
            set.advance(Seconds::minutes(1));
        }
        let steward = western.steward();
        let first = steward.gets("/v1/reports?limit=2").is(200);
        let before = walk(&steward, "limit=100", None);
        assert_eq!(handles(&first), before[..2]);
        let cursor = first["next"].as_str().unwrap().to_owned();
        // The row that the cursor names moves behind everything, and one more urgent than all comes in.
        western.first_ad().sends("POST", &filed[1].act("acknowledgement"), None).is(200);
        let urgent = json!({ "category": "electrical", "severity": "immediate", "ongoing": "yes" });
        files_as(&western, 7, urgent);
        let rest = walk(&steward, "limit=2", Some(cursor.clone()));
        // What did not move comes once each, in its order; what moved back comes at its new place.
        assert_eq!(rest[..4], before[2..6]);
        assert_eq!(rest[4..], [before[1].clone()]);
        // The same cursor again gives the same page.
        assert_eq!(walk(&steward, "limit=2", Some(cursor)), rest);
    });
}

#[test]
fn what_nobody_answered_stands_first() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        let silent = files_as(&western, 1, electrical()).reporter.filed["handle"].clone();
        days.deliver();
        days.until(set.now().plus(Seconds::hours(3)));
        let urgent = json!({ "category": "electrical", "severity": "immediate", "ongoing": "yes" });
        let urgent = files_as(&western, 2, urgent).reporter.filed["handle"].clone();
        for person in [western.steward(), western.producer(1), western.counsel()] {
            let page = person.gets("/v1/reports").is(200);
            assert_eq!(page["items"][0]["handle"], silent, "{person:?}: {page}");
            assert_eq!(page["items"][0]["status"], "exhausted");
        }
        let page = western.steward().gets("/v1/reports").is(200);
        assert_eq!(page["items"][1]["handle"], urgent);
        let observed = western.financier().gets("/v1/reports").is(200);
        assert_eq!(handles(&observed), [silent.as_str().unwrap()]);
    });
}

#[test]
fn a_page_is_filled_past_however_many_reports_its_reader_is_kept_out_of() {
    on_each(|set| {
        let western = set.western();
        // More than a first look covers, all before the two that the reader may see.
        for byte in 1..=70 {
            western.crew().files(&crate::reports::receipt(byte), about("1st_ad"));
        }
        set.advance(Seconds::minutes(2));
        let seen = [81, 82].map(|byte| files_as(&western, byte, electrical()).reporter.filed["handle"].clone());
        let first_ad = western.first_ad();
        let page = first_ad.gets("/v1/reports?limit=1").is(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let mut walked = walk(&first_ad, "limit=1", None);
        walked.sort();
        let mut expected = seen.map(|handle| handle.as_str().unwrap().to_owned());
        expected.sort();
        assert_eq!(walked, expected);
        assert_eq!(walk(&western.upm(), "limit=100", None).len(), 70, "the office is told of those alone");
    });
}

#[test]
fn a_level_passed_over_by_hand_sees_nothing_of_what_went_past_it() {
    on_each(|set| {
        let western = set.western();
        let filed = files_as(&western, 1, electrical());
        let board = |person: &Person| walk(person, "limit=100", None).len();
        assert_eq!((board(&western.upm()), board(&western.producer(1))), (0, 0));
        let reason = json!({ "reason": "nobody is at the office" });
        filed.done_by(&western.steward(), "escalation", reason).is(200);
        assert_eq!((board(&western.upm()), board(&western.producer(1))), (1, 0));
    });
}

#[test]
fn each_wrong_parameter_is_named_and_its_value_is_not() {
    on_each(|set| {
        let western = set.western();
        let steward = western.steward();
        let own_list = steward.gets("/v1/reports").header("etag").replace('"', "");
        for (path, field) in [
            ("/v1/reports?production=Hunter%202", "production"),
            ("/v1/reports?production=", "production"),
            ("/v1/reports?production=-hunter2", "production"),
            ("/v1/reports?unanswered=hunter2", "unanswered"),
            ("/v1/reports?level=10", "level"),
            ("/v1/reports?awaiting=", "awaiting"),
            ("/v1/reports?status=", "status"),
            ("/v1/reports?limit=1&limit=2", "limit"),
            ("/v1/reports?level=%E2%80%AEhunter2", "level"),
            ("/v1/statistics?production=Hunter%202", "production"),
            ("/v1/statistics?boss=hunter2", "boss"),
            ("/v1/events?after=hunter2", "after"),
            ("/v1/events?after=&wait=1", "after"),
            ("/v1/events?wait=26", "wait"),
            ("/v1/events?wait=-1", "wait"),
            ("/v1/events?wait=hunter2", "wait"),
            (&format!("/v1/events?after={own_list}&wait=300"), "wait"),
            ("/v1/events?boss=hunter2", "boss"),
        ] {
            steward.gets(path).refuses_field(field, "unter");
        }
        let other = western.upm().gets("/v1/reports").header("etag").replace('"', "");
        assert_ne!(other, own_list, "an empty list has a tag of its reader's own");
    });
}
