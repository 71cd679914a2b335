//! `lastlooks production`: shows and pictures on this host.

use std::path::PathBuf;

use clap::Subcommand;

/// Options of `lastlooks production`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks production create --name \"Western\" --slug western --time-zone America/Denver")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub act: Act,
}

/// What `lastlooks production` does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Make a production; prints its id, slug and crew code
    Create(CreateArgs),
}

/// Options of `lastlooks production create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks production create --name \"Western\" --slug western --time-zone America/Denver --json")]
pub struct CreateArgs {
    /// Its name, as desks see it
    #[arg(long)]
    pub name: String,
    /// Its short name in commands and addresses: lower-case letters, digits, hyphens
    #[arg(long)]
    pub slug: String,
    /// Its time zone, such as America/Denver
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub time_zone: String,
    /// File with its policy, JSON as the API takes it; what is left out is as shipped
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
