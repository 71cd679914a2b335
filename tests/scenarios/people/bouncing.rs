//! An address that does not exist: who hears of it, and that nobody hears by it of a report which is not for them.

use std::sync::Arc;

use lastlooks::{
    domain::time::Seconds,
    notify::{from_url, mail::mailbox},
};
use serde_json::{Value, json};

use crate::{
    reports::{files_as, unattended_weapon},
    support::{
        app::{TestApp, on_each},
        days::Days,
        people::Person,
        smtp_server::SmtpServer,
        western::Western,
    },
};

const NOBODY: &str = "550 5.1.1 no such user";

/// Mail leaves by this server; what waits from before is sent.
fn by<'a>(set: &'a TestApp, server: &SmtpServer) -> Days<'a> {
    let from = mailbox("Last Looks <reports@western.test>").unwrap();
    let mut days = Days::by(set, Arc::from(from_url(&server.url(), &from).unwrap()));
    days.deliver();
    days
}

fn mails_to(server: &SmtpServer, person: &Person) -> usize {
    server.received().iter().filter(|mail| mail.to.contains(&person.email)).count()
}

/// What could tell somebody that an address is dead: readiness with its tag, deliveries, and how many mails they have.
fn hears(western: &Western<'_>, server: &SmtpServer, person: &Person) -> (Value, String, Value, usize) {
    let readiness = person.sends("GET", &western.path("/readiness"), None);
    let tag = readiness.header("etag").to_owned();
    let deliveries = person.gets("/v1/deliveries?state=dead").is(200)["items"].clone();
    (readiness.is(200), tag, deliveries, mails_to(server, person))
}

fn is_named_dead(western: &Western<'_>, reader: &Person, name: &str) -> bool {
    let view = reader.gets(&western.path("/readiness")).is(200);
    let findings = view["missing"].as_array().unwrap();
    findings.iter().any(|finding| finding["code"] == "dead_address" && finding["person"] == name)
}

#[test]
fn the_production_side_hears_of_no_union_address_that_is_dead_and_so_of_no_retaliation() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let western = set.western();
        let mut days = by(set, &server);
        let readers = [western.first_ad(), western.upm(), western.producer(1), western.financier()];
        let look = |reader: &Person| hears(&western, &server, reader);
        let before: Vec<_> = readers.iter().map(look).collect();
        server.refuses("steward@union.test", NOBODY);
        let body = json!({ "category": "retaliation", "severity": "concern", "ongoing": "yes", "narrative": "moved" });
        western.crew().files("00112233445566778899aabbccddeeff", body);
        days.until(set.now().plus(Seconds::hours(1)));
        assert_eq!(readers.iter().map(look).collect::<Vec<_>>(), before);
        assert!(is_named_dead(&western, &western.rep(), "Sam"), "the union side is told");
        assert!(is_named_dead(&western, &western.operator(), "Sam"), "whoever runs the server reads its log");
    });
}

#[test]
fn whoever_is_kept_out_hears_of_a_dead_address_from_the_first_notice_that_they_may_know_of() {
    on_each(|set| {
        let server = SmtpServer::start().unwrap();
        let western = set.western();
        let mut days = by(set, &server);
        let (ulla, lee, rep) = (western.upm(), western.line_producer(), western.rep());
        let (before, had) = (hears(&western, &server, &lee), mails_to(&server, &rep));
        server.refuses(&ulla.email, NOBODY);
        let mut body = unattended_weapon();
        (body["severity"], body["subject_role"]) = (json!("immediate"), json!("line_producer"));
        files_as(&western, 1, body);
        days.work();
        days.until(set.now().plus(Seconds::minutes(2)));
        assert_eq!(hears(&western, &server, &lee), before);
        for reader in [western.steward(), western.counsel(), western.producer(1)] {
            assert!(is_named_dead(&western, &reader, "Ulla"), "{reader:?}: the union side, and the desk above");
        }
        assert_eq!(mails_to(&server, &rep), had + 2, "of the report, and of the address");

        western.steward().sends("POST", &western.path("/test-notice"), None).is(201);
        days.work();
        days.until(set.now().plus(Seconds::minutes(2)));
        assert!(is_named_dead(&western, &lee, "Ulla"), "a desk mate, by a notice about no report");
        assert_eq!(mails_to(&server, &lee), before.3 + 2, "the test, and the address");
        assert_eq!(mails_to(&server, &rep), had + 3, "the test alone: the address is no news");
    });
}
