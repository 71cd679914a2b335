//! The roster and who is told of its changes; who becomes kept out by a new role.

use std::sync::Arc;

use lastlooks::{
    config::secrets::Secrets,
    domain::ids::{MemberId, ReportId},
    sealing::{
        kept_out::{Name, is_kept_out},
        server::{RootSecret, ServerKeys},
        sha256,
    },
    storage::{StorageError, people, productions, report_parts, reports},
};
use serde_json::json;

use crate::support::{
    TestDatabase,
    app::{TestApp, Wanted, on_each},
    clock::SeededEntropy,
    people::Person,
    western::Western,
};

#[test]
fn each_change_makes_a_version_that_names_the_one_before() {
    on_each(|set| {
        let western = set.western();
        let id = western.id;
        let versions = set.database().open().read_blocking(move |conn| people::rosters(conn, id)).unwrap();
        // Nine desks, fifteen seats.
        assert_eq!(versions.len(), 24);
        for (number, version) in versions.iter().enumerate() {
            assert_eq!(version.version, i32::try_from(number).unwrap() + 1);
            assert_eq!(version.hash.0, sha256(&[&version.body]));
            if let Some(before) = number.checked_sub(1) {
                let before = versions[before].hash.0;
                assert!(version.body.windows(32).any(|part| part == before), "version {}", version.version);
            }
        }
        let shown = western.roster(&western.steward());
        assert_eq!(shown["version"], 24);
        assert_eq!(shown["hash"], hex::encode(versions[23].hash.0));
        assert_eq!(shown["seats"].as_array().unwrap().len(), 15);
    });
}

#[test]
fn everybody_seated_reads_the_roster_and_the_other_side_sees_no_addresses_of_the_union() {
    on_each(|set| {
        let western = set.western();
        let address = |reader: &Person, name: &str| {
            let roster = western.roster(reader);
            let seats = roster["seats"].as_array().unwrap().clone();
            seats.into_iter().find(|seat| seat["name"] == name).unwrap()["email"].clone()
        };
        assert_eq!(address(&western.steward(), "Ulla"), "upm@western.test");
        assert_eq!(address(&western.upm(), "Ulla"), "upm@western.test");
        assert_eq!(address(&western.upm(), "Sam"), serde_json::Value::Null);
        assert_eq!(address(&western.financier(), "Sam"), serde_json::Value::Null);
        assert_eq!(address(&western.operator(), "Sam"), "steward@union.test");
    });
}

#[test]
fn a_seat_by_a_printed_code_reads_address_not_checked_until_it_is_let_in() {
    on_each(|set| {
        let western = set.western();
        let roster = western.roster(&western.steward());
        let seat =
            |name: &str| roster["seats"].as_array().unwrap().iter().find(|seat| seat["name"] == name).unwrap().clone();
        assert_eq!((&seat("Ulla")["handed_out"], &seat("Ulla")["let_in"]), (&json!(true), &json!(false)));
        // The union's first needs nobody to let them in; that nobody checked their address is said all the same.
        assert_eq!((&seat("Sam")["handed_out"], &seat("Sam")["let_in"]), (&json!(true), &json!(true)));
    });
}

#[derive(diesel::QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    email: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    body: String,
}

/// Kind, reader and body of every notice about a person, by reader.
pub fn waiting(set: &TestApp) -> Vec<(String, String, String)> {
    use diesel::{RunQueryDsl as _, sql_query};
    let sql = "SELECT o.kind, m.email, o.body FROM outbox o JOIN members m ON m.id = o.member_id ORDER BY m.email";
    let read = move |conn: &mut lastlooks::storage::Conn| Ok::<_, StorageError>(sql_query(sql).load::<Waiting>(conn)?);
    let rows = set.database().open().read_blocking(read).unwrap();
    rows.into_iter().map(|row| (row.kind, row.email, row.body)).collect()
}

pub fn about<'w>(waiting: &'w [(String, String, String)], name: &str) -> Vec<(&'w str, &'w str)> {
    let named = format!("\"name\":\"{name}\"");
    waiting.iter().filter(|(_, _, body)| body.contains(&named)).map(|(k, e, _)| (k.as_str(), e.as_str())).collect()
}

#[test]
fn a_new_seat_is_told_to_desk_mates_and_to_every_union_seat_once() {
    on_each(|set| {
        let western = set.western();
        let code = western.invites("Office", "ned@western.test", &["line_producer"]);
        set.joins(&code, "Ned", "ned@western.test");
        let rows = waiting(set);
        let expected = [
            ("roster_handed_out", "counsel@union.test"),
            ("roster_handed_out", "international@union.test"),
            ("joined", "line@western.test"),
            ("roster_handed_out", "rep@union.test"),
            ("roster_handed_out", "steward@union.test"),
            ("joined", "upm@western.test"),
        ];
        assert_eq!(about(&rows, "Ned"), expected);
        let path = format!("/v1/desks/{}/invitations", western.desk("Shop steward"));
        let invited =
            western.steward().posts(&path, json!({ "email": "deb@union.test", "roles": ["steward"] })).is(201);
        let id = invited["id"].as_str().unwrap().parse().unwrap();
        let code = set.wait(set.app().draw_invitation_code(id)).unwrap().unwrap().code;
        set.joins(&code, "Deb", "deb@union.test");
        let rows = waiting(set);
        let by_mail = about(&rows, "Deb");
        assert!(by_mail.iter().all(|(kind, _)| *kind == "joined"), "{by_mail:?}");
        assert_eq!(by_mail.len(), 4, "{by_mail:?}");
    });
}

