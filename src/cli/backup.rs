//! `lastlooks backup`: a copy of the database while the service runs.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    copying::{beside, digest, make_private, mib, settle, watch},
    settings,
};
use crate::storage::{Target, copy};

/// Options of `lastlooks backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy holds everything that was committed when it was begun, and is looked through before it gets its name. It does
not hold the secrets (DATA_DIR/secrets.toml): keep a copy of those apart from it, because together they are the host.

For PostgreSQL use its own:
  pg_dump --format=custom --file looks.dump \"$LASTLOOKS_DATABASE_URL\"

Example:
  lastlooks backup /backups/looks-$(date +%F).db")]
pub struct Args {
    /// File to write; it must not be there yet
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// In words for the host. Then there is no file of that name.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let settings = settings::read(config)?;
    let database = match Target::parse(settings.database_url.expose_secret())? {
        Target::Sqlite(file) => file,
        Target::Postgres { .. } => bail!(
            "the database is PostgreSQL, which has its own: pg_dump --format=custom --file {} \"$LASTLOOKS_DATABASE_URL\"",
            args.file.display()
        ),
    };
    if !database.exists() {
        bail!("there is no database at {}", database.display());
    }
    let bytes = copy_out(&database, &args.file)?;
    let secrets = settings.secrets_file.display().to_string();
    let sha256 = digest(&args.file)?;
    if args.json {
        let made = json!({
            "file": args.file, "bytes": bytes, "sha256": sha256, "secrets_included": false, "secrets_file": secrets,
        });
        return Ok(writeln!(out, "{made}")?);
    }
    writeln!(out, "{} holds the database: {}, looked through.\nSHA-256 {sha256}", args.file.display(), mib(bytes))?;
    writeln!(out, "Not in it, on purpose: the secrets, {secrets}. Without them no receipt and no password is")?;
    writeln!(out, "recognised. Keep a copy of them apart from this file: together they are the host.")?;
    Ok(())
}

fn copy_out(database: &Path, to: &Path) -> anyhow::Result<u64> {
    if to.exists() {
        bail!("{} is there already; choose another name", to.display());
    }
    let draft = beside(to, "partial");
    make_private(&draft).with_context(|| format!("cannot write {}", draft.display()))?;
    let copied = fill(database, &draft, to);
    if copied.is_err() {
        // What is half a copy must not look like one.
        drop(fs::remove_file(&draft));
    }
    copied
}

fn fill(database: &Path, draft: &Path, to: &Path) -> anyhow::Result<u64> {
    let whole = copy::size(database)?;
    watch(draft, whole, || copy::write(database, draft)).context("the copy could not be made")?;
    copy::look_through(draft).context("the copy is not what it should be")?;
    let bytes = fs::metadata(draft)?.len();
    settle(draft, to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow::anyhow!("{} is there already; choose another name", to.display()),
        _ => error.into(),
    })?;
    Ok(bytes)
}
