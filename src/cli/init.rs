//! `lastlooks init`: secrets, database, the operator's invitation.

use std::{io::Write, path::Path};

use serde_json::json;

use super::{
    assemble::{Tables, open_app, runtime},
    settings,
};

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

/// Runs the command.
///
/// # Errors
/// In words for the host.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let settings = settings::read(config)?;
    let secrets = settings.secrets_file.display().to_string();
    let app = open_app(settings, Tables::Migrate)?;
    let (invited, drawn) = runtime()?.block_on(app.invite_operator(&args.operator))?;
    let (code, url) = (drawn.code.as_str(), drawn.url.as_str());
    if args.json {
        let made = json!({ "operator": invited.email, "invitation_code": code, "url": url, "secrets_file": secrets });
        return Ok(writeln!(out, "{made}")?);
    }
    writeln!(out, "The database is ready. The secrets are in {secrets}: keep a copy apart from the database.\n")?;
    writeln!(out, "Invitation of the operator, {}. It works once, for 14 days:\n\n  {url}\n", invited.email)?;
    writeln!(out, "Start the service, then open that address. To invite by code: {code}")?;
    writeln!(out, "Next: lastlooks serve, lastlooks production create --help")?;
    Ok(())
}
