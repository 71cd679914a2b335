//! `lastlooks desk`: groups that receive reports together.

use clap::{Subcommand, ValueEnum};

/// Options of `lastlooks desk`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks desk add --production western --name \"Shop steward\" --side union --level 1")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub act: Act,
}

/// What `lastlooks desk` does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Add a desk
    Add(AddArgs),
}

/// Options of `lastlooks desk add`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks desk add --production western --name \"Unit production manager\" --side production --level 2 --json")]
pub struct AddArgs {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
    /// Name of the desk, as everybody sees it
    #[arg(long)]
    pub name: String,
    /// Whose desk it is
    #[arg(long, value_enum)]
    pub side: Side,
    /// Step of the ladder on which it is told; observers have none
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=9), value_name = "1..9")]
    pub level: Option<u8>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Whose desk it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// Answers
    Production,
    /// Checks
    Union,
    /// Is told only
    Observer,
}
