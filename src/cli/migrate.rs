//! `lastlooks migrate`: brings the database to this version.

use std::{io::Write, path::Path};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::settings;
use crate::storage::{Storage, Target, WriterSettings};

/// Options of `lastlooks migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  LASTLOOKS_DATABASE_URL=postgres://looks@db/looks lastlooks migrate")]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// In words for the host.
pub fn run(_args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let settings = settings::read(config)?;
    let target = Target::parse(settings.database_url.expose_secret())?;
    let storage = Storage::open(target, &WriterSettings::default()).context("cannot open the database")?;
    let applied = storage.migrate().context("cannot bring the database to this version")?;
    match applied.len() {
        0 => writeln!(out, "The database is of this version already.")?,
        _ => writeln!(out, "Applied: {}.", applied.join(", "))?,
    }
    Ok(())
}
