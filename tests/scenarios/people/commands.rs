//! The first evening on a new host, by the binary itself, beside a service that runs on the same database.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::app::{TestApp, on_each};

fn lastlooks(set: &TestApp, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lastlooks"))
        .args(line)
        .env("LASTLOOKS_DATABASE_URL", set.database().url())
        .env("LASTLOOKS_DATA_DIR", set.folder())
        .env("LASTLOOKS_PUBLIC_URL", set.client().base_url())
        .current_dir(set.folder())
        .output()
        .unwrap()
}

#[track_caller]
fn prints(set: &TestApp, line: &[&str]) -> Value {
    let output = lastlooks(set, line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn complains(set: &TestApp, line: &[&str]) -> String {
    let output = lastlooks(set, line);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_new_host_is_set_up_by_four_commands() {
    on_each(|set| {
        // The service's clock stands in the past; the commands have the machine's.
        let init = prints(set, &["init", "--operator", "host@host.test", "--json"]);
        assert!(init["url"].as_str().unwrap().starts_with(set.client().base_url()));
        let line = ["production", "create", "--name", "Western", "--slug", "western", "--time-zone", "America/Denver"];
        let made = prints(set, &[&line[..], &["--json"]].concat());
        assert_eq!((made["slug"].as_str(), made["crew_code"].as_str().map(str::len)), (Some("western"), Some(8)));
        let line =
            ["desk", "add", "--production", "western", "--name", "Shop steward", "--side", "union", "--level", "1"];
        let desk = prints(set, &[&line[..], &["--json"]].concat());
        assert_eq!((&desk["side"], &desk["level"]), (&json!("union"), &json!(1)));
        let line =
            ["member", "invite", "--production", "western", "--desk", "Shop steward", "--email", "sam@union.test"];
        let invited = prints(set, &[&line[..], &["--role", "steward", "--json"]].concat());
        let sam = set.joins(invited["invitation_code"].as_str().unwrap(), "Sam", "sam@union.test");
        assert_eq!(sam.gets("/v1/me").is(200)["seats"][0]["production_slug"], "western");
        let host = set.joins(init["invitation_code"].as_str().unwrap(), "Olga", "host@host.test");
        assert_eq!(host.gets("/v1/me").is(200)["operator"], true);
    });
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    on_each(|set| {
        let create = ["production", "create", "--name", "W", "--slug", "w", "--time-zone"];
        let told = complains(set, &[&create[..], &["Mars/Olympus"]].concat());
        assert!(told.contains("time_zone") && told.lines().count() == 1, "{told}");
        let told =
            complains(set, &["desk", "add", "--production", "none", "--name", "X", "--side", "union", "--level", "1"]);
        assert!(told.contains("short name of a production"), "{told}");
        let told = complains(set, &["init", "--operator", "hunter2"]);
        assert!(told.contains("mail address") && !told.contains("hunter2"), "{told}");
    });
}
