//! Two worlds: in one the report is about the only person of level 1, in the other about nobody. What the production reads
//! must be the same.

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use super::{files_as, unattended_weapon};
use crate::{
    support::{TestDatabase, app::TestApp, days::Days, people::Person, western::Western},
    workers::mails::in_folder,
};

/// What differs between any two reports.
const OF_ITS_OWN: [&str; 3] = ["id", "handle", "production"];

/// Row, page and mails of one reader, without what differs between any two reports.
fn seen(western: &Western<'_>, person: &Person, handle: &str, path: &str) -> Vec<String> {
    let bare = |mut value: Value| {
        OF_ITS_OWN.iter().for_each(|field| drop(value.as_object_mut().unwrap().remove(*field)));
        value.to_string()
    };
    let rows = person.unlocked("GET", "/v1/reports?limit=100", None).is(200);
    let Some(row) = rows["items"].as_array().unwrap().first() else { return Vec::new() };
    let asked =
        |level: u8| person.gets(&format!("/v1/reports?level={level}")).is(200)["items"].as_array().unwrap().len();
    let levels = format!("{:?}", (1..=3).map(asked).collect::<Vec<_>>());
    let page = person.unlocked("GET", path, None).is(200);
    let mails = in_folder(western.set, &person.email).into_iter().filter(|mail| mail.contains(handle));
    let mut mails: Vec<String> = mails.map(|mail| words_of(&mail).replace(handle, "This One")).collect();
    mails.sort();
    [vec![bare(row.clone()), levels, bare(page)], mails].concat()
}

/// A mail without its letterhead, boundaries and link.
fn words_of(mail: &str) -> String {
    let its_own = ["Message-ID", "References", "In-Reply-To", "Date", "Content-", "MIME", "--"];
    let kept = mail.lines().filter(|line| !its_own.iter().any(|head| line.starts_with(head)));
    kept.filter(|line| !line.contains("/a/") && !line.contains("boundary")).collect::<Vec<_>>().join("\n")
}

/// What everybody of the production above the lowest level reads, from filing to the end of the ladder.
fn life(database: TestDatabase, subject: Option<&str>) -> Vec<Vec<String>> {
    let set = &TestApp::on(database);
    let western = set.western();
    let mut days = Days::of(set);
    days.deliver();
    let mut body = unattended_weapon();
    body["severity"] = json!("immediate");
    if let Some(subject) = subject {
        body["subject_role"] = json!(subject);
    }
    let filed = files_as(&western, 1, body);
    let handle = filed.reporter.filed["handle"].as_str().unwrap();
    let skipped = filed.reporter.inbox()["timeline"].to_string().contains("no_recipient");
    assert_eq!(skipped, subject.is_some(), "the reporter and the union side read of it");
    let mut life = Vec::new();
    for minutes in [0, 5, 15, 60] {
        days.until(set.now().plus(Seconds::minutes(minutes)));
        for person in [western.upm(), western.line_producer(), western.producer(1), western.financier()] {
            life.push(seen(&western, &person, handle, &filed.path));
        }
    }
    filed.answered_by(&western.upm());
    days.deliver();
    life.push(seen(&western, &western.producer(1), handle, &filed.path));
    life
}

#[test]
fn whom_a_right_now_report_is_about_does_not_show_in_what_the_production_reads() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let (about_nobody, about_the_first_ad) = (life(make(), None), life(make(), Some("1st_ad")));
        assert!(about_nobody.iter().flatten().any(|text| text.contains("On set and office")), "{about_nobody:#?}");
        assert!(about_nobody.iter().filter(|seen| seen.len() > 3).count() > 8, "{about_nobody:#?}");
        for (place, (one, other)) in about_nobody.iter().zip(&about_the_first_ad).enumerate() {
            assert_eq!(one, other, "at {place}");
        }
    }
}
