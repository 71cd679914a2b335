//! Mails: sent once, tried again, and what becomes of an address that does not exist.

use std::{collections::BTreeMap, sync::Arc};

use lastlooks::{
    clock::Clock as _,
    notify::{Mailer, from_url, mail::mailbox},
};
use serde_json::Value;

use super::{handle, started, turn};
use crate::{
    rust_2021::{begin, body, files, on, written},
    support::{
        app::{TestApp, on_each},
        days::Days,
        smtp_server::{Received, SmtpServer, Trouble},
    },
};

const FIRST_AD: &str = "1stad@western.test";
const STEWARD: &str = "steward@union.test";

fn by(url: &str) -> Arc<dyn Mailer> {
    Arc::from(from_url(url, &mailbox("Last Looks <reports@western.test>").unwrap()).unwrap())
}

/// The text of a mail, with its quoted-printable encoding undone.
pub fn text(raw: &str) -> String {
    let joined = raw.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = (*first == b'=').then(|| more.get(..2)).flatten();
        let decoded = code.and_then(|code| hex::decode(code.to_ascii_lowercase()).ok());
        rest = if decoded.is_some() { &more[2..] } else { more };
        bytes.push(decoded.map_or(*first, |byte| byte[0]));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Recipient and Message-ID of every mail, with how often it came.
fn arrivals(server: &SmtpServer) -> BTreeMap<(String, String), usize> {
    let mut arrivals = BTreeMap::new();
    for Received { to, text, .. } in server.received() {
        let id = text.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned();
        *arrivals.entry((to[0].clone(), id)).or_insert(0) += 1;
    }
    arrivals
}

/// The mails of a folder to an address.
pub fn in_folder(set: &TestApp, email: &str) -> Vec<String> {
    let files = std::fs::read_dir(set.folder().join("mail")).unwrap();
    let mails = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    mails.filter(|mail| mail.lines().any(|l| l.starts_with("To:") && l.contains(email))).map(|m| text(&m)).collect()
}

fn link(mail: &str) -> Option<String> {
    let (_, rest) = mail.split_once("/a/")?;
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

#[track_caller]
fn first_breach(inbox: &Value) -> (u64, &str, bool) {
    let breach = &inbox["unanswered_by"][0];
    (breach["level"].as_u64().unwrap(), breach["recorded_as"].as_str().unwrap(), breach["told"].as_bool().unwrap())
}

#[test]
fn a_refusal_for_now_is_tried_again_within_a_minute_and_counts_as_told_in_time() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = Days::by(set, by(&server.url()));
        server.next(&[Trouble::AtRecipient("450 4.2.1 busy"), Trouble::AtContent("451 4.3.0 later")]);
        let reporter = files(&mut days, &western, 1, body(1));
        assert_eq!(server.received().len(), 0, "both were refused");
        set.clock.move_to(on(16, 10, 40).plus_millis(36_000));
        days.deliver();
        assert_eq!(server.received().len(), 2);
        days.until(on(16, 10, 55));
        assert_eq!(first_breach(&reporter.inbox()), (1, "unanswered", true));
    });
}

#[test]
fn a_mail_whose_acceptance_was_lost_is_sent_again_as_the_same_mail() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = Days::by(set, by(&server.url()));
        server.next(&[Trouble::HangUpAfterContent, Trouble::HangUpAfterContent]);
        let reporter = files(&mut days, &western, 1, body(1));
        assert_eq!(days.events_of(&handle(&reporter), "notified"), 0, "nobody said that it was taken");
        set.clock.move_to(on(16, 10, 40).plus_millis(36_000));
        days.deliver();
        let arrivals = arrivals(&server);
        assert_eq!(arrivals.len(), 2, "{arrivals:?}");
        assert!(arrivals.values().all(|times| *times == 2), "{arrivals:?}");
        assert_eq!(days.events_of(&handle(&reporter), "notified"), 1);
    });
}

