//! `lastlooks verify`: what a bundle shows, offline; or the whole ledger of this host.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{assemble, settings};
use crate::{
    evidence::{check, quorum::Quorum},
    merkle::key::VerifierKey,
};

/// Options of `lastlooks verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks verify proof.json
  lastlooks verify proof.json --witnesses witnesses.txt --log looks.example.org/ledger+1a2b3c4d+AQ…
  lastlooks verify --all

The status is 0 for a bundle that is sound and witnessed, 2 for one that is sound and not witnessed, 1 for anything else.
The file of witnesses has a line for each one that you trust: `union` or `production`, a space, its verifier key.")]
#[group(required = true)]
pub struct Args {
    /// The bundle, as `/v1/inbox/proof` or `/v1/reports/{id}/proof` answered it
    #[arg(value_name = "FILE", group = "what")]
    pub file: Option<PathBuf>,
    /// Walk the whole ledger of this host: leaves, tiles, checkpoints, entries against events
    #[arg(long, group = "what")]
    pub all: bool,
    /// The witnesses whose word on time you trust
    #[arg(long, value_name = "FILE", requires = "file")]
    pub witnesses: Option<PathBuf>,
    /// The log's verifier key, if you know it from elsewhere
    #[arg(long, value_name = "KEY", requires = "file")]
    pub log: Option<String>,
}

/// The bundle is sound, and nobody but the host vouches for it.
#[derive(Debug, thiserror::Error)]
#[error("the bundle is sound, but not witnessed")]
pub struct NotWitnessed;

/// Runs the command.
///
/// # Errors
/// What is wrong with the bundle or the ledger; [`NotWitnessed`].
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.file {
        Some(file) => bundle(file, args, out),
        None => all(config, out),
    }
}

fn bundle(file: &Path, args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let quorum = match &args.witnesses {
        Some(file) => {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            text.parse::<Quorum>().with_context(|| file.display().to_string())?
        }
        None => Quorum::default(),
    };
    let log = args.log.as_deref().map(str::parse::<VerifierKey>).transpose().context("--log")?;
    let findings = check::check(&text, log.as_ref(), &quorum).context("the bundle shows nothing")?;
    for line in &findings.lines {
        writeln!(out, "{line}")?;
    }
    if findings.is_witnessed { Ok(()) } else { Err(NotWitnessed.into()) }
}

fn all(config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = assemble::open_app(settings::read(config)?, assemble::Tables::Expect)?;
    let audited = app.audit_ledger(&mut |progress| {
        // A closed terminal shows itself at the last line.
        let _ = writeln!(out, "{progress}");
    })?;
    writeln!(out, "{audited}")?;
    Ok(())
}
