//! The two backends behind one connection type, how each is opened, and how each begins: the only file that names them.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use diesel::{
    PgConnection, SqliteConnection,
    connection::{
        AnsiTransactionManager, CacheSize, Connection, InstrumentationEvent, SimpleConnection, TransactionManager,
    },
    result::Error as DieselError,
};

use super::error::{StorageError, is_lost, is_worth_repeating};

pub(super) use diesel::PgConnection as Postgres;

/// A connection to either backend; one set of queries serves both.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// A PostgreSQL server.
    Postgres(PgConnection),
    /// An SQLite file.
    Sqlite(SqliteConnection),
}

/// A connection inside a write: what is done through it is committed together or not at all.
pub type Tx = Conn;

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres(_) => "Conn::Postgres",
            Self::Sqlite(_) => "Conn::Sqlite",
        })
    }
}

/// Repeats an expression for the variant at hand: for what diesel offers on each backend but not through the enum
/// (`on_conflict`, several rows at once, row locks), and for what is asked at each filing: through the enum the text of
/// a statement is made anew each time.
///
/// The second form inserts a slice in parts of fixed sizes: a statement for each size stays prepared, whereas one for
/// a slice is parsed anew each time, which costs more than the inserting (measured). On SQLite each row goes in alone: what
/// inserts several may fail half-way, so SQLite copies every page that it touches, and keeps the copies as long as a
/// savepoint is open (measured: a third of a burst of ledger entries). It leaves the function on errors.
macro_rules! on {
    ($conn:expr, |$inner:ident| $body:expr) => {
        match $conn {
            $crate::storage::connection::Conn::Postgres($inner) => $body,
            $crate::storage::connection::Conn::Sqlite($inner) => $body,
        }
    };
    ($conn:expr, for $part:ident in $rows:expr => $insert:expr) => {
        match $conn {
            $crate::storage::connection::Conn::Postgres(c) => {
                let mut rest = $rows;
                $crate::storage::connection::on!(@parts c, rest, $part, $insert, 64 16 4 2 1);
            }
            $crate::storage::connection::Conn::Sqlite(c) => {
                for $part in $rows {
                    diesel::RunQueryDsl::execute($insert, c)?;
                }
            }
        }
    };
    (@parts $inner:ident, $rest:ident, $part:ident, $insert:expr, $($size:literal)*) => {
        $(while let Some(($part, more)) = $rest.split_first_chunk::<$size>() {
            diesel::RunQueryDsl::execute($insert, $inner)?;
            $rest = more;
        })*
    };
}
pub(super) use on;

/// Which database, parsed from a URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A file; it is made when missing.
    Sqlite(PathBuf),
    /// A server.
    Postgres {
        /// What libpq gets, with time limits for connecting and for a peer that has gone.
        url: String,
        /// Whether statements stay prepared between transactions. Not behind pgbouncer in transaction mode.
        prepared: bool,
    },
}

impl fmt::Debug for Target {
    /// Without the URL: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres { .. } => f.write_str("Postgres"),
        }
    }
}

/// Our own parameter in a PostgreSQL URL; libpq would refuse it, so it is taken out.
const UNPREPARED: &str = "prepared_statements=off";

/// Limits for libpq, each unless the URL has its own: without them a server that vanished holds a writer for hours.
const LIMITS: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "10000"),
];

impl Target {
    /// The database that a URL names: `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// Behind pgbouncer in transaction mode the URL carries `prepared_statements=off`.
    ///
    /// # Errors
    /// [`StorageError::Other`] for any other scheme or an empty path. The URL is not repeated: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, StorageError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::postgres(url));
        }
        let expected = "the database URL is sqlite:PATH or postgres://USER@HOST/NAME";
        Err(StorageError::Other(expected.to_owned()))
    }

    fn postgres(url: &str) -> Self {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let given: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
        let prepared = !given.contains(&UNPREPARED);
        let has = |name: &str| given.iter().any(|part| part.split('=').next() == Some(name));
        let mut parts: Vec<String> =
            given.iter().filter(|part| **part != UNPREPARED).map(ToString::to_string).collect();
        parts.extend(LIMITS.iter().filter(|(name, _)| !has(name)).map(|(name, value)| format!("{name}={value}")));
        Self::Postgres { url: format!("{base}?{}", parts.join("&")), prepared }
    }
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Reads only; the database refuses anything else.
    Read,
    /// Everything.
    Write,
}

