//! A small client of the service's own HTTP API.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use ureq::{Agent, http::Response};

use super::cast::Member;

/// Speaks to one service.
pub(super) struct Client {
    agent: Agent,
    base_url: String,
}

/// Somebody who is signed in.
pub(super) struct Session {
    token: String,
    unlock_key: String,
}

impl Client {
    /// A client of the service at this address.
    pub(super) fn new(base_url: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(20)));
        Self { agent: config.build().into(), base_url: base_url.to_owned() }
    }

    /// Reads.
    ///
    /// # Errors
    /// If the service does not answer 200 with JSON.
    pub(super) fn get(&self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut request = self.agent.get(format!("{}{path}", self.base_url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        json(request.call().with_context(|| format!("GET {path}"))?, path)
    }

    /// Acts.
    ///
    /// # Errors
    /// If the service refuses.
    pub(super) fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> anyhow::Result<Value> {
        let mut request = self.agent.post(format!("{}{path}", self.base_url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        json(request.send_json(body).with_context(|| format!("POST {path}"))?, path)
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// If the service refuses.
    pub(super) fn sign_in(&self, member: &Member) -> anyhow::Result<Session> {
        let body = serde_json::json!({"email": member.email, "password": member.password});
        let session = self.post("/v1/sessions", &[], &body)?;
        let text = |name: &str| Ok::<_, anyhow::Error>(session[name].as_str().context("no session")?.to_owned());
        Ok(Session { token: format!("Bearer {}", text("access_token")?), unlock_key: text("unlock_key")? })
    }
}

impl Session {
    /// The headers of somebody who reads and writes sealed text.
    pub(super) fn headers(&self) -> [(&str, &str); 2] {
        [("Authorization", &self.token), ("Unlock-Key", &self.unlock_key)]
    }
}

fn json(mut response: Response<ureq::Body>, path: &str) -> anyhow::Result<Value> {
    let status = response.status();
    let text = response.body_mut().read_to_string()?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered something else than JSON"))
}
