//! What breaks under the service while it serves: the phone is told to try again, and nothing is lost.

use std::{fs, sync::Arc};

use diesel::connection::SimpleConnection as _;
use lastlooks::domain::time::Seconds;
use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use super::{
    files,
    host::{Host, soon},
    left_weapon, new_receipt,
    rows::Rows,
    small_crew, with,
};
use crate::support::{
    TestDatabase,
    app::{TestApp, on_each},
    client::Answer,
    days::Days,
    people::Crew,
    postgres::Server,
};

/// The phone is told when to try again, and no more.
#[track_caller]
fn is_away(answer: &Answer) {
    let problem = answer.refuses(503, "unavailable");
    let seconds: u32 = answer.header("retry-after").parse().expect("a number of seconds");
    assert!((1..=60).contains(&seconds), "{answer:?}");
    assert_eq!(problem["retry_after"], seconds);
}

#[test]
fn a_database_that_goes_away_is_told_to_everybody_and_the_service_recovers_by_itself() {
    let server = Arc::new(Server::start());
    let set = TestApp::on(TestDatabase::on(Arc::clone(&server)));
    let western = small_crew(&set);
    let (crew, first) = (western.crew(), files(&western.crew(), left_weapon()));
    let inbox = first.inbox();
    western.steward().gets("/v1/reports").is(200);
    let unsent = with(left_weapon(), json!({ "receipt": new_receipt() }));
    server.stop();
    for _ in 0..2 {
        is_away(&crew.tries_to_file(&unsent));
        is_away(&crew.manifest());
        is_away(&first.sends("GET", "/v1/inbox", None));
        is_away(&first.sends("POST", "/v1/inbox/messages", Some(&json!({ "to": "all", "text": "hello?" }))));
        is_away(&western.steward().gets("/v1/reports"));
    }
    set.client().send("GET", "/health/live", &[], None).is(200);
    server.run();
    let filed = soon("the report is taken", || Some(crew.tries_to_file(&unsent)).filter(|answer| answer.status != 503));
    filed.is(201);
    crew.tries_to_file(&unsent).is(200);
    assert_eq!(first.inbox(), inbox, "what was said while it was away was refused, not kept");
    western.steward().gets("/v1/reports").is(200);
}

#[test]
fn a_report_that_is_being_filed_while_the_database_goes_away_is_there_once_or_not_at_all() {
    let server = Arc::new(Server::start());
    let set = TestApp::on(TestDatabase::on(Arc::clone(&server)));
    let western = small_crew(&set);
    let bodies: Vec<Value> = (0..24).map(|_| with(left_weapon(), json!({ "receipt": new_receipt() }))).collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let phones: Vec<_> = bodies
            .chunks(6)
            .map(|some| {
                let crew = western.crew();
                scope.spawn(move || some.iter().map(|body| crew.tries_to_file(body).status).collect::<Vec<_>>())
            })
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(60));
        server.stop();
        phones.into_iter().flat_map(|phone| phone.join().unwrap()).collect()
    });
    server.run();
    for (body, status) in bodies.iter().zip(&statuses) {
        assert!([201, 503].contains(status), "{statuses:?}");
        let answer = soon("an answer", || Some(western.crew().tries_to_file(body)).filter(|a| a.status != 503));
        assert!(answer.status == 200 || (*status == 503 && answer.status == 201), "{status}, then {answer:?}");
    }
    assert_eq!(Rows::of(set.database()).count("reports"), bodies.len());
}

#[test]
fn a_file_that_somebody_else_holds_is_told_and_waited_for() {
    let set = TestApp::on(TestDatabase::sqlite());
    let western = small_crew(&set);
    let first = files(&western.crew(), left_weapon());
    let unsent = with(left_weapon(), json!({ "receipt": new_receipt() }));
    let path = set.database().url().trim_start_matches("sqlite:");
    let mut other = <diesel::SqliteConnection as diesel::Connection>::establish(path).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    is_away(&western.crew().tries_to_file(&unsent));
    assert_eq!(first.inbox()["status"], "delivered", "reading goes on");
    other.batch_execute("ROLLBACK").unwrap();
    soon("the report is taken", || Some(western.crew().tries_to_file(&unsent)).filter(|a| a.status != 503)).is(201);
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_stored() {
    let mut host = Host::on(TestDatabase::sqlite());
    let code = host.makes_western();
    let invitation = host.invites("Steward", "steward@union.test", "steward");
    let client = host.serves();
    let person = json!({ "name": "Sam", "password": "five words drawn by the machine" });
    client.send("POST", &format!("/v1/invitations/{invitation}/acceptance"), &[], Some(&person)).is(201);
    let crew = Crew::of(&client, &code);
    let first = files(&crew, left_weapon());
    let free = prlimit(Some(host.pid()), Resource::Fsize, Rlimit { current: Some(0), maximum: None }).unwrap();
    let unsent = with(left_weapon(), json!({ "receipt": new_receipt() }));
    is_away(&crew.tries_to_file(&unsent));
    assert_eq!(first.inbox()["handle"], first.filed["handle"], "reading goes on");
    is_away(&crew.tries_to_file(&unsent));
    prlimit(Some(host.pid()), Resource::Fsize, free).unwrap();
    soon("the report is taken", || Some(crew.tries_to_file(&unsent)).filter(|answer| answer.status != 503)).is(201);
    assert_eq!(Rows::of(&host.database).count("reports"), 2);
    assert!(host.stops().success());
}

#[test]
fn notices_wait_for_an_outbox_folder_that_takes_nothing_and_none_is_lost() {
    on_each(|set| {
        let western = small_crew(set);
        let mut days = Days::of(set);
        days.work();
        let rows = Rows::of(set.database());
        assert_eq!(rows.count("outbox"), 0, "nothing waits before");
        let (folder, aside) = (set.folder().join("mail"), set.folder().join("aside"));
        fs::rename(&folder, &aside).unwrap();
        fs::write(&folder, "a file where the folder was").unwrap();
        let (ad, steward) = ("1stad@western.test", "steward@union.test");
        files(&western.crew(), left_weapon());
        let waiting = rows.count("outbox");
        assert!(waiting >= 2, "one for each who sits at level 1: {waiting}");
        for _ in 0..8 {
            days.work();
            set.advance(Seconds::minutes(1));
        }
        assert_eq!(rows.count("outbox"), waiting);
        assert!(rows.all_but(&[])["outbox"].iter().all(|row| !row.contains("dead")), "tried again, not given up");
        assert_eq!(rows.count("addresses"), 0, "a folder says nothing about an address");
        fs::remove_file(&folder).unwrap();
        fs::rename(&aside, &folder).unwrap();
        let before = (days.mails_to(ad), days.mails_to(steward));
        days.until(set.now().plus(Seconds::minutes(6)));
        assert_eq!((days.mails_to(ad), days.mails_to(steward)), (before.0 + 1, before.1 + 1));
        assert_eq!(rows.count("outbox"), 0);
    });
}
