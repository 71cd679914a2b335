//! The packet: everything that is on record of a report, as one side may see it.

use serde_json::{Value, json};
use sha2::Digest as _;

use super::{
    ticks,
    verifiers::{ours, until},
};
use crate::{
    rust_2021::{begin, body, files, on, text},
    support::{
        app::{TestApp, on_each},
        client::Answer,
        people::Person,
    },
};

fn id(person: &Person) -> String {
    text(&person.gets("/v1/reports?limit=100").is(200)["items"][0]["id"])
}

#[track_caller]
fn packet(person: &Person, id: &str) -> Value {
    person.unlocked("GET", &format!("/v1/reports/{id}/packet"), None).is(200)
}

fn page(person: &Person, id: &str) -> Answer {
    let key = person.session().unlock_key;
    let headers = [("unlock-key", key.as_str()), ("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    person.sends_with("GET", &format!("/v1/reports/{id}/packet"), &headers, None)
}

/// Report 1, unanswered by level 1, answered by the unit production manager at 11:05, in the log.
fn answered(set: &TestApp) -> (crate::support::western::Western<'_>, String) {
    let (western, mut days) = begin(set);
    ticks(set);
    files(&mut days, &western, 1, body(1));
    until(set, &mut days, on(16, 11, 5));
    let upm = western.upm();
    let id = id(&upm);
    let answer = json!({ "kind": "action", "text": "all weapons locked up", "by_role": "upm", "done": "yes" });
    upm.unlocked("POST", &format!("/v1/reports/{id}/answer"), Some(&answer)).is(200);
    until(set, &mut days, on(16, 13, 0));
    (western, id)
}

#[test]
fn each_step_says_who_sat_there_its_deadlines_how_they_came_about_and_what_became_of_them() {
    on_each(|set| {
        let (western, id) = answered(set);
        let packet = packet(&western.steward(), &id);
        assert_eq!((&packet["format"], &packet["side"]), (&json!("lastlooks-packet/v1"), &json!("union")));
        let [first, second] = &packet["steps"].as_array().unwrap()[..] else { panic!("{}", packet["steps"]) };
        let seats = |step: &Value, desk: &str| {
            let desks = step["desks"].as_array().unwrap();
            let found = desks.iter().find(|d| d["name"] == desk).unwrap_or_else(|| panic!("{step}"));
            let names: Vec<String> = found["seats"].as_array().unwrap().iter().map(|s| text(&s["name"])).collect();
            (text(&found["side"]), names)
        };
        assert_eq!(seats(first, "Safety"), ("production".to_owned(), vec!["David".to_owned()]));
        assert_eq!(seats(first, "Shop steward"), ("union".to_owned(), vec!["Sam".to_owned()]));
        assert_eq!(seats(second, "Office").1, ["Lee", "Ulla"]);
        assert_eq!(second["desks"][0]["seats"][0]["until"], Value::Null);
        assert_eq!(first["policy_version"], second["policy_version"]);
        assert_eq!(
            (&first["acknowledge_by"], &first["answer_by"]),
            (&json!("2021-10-16T16:55:00Z"), &json!("2021-10-16T17:40:00Z"))
        );
        let computed = text(&first["computed"]);
        assert!(
            computed.starts_with("15 min to acknowledge and 1 h to answer, counted from 2021-10-16T16:40:00Z, rounded up to 1 min: row next_setup"),
            "{computed}"
        );
        assert_eq!(first["missed"][0]["recorded_as"], "unanswered");
        assert_eq!(first["missed"][0]["due_at"], "2021-10-16T16:55:00Z");
        assert_eq!(second["missed"], json!([]));
        let act = &second["acts"].as_array().unwrap().iter().find(|act| act["what"] == "answered").cloned().unwrap();
        assert_eq!(
            (&act["by_role"], &act["in_time"], &act["at"]),
            (&json!("upm"), &json!(true), &json!("2021-10-16T17:05:00Z"))
        );
    });
}

#[test]
fn the_union_side_reads_each_notice_with_its_kind_hash_and_the_servers_reply() {
    on_each(|set| {
        let (western, id) = answered(set);
        western.upm().unlocked("GET", &format!("/v1/reports/{id}"), None).is(200);
        let packet = packet(&western.steward(), &id);
        let step = &packet["steps"][1];
        let notices = step["notices"].as_array().unwrap();
        let upm = notices.iter().find(|notice| notice["to"] == "Ulla").unwrap_or_else(|| panic!("{step}"));
        assert_eq!(upm["desk"], "Office");
        assert_eq!(text(&upm["mail_sha256"]).len(), 64);
        assert!(!text(&upm["kind"]).is_empty() && !text(&upm["reply"]).is_empty(), "{upm}");
        let how: Vec<String> = step["told"].as_array().unwrap().iter().map(|told| text(&told["how"])).collect();
        assert!(how.contains(&"notified".to_owned()) && how.contains(&"opened".to_owned()), "{how:?}");
        let others = packet["other_notices"].as_array().unwrap();
        assert!(others.iter().any(|notice| notice["to"] == "Sam"), "of the deadline missed: {others:?}");
    });
}

#[test]
fn the_production_side_reads_no_list_of_who_was_told_and_no_union_part() {
    on_each(|set| {
        let (western, id) = answered(set);
        let upm = western.upm();
        let packet = packet(&upm, &id);
        assert_eq!((&packet["side"], &packet["other_notices"]), (&json!("production"), &Value::Null));
        for step in packet["steps"].as_array().unwrap() {
            assert_eq!((&step["told"], &step["notices"]), (&Value::Null, &Value::Null));
        }
        let page = page(&upm, &id).text();
        for hidden in ["we asked and nobody came", "camera", "mail_sha256", "Notified at", "notified</td>"] {
            assert!(!packet.to_string().contains(hidden) && !page.contains(hidden), "{hidden}");
        }
        assert!(packet["report"]["shared"]["make_safe"] == "stop and check" && page.contains("stop and check"));
    });
}

#[test]
fn its_proof_is_the_bundle_and_its_findings_are_what_a_verifier_says() {
    on_each(|set| {
        let (western, id) = answered(set);
        for person in [western.upm(), western.steward()] {
            let packet = packet(&person, &id);
            let bundle = person.gets(&format!("/v1/reports/{id}/proof")).text();
            assert_eq!(serde_json::from_str::<Value>(&bundle).unwrap(), packet["proof"]);
            let (status, lines) = ours(&bundle, &lastlooks::evidence::quorum::Quorum::default());
            assert_eq!((status, json!(lines)), (2, packet["findings"].clone()));
            assert_eq!(packet["proof_sha256"], hex::encode(sha2::Sha256::digest(&bundle)));
            assert!(!packet["proof"]["entries"].as_array().unwrap().is_empty());
        }
    });
}

#[test]
fn it_names_the_clock_and_every_outage_since_the_report_was_delivered() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        // Nobody watches for ten minutes.
        set.advance(lastlooks::domain::time::Seconds::minutes(10));
        set.wait(set.app().beat([1; 16], None, set.now())).unwrap();
        days.work();
        let steward = western.steward();
        let packet = packet(&steward, &id(&steward));
        assert_eq!(packet["clock"]["time_zone"], "America/Denver");
        assert!(text(&packet["clock"]["source"]).contains("own clock, in UTC"));
        assert_eq!(packet["clock"]["outages"][0]["to"], "2021-10-16T16:50:00Z", "{}", packet["clock"]);
        let moved = &packet["steps"][0]["moved"][0];
        assert_eq!((&moved["why"], &moved["acknowledge_by"]), (&json!("outage"), &json!("2021-10-16T17:05:00Z")));
    });
}

