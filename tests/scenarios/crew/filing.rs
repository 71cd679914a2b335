//! Filing: once per receipt, whatever the network does; to whom it goes; what the filer is told.

use std::{
    collections::BTreeSet,
    sync::{Arc, Barrier},
    thread,
};

use lastlooks::domain::time::Seconds;
use serde_json::{Value, json};

use super::{STEP_BYTES, dirty_kitchen, files, left_weapon, new_receipt, on_board, rows::Rows, small_crew, with};
use crate::support::{app::on_each, client::Answer, people::Crew};

#[test]
fn the_same_receipt_with_the_same_content_is_answered_again_and_files_nothing() {
    on_each(|set| {
        let western = small_crew(set);
        let (crew, receipt, rows) = (western.crew(), new_receipt(), Rows::of(set.database()));
        let filed = crew.files(&receipt, left_weapon()).filed;
        let before = rows.said();
        let same = with(left_weapon(), json!({ "receipt": receipt }));
        let spelt_out = json!({
            "departments": [], "share_narrative": false, "considering_refusal": false, "delay": "none",
            "place": null, "when": null, "subject_role": null,
        });
        for body in [same.clone(), with(same.clone(), spelt_out)] {
            assert_eq!(crew.tries_to_file(&body).is(200), filed);
        }
        let backwards: Vec<String> =
            same.as_object().unwrap().iter().rev().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        let body = format!("{{{}}}", backwards.join(",\n"));
        let headers = [("crew-code", crew.code.as_str()), ("content-type", "application/json")];
        assert_eq!(set.client().send_bytes("POST", "/v1/reports", &headers, body.as_bytes()).is(200), filed);
        rows.are_as(&before);
    });
}

#[test]
fn the_same_receipt_with_other_content_is_refused_and_files_nothing() {
    on_each(|set| {
        let western = small_crew(set);
        let (crew, receipt, rows) = (western.crew(), new_receipt(), Rows::of(set.database()));
        let filed = crew.files(&receipt, left_weapon());
        let before = rows.said();
        for other in [
            json!({ "narrative": "it lay on the cart." }),
            json!({ "delay": "up_to_2h" }),
            json!({ "share_narrative": true }),
            json!({ "departments": ["props"] }),
            json!({ "category": "listed_nowhere" }),
        ] {
            let body = with(with(left_weapon(), json!({ "receipt": receipt })), other);
            crew.tries_to_file(&body).refuses(409, "other-content");
        }
        rows.are_as(&before);
        assert_eq!(filed.inbox()["handle"], filed.filed["handle"]);
    });
}

#[test]
fn the_receipt_is_looked_up_before_the_crew_code() {
    on_each(|set| {
        let western = small_crew(set);
        let receipt = new_receipt();
        let filed = western.crew().files(&receipt, left_weapon()).filed;
        let same = with(left_weapon(), json!({ "receipt": receipt }));
        for code in ["ZZZZZZZZ", "no code", ""] {
            let mut stranger = western.crew();
            code.clone_into(&mut stranger.code);
            assert_eq!(stranger.tries_to_file(&same).is(200), filed, "{code:?}");
            let other = with(same.clone(), json!({ "ongoing": "no" }));
            stranger.tries_to_file(&other).refuses(409, "other-content");
        }
        let without = set.client().send("POST", "/v1/reports", &[], Some(&same));
        assert_eq!(without.is(200), filed);
    });
}

