//! `lastlooks desk`: groups that receive reports together.

use std::{io::Write, path::Path};

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::{
    assemble::{Tables, open_app, runtime},
    settings,
};
use crate::{
    app::{
        App,
        people::{Administrator, DeskView, NewDesk},
    },
    domain::policy,
};

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

impl From<Side> for policy::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Production => Self::Production,
            Side::Union => Self::Union,
            Side::Observer => Self::Observer,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// In words for the host.
pub fn run(args: Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.act {
        Act::Add(args) => add(args, config, out),
    }
}

fn add(args: AddArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let (slug, json) = (args.production.clone(), args.json);
    let desk = runtime()?.block_on(add_to(&app, args))?;
    if json {
        let DeskView { id, name, side, level, .. } = desk;
        return Ok(writeln!(out, "{}", json!({ "id": id, "name": name, "side": side, "level": level }))?);
    }
    let level = desk.level.map(|level| format!(", level {level}")).unwrap_or_default();
    writeln!(out, "Desk {:?} is added: {}{level}.", desk.name, desk.side)?;
    writeln!(out, "Next: lastlooks member invite --production {slug} --desk {:?} --help", desk.name)?;
    Ok(())
}

async fn add_to(app: &App, args: AddArgs) -> anyhow::Result<DeskView> {
    let production = app.production_named(&args.production).await?;
    let desk = NewDesk { name: args.name, side: args.side.into(), level: args.level };
    Ok(app.add_desk(Administrator::Host, production, desk).await?)
}
