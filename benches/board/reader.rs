//! A member who reads their board over HTTP, one request after the other on one connection.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use ureq::{Agent, Body, http::Response};

use crate::show::{PASSWORD, Show};

/// A member who is signed in.
pub(crate) struct Reader {
    agent: Agent,
    base: String,
    bearer: String,
    /// Opens their seed.
    pub(crate) unlock_key: String,
    /// For the use cases.
    pub(crate) access_token: String,
}

impl Reader {
    /// Signs in.
    ///
    /// # Errors
    /// If that is refused.
    pub(crate) fn signs_in(show: &Show, email: &str) -> anyhow::Result<Self> {
        let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
        let base = format!("http://{}", show.address);
        let body = json!({ "email": email, "password": PASSWORD });
        let mut answer = agent.post(format!("{base}/v1/sessions")).send_json(body)?;
        let answer: Value = answer.body_mut().read_json()?;
        let text = |field: &str| answer[field].as_str().map(str::to_owned).context("the session lacks a field");
        let access_token = text("access_token")?;
        Ok(Self {
            agent,
            base,
            bearer: format!("Bearer {access_token}"),
            unlock_key: text("unlock_key")?,
            access_token,
        })
    }

    /// Reads the first page, which has to have so many rows.
    ///
    /// # Errors
    /// If it has not.
    pub(crate) fn page(&self, with_keys: bool, rows: usize) -> anyhow::Result<()> {
        let headers = if with_keys { vec![("unlock-key", self.unlock_key.as_str())] } else { Vec::new() };
        let page: Value = self.get("/v1/reports?limit=50", &headers)?.body_mut().read_json()?;
        let items = page["items"].as_array().context("no page")?;
        ensure!(items.len() == rows, "{} rows instead of {rows}", items.len());
        ensure!(!with_keys || items.iter().all(|item| item["kind"] == "left_unattended"), "a row did not open");
        Ok(())
    }

    /// Reads the first page, which has not changed since it was read.
    ///
    /// # Errors
    /// If it was sent again.
    pub(crate) fn unchanged(&self) -> anyhow::Result<()> {
        let first = self.get("/v1/reports?limit=50", &[])?;
        let tag = first.headers().get("etag").context("no tag")?.to_str()?.to_owned();
        drop(first);
        let again = self.get("/v1/reports?limit=50", &[("if-none-match", &tag)])?;
        ensure!(again.status() == 304, "{}", again.status());
        Ok(())
    }

    /// Reads the figures.
    ///
    /// # Errors
    /// If they are refused.
    pub(crate) fn statistics(&self) -> anyhow::Result<()> {
        let figures: Value = self.get("/v1/statistics", &[])?.body_mut().read_json()?;
        ensure!(figures["items"][0]["by"] == "all", "{figures}");
        Ok(())
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Response<Body>> {
        let mut request = self.agent.get(format!("{}{path}", self.base)).header("authorization", &self.bearer);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.call()?)
    }
}