#[test]
fn a_severity_is_raised_for_each_reason_in_order_and_the_filer_is_told_why() {
    on_each(|set| {
        let western = small_crew(set);
        let told = |fields: Value| {
            let filed = files(&western.crew(), with(left_weapon(), fields)).filed;
            (filed["severity"].clone(), filed["raised_because"].clone())
        };
        let unheard = json!({ "raised_before": "yes", "raised_with": "upm", "was_answered": "no" });
        let unknown = json!({ "raised_before": "yes", "was_answered": "unknown", "subject_role": "props_master" });
        assert_eq!(told(json!({ "severity": "immediate" })), (json!("immediate"), json!([])));
        assert_eq!(told(unknown), (json!("next_setup"), json!(["category_minimum"])));
        assert_eq!(told(unheard.clone()), (json!("immediate"), json!(["category_minimum", "ignored_before"])));
        set.advance(Seconds::hours(2));
        let all = json!(["category_minimum", "ignored_before", "repeated"]);
        assert_eq!(told(unheard), (json!("immediate"), all));
        set.advance(Seconds::hours(24 * 8));
        assert_eq!(told(json!({})), (json!("next_setup"), json!(["category_minimum"])));
    });
}

#[test]
fn the_filer_is_told_who_is_told_and_by_when_and_no_id() {
    on_each(|set| {
        let western = small_crew(set);
        let reporter = files(&western.crew(), left_weapon());
        let filed = &reporter.filed;
        assert_eq!(filed["status"], "delivered");
        assert_eq!((&filed["level"], &filed["awaiting"]), (&json!(1), &json!("acknowledgement")));
        assert_eq!(filed["due_at"], "2021-10-16T14:15:00Z");
        assert_eq!(filed["levels"][0], json!({ "level": 1, "desks": ["Safety", "Shop steward"] }));
        assert_eq!(filed["handle"].as_str().unwrap().split(' ').count(), 2);
        let path = on_board(&western.steward(), filed).unwrap();
        let id = path.rsplit('/').next().unwrap();
        assert!(!filed.to_string().contains(id) && !reporter.inbox().to_string().contains(id));
    });
}

#[test]
fn whoever_holds_the_subjects_role_finds_nothing_and_the_next_level_is_told() {
    on_each(|set| {
        let western = small_crew(set);
        let filed = files(&western.crew(), with(left_weapon(), json!({ "subject_role": "1st_ad" }))).filed;
        let path = on_board(&western.steward(), &filed).expect("the steward sees it");
        assert_eq!(on_board(&western.upm(), &filed), Some(path.clone()));
        let subject = western.first_ad();
        assert_eq!(on_board(&subject, &filed), None);
        subject.unlocked("GET", &path, None).refuses(404, "not-found");
        subject.posts(&format!("{path}/acknowledgement"), json!({})).refuses(404, "not-found");
        assert_eq!(filed["level"], 2, "nobody else sits at level 1");
    });
}

#[test]
fn before_anybody_sits_at_a_union_desk_nothing_can_be_filed() {
    on_each(|set| {
        let mut western = set.empty_western();
        western.seats("Safety", "David", "1stad@western.test", &["1st_ad"]);
        let rows = Rows::of(set.database());
        let before = rows.said();
        let body = with(left_weapon(), json!({ "receipt": new_receipt() }));
        western.crew().tries_to_file(&body).refuses(409, "production-not-ready");
        rows.are_as(&before);
        western.seats("Counsel", "Cora", "counsel@union.test", &["counsel"]);
        western.crew().tries_to_file(&body).is(201);
    });
}

#[test]
fn a_report_can_be_filed_while_nobody_sits_on_the_productions_side() {
    on_each(|set| {
        let mut western = set.empty_western();
        let steward = western.seats("Shop steward", "Sam", "steward@union.test", &["steward"]);
        let filed = files(&western.crew(), left_weapon()).filed;
        assert!(on_board(&steward, &filed).is_some());
        assert_eq!(filed["status"], "exhausted", "there is nobody on the production's side to wait for");
    });
}

/// How many envelopes lie in the row of a filing, where only its units are longer: for each the key id, the length, and as
/// many bytes.
fn envelopes_in(row: &str) -> usize {
    let mut parts: Vec<&str> = row.split(|c: char| !c.is_ascii_hexdigit()).collect();
    parts.sort_by_key(|part| part.len());
    let packed = hex::decode(parts[parts.len() - 2]).unwrap();
    let (mut rest, mut found) = (packed.as_slice(), 0);
    while !rest.is_empty() {
        rest = &rest[18 + usize::from(u16::from_be_bytes([rest[16], rest[17]]))..];
        found += 1;
    }
    found
}

