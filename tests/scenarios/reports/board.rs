//! The board: what is on it, in which order, and what it never shows.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use lastlooks::{
    domain::time::Seconds,
    entropy::{Entropy, SystemEntropy},
};
use serde_json::{Value, json};

use super::{files, files_as, handles, timeline, unattended_weapon};
use crate::{
    rust_2021,
    support::{
        TestDatabase,
        app::{TestApp, Wanted, on_each},
        days::Days,
    },
};

fn of(category: &str, severity: &str) -> Value {
    json!({ "category": category, "severity": severity, "ongoing": "no" })
}

#[test]
fn the_nearest_deadline_stands_first_and_pages_follow_on_each_other() {
    on_each(|set| {
        let western = set.western();
        let mut filed = Vec::new();
        for byte in 1..=5 {
            filed.push(files_as(&western, byte, of("electrical", "next_setup")).reporter.filed["handle"].clone());
            set.advance(Seconds::minutes(1));
        }
        let urgent = files_as(&western, 6, of("electrical", "immediate")).reporter.filed["handle"].clone();
        let steward = western.steward();
        let whole = steward.gets("/v1/reports").is(200);
        assert_eq!(whole["next"], json!(null));
        let expected: Vec<Value> = [urgent].into_iter().chain(filed).collect();
        assert_eq!(handles(&whole), expected.iter().map(|h| h.as_str().unwrap()).collect::<Vec<_>>());

        let mut paged = Vec::new();
        let mut next = String::new();
        loop {
            let page = steward.gets(&format!("/v1/reports?limit=4{next}")).is(200);
            paged.extend(handles(&page).into_iter().map(str::to_owned));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(paged, handles(&whole));
        // A cursor is its reader's own.
        western.first_ad().gets(&format!("/v1/reports?limit=4{next}")).refuses_field("cursor", "");
    });
}

#[test]
fn a_board_is_filtered_by_what_its_reader_sees() {
    on_each(|set| {
        let western = set.western();
        let (weapon, rest) = (files(&western, 1), files_as(&western, 2, of("electrical", "next_setup")));
        western.first_ad().sends("POST", &rest.act("acknowledgement"), None).is(200);
        let found = |query: &str| -> Vec<String> {
            let page = western.steward().gets(&format!("/v1/reports?{query}")).is(200);
            handles(&page).into_iter().map(str::to_owned).collect()
        };
        let name = |filed: &super::Filed| filed.reporter.filed["handle"].as_str().unwrap().to_owned();
        assert_eq!(found("category=weapons"), [name(&weapon)]);
        assert_eq!(found("status=acknowledged"), [name(&rest)]);
        assert_eq!(found("awaiting=acknowledgement"), [name(&weapon)]);
        assert_eq!(found("level=1&production=western").len(), 2);
        assert_eq!(found(&format!("production={}", western.id)).len(), 2);
        assert_eq!(found("level=2"), Vec::<String>::new());
        assert_eq!(found("production=eastern"), Vec::<String>::new());
        assert_eq!(found("unanswered=true"), Vec::<String>::new());
    });
}

#[test]
fn a_wrong_parameter_is_named() {
    on_each(|set| {
        let western = set.western();
        for (query, field) in [
            ("status=hunter2", "status"),
            ("awaiting=hunter2", "awaiting"),
            ("level=0", "level"),
            ("level=hunter2", "level"),
            ("category=Hunter2", "category"),
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("cursor=hunter2", "cursor"),
            ("boss=hunter2", "boss"),
        ] {
            western.steward().gets(&format!("/v1/reports?{query}")).refuses_field(field, "unter2");
        }
    });
}

#[test]
fn whoever_is_kept_out_gets_the_same_bytes_as_before() {
    on_each(|set| {
        let western = set.western();
        files(&western, 1);
        let first_ad = western.first_ad();
        let ask = || {
            let list = first_ad.unlocked("GET", "/v1/reports?limit=1", None);
            let missed = first_ad.gets("/v1/reports?unanswered=true");
            [list, missed].map(|answer| (answer.status, answer.header("etag").to_owned(), answer.body))
        };
        let before = ask();
        let mut about_them = unattended_weapon();
        about_them["subject_role"] = json!("1st_ad");
        about_them["severity"] = json!("immediate");
        let filed = files_as(&western, 2, about_them);
        assert_eq!(ask(), before);
        let hidden = first_ad.gets(&filed.path).refuses(404, "not-found");
        assert_eq!(hidden, first_ad.gets("/v1/reports/ffffffffffffffffffffffffffffffff").is(404));
        first_ad.sends("POST", &filed.act("acknowledgement"), None).refuses(404, "not-found");
        // The office is told instead, and nothing tells it who is missing.
        let seen = filed.read_by(&western.upm());
        assert!(!timeline(&seen).contains(&"no_recipient"), "{seen}");
        assert!(!seen.to_string().contains("subject"), "{seen}");
        assert_eq!(filed.read_by(&western.steward())["union"]["subject_role"], "1st_ad");
    });
}

#[test]
fn an_unchanged_board_and_report_answer_304() {
    on_each(|set| {
        let western = set.western();
        let (filed, first_ad) = (files(&western, 1), western.first_ad());
        files_as(&western, 2, of("electrical", "next_setup"));
        for path in ["/v1/reports?limit=1", filed.path.as_str()] {
            let tag = first_ad.gets(path).header("etag").to_owned();
            assert!(!tag.is_empty(), "{path}");
            let again = |tag: &str| first_ad.sends_with("GET", path, &[("if-none-match", tag)], None);
            let same = again(&tag);
            assert_eq!((same.status, same.header("etag"), same.body.len()), (304, tag.as_str(), 0), "{path}");
        }
        let tag = first_ad.gets(&filed.path).header("etag").to_owned();
        first_ad.sends("POST", &filed.act("acknowledgement"), None).is(200);
        let changed = first_ad.sends_with("GET", &filed.path, &[("if-none-match", &tag)], None);
        assert_eq!(changed.is(200)["status"], "acknowledged");
        assert_ne!(changed.header("etag"), tag);
    });
}

#[test]
fn being_sent_a_report_and_opening_it_are_on_record_for_the_union_side_alone() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let (first_ad, steward) = (western.first_ad(), western.steward());
        let told = || -> Vec<String> {
            let seen = filed.read_by(&steward);
            let what = timeline(&seen).into_iter().filter(|w| matches!(*w, "listed" | "opened"));
            what.map(str::to_owned).collect()
        };
        assert_eq!(told(), Vec::<String>::new());
        first_ad.gets("/v1/reports").is(200);
        first_ad.gets("/v1/reports").is(200);
        assert_eq!(told(), ["listed"]);
        filed.read_by(&first_ad);
        let seen = filed.read_by(&first_ad);
        assert_eq!(told(), ["listed", "opened"]);
        assert_eq!(seen["opened"], true);
        assert!(!timeline(&seen).iter().any(|w| matches!(*w, "listed" | "opened")), "{seen}");
        let inbox = filed.reporter.inbox();
        assert!(timeline(&inbox).contains(&"opened"), "{inbox}");
    });
}

