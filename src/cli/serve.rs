//! `lastlooks serve`: the service.

use clap::ValueEnum;

/// Options of `lastlooks serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks serve
  LASTLOOKS_LISTEN=0.0.0.0:8080 lastlooks serve --role web")]
pub struct Args {
    /// Which part of the work this process does
    #[arg(long, value_enum, default_value_t = Role::All)]
    pub role: Role,
}

/// Which part of the work a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers requests, fires deadlines, sends mail
    All,
    /// Answers requests only
    Web,
    /// Fires deadlines and sends mail only
    Worker,
}
