//! What Prometheus is given, and what must never move in it.

use std::net::TcpListener;

use serde_json::json;

use super::{asks, files, inbox, joins};
use crate::{
    crew::host::{Host, soon},
    support::{TestDatabase, client::Client},
};

/// Everything but what members' own requests and the engine's own heartbeat move.
fn about_reports(shown: &str) -> Vec<String> {
    let others = ["lastlooks_member_request_seconds", "lastlooks_heartbeat_age_seconds", "lastlooks_due_lag_seconds"];
    let mut lines: Vec<String> =
        shown.lines().filter(|line| !others.iter().any(|other| line.contains(other))).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn nothing_that_the_crew_does_moves_a_number_before_the_full_hour() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        let code = host.makes_western();
        // The hour, or the quarter, may turn while this runs: then it is looked at once more.
        for attempt in 0.. {
            let client = host.serves();
            if attempt == 0 {
                joins(&host, &client, "Steward", "steward@western.test", "steward");
                joins(&host, &client, "Safety", "safety@western.test", "1st_ad");
            }
            soon("the first look is taken", || {
                host.metrics().contains("lastlooks_open_reports{level=\"9\"} 0").then_some(())
            });
            let before = about_reports(&host.metrics());
            let receipt = files(&client, &code, json!({}));
            files(
                &client,
                &code,
                json!({ "category": "sanitation_food_housing", "severity": "concern", "kind": null, "weapon": null }),
            );
            let message = json!({ "to": "all", "text": "hello" });
            let own = format!("Receipt {receipt}");
            client.send("POST", "/v1/inbox/messages", &[("authorization", &own)], Some(&message)).is(200);
            inbox(&client, &receipt);
            client.send("GET", "/v1/nowhere", &[], None).refuses(404, "not-found");
            client.send("GET", "/problems/not-found", &[], None);
            let after = about_reports(&host.metrics());
            assert!(host.stops().success());
            if before == after {
                break;
            }
            assert!(attempt < 2, "{before:#?} {after:#?}");
        }
    }
}

#[test]
fn members_requests_are_timed_by_route_and_the_host_is_told_how_it_is() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        host.makes_western();
        let client = host.serves();
        let steward = joins(&host, &client, "Steward", "steward@western.test", "steward");
        let who = steward.signs_in(&client);
        asks(&client, &who, "GET", "/v1/reports", None).is(200);
        let shown = soon("the first look is taken", || {
            Some(host.metrics()).filter(|shown| shown.contains("lastlooks_ledger_pending_entries"))
        });
        for line in [
            "lastlooks_database_up 1",
            "lastlooks_engine_held 0",
            "lastlooks_due_lag_seconds 0",
            "lastlooks_dead_notices 0",
            "lastlooks_oldest_unsent_notice_seconds",
            "lastlooks_crew_requests_total 0",
            "lastlooks_overdue_reports{level=\"1\"} 0",
            "lastlooks_member_request_seconds_count{method=\"GET\",route=\"/v1/reports\",status=\"2xx\"} 1",
            "route=\"/v1/invitations/{code}/acceptance\"",
        ] {
            assert!(shown.contains(line), "{line}: {shown}");
        }
        client.send("GET", "/metrics", &[], None).refuses(404, "not-found");
    }
}

#[test]
fn a_port_that_is_taken_keeps_nobody_from_reporting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut host = Host::on(TestDatabase::sqlite());
    let client: Client = host.serves_with(&[("LASTLOOKS_METRICS_LISTEN", &address)]);
    client.send("GET", "/health/ready", &[], None).is(200);
    assert!(host.logs().contains("LASTLOOKS_METRICS_LISTEN"), "{}", host.logs());
}
