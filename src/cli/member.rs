//! `lastlooks member`: people at desks.

use clap::Subcommand;

/// Options of `lastlooks member`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks member invite --production western --desk \"Shop steward\" --email ana@example.org --role steward")]
pub struct Args {
    /// What to do
    #[command(subcommand)]
    pub act: Act,
}

/// What `lastlooks member` does.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Invite somebody to a desk; prints the invitation, which is not mailed
    Invite(InviteArgs),
}

/// Options of `lastlooks member invite`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks member invite --production western --desk Office --email kim@example.org --role upm --role line_producer")]
pub struct InviteArgs {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
    /// Name of the desk
    #[arg(long, value_name = "NAME")]
    pub desk: String,
    /// E-mail address of the person
    #[arg(long)]
    pub email: String,
    /// What the person does, such as upm or steward; may be given several times
    #[arg(long = "role", required = true, value_name = "ROLE")]
    pub roles: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
