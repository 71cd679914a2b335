//! What a check found, and how it is shown.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

/// What one check found.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// One or two words: what was looked at.
    pub(super) check: &'static str,
    /// How it is.
    pub(super) state: State,
    /// What was seen, one sentence.
    pub(super) says: String,
    /// What to do about it; `None` if nothing.
    #[serde(rename = "do")]
    pub(super) to_do: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// A show cannot depend on this host.
    Failed,
}

impl Finding {
    pub(super) fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, state: State::Ok, says: says.into(), to_do: None }
    }

    pub(super) fn warning(check: &'static str, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, state: State::Warning, says: says.into(), to_do: Some(to_do.into()) }
    }

    pub(super) fn failed(check: &'static str, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, state: State::Failed, says: says.into(), to_do: Some(to_do.into()) }
    }
}

/// Everything as one JSON document.
///
/// # Errors
/// None that can happen: every value is text.
pub(super) fn json(findings: &[Finding]) -> serde_json::Result<String> {
    let healthy = findings.iter().all(|finding| finding.state != State::Failed);
    serde_json::to_string_pretty(&json!({ "healthy": healthy, "checks": findings }))
}

/// Everything for people.
///
/// # Errors
/// If `out` is closed.
pub(super) fn table(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    for Finding { check, state, says, to_do } in findings {
        let state = match state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Failed => "FAILED",
        };
        writeln!(out, "{state:<8} {check:<12} {says}")?;
        for line in to_do.iter().flat_map(|text| text.lines()) {
            writeln!(out, "{:<21} {line}", "")?;
        }
    }
    Ok(())
}