#[test]
fn the_page_is_whole_without_a_script_and_prints_with_a_certification_to_fill_in() {
    on_each(|set| {
        let (western, id) = answered(set);
        let answer = page(&western.steward(), &id);
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
        assert_eq!((answer.header("cache-control"), answer.header("vary")), ("no-store", "accept"));
        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{answer:?}");
        let page = answer.text();
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("<style"), "nothing is inline");
        for part in [
            "How to read this",
            "that the hazard existed",
            "who filed the report",
            "Ulla",
            "15 min to acknowledge",
            "unanswered",
            "all weapons locked up",
            "SHA-256 of the mail",
            "The clock",
            "What the ledger proves",
            "the log holds no answer by",
            "download=\"proof.json\"",
            "<h2>Certification</h2>",
        ] {
            assert!(page.contains(part), "{part} is missing");
        }
        let style = set.client().send("GET", "/packet.css", &[], None);
        assert!(style.status == 200 && style.text().contains("@media print"), "{style:?}");
    });
}

#[test]
fn what_people_wrote_is_escaped_on_the_page() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let mut report = body(1);
        report["make_safe"] = json!("<img src=x> & \"more\"");
        files(&mut days, &western, 1, report);
        let first_ad = western.first_ad();
        let page = page(&first_ad, &id(&first_ad)).text();
        assert!(!page.contains("<img") && page.contains("img src=x"), "{page}");
    });
}