/// How a batch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With a part that can be undone alone.
    Part,
    /// With what is kept or undone together with the whole batch.
    Whole,
}

/// Errors that a connection met, whatever the closure that met them made of them.
#[derive(Debug, Default)]
struct Trouble {
    failed: AtomicBool,
    lost: AtomicBool,
    repeat: AtomicBool,
}

/// An open connection and the troubles it met.
#[derive(Debug)]
pub(super) struct Link {
    /// The connection.
    pub(super) conn: Conn,
    trouble: Arc<Trouble>,
}

impl Link {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if the server or the file cannot be opened.
    pub(super) fn open(target: &Target, access: Access) -> Result<Self, StorageError> {
        let mut conn = match target {
            Target::Sqlite(path) => Conn::Sqlite(open_sqlite(path, access)?),
            Target::Postgres { url, prepared } => Conn::Postgres(open_postgres(url, *prepared)?),
        };
        let trouble = Arc::new(Trouble::default());
        let seen = Arc::clone(&trouble);
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { error: Some(error), .. } = event {
                seen.note(error);
            }
        });
        Ok(Self { conn, trouble })
    }

    /// Forgets the troubles so far.
    pub(super) fn clear(&self) {
        for trouble in [&self.trouble.failed, &self.trouble.lost, &self.trouble.repeat] {
            trouble.store(false, Ordering::Relaxed);
        }
    }

    /// Fails if a statement failed and nobody rolled back to before it, so that a COMMIT would quietly roll back.
    pub(super) fn check_unspoilt(&mut self) -> Result<(), DieselError> {
        if self.trouble.failed.load(Ordering::Relaxed) { self.conn.batch_execute("SELECT 1") } else { Ok(()) }
    }

    /// Whether the connection was found to be of no further use since [`Link::clear`].
    pub(super) fn is_lost(&self) -> bool {
        self.trouble.lost.load(Ordering::Relaxed)
    }

    /// Whether a deadlock or another clash with somebody else was met since the last call.
    pub(super) fn took_clash(&self) -> bool {
        self.trouble.repeat.swap(false, Ordering::Relaxed)
    }
}

impl Trouble {
    fn note(&self, error: &DieselError) {
        self.failed.store(true, Ordering::Relaxed);
        if let DieselError::DatabaseError(kind, information) = error {
            if is_lost(*kind, information.message()) {
                self.lost.store(true, Ordering::Relaxed);
            } else if is_worth_repeating(*kind) {
                self.repeat.store(true, Ordering::Relaxed);
            }
        } else if matches!(error, DieselError::BrokenTransactionManager) {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
}

fn open_postgres(url: &str, prepared: bool) -> Result<PgConnection, StorageError> {
    let mut conn = PgConnection::establish(url)?;
    if !prepared {
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    Ok(conn)
}

/// Opens the file with what keeps deleted text from staying: see security.md, "What is stored about a reporter".
fn open_sqlite(path: &Path, access: Access) -> Result<SqliteConnection, StorageError> {
    make_private(path).map_err(|e| StorageError::Unavailable(format!("{}: {e}", path.display())))?;
    let mut conn = SqliteConnection::establish(&name_of(path)?)?;
    // The log is written back by a thread of its own (see `checkpoints`); 64 MiB is how far it may lag behind.
    // auto_vacuum works only before the first page is written, so it comes first; busy_timeout before all that may wait.
    conn.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA auto_vacuum = FULL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
         PRAGMA wal_autocheckpoint = 16384;",
    )?;
    // What is written lies all over the tables, because ids are random: a small cache would read each page again.
    conn.batch_execute(match access {
        Access::Read => "PRAGMA cache_size = -16384; PRAGMA query_only = ON;",
        Access::Write => "PRAGMA cache_size = -65536;",
    })?;
    Ok(conn)
}

/// Opens a file to look at it, as it is: no log beside it, nothing changed.
pub(super) fn open_copy(path: &Path) -> Result<Conn, StorageError> {
    let mut conn = SqliteConnection::establish(&name_of(path)?)?;
    conn.batch_execute("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;")?;
    Ok(Conn::Sqlite(conn))
}

/// Opens a file that nobody else has open, and writes its log back into it. Fails if somebody has.
pub(super) fn open_alone(path: &Path) -> Result<Conn, StorageError> {
    let mut conn = SqliteConnection::establish(&name_of(path)?)?;
    // Whoever has a file with a log open holds a shared lock on it, also while idle.
    conn.batch_execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")?;
    Ok(Conn::Sqlite(conn))
}

/// "./" keeps a path that begins with "file:" from being read as a URI.
fn name_of(path: &Path) -> Result<String, StorageError> {
    let name = if path.is_absolute() { path.to_path_buf() } else { Path::new(".").join(path) };
    name.into_os_string().into_string().map_err(|_| StorageError::Other("the database path is not UTF-8".to_owned()))
}

/// Makes the file for this user alone before SQLite would make it for everybody; its log and index take the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl Conn {
    /// Begins a read on one snapshot that nothing can be written through.
    pub(super) fn begin_read(&mut self) -> Result<(), DieselError> {
        match self {
            Self::Postgres(c) => {
                let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                AnsiTransactionManager::begin_transaction_sql(c, sql)
            }
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
        }
    }

    /// Begins a batch of writes, records its id and begins its first part, if it has parts, in one round trip.
    ///
    /// The id goes first, so that it also answers whether an earlier attempt with it was committed: the unique key makes
    /// the insert wait for an attempt that is still under way, and a duplicate means that it took place.
    /// The limits keep a batch behind somebody else's lock, or a machine that stands still, from holding everybody.
    pub(super) fn begin_write(&mut self, batch: &[u8; 16], hour: i64, first: Begin) -> Result<(), DieselError> {
        let id = hex::encode(batch);
        let part = if matches!(first, Begin::Part) { "SAVEPOINT part" } else { "" };
        match self {
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                &format!(
                    "BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '15s'; \
                     INSERT INTO batches (id, at) VALUES ('\\x{id}', {hour}); {part}"
                ),
            ),
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(
                c,
                &format!("BEGIN IMMEDIATE; INSERT INTO batches (id, at) VALUES (x'{id}', {hour}); {part}"),
            ),
        }
    }