#[test]
fn an_earlier_report_of_the_category_is_told_by_its_day_to_whoever_may_see_it() {
    on_each(|set| {
        let western = set.western();
        let mut about_them = of("electrical", "next_setup");
        about_them["subject_role"] = json!("1st_ad");
        files_as(&western, 1, about_them);
        set.advance(Seconds::days(1));
        files_as(&western, 2, of("fatigue", "next_setup"));
        let third = files_as(&western, 3, of("electrical", "next_setup"));
        assert_eq!(third.read_by(&western.steward())["also_reported"], json!(["2021-10-16"]));
        assert_eq!(third.read_by(&western.first_ad())["also_reported"], json!([]));
    });
}

#[test]
fn the_financier_sees_nothing_before_everybody_was_silent() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let financier = western.financier();
        assert_eq!(financier.gets("/v1/reports").is(200)["items"], json!([]));
        // An act of somebody told brings the record up to now: one level after the other is silent.
        for _ in 0..3 {
            set.advance(Seconds::hours(1));
            let still = json!({ "text": "nobody has answered yet" });
            filed.done_by(&western.steward(), "messages", still).is(200);
        }
        let seen = filed.read_by(&financier);
        assert_eq!((&seen["status"], &seen["due_at"]), (&json!("exhausted"), &json!(null)));
        assert_eq!(seen["shared"]["make_safe"], "lock the cart");
        assert_eq!((&seen["union"], &seen["messages"]), (&json!(null), &json!([])));
        financier.sends("POST", &filed.act("acknowledgement"), None).refuses(403, "not-for-your-side");
        filed.done_by(&financier, "messages", json!({ "text": "x" })).refuses(403, "not-for-your-side");
    });
}