#[test]
fn making_a_packet_is_reading_the_report_and_goes_on_record() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let first_ad = western.first_ad();
        let id = id(&first_ad);
        let opened = || {
            let inbox = reporter.inbox();
            inbox["timeline"].as_array().unwrap().iter().filter(|line| line["what"] == "opened").count()
        };
        assert_eq!(opened(), 0);
        packet(&first_ad, &id);
        assert_eq!(opened(), 1);
    });
}

#[test]
fn whoever_may_not_know_of_a_report_gets_no_packet() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let mut about_them = body(1);
        about_them["subject_role"] = json!("1st_ad");
        files(&mut days, &western, 1, about_them);
        let path = format!("/v1/reports/{}/packet", id(&western.upm()));
        set.client().send("GET", &path, &[], None).refuses(401, "sign-in-required");
        for nobody in [western.first_ad(), western.producer(1), western.financier()] {
            let miss = nobody.gets(&format!("/v1/reports/{}/packet", hex::encode([9; 16])));
            let kept = nobody.gets(&path);
            kept.refuses(404, "not-found");
            assert_eq!(kept.text(), miss.text(), "as for one that does not exist");
        }
        western.steward().gets(&path).is(200);
    });
}

/// What chance made differs in any two worlds; the rest does not.
fn without_chance(packet: &Value) -> String {
    let mut packet = packet.clone();
    for drawn in ["proof", "proof_sha256", "filing", "findings"] {
        packet[drawn] = Value::Null;
    }
    packet["report"]["id"] = Value::Null;
    packet["report"]["handle"] = Value::Null;
    packet["report"]["production"] = Value::Null;
    packet.to_string()
}

#[test]
fn the_productions_packet_is_the_same_with_and_without_what_is_for_the_union_alone() {
    on_each(|set| {
        let world = |set: &TestApp, matter: bool| {
            let (western, mut days) = begin(set);
            let mut report = body(1);
            report["departments"] = json!([]);
            report.as_object_mut().unwrap().remove("narrative");
            if matter {
                report["departments"] = json!(["camera"]);
                report["narrative"] = json!("for the union alone");
                report["considering_refusal"] = json!(true);
            }
            let reporter = files(&mut days, &western, 1, report);
            if matter {
                let said = json!({ "to": "union", "text": "nobody else may read this" });
                reporter.sends("POST", "/v1/inbox/messages", Some(&said)).is(200);
                days.deliver();
            }
            until(set, &mut days, on(16, 11, 0));
            let upm = western.upm();
            let packet = packet(&upm, &id(&upm));
            let kinds: Vec<String> =
                packet["proof"]["entries"].as_array().unwrap().iter().map(|e| text(&e["opening"]["kind"])).collect();
            (without_chance(&packet), kinds)
        };
        let other = TestApp::on(crate::support::TestDatabase::sqlite());
        assert_eq!(world(set, true), world(&other, false));
    });
}
