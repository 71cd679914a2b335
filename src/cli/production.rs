//! `lastlooks production`: shows and pictures on this host.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::json;

use super::{
    assemble::{Tables, open_app, runtime},
    overview, policy, policy_file, settings,
};
use crate::app::{
    people::Administrator,
    policy::Standing,
    productions::{NewProduction, ProductionMade},
};

/// Options of `lastlooks production`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks production create --name \"Western\" --slug western --time-zone America/Denver
  lastlooks production show --production western
  lastlooks production policy --production western --explain")]
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
    /// List the productions of this host
    List(overview::ListArgs),
    /// Show a production: its desks, who sits there, what it still needs
    Show(overview::ShowArgs),
    /// Send everybody with a seat a mail that is to be confirmed with a press
    TestNotice(overview::TestNoticeArgs),
    /// Read the policy, set it from a file, or have its ladder explained
    Policy(policy::Args),
}

/// Options of `lastlooks production create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks production create --name \"Western\" --slug western --time-zone America/Denver --json
  lastlooks production create --name \"Western\" --slug western --policy western.toml")]
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
    /// File with its policy (JSON as the API takes it, or .toml, .yaml); what is left out is as shipped
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
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
        Act::Create(args) => create(args, config, out),
        Act::List(args) => overview::list(&args, config, out),
        Act::Show(args) => overview::show(&args, config, out),
        Act::TestNotice(args) => overview::test_notice(&args, config, out),
        Act::Policy(args) => policy::run(&args, config, out),
    }
}

fn create(args: CreateArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let policy = args.policy.as_deref().map(policy_file::read).transpose()?;
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let new = NewProduction { name: args.name, slug: args.slug, time_zone: args.time_zone, policy };
    let made = runtime()?.block_on(app.create_production(Administrator::Host, new))?;
    if args.json {
        let in_force = matches!(made.policy, Standing::InForce(_));
        let shown = json!({
            "id": made.id, "slug": made.slug, "crew_code": made.crew_code, "policy_pending": !in_force,
        });
        return Ok(writeln!(out, "{shown}")?);
    }
    tell(&made, out)
}

fn tell(made: &ProductionMade, out: &mut dyn Write) -> anyhow::Result<()> {
    let ProductionMade { slug, crew_code, .. } = made;
    writeln!(out, "Production {slug} is made ({}).", made.id)?;
    writeln!(out, "Crew code for poster and call sheet: {crew_code}")?;
    if let Standing::Pending(version) = made.policy {
        writeln!(out, "The policy asks for more than is shipped: version {version} waits for a union member.")?;
        writeln!(out, "Until one agrees, the shipped policy is in force.")?;
    }
    writeln!(out, "Next: lastlooks desk add --production {slug} --help")?;
    Ok(())
}