    /// Begins a part of the batch.
    pub(super) fn begin_part(&mut self) -> Result<(), DieselError> {
        self.batch_execute("SAVEPOINT part")
    }

    /// Keeps the part of the batch at hand and begins the next, in one round trip. Fails if the part is spoilt.
    pub(super) fn next_part(&mut self) -> Result<(), DieselError> {
        self.batch_execute("RELEASE SAVEPOINT part; SAVEPOINT part")
    }

    /// Undoes the part of the batch at hand and begins the next.
    pub(super) fn undo_part(&mut self) -> Result<(), DieselError> {
        self.batch_execute("ROLLBACK TO SAVEPOINT part")
    }

    /// Commits the transaction with all its parts.
    pub(super) fn commit(&mut self) -> Result<(), DieselError> {
        Self::commit_transaction(self)
    }

    /// Rolls the transaction back.
    pub(super) fn roll_back(&mut self) -> Result<(), DieselError> {
        Self::rollback_transaction(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_or_a_server_and_nothing_else() {
        assert_eq!(Target::parse("sqlite:data/x.db").unwrap(), Target::Sqlite("data/x.db".into()));
        assert_eq!(Target::parse("sqlite:///var/x.db").unwrap(), Target::Sqlite("/var/x.db".into()));
        assert!(matches!(Target::parse("postgres://a@b/c").unwrap(), Target::Postgres { prepared: true, .. }));
        let refused = Target::parse("mysql://user:hunter2@host/db").unwrap_err();
        assert!(!refused.to_string().contains("hunter2"));
        assert!(Target::parse("sqlite:").is_err());
    }

    #[test]
    fn limits_are_added_unless_given_and_our_own_parameter_is_taken_out() {
        let target = Target::parse("postgres:///x?host=/tmp&connect_timeout=1&prepared_statements=off").unwrap();
        let Target::Postgres { url, prepared } = target else { panic!("a server") };
        assert!(!prepared);
        assert!(url.starts_with("postgres:///x?host=/tmp&connect_timeout=1&keepalives_idle=10"), "{url}");
        assert!(!url.contains("prepared_statements") && !url.contains("connect_timeout=5"));
    }

    #[test]
    fn the_url_with_its_password_is_never_shown() {
        let target = Target::parse("postgres://u:hunter2@h/d").unwrap();
        assert_eq!(format!("{target:?}"), "Postgres");
    }
}
