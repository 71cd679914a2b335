//! Whoever hosts it: the program itself, as it is run, watched, copied and stopped.

mod engine;

use serde_json::{Value, json};

use crate::{
    crew::{host::Host, left_weapon, new_receipt, with},
    support::client::Client,
};

/// Somebody with an account on a host.
#[derive(Debug, Clone)]
pub struct Account {
    /// Their address.
    pub email: &'static str,
    /// Their password.
    pub password: String,
}

/// Seats somebody new at a desk of the western.
#[track_caller]
fn joins(host: &Host, client: &Client, desk: &str, email: &'static str, role: &str) -> Account {
    let code = host.invites(desk, email, role);
    let password = format!("{role} rides at dawn");
    let body = json!({ "name": email, "password": password });
    client.send("POST", &format!("/v1/invitations/{code}/acceptance"), &[], Some(&body)).is(201);
    Account { email, password }
}

/// Files a report about a weapon that nobody watches; answers its receipt.
#[track_caller]
fn files(client: &Client, code: &str, fields: Value) -> String {
    let receipt = new_receipt();
    let body = with(with(left_weapon(), json!({ "receipt": receipt })), fields);
    client.send("POST", "/v1/reports", &[("crew-code", code)], Some(&body)).is(201);
    receipt
}

/// What a receipt opens.
#[track_caller]
fn inbox(client: &Client, receipt: &str) -> Value {
    client.send("GET", "/v1/inbox", &[("authorization", &format!("Receipt {receipt}"))], None).is(200)
}
