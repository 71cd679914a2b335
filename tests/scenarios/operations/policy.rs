//! Policies from files: read, checked, set, explained; and the ladder that is explained is the one that is climbed.

use std::fs;

use serde_json::{Value, json};

use super::joins;
use crate::{crew::host::Host, support::TestDatabase};

fn written(host: &Host, name: &str, text: &str) -> String {
    let file = host.folder().join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn says(host: &Host, options: &[&str]) -> String {
    let line = ["production", "policy", "--production", "western"];
    let done = host.tries(&[line.as_slice(), options].concat(), &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_policy_goes_out_as_json_and_comes_back_from_a_file_of_any_of_three_kinds() {
    for database in TestDatabase::each() {
        let host = Host::on(database);
        let toml = written(&host, "first.toml", "[windows.next_setup]\nacknowledge = [600, 600, 900]\nanswer = 1800\n");
        host.makes_western_with(&["--policy", &toml]);
        let shown: Value = serde_json::from_str(&says(&host, &[])).unwrap();
        assert_eq!(shown["windows"]["next_setup"]["answer"], 1800);
        assert_eq!(shown["windows"]["concern"]["answer"], 259_200, "what is left out is as shipped");
        let mut changed = shown.clone();
        changed["windows"]["next_setup"]["answer"] = json!(1200);
        let file = written(&host, "second.json", &changed.to_string());
        let said = says(&host, &["--file", &file, "--check"]);
        assert!(said.contains("at once") && said.contains("Nothing was changed"), "{said}");
        assert_eq!(serde_json::from_str::<Value>(&says(&host, &[])).unwrap(), shown);
        let said = says(&host, &["--file", &file]);
        assert!(said.contains("is in force"), "{said}");
        assert_eq!(serde_json::from_str::<Value>(&says(&host, &[])).unwrap(), changed);
        let yaml = written(&host, "third.yaml", "windows:\n  next_setup:\n    acknowledge: [600]\n    answer: 1100\n");
        says(&host, &["--file", &yaml]);
        let shown: Value = serde_json::from_str(&says(&host, &[])).unwrap();
        assert_eq!(shown["windows"]["next_setup"]["answer"], 1100);
    }
}

#[test]
fn a_file_that_asks_for_longer_windows_waits_for_a_union_member_and_says_for_which() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        host.makes_western();
        let client = host.serves();
        joins(&host, &client, "Steward", "steward@western.test", "steward");
        let file = written(&host, "longer.toml", "contest_seconds = 60\n[windows.next_setup]\nanswer = 7200\n");
        let said = says(&host, &["--file", &file, "--check"]);
        assert!(said.contains("union member would have to agree to windows.next_setup.answer"), "{said}");
        let said = says(&host, &["--file", &file, "--explain"]);
        for words in ["waits until a union member agrees", "longer: windows.next_setup.answer", "contest_seconds"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("takes its place"), "{said}");
        assert!(says(&host, &["--explain"]).contains("waits until a union member agrees"));
        let said = says(&host, &["--file", &file]);
        assert!(said.contains("waited for agreement and does so no more: this takes its place"), "{said}");
        let shorter = written(&host, "shorter.toml", "[windows.next_setup]\nacknowledge = [600]\nanswer = 1100\n");
        let said = says(&host, &["--file", &shorter]);
        assert!(
            said.contains("does so no more") && said.contains("is in force for reports filed from now on"),
            "{said}"
        );
        let said = says(&host, &["--file", &shorter]);
        assert!(!said.contains("takes its place") && !said.contains("waits"), "{said}");
    }
}

#[test]
fn a_file_that_is_wrong_is_refused_naming_the_path_and_changes_nothing() {
    let host = Host::on(TestDatabase::sqlite());
    let file = written(&host, "wrong.json", r#"{"windows": {"next_setup": {"acknowledge": [900, "soon"]}}}"#);
    let create = ["production", "create", "--name", "Western", "--slug", "western", "--policy", &file];
    let told = host.refuses(&create);
    assert!(told.contains("wrong.json: windows.next_setup.acknowledge[1]: "), "{told}");
    host.makes_western();
    let before = says(&host, &[]);
    let told = host.refuses(&["production", "policy", "--production", "western", "--file", &file]);
    assert!(told.contains("windows.next_setup.acknowledge[1]"), "{told}");
    let told = host.refuses(&["production", "policy", "--production", "western", "--file", "nowhere.json"]);
    assert!(told.contains("cannot read the policy nowhere.json"), "{told}");
    assert_eq!(says(&host, &[]), before);
}

#[test]
fn the_ladder_is_explained_with_names_and_an_example_of_times() {
    let host = Host::on(TestDatabase::sqlite());
    host.makes_western_with(&["--time-zone", "America/Denver"]);
    let said = says(&host, &["--explain"]);
    for words in [
        "policy version",
        "immediate (right now)",
        "level 1 and 2: Safety, Office, and at the same instant Steward",
        "level 1: Safety, and at the same instant Steward",
        "level 2: Office",
        "\"I have it\" by ",
        "everybody was told and nobody answered",
        "retaliation (somebody was punished",
        "level 1: Steward",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains(" MST") || said.contains(" MDT"), "every time has its zone: {said}");
}