#[test]
fn retaliation_goes_to_the_union_side_alone_at_the_next_hour() {
    on_each(|set| {
        let western = small_crew(set);
        set.advance(Seconds::minutes(10));
        let rows = Rows::of(set.database());
        let before = rows.all_but(&[]);
        let body = json!({ "category": "retaliation", "severity": "immediate", "ongoing": "yes" });
        let filed = files(&western.crew(), body).filed;
        assert_eq!((&filed["status"], &filed["severity"]), (&json!("filed"), &json!("immediate")));
        assert_eq!(filed["deliver_at"], "2021-10-16T15:00:00Z");
        let union = ["Shop steward", "Business representative", "International", "Counsel"];
        for level in filed["levels"].as_array().unwrap() {
            let desks = level["desks"].as_array().unwrap();
            assert!(desks.iter().all(|desk| union.contains(&desk.as_str().unwrap())), "{level}");
        }
        let after = rows.all_but(&[]);
        let group = after["sealed"].iter().find(|row| !before["sealed"].contains(row)).unwrap();
        assert_eq!(envelopes_in(group), 2 + 1, "two union seats, and the reporter");
        assert!(western.everybody().all(|person| on_board(person, &filed).is_none()), "nobody before its time");
    });
}

#[test]
fn a_delay_is_dropped_where_somebody_could_be_hurt_soon_and_kept_elsewhere() {
    on_each(|set| {
        let western = small_crew(set);
        set.advance(Seconds::minutes(10));
        let delayed = json!({ "delay": "up_to_2h" });
        let soon = files(&western.crew(), with(left_weapon(), delayed.clone())).filed;
        assert_eq!((&soon["status"], &soon["delay_dropped"]), (&json!("delivered"), &json!(true)));
        let mut drawn = BTreeSet::new();
        for _ in 0..8 {
            let later = files(&western.crew(), with(dirty_kitchen(), delayed.clone())).filed;
            assert_eq!((&later["status"], &later["delay_dropped"]), (&json!("filed"), &json!(false)));
            assert_eq!((&later["awaiting"], &later["level"]), (&json!("delivery"), &json!(0)));
            assert!(later["due_at"].is_null());
            drawn.insert(later["deliver_at"].as_str().unwrap().to_owned());
        }
        let hours = ["2021-10-16T15:00:00Z", "2021-10-16T16:00:00Z", "2021-10-16T17:00:00Z"];
        assert!(drawn.iter().all(|at| hours.contains(&at.as_str())), "{drawn:?}");
    });
}

#[test]
fn two_phones_that_send_the_same_receipt_at_once_make_one_report() {
    on_each(|set| {
        let western = small_crew(set);
        let rows = Rows::of(set.database());
        for _ in 0..3 {
            let before = rows.count("reports");
            let body = with(left_weapon(), json!({ "receipt": new_receipt() }));
            let answers = at_once(&western.crew(), &vec![body; 8]);
            let handles: BTreeSet<_> = answers.iter().map(|answer| answer.json()["handle"].to_string()).collect();
            assert_eq!(handles.len(), 1, "{answers:?}");
            assert_eq!(statuses(&answers), [200, 200, 200, 200, 200, 200, 200, 201]);
            assert_eq!(rows.count("reports"), before + 1);
        }
    });
}

#[test]
fn two_phones_that_send_one_receipt_with_different_content_make_one_report() {
    on_each(|set| {
        let western = small_crew(set);
        let (rows, receipt) = (Rows::of(set.database()), new_receipt());
        let bodies: Vec<Value> = (0..4)
            .map(|n| with(left_weapon(), json!({ "receipt": receipt, "narrative": format!("story {n}") })))
            .collect();
        let before = rows.count("reports");
        let answers = at_once(&western.crew(), &bodies);
        assert_eq!(statuses(&answers), [201, 409, 409, 409]);
        assert_eq!(rows.count("reports"), before + 1);
    });
}

