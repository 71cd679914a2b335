//! Readings that were settled late: what an answer shows, what a policy takes, what comes too late to be put on record.

use std::{thread, time::Duration};

use diesel::{RunQueryDsl as _, sql_query};
use lastlooks::{
    domain::time::Seconds,
    storage::{StorageError, Tx},
};
use serde_json::json;

use super::{files, files_as, locked};
use crate::{storage::KEY, support::app::on_each};

#[test]
fn the_time_to_contest_a_plan_begins_with_its_completion() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let plan = json!({
            "kind": "action", "text": "a new cart comes", "by_role": "props_master",
            "done": "planned", "done_by": "2021-10-16T18:00:00Z",
        });
        let planned = filed.done_by(&first_ad, "answer", plan).is(200);
        assert_eq!(planned["answers"][0]["contestable_until"], json!(null));
        set.advance(Seconds::hours(1));
        filed.done_by(&first_ad, "answer", locked()).is(200);
        for read in [filed.read_by(&first_ad), filed.reporter.inbox()] {
            let until = [0, 1].map(|place| read["answers"][place]["contestable_until"].clone());
            // Three days after 09:00 in Denver.
            assert_eq!(until, [json!(null), json!("2021-10-19T15:00:00Z")], "{read}");
        }
    });
}

#[test]
fn a_dispute_was_to_do_nothing() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let dispute = json!({ "kind": "dispute", "text": "both are replicas and were checked" });
        filed.done_by(&first_ad, "answer", dispute).is(200);
        filed.done_by(&first_ad, "answer", locked()).is(200);
        for read in [filed.read_by(&western.steward()), filed.reporter.inbox()] {
            let done = [0, 1].map(|place| read["answers"][place]["done"].clone());
            assert_eq!(done, [json!(null), json!("yes")], "{read}");
        }
    });
}

#[test]
fn delivered_names_the_first_level_and_the_first_cycle() {
    on_each(|set| {
        let western = set.western();
        let (plain, mut about_them) = (files(&western, 1), super::unattended_weapon());
        about_them["subject_role"] = json!("1st_ad");
        let skipped = files_as(&western, 2, about_them);
        for (filed, level) in [(plain, 1), (skipped, 2)] {
            for read in [filed.read_by(&western.steward()), filed.reporter.inbox()] {
                let line = read["timeline"].as_array().unwrap().iter().find(|line| line["what"] == "delivered");
                let line = line.unwrap();
                assert_eq!((&line["level"], &line["cycle"]), (&json!(level), &json!(1)), "{read}");
            }
        }
    });
}

#[test]
fn what_a_policy_takes_from_the_other_side_waits_for_its_agreement() {
    on_each(|set| {
        let western = set.western();
        let (producer, path) = (western.producer(1), western.path("/policy"));
        for (document, taken) in [
            (json!({ "contest_seconds": 3600 }), "contest_seconds"),
            (json!({ "verification": { "immediate": 600 } }), "verification.immediate"),
            (json!({ "steps": { "concern": 1 } }), "steps.concern"),
            (json!({ "windows": { "concern": { "acknowledge": [86_400] } } }), "windows.concern"),
            (
                json!({ "windows": { "retaliation": { "answer": 86_400, "acknowledge": [600] } } }),
                "windows.retaliation",
            ),
            (json!({ "observers": ["immediate"] }), "observers"),
            (json!({ "repeated": { "within": 7200 } }), "repeated"),
        ] {
            let before = producer.gets(&path).is(200);
            let waits = producer.sends("PUT", &path, Some(&document)).is(202);
            assert_eq!(waits["version"], before["version"], "the one before stays in force");
            let named = waits["pending"]["taken"].as_array().unwrap();
            assert!(named.contains(&json!(taken)), "{taken}: {waits}");
        }
        let version = producer.gets(&path).is(200)["pending"]["version"].clone();
        western.steward().posts(&western.path("/policy/agreement"), json!({ "version": version })).is(200);
        assert_eq!(producer.gets(&path).is(200)["repeated"]["within"], 7200);
    });
}

#[test]
fn an_act_that_cannot_be_put_on_record_within_ten_seconds_did_not_happen() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        let act = filed.act("acknowledgement");
        first_ad.session();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = std::sync::mpsc::channel::<()>();
        let storage = set.database().open();
        thread::scope(|scope| {
            let held = std::sync::Mutex::new(held);
            let begun = std::sync::Mutex::new(begun);
            let holding = move |tx: &mut Tx| {
                // The row itself: on PostgreSQL others may read it meanwhile.
                sql_query("UPDATE reports SET version = version").execute(tx)?;
                begun.lock().unwrap().send(()).unwrap();
                held.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
                Ok::<_, StorageError>(())
            };
            let holder = scope.spawn(move || storage.write_blocking(&KEY, holding));
            begins.recv().unwrap();
            let looks = set.clock.looks();
            let acts = scope.spawn(|| first_ad.sends("POST", &act, None));
            // The device, the session, the act: from then on it has its time.
            while set.clock.looks() < looks + 3 {
                thread::sleep(Duration::from_millis(5));
            }
            set.clock.advance(Seconds(10));
            release.send(()).unwrap();
            holder.join().unwrap().unwrap();
            acts.join().unwrap().refuses(503, "unavailable");
        });
        assert_eq!(filed.read_by(&western.steward())["status"], "delivered");
        first_ad.sends("POST", &act, None).is(200);
    });
}
