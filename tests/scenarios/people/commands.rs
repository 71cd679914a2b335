//! The first evening on a new host, by the binary itself, beside a service that runs on the same database.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Output, Stdio},
};

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

#[track_caller]
fn says(set: &TestApp, line: &[&str]) -> String {
    let output = lastlooks(set, line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_host_sees_which_shows_there_are_and_what_each_still_needs() {
    on_each(|set| {
        assert!(says(set, &["production", "list"]).contains("production create"));
        prints(set, &["production", "create", "--name", "Western", "--slug", "western", "--json"]);
        let show = ["production", "show", "--production", "western"];
        assert!(says(set, &show).contains("No desks yet. Next: lastlooks desk add --production western"));
        for (name, side) in [("Shop steward", "union"), ("Safety contact", "production")] {
            prints(
                set,
                &["desk", "add", "--production", "western", "--name", name, "--side", side, "--level", "1", "--json"],
            );
        }
        assert!(says(set, &["production", "list"]).contains("takes none yet: nobody sits at a union desk"));
        let invite = ["member", "invite", "--production", "western", "--desk", "Shop steward", "--email"];
        let invited = prints(set, &[&invite[..], &["sam@union.test", "--role", "steward", "--json"]].concat());
        let before = says(set, &show);
        assert!(before.contains("Shop steward (level 1, union)\n    invited until "), "{before}");
        assert!(
            before.contains("Safety contact (level 1, production)\n    nobody; lastlooks member invite"),
            "{before}"
        );
        set.joins(invited["invitation_code"].as_str().unwrap(), "Sam", "sam@union.test");
        let after = says(set, &show);
        assert!(after.contains("Shop steward (level 1, union)\n    Sam <sam@union.test>: steward\n"), "{after}");
        assert!(
            after.find("Safety contact (") < after.find("Shop steward ("),
            "production first at each level: {after}"
        );
        let needs = after.split("Before the first day it needs:").nth(1).unwrap();
        for wanted in
            ["somebody of the production side at level 1", "a test notice", "fewer than three people of the union side"]
        {
            assert!(needs.contains(wanted), "{wanted} in {after}");
        }
        assert!(says(set, &["production", "list"]).contains("Western (takes reports)"));
        let all = prints(set, &[&show[..], &["--json"]].concat());
        assert_eq!(all["production"]["slug"], "western");
        assert_eq!(all["roster"]["seats"][0]["email"], "sam@union.test");
        assert_eq!(all["readiness"]["ready"], false);
        let test = ["production", "test-notice", "--production", "western"];
        assert!(says(set, &test).starts_with("A test notice waits for one person"));
        assert!(complains(set, &test).contains("too many tries"));
        assert!(says(set, &show).contains("- a word from Sam (Shop steward) that the test notice arrived"));
        let told = complains(set, &["production", "show", "--production", "none"]);
        assert!(told.contains("lastlooks production list"), "{told}");
        let told = complains(
            set,
            &[
                &["member", "invite", "--production", "western", "--desk", "Stewards"][..],
                &["--email", "a@b.test", "--role", "steward"],
            ]
            .concat(),
        );
        assert!(told.contains("lastlooks production show"), "{told}");
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

#[test]
fn a_reader_who_has_seen_enough_ends_a_command_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lastlooks"))
        .arg("openapi")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Gone before the first line, as with `| head -0`.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn a_second_demo_in_the_same_folder_is_told_so_and_takes_nothing_from_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let demo = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastlooks"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--dir"]).arg(folder.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let mut first = demo().spawn().unwrap();
    let mut line = String::new();
    BufReader::new(first.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Setting up"), "{line}");
    let second = demo().output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("a demo runs in") && said.contains("--dir") && said.lines().count() == 1, "{said}");
    assert!(folder.path().join("lastlooks.db").exists(), "the first one's database is there");
    first.kill().unwrap();
    first.wait().unwrap();
    // The folder is free again, however the first one ended.
    let mut third = demo().spawn().unwrap();
    let mut line = String::new();
    BufReader::new(third.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("Setting up"), "{line}");
    third.kill().unwrap();
    third.wait().unwrap();
}
