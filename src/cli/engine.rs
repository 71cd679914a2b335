//! `lastlooks engine`: lets deadlines fire again after the engine was held.

use std::{io::Write, path::Path};

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::json;

use super::{
    assemble::{Tables, open_app, runtime},
    settings,
};
use crate::domain::time::UtcMillis;

/// Options of `lastlooks engine`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks engine resume")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub act: Act,
}

/// What `lastlooks engine` does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Let deadlines fire again; a service that runs notices within ten seconds
    Resume(ResumeArgs),
}

/// Options of `lastlooks engine resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The engine is held when the wall clock of its machine jumps forward by more than two minutes, because a missed deadline
cannot be taken back. Set the clock right first: what has passed by this machine's clock fires at once.

Example:
  date -u && lastlooks engine resume")]
pub struct ResumeArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// In words for the host.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.act {
        Act::Resume(args) => resume(args, config, out),
    }
}

fn resume(args: &ResumeArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let was_held = runtime()?.block_on(app.resume_engine_if_held())?;
    if args.json {
        let (held, reason) = (was_held.is_some(), was_held);
        return Ok(writeln!(out, "{}", json!({ "was_held": held, "because": reason, "held": false }))?);
    }
    match was_held {
        None => writeln!(out, "The engine is not held: deadlines fire. Nothing was changed.")?,
        Some(reason) => {
            writeln!(out, "The engine was held: {reason}.")?;
            writeln!(out, "Deadlines fire again within ten seconds, by this clock: {}.", utc(app.clock().now()))?;
        }
    }
    Ok(())
}

/// An instant as RFC 3339, seconds cut off at the point.
pub(super) fn utc(at: UtcMillis) -> String {
    let at = Timestamp::from_millisecond(at.get()).unwrap_or(Timestamp::MAX);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
