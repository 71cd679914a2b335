//! A member who reads their board over HTTP, one request after the other on one connection.

use std::{
    thread,
    time::{Duration, Instant},
};

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

    /// Reads the first page of what a filter leaves, which has to have so many rows.
    ///
    /// # Errors
    /// If it has not.
    pub(crate) fn filtered(&self, filter: &str, rows: usize) -> anyhow::Result<()> {
        let page: Value = self.get(&format!("/v1/reports?limit=50&{filter}"), &[])?.body_mut().read_json()?;
        let items = page["items"].as_array().context("no page")?;
        ensure!(items.len() == rows, "{filter}: {} rows instead of {rows}", items.len());
        Ok(())
    }

    /// Reads page after page, each behind the one before, and says how long each took.
    ///
    /// # Errors
    /// If there are fewer than so many.
    pub(crate) fn follows(&self, pages: usize) -> anyhow::Result<Vec<Duration>> {
        let (mut path, mut times) = ("/v1/reports?limit=50".to_owned(), Vec::with_capacity(pages));
        for _ in 0..pages {
            let began = Instant::now();
            let page: Value = self.get(&path, &[])?.body_mut().read_json()?;
            times.push(began.elapsed());
            let next = page["next"].as_str().context("no further page")?;
            path = format!("/v1/reports?limit=50&cursor={next}");
        }
        Ok(times)
    }

    /// Waits for a change of the list while `who` acknowledges the report that stands first; how long after that was sent
    /// the waiting ended.
    ///
    /// # Errors
    /// If it ends without a change.
    pub(crate) fn woken_by(&self, who: &Self) -> anyhow::Result<Duration> {
        let first: Value = self.get("/v1/reports", &[])?.body_mut().read_json()?;
        let id = first["items"][0]["id"].as_str().context("no report")?.to_owned();
        let list = self.get("/v1/reports", &[])?;
        let tag = list.headers().get("etag").context("no tag")?.to_str()?.replace('"', "");
        drop(list);
        thread::scope(|scope| {
            let poll = scope.spawn(move || {
                let answer: Value =
                    self.get(&format!("/v1/events?after={tag}&wait=25"), &[])?.body_mut().read_json()?;
                ensure!(answer["changed"] == true, "{answer}");
                Ok(Instant::now())
            });
            // Until it waits.
            thread::sleep(Duration::from_millis(100));
            let sent = Instant::now();
            let path = format!("{}/v1/reports/{id}/acknowledgement", who.base);
            let answer = who.agent.post(path).header("authorization", &who.bearer).send_empty()?;
            ensure!(answer.status() == 200, "{}", answer.status());
            let woken = poll.join().map_err(|_| anyhow::anyhow!("the poll broke off"))??;
            Ok(woken.duration_since(sent))
        })
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