#[test]
fn what_nobody_answered_stays_on_top_and_what_is_closed_at_the_end() {
    on_each(|set| {
        let western = set.western();
        let mut days = Days::of(set);
        let silent = files(&western, 1).reporter.filed["handle"].clone();
        let taken_back = files_as(&western, 2, of("animals", "next_setup"));
        taken_back.reporter.sends("POST", "/v1/inbox/withdrawal", None).is(200);
        days.until(rust_2021::on(16, 12, 0));
        let urgent = files_as(&western, 3, of("electrical", "immediate")).reporter.filed["handle"].clone();
        let expected = [&silent, &urgent, &taken_back.reporter.filed["handle"]].map(|h| h.as_str().unwrap());
        for person in [western.steward(), western.first_ad()] {
            let board = person.gets("/v1/reports").is(200);
            assert_eq!(board["items"][0]["status"], "exhausted");
            assert_eq!(handles(&board), expected, "{person:?}");
            let first = person.gets("/v1/reports?limit=1").is(200);
            let next = first["next"].as_str().unwrap();
            let rest = person.gets(&format!("/v1/reports?limit=2&cursor={next}")).is(200);
            assert_eq!((handles(&first), handles(&rest)), (expected[..1].to_vec(), expected[1..].to_vec()));
        }
    });
}

/// Chance that draws every answer for a check while it is told to, and else none.
#[derive(Debug, Default)]
struct Drawing(AtomicBool);

impl Entropy for Drawing {
    fn fill(&self, bytes: &mut [u8]) {
        SystemEntropy.fill(bytes);
        // Numbers below a bound are made of four bytes.
        if let [first, second, third, fourth] = bytes {
            let draws = self.0.load(Ordering::SeqCst);
            let number: u32 = if draws { 0 } else { u32::from_be_bytes([*first, *second, *third, 0]) / 10 * 10 + 1 };
            [*first, *second, *third, *fourth] = number.to_be_bytes();
        }
    }
}

#[test]
fn a_check_that_chance_asked_for_does_not_show_through_the_order_of_the_productions_board() {
    for database in TestDatabase::each() {
        let chance = Arc::new(Drawing::default());
        let set = &TestApp::with(database, Wanted { entropy: chance.clone(), ..Wanted::default() });
        let western = set.western();
        // A day to contest, three to check: the drawn one is due later than the other.
        let put =
            western.producer(1).sends("PUT", &western.path("/policy"), Some(&json!({ "contest_seconds": 86_400 })));
        let version = put.is(202)["pending"]["version"].clone();
        western.counsel().posts(&western.path("/policy/agreement"), json!({ "version": version })).is(200);
        let (drawn, other) = (
            files_as(&western, 1, of("electrical", "next_call")),
            files_as(&western, 2, of("electrical", "next_call")),
        );
        chance.0.store(true, Ordering::SeqCst);
        drawn.answered_by(&western.first_ad());
        chance.0.store(false, Ordering::SeqCst);
        set.advance(Seconds::minutes(1));
        other.answered_by(&western.first_ad());
        let name = |filed: &super::Filed| filed.reporter.filed["handle"].as_str().unwrap().to_owned();
        let order = |person: crate::support::people::Person| {
            let board = person.gets("/v1/reports").is(200);
            handles(&board).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(drawn.read_by(&western.steward())["awaiting"], "verification");
        assert_eq!(drawn.read_by(&western.first_ad())["awaiting"], "contest");
        assert_eq!(order(western.steward()), [name(&other), name(&drawn)]);
        assert_eq!(order(western.first_ad()), [name(&drawn), name(&other)]);
    }
}
