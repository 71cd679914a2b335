//! `lastlooks migrate`: brings the database to this version.

/// Options of `lastlooks migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  LASTLOOKS_DATABASE_URL=postgres://looks@db/looks lastlooks migrate")]
pub struct Args {}
