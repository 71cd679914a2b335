//! `lastlooks verify`: what a bundle or a claim shows, offline; whether a promise was kept; or the whole ledger of this host.

mod promise;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};

use super::{assemble, settings};
use crate::{
    evidence::{bundle::Bundle, check, claim::Claim, quorum::Quorum},
    merkle::key::VerifierKey,
};

/// Options of `lastlooks verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks verify proof.json
  lastlooks verify proof.json --witnesses witnesses.txt --log looks.example.org/ledger+1a2b3c4d+AQ…
  lastlooks verify proof.json --claim claim.txt
  lastlooks verify --claim claim.txt
  lastlooks verify --promise promise.txt --from https://looks.example.org/ledger --witnesses witnesses.txt --save proof.json
  lastlooks verify --all

The status is 0 for a bundle that is sound and witnessed, 2 for one that is sound and not witnessed, 1 for anything else; a
promise that was broken is 3. A claim alone is 0 if it is sound.
The file of witnesses has a line for each one that you trust: `union` or `production`, a space, its verifier key.")]
pub struct Args {
    /// The bundle, as `/v1/inbox/proof` or `/v1/reports/{id}/proof` answered it
    #[arg(value_name = "FILE", group = "what")]
    pub file: Option<PathBuf>,
    /// Walk the whole ledger of this host: leaves, tiles, checkpoints, entries against events
    #[arg(long, group = "what")]
    pub all: bool,
    /// A text that the holder of a receipt signed; with a bundle, it has to be about the same report
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "promise"])]
    pub claim: Option<PathBuf>,
    /// A promise as the host gave it, to be judged by the public log
    #[arg(long, value_name = "FILE", group = "what", requires = "from")]
    pub promise: Option<PathBuf>,
    /// The public log: an address, or a folder with the same files
    #[arg(long, value_name = "URL|FOLDER", requires = "promise")]
    pub from: Option<String>,
    /// Keep what the log said about the promise, as a bundle for the script and the page
    #[arg(long, value_name = "FILE", requires = "promise")]
    pub save: Option<PathBuf>,
    /// The witnesses whose word on time you trust
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub witnesses: Option<PathBuf>,
    /// The log's verifier key, if you know it from elsewhere
    #[arg(long, value_name = "KEY", conflicts_with = "all")]
    pub log: Option<String>,
}

/// The bundle is sound, and nobody but the host vouches for it.
#[derive(Debug, thiserror::Error)]
#[error("the bundle is sound, but not witnessed")]
pub struct NotWitnessed;

/// The host did not keep what it promised, as witnesses saw.
#[derive(Debug, thiserror::Error)]
#[error("the promise was broken")]
pub struct BrokenPromise;

/// Runs the command.
///
/// # Errors
/// What is wrong with the bundle, claim, promise or ledger; [`NotWitnessed`]; [`BrokenPromise`].
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match (&args.file, &args.promise, args.from.as_deref(), &args.claim) {
        (Some(file), ..) => bundle(&read(file)?, args, out),
        (None, Some(note), Some(from), _) => promised(note, from, args, out),
        (None, None, _, Some(file)) => said(&claim(file)?, out),
        (None, ..) if args.all => all(config, out),
        (None, ..) => bail!("there is nothing to verify: name a file, --claim, --promise or --all"),
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn claim(file: &Path) -> anyhow::Result<Claim> {
    Claim::read(&read(file)?).context("the claim shows nothing")
}

fn said(claim: &Claim, out: &mut dyn Write) -> anyhow::Result<()> {
    claim.lines().iter().try_for_each(|line| writeln!(out, "{line}")).map_err(Into::into)
}

fn quorum(args: &Args) -> anyhow::Result<Quorum> {
    let Some(file) = &args.witnesses else { return Ok(Quorum::default()) };
    read(file)?.parse::<Quorum>().with_context(|| file.display().to_string())
}

fn log(args: &Args) -> anyhow::Result<Option<VerifierKey>> {
    args.log.as_deref().map(str::parse::<VerifierKey>).transpose().context("--log")
}

fn bundle(text: &str, args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    let findings = check::check(text, log(args)?.as_ref(), &quorum(args)?).context("the bundle shows nothing")?;
    let claimed = args.claim.as_deref().map(claim).transpose()?;
    if let Some(claimed) = &claimed {
        let about = Bundle::read(text)?.entries.first().map(|entry| entry.opening.report);
        ensure!(about == Some(claimed.filing.digest), "the claim is about another report than the bundle");
    }
    for line in &findings.lines {
        writeln!(out, "{line}")?;
    }
    claimed.map_or(Ok(()), |claimed| said(&claimed, out))?;
    if findings.is_witnessed { Ok(()) } else { Err(NotWitnessed.into()) }
}

fn promised(note: &Path, from: &str, args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    let quorum = quorum(args)?;
    let made = promise::bundle(note, from, log(args)?.as_ref(), &quorum)?;
    let text = serde_json::to_string(&made)?;
    let findings = check::check(&text, None, &quorum).context("the log shows nothing")?;
    if let Some(file) = &args.save {
        fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    for line in &findings.lines {
        writeln!(out, "{line}")?;
    }
    match (findings.is_broken, findings.is_witnessed) {
        (true, _) => Err(BrokenPromise.into()),
        (false, true) => Ok(()),
        (false, false) => Err(NotWitnessed.into()),
    }
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
