//! `lastlooks ledger`: what a host does about its ledger by hand.

use std::{io::Write, path::Path};

use clap::Subcommand;

use super::{assemble, settings};

/// Options of `lastlooks ledger`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks ledger reopen

After a restore from an older copy the ledger is not signed any more, because it would tell a second history. `reopen`
begins a new log, whose first link names the head of the old one and what is lost for ever.")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub act: Act,
}

/// What `lastlooks ledger` does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Begin a new log after a restore from an older copy
    Reopen,
}

/// Runs the command.
///
/// # Errors
/// If the ledger goes on from what was published, so that there is nothing to reopen.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = assemble::open_app(settings::read(config)?, assemble::Tables::Expect)?;
    match args.act {
        Act::Reopen => {
            let reopened = assemble::runtime()?.block_on(app.reopen_ledger())?;
            writeln!(out, "{reopened}")?;
        }
    }
    Ok(())
}
