//! An engine that is held fires nothing, says so, and is let go by a command beside the service.

use std::{fs, thread, time::Duration};

use lastlooks::storage::{StorageError, engine};

use super::{files, inbox, joins};
use crate::{
    crew::host::{Host, soon},
    support::TestDatabase,
};

const SECONDS: &str = r#"{"steps": {"next_setup": 1}, "windows": {"next_setup": {"acknowledge": [10], "answer": 10}}}"#;

fn hold(database: &TestDatabase) {
    let held = database.open().write_blocking(&[0; 16], |tx| {
        let state = engine::state(tx)?;
        engine::save_state(
            tx,
            &engine::EngineRow { held: true, held_reason: Some("the clock is odd".to_owned()), ..state },
        )?;
        Ok::<_, StorageError>(())
    });
    held.unwrap();
}

#[test]
fn a_held_engine_is_let_go_by_a_command_and_the_running_service_fires_what_waited() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        let policy = host.folder().join("policy.json");
        fs::write(&policy, SECONDS).unwrap();
        let code = host.makes_western_with(&["--policy", policy.to_str().unwrap()]);
        let client = host.serves();
        joins(&host, &client, "Steward", "steward@western.test", "steward");
        joins(&host, &client, "Safety", "safety@western.test", "1st_ad");
        client.send("GET", "/health/ready", &[], None).is(200);
        let receipt = files(&client, &code, serde_json::json!({}));
        hold(&host.database);
        let away = client.send("GET", "/health/ready", &[], None).refuses(503, "unavailable");
        let said = away["detail"].as_str().unwrap();
        assert!(said.contains("deadlines are held") && !said.contains("odd"), "{said}");
        thread::sleep(Duration::from_secs(13));
        assert_eq!(inbox(&client, &receipt)["unanswered_by"].as_array().unwrap().len(), 0, "held");
        let resumed = host.runs(&["engine", "resume", "--json"]);
        assert_eq!((&resumed["was_held"], &resumed["because"]), (&true.into(), &"the clock is odd".into()));
        soon("the deadline fires", || {
            (!inbox(&client, &receipt)["unanswered_by"].as_array().unwrap().is_empty()).then_some(())
        });
        client.send("GET", "/health/ready", &[], None).is(200);
        let again = host.runs(&["engine", "resume", "--json"]);
        assert_eq!(again["was_held"], false);
    }
}
