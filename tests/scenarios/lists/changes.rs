//! Waiting for a change: woken by what one may see, and by nothing else.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    reports::{files, files_as, locked, timeline, unattended_weapon},
    support::{
        TestDatabase,
        app::{TestApp, on_each},
        people::Person,
    },
};

/// Longer than any of these stories takes.
const LONG: u8 = 25;

#[track_caller]
fn tag(person: &Person) -> String {
    // The first list puts on record that it was sent.
    person.gets("/v1/reports").is(200);
    person.gets("/v1/reports").header("etag").replace('"', "")
}

/// What a poll answers while something happens, and how long it took.
#[track_caller]
fn polled(person: &Person, wait: u8, meanwhile: impl FnOnce()) -> (Value, Duration) {
    let path = format!("/v1/events?after={}&wait={wait}", tag(person));
    let waiting = person.clone();
    #[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
    thread::scope(|scope| {
        let began = Instant::now();
        let poll = scope.spawn(move || waiting.gets(&path).is(200));
        // Long enough for the poll to wait.
        thread::sleep(Duration::from_millis(300));
        meanwhile();
        (poll.join().unwrap(), began.elapsed())
    })
}

#[test]
fn a_poll_is_woken_by_what_its_reader_may_see() {
    on_each(|set| {
        let western = set.western();
        let (first_ad, steward) = (western.first_ad(), western.steward());
        let (answer, took) = polled(&steward, LONG, || drop(files(&western, 1)));
        assert_eq!(answer["changed"], true, "{answer}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert_eq!(answer["etag"], steward.gets("/v1/reports").header("etag"));

        let filed = files_as(&western, 2, unattended_weapon());
        let acknowledge = || drop(first_ad.sends("POST", &filed.act("acknowledgement"), None).is(200));
        assert_eq!(polled(&steward, LONG, acknowledge).0["changed"], true);
        let text = json!({ "to": "union", "text": "it still lies there" });
        let write = || drop(filed.reporter.sends("POST", "/v1/inbox/messages", Some(&text)).is(200));
        assert_eq!(polled(&steward, LONG, write).0["changed"], true, "a message changes no field of the row");
    });
}

#[test]
fn without_a_tag_or_with_an_old_one_a_poll_answers_at_once() {
    on_each(|set| {
        let western = set.western();
        let steward = western.steward();
        let old = tag(&steward);
        files(&western, 1);
        let now = tag(&steward);
        for path in
            [format!("/v1/events?after={old}"), format!("/v1/events?after=%22{old}%22&wait=25"), "/v1/events".into()]
        {
            let answer = steward.gets(&path).is(200);
            assert_eq!(answer, json!({ "changed": true, "etag": format!("\"{now}\"") }), "{path}");
        }
        let still = steward.gets(&format!("/v1/events?after={now}&wait=0")).is(200);
        assert_eq!(still, json!({ "changed": false, "etag": format!("\"{now}\"") }));
        // Read with the key, the list has another tag.
        let opened = steward.unlocked("GET", "/v1/reports", None).header("etag").replace('"', "");
        assert_ne!(opened, now);
        let still = steward.unlocked("GET", &format!("/v1/events?after={opened}&wait=0"), None).is(200);
        assert_eq!(still["changed"], false);
    });
}

/// A life of a report that the 1st assistant director is kept out of.
fn hidden_life(western: &crate::support::western::Western<'_>) {
    let mut about_them = unattended_weapon();
    about_them["subject_role"] = json!("1st_ad");
    let filed = files_as(western, 40, about_them);
    western.upm().sends("POST", &filed.act("acknowledgement"), None).is(200);
    filed.read_by(&western.upm());
    let text = json!({ "to": "all", "text": "thank you" });
    filed.reporter.sends("POST", "/v1/inbox/messages", Some(&text)).is(200);
    filed.done_by(&western.line_producer(), "answer", locked()).is(200);
}

#[test]
fn whoever_is_kept_out_is_neither_woken_nor_answered_earlier() {
    on_each(|set| {
        let western = set.western();
        files(&western, 1);
        let first_ad = western.first_ad();
        let before = tag(&first_ad);
        let (answer, took) = polled(&first_ad, 3, || hidden_life(&western));
        assert_eq!(answer, json!({ "changed": false, "etag": format!("\"{before}\"") }));
        assert!(took >= Duration::from_secs(3), "{took:?}");
        let (quiet, undisturbed) = polled(&first_ad, 3, || {});
        assert_eq!(quiet, answer);
        let later = took.saturating_sub(undisturbed);
        assert!(later < Duration::from_secs(2), "{later:?} later than without");
    });
}

#[test]
fn waiting_is_not_being_sent_a_report() {
    on_each(|set| {
        let western = set.western();
        let (first_ad, steward) = (western.first_ad(), western.steward());
        let answer = polled(&first_ad, LONG, || drop(files(&western, 1))).0;
        assert_eq!(answer["changed"], true);
        let filed = files_as(&western, 2, unattended_weapon());
        let seen = filed.read_by(&steward);
        assert!(!timeline(&seen).contains(&"listed"), "{seen}");
    });
}

#[test]
fn a_poll_at_one_process_is_woken_by_a_write_at_another_on_postgresql() {
    let set = TestApp::on(TestDatabase::postgres());
    let western = set.western();
    files(&western, 1);
    let other = set.beside();
    let (steward, first_ad) = (western.steward().through(&other.client), western.first_ad().through(&other.client));
    let (answer, took) = polled(&steward, LONG, || drop(files(&western, 2)));
    assert_eq!(answer["changed"], true);
    assert!(took < Duration::from_secs(10), "{took:?}");
    let (answer, took) = polled(&first_ad, 3, || hidden_life(&western));
    assert_eq!(answer["changed"], false);
    assert!(took >= Duration::from_secs(3), "{took:?}");
}
