//! `lastlooks init`: secrets, database, the operator's invitation.

/// Options of `lastlooks init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks init --operator host@example.org")]
pub struct Args {
    /// E-mail address of the operator
    #[arg(long, value_name = "EMAIL")]
    pub operator: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
