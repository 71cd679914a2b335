//! `lastlooks doctor`: looks at everything that a show depends on, and says what to do about what is not well.
//!
//! | file | looks at |
//! |---|---|
//! | `host` | settings, secrets, disk |
//! | `database` | reaching it, its tables, whose secrets it was made with |
//! | `inside` | clock, engine, notices, ledger, seats: what the database shows |
//! | `mail` | the mail server, by really connecting |
//! | `public` | the public address, as a phone would reach it |
//! | `logs` | the logs of the proxy before it |
//! | `finding` | what a check found, and how it is shown |
//!
//! It changes nothing: no file is made, no secret, no row but the list of migrations on a database that has none.

mod database;
mod finding;
mod host;
mod inside;
mod logs;
mod mail;
mod public;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

use self::finding::{Finding, State};
use super::{assemble::runtime, settings};
use crate::{
    clock::{Clock as _, SystemClock},
    config::Settings,
    entropy::{Entropy, SystemEntropy},
};

/// Options of `lastlooks doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Run it beside the service, with the same settings. It ends with status 0 if nothing failed (warnings are no failures),
else with 1.

It asks for addresses of the crew at LASTLOOKS_PUBLIC_URL, each with a mark that stands nowhere else, and looks for the
mark in the usual logs of proxies on this machine: a proxy that logs them would log reporters too.

Examples:
  lastlooks doctor
  lastlooks doctor --proxy-log /srv/proxy/logs
  lastlooks doctor --json")]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// A log file of the proxy, or a folder of them, to look through as well; may be given several times
    #[arg(long, value_name = "PATH")]
    pub proxy_log: Vec<PathBuf>,
    /// Only ask whether the service on this machine answers, as a container's health check does
    #[arg(long, conflicts_with_all = ["json", "proxy_log"])]
    pub live: bool,
}

/// Runs the command.
///
/// # Errors
/// If something failed that a show depends on; what it was is printed first.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    if args.live {
        return public::is_live(&settings::read(config)?).context("the service on this machine does not answer");
    }
    let findings = match settings::read(config) {
        Ok(settings) => everything(&settings, &args.proxy_log)?,
        Err(error) => vec![host::unusable(&error)],
    };
    if args.json {
        writeln!(out, "{}", finding::json(&findings)?)?;
    } else {
        finding::table(&findings, out)?;
    }
    match findings.iter().filter(|finding| finding.state == State::Failed).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks failed", findings.len()),
    }
}

fn everything(settings: &Settings, proxy_logs: &[PathBuf]) -> anyhow::Result<Vec<Finding>> {
    let clock = SystemClock::new();
    let mut findings = host::look(settings);
    let opened = database::open(settings, &mut findings);
    if let Some(storage) = &opened {
        inside::look(storage, settings, clock.now(), &mut findings);
    }
    findings.push(runtime()?.block_on(mail::look(settings)));
    let chance: &dyn Entropy = &SystemEntropy;
    let mark = format!("lastlooks-doctor-{}", hex::encode(chance.bytes::<8>()));
    public::look(settings, proxy_logs, &mark, &clock, &mut findings);
    Ok(findings)
}