fn at_once(crew: &Crew, bodies: &[Value]) -> Vec<Answer> {
    let gate = Arc::new(Barrier::new(bodies.len()));
    let phones: Vec<_> = bodies
        .iter()
        .map(|body| {
            let (crew, body, gate) = (crew.clone(), body.clone(), Arc::clone(&gate));
            thread::spawn(move || {
                gate.wait();
                crew.tries_to_file(&body)
            })
        })
        .collect();
    phones.into_iter().map(|phone| phone.join().unwrap()).collect()
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[test]
fn every_miss_of_the_crew_has_the_same_shape_and_size() {
    on_each(|set| {
        let western = small_crew(set);
        files(&western.crew(), left_weapon());
        let body = with(left_weapon(), json!({ "receipt": new_receipt() }));
        let mut misses = Vec::new();
        for code in [None, Some("ZZZZZZZZ"), Some("short"), Some(""), Some("ABCD-2345-6")] {
            let header: Vec<(&str, &str)> = code.map(|code| ("crew-code", code)).into_iter().collect();
            misses.push(set.client().send("GET", "/v1/crew/manifest", &header, None));
            misses.push(set.client().send("POST", "/v1/reports", &header, Some(&body)));
        }
        let unknown = format!("Receipt {}", new_receipt());
        for value in [None, Some(unknown.as_str()), Some("Receipt 00"), Some("Receipt"), Some("Bearer abc")] {
            let header: Vec<(&str, &str)> = value.map(|value| ("authorization", value)).into_iter().collect();
            misses.push(set.client().send("GET", "/v1/inbox", &header, None));
            misses.push(set.client().send("POST", "/v1/inbox/withdrawal", &header, None));
        }
        let first = misses[0].clone();
        first.refuses(404, "not-found");
        for miss in &misses {
            assert_eq!((miss.status, shape(miss)), (404, shape(&first)), "{miss:?}");
            assert!(miss.body == first.body, "{miss:?}");
        }
    });
}

/// Every header but the date, and whether the connection stays open, which follows from a body that nobody read.
fn shape(answer: &Answer) -> BTreeSet<(String, String)> {
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "connection"].contains(&name.as_str()));
    headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

#[test]
fn answers_to_the_crew_come_in_steps_and_are_kept_and_packed_by_nobody() {
    on_each(|set| {
        let western = small_crew(set);
        let (crew, receipt) = (western.crew(), new_receipt());
        let long = with(left_weapon(), json!({ "receipt": receipt }));
        let (code, opens) = (crew.code.clone(), format!("Receipt {receipt}"));
        let packed = [("accept-encoding", "gzip, br, deflate, zstd"), ("crew-code", code.as_str())];
        let inbox = [("accept-encoding", "gzip"), ("authorization", opens.as_str()), ("if-none-match", "*")];
        for (answer, status) in [
            (set.client().send("GET", "/v1/crew/manifest", &packed, None), 200),
            (set.client().send("POST", "/v1/reports", &packed, Some(&long)), 201),
            (set.client().send("POST", "/v1/reports", &packed, Some(&long)), 200),
            (set.client().send("POST", "/v1/reports", &packed, Some(&json!({}))), 422),
            (set.client().send("GET", "/v1/inbox", &inbox, None), 200),
            (set.client().send("POST", "/v1/inbox/contest", &inbox, Some(&json!({ "reason": "no" }))), 409),
            (set.client().send("DELETE", "/v1/inbox", &inbox, None), 405),
            (set.client().send("GET", "/v1/inbox/nothing", &inbox, None), 404),
        ] {
            answer.is(status);
            assert!(!answer.body.is_empty() && answer.body.len() % STEP_BYTES == 0, "{} bytes", answer.body.len());
            assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
            for absent in ["etag", "content-encoding", "last-modified", "set-cookie", "x-request-id"] {
                assert!(!answer.headers.contains_key(absent), "{absent}: {answer:?}");
            }
        }
    });
}