/// The one report, its tags, and the keys that read them.
fn kept_out(set: &TestApp, western: &Western<'_>, names: impl Fn(ReportId, &ServerKeys, &[[u8; 16]])) {
    let secrets = Secrets::open(&set.folder().join("secrets.toml")).unwrap();
    let keys = ServerKeys::from(&RootSecret::new(*secrets.root.bytes()));
    let id = western.id;
    let read = move |conn: &mut lastlooks::storage::Conn| {
        let report = reports::open_of(conn, id)?.remove(0);
        Ok::<_, StorageError>((report.id, report_parts::kept_out(conn, report.id)?))
    };
    let (report, tags) = set.database().open().read_blocking(read).unwrap();
    let tags: Vec<[u8; 16]> = tags.as_chunks().0.to_vec();
    names(report, &keys, &tags);
}

#[test]
fn who_gets_a_role_that_a_report_is_about_is_kept_out_of_it() {
    on_each(|set| {
        let western = set.western();
        let filing = json!({
            "category": "weapons", "severity": "next_setup", "ongoing": "yes", "subject_role": "armorer",
        });
        western.crew().files(&"ab".repeat(16), filing);
        let (line, upm) = (western.line_producer(), western.upm());
        let id =
            |person: &Person| -> MemberId { person.gets("/v1/me").is(200)["id"].as_str().unwrap().parse().unwrap() };
        let (line_id, upm_id) = (id(&line), id(&upm));
        kept_out(set, &western, |report, keys, tags| {
            assert!(!is_kept_out(&keys.kept, report, tags, Name::Member(line_id)));
        });
        let code = western.invites("Safety", &line.email, &["armorer"]);
        let body = json!({ "name": "Lee", "password": line.password });
        set.client().send("POST", &format!("/v1/invitations/{code}/acceptance"), &[], Some(&body)).is(201);
        kept_out(set, &western, |report, keys, tags| {
            assert!(is_kept_out(&keys.kept, report, tags, Name::Member(line_id)));
            assert!(!is_kept_out(&keys.kept, report, tags, Name::Member(upm_id)));
            assert_eq!(tags.len(), 32, "the set does not show that it grew");
        });
    });
}

#[test]
fn a_phone_is_told_the_keys_of_every_seat_and_can_file_once_somebody_of_the_union_sits_there() {
    on_each(|set| {
        let mut western = set.empty_western();
        let filing =
            json!({ "category": "fatigue", "severity": "concern", "ongoing": "no", "receipt": "cd".repeat(16) });
        western.seats("Office", "Ulla", "upm@western.test", &["upm"]);
        western.crew().tries_to_file(&filing).refuses(409, "production-not-ready");
        assert_eq!(western.crew().manifest().is(200)["ready"], false);
        western.seats("Shop steward", "Sam", "steward@union.test", &["steward"]);
        let manifest = western.crew().manifest().is(200);
        assert_eq!(manifest["ready"], true);
        let keys = |seats: &serde_json::Value| {
            let mut keys: Vec<String> =
                seats.as_array().unwrap().iter().map(|s| s["key_id"].as_str().unwrap().to_owned()).collect();
            keys.sort_unstable();
            keys
        };
        let roster = western.roster(&western.steward());
        assert_eq!(keys(&manifest["seats"]), keys(&roster["seats"]));
        // Spelt alike, so that a phone can compare them with what somebody reads out.
        for (spelt, seat) in [("reading_key", 0), ("verify_key", 0), ("reading_key", 1), ("verify_key", 1)] {
            assert_eq!(manifest["seats"][seat][spelt], roster["seats"][seat][spelt], "{spelt}");
            assert_eq!(roster["seats"][seat][spelt].as_str().map(str::len), Some(43), "{spelt}");
        }
        let reporter = western.crew().files(&"cd".repeat(16), filing);
        assert_eq!(reporter.inbox()["handle"], reporter.filed["handle"]);
    });
}

#[test]
fn everybody_seated_reads_who_sits_where_and_who_must_still_be_let_in() {
    on_each(|set| {
        let western = set.western();
        for person in western.everybody() {
            assert_eq!(western.roster(person)["seats"].as_array().unwrap().len(), 15, "{person:?}");
        }
        // Invitations on their way are shown to whoever may send them again.
        western.invites("Guarantor", "gil@western.test", &["guarantor"]);
        assert_eq!(western.roster(&western.guarantor())["invitations"][0]["email"], "gil@western.test");
        assert_eq!(western.roster(&western.international())["invitations"], json!([]));
    });
}

#[test]
fn the_same_chance_makes_the_same_production() {
    let made = |database| {
        let entropy = Arc::new(SeededEntropy::new(7));
        let set = TestApp::with(database, Wanted { entropy, ..Wanted::default() });
        let western = set.empty_western();
        (western.id, western.crew_code.clone(), western.roster(&western.operator())["hash"].clone())
    };
    let [sqlite, postgres] = [TestDatabase::sqlite(), TestDatabase::postgres()].map(made);
    assert_eq!(sqlite, postgres);
}

#[test]
fn a_roster_version_is_bound_to_its_production() {
    on_each(|set| {
        let western = set.empty_western();
        let id = western.id;
        let row = set.database().open().read_blocking(move |conn| productions::find(conn, id)).unwrap().unwrap();
        assert_eq!(row.roster_version, 9);
        let roster = set.database().open().read_blocking(move |conn| people::roster(conn, id, 9)).unwrap().unwrap();
        assert!(roster.body.windows(16).any(|part| part == id.as_bytes()));
    });
}
