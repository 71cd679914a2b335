//! Whoever hosts it: the program itself, as it is run, watched, copied and stopped.

mod backup;
mod doctor;
mod engine;
mod export;
mod metrics;
mod policy;
mod serving;
#[cfg(feature = "postgres-tls")]
mod tls;

use serde_json::{Value, json};

use crate::{
    crew::{host::Host, left_weapon, new_receipt, with},
    support::client::{Answer, Client},
};

/// Somebody with an account on a host.
#[derive(Debug, Clone)]
pub struct Account {
    /// Their address.
    pub email: &'static str,
    /// Their password.
    pub password: String,
}

impl Account {
    /// Signs in; the headers of somebody who reads and writes sealed text.
    #[track_caller]
    pub fn signs_in(&self, client: &Client) -> [(&'static str, String); 2] {
        let body = json!({ "email": self.email, "password": self.password });
        let session = client.send("POST", "/v1/sessions", &[], Some(&body)).is(201);
        let text = |field: &str| session[field].as_str().unwrap().to_owned();
        [("authorization", format!("Bearer {}", text("access_token"))), ("unlock-key", text("unlock_key"))]
    }
}

/// Reads or acts as somebody who is signed in.
#[track_caller]
fn asks(client: &Client, who: &[(&'static str, String)], method: &str, path: &str, body: Option<&Value>) -> Answer {
    let headers: Vec<_> = who.iter().map(|(name, value)| (*name, value.as_str())).collect();
    client.send(method, path, &headers, body)
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
