//! Nobody on the production's side does anything; every notice is accepted; no outage.

use serde_json::Value;

use super::{all_missed, begin, board, body, files, missed, on, told, written};
use crate::support::{app::on_each, people::Reporter};

/// Severity, why, deadlines as (level, day, hour, minute), exhausted, daily entries by 21 October, 08:00.
struct Row {
    severity: &'static str,
    because: &'static [&'static str],
    missed: [(u64, (u32, u32, u32)); 3],
    told: [(u64, (u32, u32, u32)); 3],
    days: usize,
}

#[rustfmt::skip]
const TABLE: [Row; 7] = [
    Row { severity: "next_setup", because: &[], days: 4,
        told: [(1, (16, 10, 40)), (2, (16, 10, 55)), (3, (16, 11, 10))],
        missed: [(1, (16, 10, 55)), (2, (16, 11, 10)), (3, (16, 11, 40))] },
    Row { severity: "immediate", because: &["repeated"], days: 4,
        told: [(1, (16, 15, 5)), (2, (16, 15, 5)), (3, (16, 15, 10))],
        missed: [(1, (16, 15, 10)), (2, (16, 15, 10)), (3, (16, 15, 25))] },
    Row { severity: "next_setup", because: &[], days: 3,
        told: [(1, (17, 9, 30)), (2, (17, 9, 45)), (3, (17, 10, 0))],
        missed: [(1, (17, 9, 45)), (2, (17, 10, 0)), (3, (17, 10, 30))] },
    Row { severity: "immediate", because: &["category_minimum", "repeated"], days: 3,
        told: [(1, (17, 13, 20)), (2, (17, 13, 20)), (3, (17, 13, 25))],
        missed: [(1, (17, 13, 25)), (2, (17, 13, 25)), (3, (17, 13, 40))] },
    Row { severity: "next_call", because: &[], days: 2,
        told: [(1, (18, 8, 15)), (2, (18, 10, 15)), (3, (18, 12, 15))],
        missed: [(1, (18, 10, 15)), (2, (18, 12, 15)), (3, (18, 16, 15))] },
    Row { severity: "next_call", because: &[], days: 2,
        told: [(1, (18, 21, 30)), (2, (18, 23, 30)), (3, (19, 1, 30))],
        missed: [(1, (18, 23, 30)), (2, (19, 1, 30)), (3, (19, 5, 30))] },
    Row { severity: "immediate", because: &["ignored_before", "repeated"], days: 0,
        told: [(1, (20, 19, 0)), (2, (20, 19, 0)), (3, (20, 19, 5))],
        missed: [(1, (20, 19, 5)), (2, (20, 19, 5)), (3, (20, 19, 20))] },
];

#[test]
fn the_silent_run_has_every_figure_of_its_table_to_the_minute() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let mut reporters: Vec<Reporter> = Vec::new();
        for number in 1..=7 {
            let reporter = files(&mut days, &western, number, body(number));
            let row = &TABLE[number - 1];
            assert_eq!(reporter.filed["severity"], row.severity, "report {number}");
            assert_eq!(reporter.filed["raised_because"], serde_json::json!(row.because), "report {number}");
            reporters.push(reporter);
        }
        days.until(on(21, 8, 0));
        for (number, (reporter, row)) in (1..).zip(reporters.iter().zip(&TABLE)) {
            let expected: Vec<_> = row
                .missed
                .iter()
                .map(|(level, (d, h, m))| (*level, "acknowledgement".to_owned(), written(on(*d, *h, *m))))
                .collect();
            assert_eq!(missed(reporter), expected, "report {number}");
            let expected: Vec<_> =
                row.told.iter().map(|(level, (d, h, m))| (*level, written(on(*d, *h, *m)))).collect();
            assert_eq!(told(reporter), expected, "report {number}");
            assert_eq!(reporter.inbox()["status"], "exhausted", "report {number}");
            assert_eq!(days.events_of(&handle(reporter), "exhausted_day"), row.days, "report {number}");
        }
        assert_eq!(all_missed(set), 21);
        let lines = set.wait(set.app().unanswered("western")).unwrap();
        let oldest = &lines[0];
        assert_eq!((oldest.level, oldest.missed.as_str()), (1, "acknowledgement"));
        assert_eq!(oldest.due_at, written(on(16, 10, 55)));
        assert_eq!(oldest.handle, handle(&reporters[0]));
        let list = western.rep().gets("/v1/reports?unanswered=true&limit=100").is(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 7);
    });
}

#[test]
fn union_desks_are_told_with_the_production_desks_and_observers_and_counsel_at_the_end() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let handle = handle(&reporter);
        let knows = |person: &crate::support::people::Person| board(person).contains(&handle);
        assert!(knows(&western.first_ad()) && knows(&western.steward()));
        assert!(!knows(&western.upm()) && !knows(&western.rep()));
        days.until(on(16, 10, 55));
        assert!(knows(&western.upm()) && knows(&western.rep()));
        assert!(!knows(&western.producer(1)) && !knows(&western.international()));
        days.until(on(16, 11, 10));
        assert!(knows(&western.producer(6)) && knows(&western.international()));
        assert!(!knows(&western.counsel()) && !knows(&western.financier()) && !knows(&western.guarantor()));
        days.until(on(16, 11, 40));
        assert!(knows(&western.counsel()) && knows(&western.financier()) && knows(&western.guarantor()));
    });
}

#[test]
fn nothing_on_the_productions_side_shows_what_is_for_the_union_alone() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 7, body(7));
        days.until(on(20, 19, 20));
        let handle = handle(&reporter);
        for person in [western.first_ad(), western.upm(), western.producer(3), western.financier()] {
            let list = person.unlocked("GET", "/v1/reports?limit=100", None);
            let items = list.is(200);
            let item = items["items"].as_array().unwrap().iter().find(|i| i["handle"] == handle.as_str()).cloned();
            let path = format!("/v1/reports/{}", item.unwrap()["id"].as_str().unwrap());
            let answer = person.unlocked("GET", &path, None);
            let report = answer.is(200);
            assert_eq!(report["union"], Value::Null, "{person:?}");
            assert_eq!(report["shared"]["make_safe"], "stop and check", "{person:?}");
            for hidden in ["nobody came", "camera", "raised_with", "considering_refusal\":true"] {
                assert!(!answer.text().contains(hidden), "{person:?} sees {hidden}");
                assert!(!list.text().contains(hidden), "{person:?} sees {hidden}");
            }
        }
        let union = western.rep();
        let list = union.unlocked("GET", "/v1/reports?limit=100", None).is(200);
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        let report = union.unlocked("GET", &format!("/v1/reports/{id}"), None).is(200);
        assert_eq!(report["union"]["raised_with"], "upm");
        assert_eq!(report["union"]["considering_refusal"], true);
    });
}

fn handle(reporter: &Reporter) -> String {
    reporter.filed["handle"].as_str().unwrap().to_owned()
}
