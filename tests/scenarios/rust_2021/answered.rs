//! The unit production manager answers report 1 at 11:05, without acknowledging first; everybody else is silent.

use serde_json::json;

use super::{all_missed, begin, body, files, missed, on, written};
use crate::support::app::on_each;

const ANSWER: &str = "all weapons locked up, armorer's duties separated, rehearsal rescheduled";

#[test]
fn an_answer_in_time_stops_the_clock_and_silence_of_the_union_side_closes_it_unchecked() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let first = files(&mut days, &western, 1, body(1));
        days.until(on(16, 11, 5));
        let upm = western.upm();
        let list = upm.gets("/v1/reports?limit=100").is(200);
        let path = format!("/v1/reports/{}", list["items"][0]["id"].as_str().unwrap());
        let answer = json!({ "kind": "action", "text": ANSWER, "by_role": "upm", "done": "yes" });
        upm.unlocked("POST", &format!("{path}/answer"), Some(&answer)).is(200);
        days.deliver();

        let inbox = first.inbox();
        assert_eq!(inbox["answers"][0]["text"], ANSWER);
        assert_eq!((&inbox["answers"][0]["level"], &inbox["answers"][0]["in_time"]), (&json!(2), &json!(true)));
        assert_eq!(inbox["answers"][0]["contestable_until"], written(on(19, 11, 5)));
        assert_eq!(missed(&first), [(1, "acknowledgement".to_owned(), written(on(16, 10, 55)))]);
        assert_eq!((&inbox["awaiting"], &inbox["due_at"]), (&json!("verification"), &json!(written(on(17, 11, 5)))));
        assert!(western.producer(1).gets(&path).status == 404, "level 3 was never told");

        let due = |at| (json!("verification"), json!(written(at)));
        let awaited = || (first.inbox()["awaiting"].clone(), first.inbox()["due_at"].clone());
        let is_told = |person: crate::support::people::Person| person.gets(&path).status == 200;
        assert!(is_told(western.steward()) && is_told(western.rep()) && !is_told(western.international()));

        let mut others = Vec::new();
        others.push(files(&mut days, &western, 2, body(2)));
        days.until(on(17, 11, 5));
        assert_eq!(awaited(), due(on(18, 11, 5)));
        assert!(is_told(western.international()) && !is_told(western.counsel()));
        others.push(files(&mut days, &western, 4, body(4)));
        assert_eq!(others[0].filed["raised_because"], json!(["repeated"]));
        assert_eq!(others[1].filed["raised_because"], json!(["category_minimum", "repeated"]));
        days.until(on(18, 11, 5));
        assert_eq!(awaited(), due(on(19, 11, 5)));
        assert!(is_told(western.counsel()));
        days.until(on(19, 11, 5));
        let closed = first.inbox();
        assert_eq!((&closed["status"], &closed["outcome"]), (&json!("closed"), &json!("answered_not_checked")));
        let lines = closed["timeline"].as_array().unwrap();
        assert!(lines.iter().any(|line| line["what"] == "not_verified"), "{closed}");
        assert_eq!(missed(&first).len(), 1);
    });
}

#[test]
fn the_answered_run_has_nineteen_breaches_in_all() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        days.until(on(16, 11, 5));
        let upm = western.upm();
        let list = upm.gets("/v1/reports?limit=100").is(200);
        let path = format!("/v1/reports/{}/answer", list["items"][0]["id"].as_str().unwrap());
        let answer = json!({ "kind": "action", "text": ANSWER, "by_role": "upm", "done": "yes" });
        upm.unlocked("POST", &path, Some(&answer)).is(200);
        for number in 2..=7 {
            files(&mut days, &western, number, body(number));
        }
        days.until(on(21, 8, 0));
        assert_eq!(all_missed(set), 19);
    });
}
