//! What one member may see, written down: with their password, as they would read it, and nothing else.

use std::{fs, process::Stdio};

use serde_json::{Value, json};

use super::{asks, files, inbox, joins};
use crate::{crew::host::Host, support::TestDatabase};

fn exports(host: &Host, email: &str, password: &str, options: &[&str]) -> std::process::Output {
    let file = host.folder().join("password");
    fs::write(&file, format!("{password}\n")).unwrap();
    let line = ["export", "--production", "western", "--member", email, "--password-file", file.to_str().unwrap()];
    host.tries(&[line.as_slice(), options].concat(), &[])
}

#[test]
fn each_member_exports_what_they_would_read_and_it_is_on_record_as_opened() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        let code = host.makes_western();
        let client = host.serves();
        let steward = joins(&host, &client, "Steward", "steward@western.test", "steward");
        let safety = joins(&host, &client, "Safety", "safety@western.test", "1st_ad");
        joins(&host, &client, "Office", "office@western.test", "upm");
        let open = files(&client, &code, json!({ "make_safe": "=1+1 on the cart", "narrative": "for the union" }));
        files(&client, &code, json!({ "subject_role": "1st_ad" }));
        let of_union: Value = exported(&exports(&host, steward.email, &steward.password, &["--json"]));
        assert_eq!(of_union["reports"].as_array().unwrap().len(), 2);
        let of_production = exported(&exports(&host, safety.email, &safety.password, &[]));
        let reports = of_production["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 1, "not the one that names their role");
        assert_eq!(reports[0]["shared"]["make_safe"], "=1+1 on the cart");
        assert_eq!(reports[0]["union"], Value::Null);
        assert!(!of_production.to_string().contains("for the union"));
        let what: Vec<_> = inbox(&client, &open)["timeline"].as_array().unwrap().clone();
        assert!(what.iter().any(|line| line["what"] == "opened"), "{what:?}");
        let who = safety.signs_in(&client);
        let id = reports[0]["id"].as_str().unwrap();
        let read = asks(&client, &who, "GET", &format!("/v1/reports/{id}"), None).is(200);
        assert_eq!(read["shared"], reports[0]["shared"]);
        let csv = exports(&host, safety.email, &safety.password, &["--csv"]);
        let csv = String::from_utf8(csv.stdout).unwrap();
        assert!(csv.starts_with("handle,category,kind,") && csv.contains("\"'=1+1 on the cart\""), "{csv}");
        assert_eq!(csv.lines().count(), 2, "{csv}");
    }
}

#[track_caller]
fn exported(done: &std::process::Output) -> Value {
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn without_the_password_or_a_seat_nothing_is_exported() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        host.makes_western();
        let client = host.serves();
        let steward = joins(&host, &client, "Steward", "steward@western.test", "steward");
        let told = |email: &str, password: &str| {
            let done = exports(&host, email, password, &[]);
            assert!(done.status.code() == Some(1) && done.stdout.is_empty());
            String::from_utf8(done.stderr).unwrap()
        };
        let wrong = told(steward.email, "not their password");
        assert!(wrong.contains("nobody has this address and this password"), "{wrong}");
        assert_eq!(told("nobody@western.test", "not their password"), wrong);
        let line = ["export", "--production", "eastern", "--member", steward.email, "--password-file", "password"];
        fs::write(host.folder().join("password"), &steward.password).unwrap();
        let told = host.refuses(&line);
        assert!(told.contains("has no seat in a production called `eastern`"), "{told}");
        assert!(!told.contains(&steward.password));
    }
}

#[test]
fn the_password_may_come_on_standard_input() {
    let mut host = Host::on(TestDatabase::sqlite());
    host.makes_western();
    let client = host.serves();
    let steward = joins(&host, &client, "Steward", "steward@western.test", "steward");
    let file = host.folder().join("password");
    fs::write(&file, &steward.password).unwrap();
    let line = ["export", "--production", "western", "--member", steward.email];
    let input = Stdio::from(fs::File::open(&file).unwrap());
    let done = host.reads(&line, input);
    assert_eq!(exported(&done)["reports"], json!([]));
}
