//! A blocking HTTP client: what was answered, whatever the status.

use std::{fmt, time::Duration};

use serde_json::Value;
use ureq::{Agent, http};

/// Asks one service.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base_url: String,
}

/// What was answered.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client of the service at this address.
    pub fn new(base_url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_mins(1)));
        Self { agent: config.build().into(), base_url: base_url.to_owned() }
    }

    /// Where it asks.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends a request, with a JSON body if there is one.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        match body {
            Some(body) => self.send_bytes(method, path, &headers, body.to_string().as_bytes()),
            None => self.send_bytes(method, path, &headers[1..], &[]),
        }
    }

    /// Sends a request with any bytes as its body; none if there are none.
    pub fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.base_url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answered = if body.is_empty() {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body.to_vec()).unwrap())
        };
        let mut answered = answered.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let body = answered.body_mut().read_to_vec().unwrap();
        Answer { status: answered.status().as_u16(), headers: answered.headers().clone(), body }
    }
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// This status was answered; gives the body as JSON, null if there is none.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// A problem of this kind was answered, as RFC 9457 has it; gives the document.
    #[track_caller]
    pub fn refuses(&self, status: u16, slug: &str) -> Value {
        let problem = self.is(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(problem["type"], format!("/problems/{slug}"), "{self:?}");
        assert_eq!(problem["status"], status, "{self:?}");
        problem
    }

    /// One field was refused, and the answer repeats nothing of what stood there.
    #[track_caller]
    pub fn refuses_field(&self, field: &str, value: &str) {
        let problem = self.refuses(422, "invalid");
        assert_eq!(problem["field"], field, "{self:?}");
        assert!(value.is_empty() || !self.text().contains(value), "the value is echoed: {self:?}");
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text().trim_end())
    }
}
