//! Puts an [`App`] together: database, secrets, keys, permits. The one place where that is done, for every command and
//! for tests.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use crate::{
    app::{App, Parts, ledger::LedgerKeys},
    auth::{
        stretch::{Cost, Permits, QUEUE},
        token::Tokens,
    },
    clock::{Clock, SystemClock},
    config::{
        Settings,
        secrets::{Fingerprint, Secrets},
    },
    entropy::{Entropy, SystemEntropy},
    sealing::{
        server::{RootSecret, ServerKeys},
        unit::SealMode,
    },
    storage::{Storage, StorageError, Target, Tx, WriterSettings, engine},
};

/// Key of the writes that belong to no production, report or session.
const HOST: [u8; 16] = *b"lastlooks / host";

/// What to do about a database that is older than this binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// Bring it to this version: `init`, `serve`, `demo`.
    Migrate,
    /// Refuse, and say what to run: every other command.
    Expect,
}

/// What an [`App`] is put together from.
pub struct Assembly {
    /// Settings.
    pub settings: Settings,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// What one password costs.
    pub cost: Cost,
    /// What to do about an older database.
    pub tables: Tables,
    /// Always [`SealMode::Sealed`], but in the leak test.
    pub seal_mode: SealMode,
}

impl Assembly {
    /// The machine's own clock and chance, and what passwords really cost.
    pub fn standard(settings: Settings, tables: Tables) -> Self {
        Self {
            settings,
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            cost: Cost::STANDARD,
            tables,
            seal_mode: SealMode::Sealed,
        }
    }

    /// Opens the database and the secrets, and puts the app together. Blocks.
    ///
    /// # Errors
    /// In words for the host: a database that cannot be reached or is older, secrets that are open to others, damaged,
    /// or not those with which the database was made.
    pub fn open(self) -> anyhow::Result<App> {
        let storage = open_storage(&self.settings, self.tables)?;
        let secrets = open_secrets(&self.settings.secrets_file, &storage, &*self.entropy)?;
        let permits = usize::try_from(self.settings.password_permits).unwrap_or(1);
        // Tokens are signed with a secret of their own, so that it can be changed without touching the root.
        let token = RootSecret::new(*secrets.token.bytes()).key();
        let keys = ServerKeys { token, ..ServerKeys::from(&RootSecret::new(*secrets.root.bytes())) };
        Ok(App::new(Parts {
            permits: Permits::new(self.cost, permits, QUEUE)?,
            tokens: Tokens::new(&keys.token, &self.settings.public_url),
            clock: self.clock,
            entropy: self.entropy,
            storage,
            settings: self.settings,
            keys,
            ledger: LedgerKeys::new(secrets.ledger, secrets.promise),
            seal_mode: self.seal_mode,
        }))
    }
}

/// An app as the service uses it.
///
/// # Errors
/// As [`Assembly::open`].
pub fn open_app(settings: Settings, tables: Tables) -> anyhow::Result<App> {
    Assembly::standard(settings, tables).open()
}

/// A small runtime for a command that asks the app for one thing.
///
/// # Errors
/// If the system gives none.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn open_storage(settings: &Settings, tables: Tables) -> anyhow::Result<Storage> {
    let target = Target::parse(settings.database_url.expose_secret())?;
    if let (Tables::Expect, Target::Sqlite(file)) = (tables, &target)
        && !file.try_exists()?
    {
        let file = std::path::absolute(file)?;
        bail!(
            "there is no database at {}; is this the right folder? `lastlooks init` begins a new host",
            file.display()
        );
    }
    let storage = Storage::open(target, &WriterSettings::default()).context("cannot open the database")?;
    if !storage.unknown_migrations()?.is_empty() {
        bail!("the database is of a newer version than this program; use the program that made it, or a newer one");
    }
    match tables {
        Tables::Migrate => drop(storage.migrate().context("cannot bring the database to this version")?),
        Tables::Expect if !storage.pending()?.is_empty() => {
            bail!(
                "the database is not ready for this version; run `lastlooks init` on a new host, else `lastlooks migrate`"
            )
        }
        Tables::Expect => {}
    }
    Ok(storage)
}

/// Opens the secrets, or makes them for a new database, and holds them against the fingerprints that it keeps: with
/// other secrets every receipt and password would silently be orphaned.
fn open_secrets(file: &Path, storage: &Storage, chance: &dyn Entropy) -> anyhow::Result<Secrets> {
    let is_new = storage.read_blocking(|conn| engine::fingerprint(conn, "root"))?.is_none();
    if !is_new && !file.try_exists()? {
        bail!("the database was made with secrets that are not in {}; restore that file from its copy", file.display());
    }
    let secrets = Secrets::open_or_make(file, chance)?;
    let prints = secrets.fingerprints();
    let same = storage.write_blocking(&HOST, move |tx| compare(tx, &prints))?;
    if let Some(name) = same {
        bail!("the {name} secret in {} is not the one with which the database was made", file.display());
    }
    Ok(secrets)
}

/// Keeps the fingerprints that are new; answers the name of one that differs.
fn compare(tx: &mut Tx, prints: &[(&'static str, Fingerprint); 4]) -> Result<Option<&'static str>, StorageError> {
    for (name, print) in prints {
        match engine::fingerprint(tx, name)? {
            Some(kept) if kept == print.0 => {}
            Some(_) => return Ok(Some(name)),
            None => engine::keep_fingerprint(tx, name, &print.0)?,
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, read_file};

    fn settings(folder: &Path) -> Settings {
        let data_dir = folder.display().to_string();
        let environment = vec![("LASTLOOKS_DATA_DIR".to_owned(), data_dir)];
        Settings::read(Sources { file: None, environment, files: &read_file }).unwrap()
    }

    fn told(folder: &Path, tables: Tables) -> String {
        format!("{:#}", open_app(settings(folder), tables).unwrap_err())
    }

    #[test]
    fn a_command_on_a_database_that_was_never_made_says_what_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let says = told(folder.path(), Tables::Expect);
        assert!(says.contains("lastlooks init") && says.contains(&folder.path().display().to_string()), "{says}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "a command in the wrong folder leaves nothing there");
    }

    #[test]
    fn a_start_with_other_secrets_or_without_them_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets.toml");
        drop(open_app(settings(folder.path()), Tables::Migrate).unwrap());
        drop(open_app(settings(folder.path()), Tables::Expect).unwrap());
        let copy = folder.path().join("copy.toml");
        std::fs::rename(&file, &copy).unwrap();
        assert!(told(folder.path(), Tables::Migrate).contains("restore that file"));
        assert!(!file.exists(), "no other secrets were made");
        Secrets::open_or_make(&file, &SystemEntropy).unwrap();
        assert!(told(folder.path(), Tables::Migrate).contains("root secret"));
        std::fs::rename(&copy, &file).unwrap();
        assert!(open_app(settings(folder.path()), Tables::Migrate).is_ok());
    }
}
