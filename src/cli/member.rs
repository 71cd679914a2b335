//! `lastlooks member`: people at desks.

use std::{io::Write, path::Path};

use clap::Subcommand;
use serde_json::json;

use super::{
    assemble::{Tables, open_app, runtime},
    settings,
};
use crate::{
    app::{
        App,
        people::{DrawnCode, InvitationView},
    },
    notify::doubt_about,
};

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

/// Runs the command.
///
/// # Errors
/// In words for the host.
pub fn run(args: Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.act {
        Act::Invite(args) => invite(&args, config, out),
    }
}

fn invite(args: &InviteArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let (invited, drawn) = runtime()?.block_on(invite_to(&app, args))?;
    let (code, url) = (drawn.code.as_str(), drawn.url.as_str());
    if args.json {
        return Ok(writeln!(out, "{}", json!({ "invitation_code": code, "url": url }))?);
    }
    writeln!(out, "Invitation for {} to {:?}. It works once, until {}:", invited.email, args.desk, invited.expires_at)?;
    writeln!(out, "\n  {url}\n\nCode: {code}")?;
    writeln!(out, "It is not mailed. The union side will be told that the host handed it out.")?;
    writeln!(
        out,
        "It takes the place of an earlier invitation of this address to this desk, roles included, if there was one."
    )?;
    for doubt in args.roles.iter().filter_map(|role| doubt_about(role)) {
        writeln!(out, "\n{doubt}")?;
    }
    Ok(())
}

async fn invite_to(app: &App, args: &InviteArgs) -> anyhow::Result<(InvitationView, DrawnCode)> {
    let production = app.production_named(&args.production).await?;
    let desk = app.desk_named(production, &args.desk).await?;
    Ok(app.invite_by_hand(desk.id, &args.email, &args.roles).await?)
}