#[test]
fn a_level_that_no_mail_reaches_is_passed_on_at_once_and_those_who_can_mend_it_are_told() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let (western, _) = begin(set);
        let mut days = Days::by(set, by(&server.url()));
        server.refuses(FIRST_AD, "550 5.1.1 no such user");
        let reporter = files(&mut days, &western, 1, body(1));
        let inbox = reporter.inbox();
        assert_eq!(first_breach(&inbox), (1, "not_notified", false));
        assert_eq!((&inbox["level"], &inbox["due_at"]), (&2.into(), &written(on(16, 10, 55)).into()));

        let about = server.received().into_iter().filter(|mail| text(&mail.text).contains("does not exist"));
        let mut told: Vec<String> = about.flat_map(|mail| mail.to).collect();
        told.sort();
        let above = ["line@western.test", "upm@western.test"];
        let union = ["counsel@union.test", "international@union.test", "rep@union.test", STEWARD];
        let mut expected = [above.as_slice(), union.as_slice()].concat();
        expected.sort_unstable();
        assert_eq!(told, expected);
        let roster = western.roster(&western.steward());
        assert!(roster["seats"].as_array().is_some_and(|seats| !seats.is_empty()));
    });
}

#[test]
fn mail_that_only_goes_to_the_log_tells_nobody() {
    on_each(|set| {
        let (western, _) = begin(set);
        let mut days = Days::by(set, by("log:"));
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 55));
        assert_eq!(first_breach(&reporter.inbox()), (1, "not_notified", false));
        assert_eq!(days.events_of(&handle(&reporter), "notified"), 0);
    });
}

#[test]
fn the_link_in_the_mail_acknowledges_and_only_those_who_may_have_one() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let about = |email| {
            let handle = handle(&reporter);
            in_folder(set, email).into_iter().find(|mail| mail.contains(&handle)).expect("they were told")
        };
        assert_eq!(link(&about(STEWARD)), None, "the union side owes nothing here");
        let mail = about(FIRST_AD);
        assert!(mail.contains("10:55 MDT"), "{mail}");
        for hidden in ["weapons", "went_off", "nobody came", "camera"] {
            assert!(!mail.contains(hidden), "{hidden} is in\n{mail}");
        }
        let path = format!("/a/{}", link(&mail).expect("a link"));
        assert_eq!(set.client().send("GET", &path, &[], None).status, 200);
        assert_eq!(reporter.inbox()["status"], "delivered", "looking at it is no act");
        assert_eq!(set.client().send("POST", &path, &[], None).status, 200);
        assert_eq!(reporter.inbox()["status"], "acknowledged");
    });
}

#[test]
fn a_mail_that_is_late_says_what_was_due() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        days.until(on(16, 10, 40));
        let reporter = western.crew().files(&"ab".repeat(16), body(1));
        set.clock.move_to(on(16, 10, 56));
        set.wait(set.app().beat_over_jump([9; 16], set.clock.now())).unwrap();
        turn(set, &mut started(set));
        days.deliver();
        let mails = in_folder(set, FIRST_AD);
        let mail = mails.iter().find(|mail| mail.contains(&handle(&reporter))).expect("they are told all the same");
        assert!(mail.contains("This mail was sent late: the time was over at 10:55 MDT."), "{mail}");
        assert!(link(mail).is_some(), "whoever was told may still say that they have it");
        assert_eq!(first_breach(&reporter.inbox()), (1, "not_notified", false));
    });
}

#[test]
fn nothing_is_left_in_the_outbox_once_it_was_sent() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        days.until(on(16, 11, 40));
        assert_eq!(set.wait(set.app().next_notice()).unwrap(), None);
    });
}

#[test]
fn the_ladder_in_a_mail_names_who_was_silent_and_hides_from_the_production_who_is_missing() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let silent = handle(&files(&mut days, &western, 1, body(1)));
        days.until(on(16, 10, 55));
        let about = |handle: &str, email| {
            in_folder(set, email).into_iter().filter(|mail| mail.contains(handle)).collect::<Vec<_>>().join("\n")
        };
        assert!(about(&silent, "upm@western.test").contains("On set did not reply in time"));
        assert!(about(&silent, STEWARD).contains("On set: no reply in time"));

        let mut about_them = body(4);
        about_them["subject_role"] = "1st_ad".into();
        let skipped = handle(&files(&mut days, &western, 4, about_them));
        assert!(about(&skipped, STEWARD).contains("Nobody there can be reached"));
        let office = about(&skipped, "upm@western.test");
        assert!(
            office.contains("13:25 MDT") && !office.contains("Nobody there") && !office.contains("On set"),
            "{office}"
        );
        assert_eq!(about(&skipped, FIRST_AD), "");
    });
}
