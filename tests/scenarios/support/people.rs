//! People as values: members who sign in by themselves, the crew, and reporters.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use lastlooks::domain::{
    ids::MemberId,
    time::{Seconds, UtcMillis},
};
use serde_json::{Value, json};

use super::{
    app::TestApp,
    client::{Answer, Client},
    clock::ManualClock,
};
use lastlooks::clock::Clock as _;

/// A new access token is fetched after this long; tokens last ten minutes.
const FRESH: Seconds = Seconds::minutes(9);

/// A member.
#[derive(Clone)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What brings them back; shown at acceptance.
    pub recovery_words: Option<String>,
    client: Client,
    clock: Arc<ManualClock>,
    session: Arc<Mutex<Option<Session>>>,
}

/// A session as a device keeps it.
#[derive(Debug, Clone)]
pub struct Session {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// For the next refresh.
    pub refresh_token: String,
    /// For `Unlock-Key`.
    pub unlock_key: String,
    since: UtcMillis,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Person {
    /// Somebody new accepts an invitation.
    #[track_caller]
    pub fn joins(set: &TestApp, code: &str, name: &str, email: &str) -> Self {
        let password = format!("{name} keeps five words apart");
        let body = json!({ "name": name, "password": password });
        let path = format!("/v1/invitations/{code}/acceptance");
        let accepted = set.client().send("POST", &path, &[], Some(&body)).is(201);
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            password,
            recovery_words: accepted["recovery_words"].as_str().map(str::to_owned),
            client: set.client().clone(),
            clock: Arc::clone(&set.clock),
            session: Arc::default(),
        }
    }

    /// The same person at a service that was restarted: another port, no session.
    #[must_use]
    pub fn at(&self, set: &TestApp) -> Self {
        Self { client: set.client().clone(), session: Arc::default(), ..self.clone() }
    }

    /// The same person, in the same session, at another process of the service.
    #[must_use]
    pub fn through(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    /// What signing in answers.
    pub fn tries_to_sign_in(&self, password: &str) -> Answer {
        let body = json!({ "email": self.email, "password": password });
        self.client.send("POST", "/v1/sessions", &[], Some(&body))
    }

    /// Signs in on another device.
    #[track_caller]
    pub fn signs_in(&self) -> Session {
        let answer = self.tries_to_sign_in(&self.password).is(201);
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        Session {
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
            unlock_key: text("unlock_key"),
            since: self.clock.now(),
        }
    }

    /// The session of this person's own device, signed in anew where it is not fresh.
    #[track_caller]
    pub fn session(&self) -> Session {
        let mut kept = self.session.lock().unwrap();
        match kept.as_ref().filter(|session| self.clock.now() < session.since.plus(FRESH)) {
            Some(session) => session.clone(),
            None => kept.insert(self.signs_in()).clone(),
        }
    }

    /// Sends a request, signed in, without Unlock-Key.
    #[track_caller]
    pub fn sends(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.sends_with(method, path, &[], body)
    }

    /// As [`Person::sends`], with headers.
    #[track_caller]
    pub fn sends_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.session().access_token);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        self.client.send(method, path, &headers, body)
    }

    /// Sends a request with the session's Unlock-Key.
    #[track_caller]
    pub fn unlocked(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let key = self.session().unlock_key;
        self.sends_with(method, path, &[("unlock-key", key.as_str())], body)
    }

    /// Their id.
    #[track_caller]
    pub fn id(&self) -> MemberId {
        self.gets("/v1/me").is(200)["id"].as_str().unwrap().parse().unwrap()
    }

    /// Reads, without Unlock-Key.
    #[track_caller]
    pub fn gets(&self, path: &str) -> Answer {
        self.sends("GET", path, None)
    }

    /// Writes, without Unlock-Key.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "stories read better without a reference before each body")]
    pub fn posts(&self, path: &str, body: Value) -> Answer {
        self.sends("POST", path, Some(&body))
    }
}

/// Somebody of the crew, with the code from the poster.
#[derive(Debug, Clone)]
pub struct Crew {
    /// The code.
    pub code: String,
    client: Client,
}

impl Crew {
    /// Somebody who saw the poster.
    pub fn with(set: &TestApp, code: &str) -> Self {
        Self { code: code.to_owned(), client: set.client().clone() }
    }

    /// Somebody at a service that is no [`TestApp`].
    pub fn of(client: &Client, code: &str) -> Self {
        Self { code: code.to_owned(), client: client.clone() }
    }

    /// What a phone is told before anything is filed.
    pub fn manifest(&self) -> Answer {
        self.client.send("GET", "/v1/crew/manifest", &[("crew-code", &self.code)], None)
    }

    /// What filing answers; the receipt is part of the body.
    pub fn tries_to_file(&self, body: &Value) -> Answer {
        self.client.send("POST", "/v1/reports", &[("crew-code", &self.code)], Some(body))
    }

    /// Files with this receipt.
    #[track_caller]
    pub fn files(&self, receipt: &str, mut body: Value) -> Reporter {
        body["receipt"] = json!(receipt);
        let filed = self.tries_to_file(&body).is(201);
        Reporter { receipt: receipt.to_owned(), filed, client: self.client.clone() }
    }
}

/// Somebody who filed, and kept the receipt.
#[derive(Debug, Clone)]
pub struct Reporter {
    /// 32 hex digits.
    pub receipt: String,
    /// What filing answered.
    pub filed: Value,
    client: Client,
}

impl Reporter {
    /// The inbox.
    #[track_caller]
    pub fn inbox(&self) -> Value {
        self.sends("GET", "/v1/inbox", None).is(200)
    }

    /// Sends a request with the receipt.
    pub fn sends(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let receipt = format!("Receipt {}", self.receipt);
        self.client.send(method, path, &[("authorization", &receipt)], body)
    }
}
