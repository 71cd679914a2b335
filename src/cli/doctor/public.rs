//! The public address, asked as a phone would ask: whether it leads here, and whether the proxy before it keeps still.
//!
//! Threat: a proxy with an access log writes down address and second of every phone that reports. So addresses of the crew
//! are asked for with a mark, and the mark is looked for in the logs.
//!
//! Source: experience.md, "Operator".

use std::{net::Ipv6Addr, path::PathBuf, thread, time::Duration};

use anyhow::bail;
use jiff::fmt::rfc2822;
use ureq::{
    Body,
    http::{Method, Request, Response},
};

use super::{finding::Finding, inside::CLOCK_OFF, logs};
use crate::{agent::agent, clock::Clock, config::Settings, domain::time::UtcMillis, http::edge::STEP_BYTES};

/// Time for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time for a proxy to write its log.
const UNTIL_WRITTEN: Duration = Duration::from_millis(700);

/// The addresses that only a reporter asks for, or in which a secret stands. `*` is the mark.
///
/// Source: security.md, "What is stored about a reporter".
const QUIET: [(Method, &str); 5] = [
    (Method::GET, "/v1/crew/*"),
    (Method::GET, "/v1/inbox/*"),
    (Method::POST, "/v1/reports?*"),
    (Method::GET, "/a/*"),
    (Method::GET, "/v1/invitations/*"),
];

/// Whether the service that listens on this machine answers.
///
/// # Errors
/// What is in the way.
pub(super) fn is_live(settings: &Settings) -> anyhow::Result<()> {
    let mut address = settings.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    let answer = agent("http://", PATIENCE).get(format!("http://{address}/health/live")).call()?;
    match answer.status().as_u16() {
        200 => Ok(()),
        status => bail!("{address} answers {status}"),
    }
}

/// Looks at all of it. `mark` stands nowhere else.
pub(super) fn look(settings: &Settings, logs: &[PathBuf], mark: &str, clock: &dyn Clock, findings: &mut Vec<Finding>) {
    let url = settings.public_url.as_str();
    findings.extend(in_the_clear(url));
    match ask(url, mark, clock) {
        Err(error) => findings.push(Finding::failed(
            "public url",
            format!("{url}: {error}"),
            "start the service and the proxy before it; LASTLOOKS_PUBLIC_URL is the address that phones use.\n\
             If its certificate is from an authority of your own, name that authority's file in SSL_CERT_FILE",
        )),
        Ok(answer) => {
            findings.push(judged(url, &answer));
            findings.extend(answer.off.map(its_clock));
            thread::sleep(UNTIL_WRITTEN);
            findings.push(logs::look(logs, mark));
        }
    }
}

/// What an address of the crew answered.
#[derive(Debug, Default)]
struct Answer {
    status: u16,
    kind: String,
    encoding: String,
    length: usize,
    /// How far this machine's clock is ahead of the one that answered, milliseconds.
    off: Option<i64>,
}

/// Asks every quiet address; what the first of them answered.
fn ask(url: &str, mark: &str, clock: &dyn Clock) -> Result<Answer, ureq::Error> {
    let agent = agent(url, PATIENCE);
    let mut first = None;
    for (method, path) in QUIET {
        let has_body = method == Method::POST;
        let request = Request::builder()
            .method(method)
            .uri(format!("{url}{}", path.replace('*', mark)))
            .header("accept-encoding", "gzip, br, zstd")
            .header("content-type", "application/json");
        let answer = if has_body { agent.run(request.body("{}")?)? } else { agent.run(request.body(())?)? };
        first = first.or_else(|| Some(read(answer, clock.now())));
    }
    Ok(first.unwrap_or_default())
}

fn read(mut answer: Response<Body>, now: UtcMillis) -> Answer {
    let header = |name: &str| {
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let date = rfc2822::parse(&header("date")).ok();
    Answer {
        status: answer.status().as_u16(),
        kind: header("content-type"),
        encoding: header("content-encoding"),
        off: date.map(|date| now.since(UtcMillis::new(date.timestamp().as_millisecond()))),
        length: answer.body_mut().read_to_vec().map(|body| body.len()).unwrap_or_default(),
    }
}

/// Whether this service answered, and nobody changed what it said on the way.
fn judged(url: &str, answer: &Answer) -> Finding {
    if answer.status != 404 || !answer.kind.starts_with("application/problem+json") {
        return Finding::failed(
            "public url",
            format!("{url} answers {} in the place of this service", answer.status),
            "the proxy has to pass every address on to LASTLOOKS_LISTEN, without changing it",
        );
    }
    if !answer.encoding.is_empty() || !answer.length.is_multiple_of(STEP_BYTES) {
        return Finding::failed(
            "public url",
            format!("the proxy compresses or changes answers to the crew ({} bytes)", answer.length),
            "switch compression off for /v1/crew, /v1/inbox, /v1/reports and /v1/board: sizes tell what was answered",
        );
    }
    Finding::ok("public url", format!("{url} leads to this service"))
}

fn its_clock(off: i64) -> Finding {
    if off.abs() <= CLOCK_OFF {
        return Finding::ok("clock", "the public address shows the same time as this machine");
    }
    Finding::failed(
        "clock",
        format!("the public address and this machine differ by {} s", off.abs() / 1000),
        "find out which of the two is wrong, and set it",
    )
}

/// Without TLS, anybody on the set's network reads what is reported.
fn in_the_clear(url: &str) -> Option<Finding> {
    let rest = url.strip_prefix("http://")?;
    let host = rest.split('/').next().unwrap_or(rest);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = name == "localhost" || name.starts_with("127.") || name == "[::1]";
    // An onion address is encrypted by itself.
    (!is_here && name.rsplit('.').next() != Some("onion")).then(|| {
        Finding::failed(
            "public url",
            format!("{url} is without TLS: anybody on the same network reads what is reported"),
            "put a proxy with TLS before the service (compose.yaml has one), and set LASTLOOKS_PUBLIC_URL to https://…",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{super::finding::State, *};

    fn ours() -> Answer {
        Answer { status: 404, kind: "application/problem+json".into(), length: STEP_BYTES, ..Answer::default() }
    }

    #[test]
    fn an_answer_that_was_compressed_or_is_somebody_elses_fails() {
        let state = |answer: &Answer| judged("https://looks.test", answer).state;
        assert_eq!(state(&ours()), State::Ok);
        assert_eq!(state(&Answer { encoding: "gzip".into(), ..ours() }), State::Failed);
        assert_eq!(state(&Answer { length: 311, ..ours() }), State::Failed);
        assert_eq!(state(&Answer { status: 502, ..ours() }), State::Failed);
        assert_eq!(state(&Answer { kind: "text/html".into(), ..ours() }), State::Failed);
    }

    #[test]
    fn only_this_machine_and_onions_may_do_without_tls() {
        for (url, refused) in [
            ("http://looks.test", true),
            ("http://10.0.0.7:8080/looks", true),
            ("http://127.0.0.1:8080", false),
            ("http://localhost", false),
            ("http://expyuzz4wqqyqhjn.onion", false),
            ("https://looks.test", false),
        ] {
            assert_eq!(in_the_clear(url).is_some(), refused, "{url}");
        }
    }
}
