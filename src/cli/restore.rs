//! `lastlooks restore`: puts a copy of the database in its place.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use super::{
    copying::{beside, make_private, mib, settle, watch},
    engine::utc,
    settings,
};
use crate::{
    config::{Settings, secrets::Secrets},
    storage::{
        StorageError, Target,
        copy::{self, CopySeen},
    },
};

/// Options of `lastlooks restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Stop the service first. The copy is looked through before anything is moved; a database that is there is only replaced
with --force, and then kept beside as NAME.before-restore. The secrets are not in a copy: put them back yourself.

The time between the copy and now counts as an outage: deadlines that were open move by it. Whatever was filed or
answered in between is lost, and the ledger says so.

For PostgreSQL use its own:
  pg_restore --clean --if-exists --dbname \"$LASTLOOKS_DATABASE_URL\" looks.dump

Example:
  lastlooks restore /backups/looks-2026-11-21.db")]
pub struct Args {
    /// Copy that `lastlooks backup` made
    pub file: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    pub force: bool,
}

/// Runs the command.
///
/// # Errors
/// In words for the host. Then the database is as it was.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let settings = settings::read(config)?;
    let database = match Target::parse(settings.database_url.expose_secret())? {
        Target::Sqlite(file) => file,
        Target::Postgres { .. } => bail!(
            "the database is PostgreSQL, which has its own: pg_restore --clean --if-exists --dbname \"$LASTLOOKS_DATABASE_URL\" {}",
            args.file.display()
        ),
    };
    refuse_to_replace(&database, args.force)?;
    let draft = beside(&database, "restoring");
    let placed = bring(&args.file, &draft).and_then(|seen| {
        fit(&seen, &settings)?;
        let kept = set_aside(&database)?;
        settle(&draft, &database).context("the copy could not be put in its place")?;
        Ok((seen, kept))
    });
    if placed.is_err() {
        drop(fs::remove_file(&draft));
    }
    let (seen, kept) = placed?;
    tell(&settings, &database, &seen, kept.as_deref(), out)
}

fn refuse_to_replace(database: &Path, force: bool) -> anyhow::Result<()> {
    if !database.exists() {
        return Ok(());
    }
    if !force {
        bail!("{} is there already; with --force it is replaced, and kept beside", database.display());
    }
    copy::close(database).map_err(|error| match error {
        StorageError::Unavailable(_) => {
            anyhow::anyhow!("{} is in use; stop the service (and any other command) first", database.display())
        }
        other => other.into(),
    })
}

/// A draft with the content of the copy, looked through.
fn bring(copy_file: &Path, draft: &Path) -> anyhow::Result<CopySeen> {
    let mut from = File::open(copy_file).with_context(|| format!("cannot read {}", copy_file.display()))?;
    let whole = from.metadata()?.len();
    if let Some(folder) = draft.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut to = make_private(draft).with_context(|| format!("cannot write {}", draft.display()))?;
    watch(draft, whole, || io::copy(&mut from, &mut to))
        .with_context(|| format!("cannot copy {} to {}", copy_file.display(), draft.display()))?;
    drop(to);
    copy::look_through(draft).with_context(|| format!("{} cannot be used", copy_file.display()))
}

/// The secrets that are here are those with which the copy was made; none is fine, they may come later.
fn fit(seen: &CopySeen, settings: &Settings) -> anyhow::Result<()> {
    if !settings.secrets_file.exists() {
        return Ok(());
    }
    for (name, print) in Secrets::open(&settings.secrets_file)?.fingerprints() {
        let other = seen.fingerprints.iter().any(|(kept, value)| kept == name && value != &print.0);
        if other {
            bail!(
                "the copy was made with another {name} secret than that in {}: put its secrets there first",
                settings.secrets_file.display()
            );
        }
    }
    Ok(())
}

/// Moves away what is there, its log too: SQLite would read a log that is left into the copy.
fn set_aside(database: &Path) -> anyhow::Result<Option<PathBuf>> {
    let parts = ["", "-wal", "-shm"].map(|ending| {
        let mut name = database.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    let present: Vec<_> = parts.into_iter().filter(|part| part.exists()).collect();
    if let Some(earlier) = present.iter().map(|part| beside(part, "before-restore")).find(|kept| kept.exists()) {
        bail!("{} is there from an earlier restore; move it away first", earlier.display());
    }
    for part in &present {
        let kept = beside(part, "before-restore");
        fs::rename(part, &kept).with_context(|| format!("cannot move {} aside", part.display()))?;
    }
    Ok(present.iter().any(|part| part == database).then(|| beside(database, "before-restore")))
}

fn tell(
    settings: &Settings,
    database: &Path,
    seen: &CopySeen,
    kept: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "{} is restored: {}, looked through.", database.display(), mib(fs::metadata(database)?.len()))?;
    if let Some(at) = seen.last_beat {
        writeln!(
            out,
            "It is as of about {}. The time since then counts as an outage: open deadlines move by it.",
            utc(at)
        )?;
    }
    if let Some(kept) = kept {
        writeln!(out, "What was there is kept as {}: delete it once all is well.", kept.display())?;
    }
    if !settings.secrets_file.exists() {
        let secrets = settings.secrets_file.display();
        writeln!(out, "The secrets are not here: put the copy that belongs to this database at {secrets}.")?;
    }
    if let Some(published) = published(settings).filter(|published| *published > seen.ledger_size) {
        writeln!(
            out,
            "The ledger was published with {published} entries and has {} now: entries are lost.",
            seen.ledger_size
        )?;
        writeln!(out, "It will not sign until that is admitted: lastlooks ledger reopen --help")?;
    }
    let next = if seen.pending.is_empty() { "lastlooks serve" } else { "lastlooks migrate, lastlooks serve" };
    writeln!(out, "Next: lastlooks doctor, {next}")?;
    Ok(())
}

/// The size of the last checkpoint that this host published: the second line of the file beside the database.
fn published(settings: &Settings) -> Option<i64> {
    let checkpoint = fs::read_to_string(settings.data_dir.join("checkpoint")).ok()?;
    checkpoint.lines().nth(1)?.parse().ok()
}
