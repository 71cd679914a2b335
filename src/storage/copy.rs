//! Copies of an SQLite file: made while the service writes, looked through before they take its place.

use std::path::Path;

use diesel::{
    RunQueryDsl,
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::{
    connection::{Access, Conn, Link, Target, open_alone, open_copy},
    engine,
    error::StorageError,
    ledger, migrations,
    schema::fingerprints,
};
use crate::domain::time::UtcMillis;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySeen {
    /// Name and fingerprint of each secret with which the database was made.
    pub fingerprints: Vec<(String, Vec<u8>)>,
    /// The last heartbeat before it was made.
    pub last_beat: Option<UtcMillis>,
    /// Entries of the ledger in their places.
    pub ledger_size: i64,
    /// Migrations of this program that it lacks.
    pub pending: Vec<String>,
}

/// How large a copy of the file will be at most. Bytes.
///
/// # Errors
/// [`StorageError`] if the file cannot be read.
pub fn size(file: &Path) -> Result<u64, StorageError> {
    let Conn::Sqlite(mut conn) = Link::open(&Target::Sqlite(file.to_owned()), Access::Read)?.conn else {
        return Ok(0);
    };
    let pages: i64 = sql::<BigInt>("SELECT page_count FROM pragma_page_count").get_result(&mut conn)?;
    let bytes: i64 = sql::<BigInt>("SELECT page_size FROM pragma_page_size").get_result(&mut conn)?;
    Ok(u64::try_from(pages.saturating_mul(bytes)).unwrap_or_default())
}

/// Writes everything that is committed by now into `to`, an empty file, while others go on writing. Deleted text is not
/// in the copy: it is built anew, row by row.
///
/// # Errors
/// [`StorageError`] if the file cannot be read, or the copy not be written.
pub fn write(file: &Path, to: &Path) -> Result<(), StorageError> {
    let to = to.to_str().ok_or_else(|| StorageError::Other("the name of the copy is not UTF-8".to_owned()))?;
    let mut link = Link::open(&Target::Sqlite(file.to_owned()), Access::Write)?;
    sql_query("VACUUM INTO ?").bind::<Text, _>(to).execute(&mut link.conn)?;
    Ok(())
}

/// Looks a copy through: every page and index, its tables, what it belongs to. Changes nothing in it.
///
/// # Errors
/// [`StorageError::Corrupt`] if it is damaged, is no database of this service, or is of a newer version.
pub fn look_through(copy: &Path) -> Result<CopySeen, StorageError> {
    let mut conn = open_copy(copy)?;
    let damaged = |what: &str| StorageError::Corrupt(format!("{}: {what}", copy.display()));
    let verdict: Vec<String> = whole(&mut conn).map_err(|_| damaged("this is no SQLite database"))?;
    if verdict != ["ok"] {
        return Err(damaged("it is damaged"));
    }
    if !is_ours(&mut conn)? {
        return Err(damaged("it is the database of something else"));
    }
    if !migrations::unknown(&mut conn)?.is_empty() {
        return Err(damaged("it is of a newer version than this program"));
    }
    Ok(CopySeen {
        fingerprints: fingerprints::table.select((fingerprints::name, fingerprints::value)).load(&mut conn)?,
        last_beat: engine::last_beat(&mut conn)?,
        ledger_size: ledger::size(&mut conn)?,
        pending: migrations::pending(&mut conn)?,
    })
}

fn whole(conn: &mut Conn) -> Result<Vec<String>, StorageError> {
    let check = sql::<Text>("SELECT integrity_check FROM pragma_integrity_check");
    match conn {
        Conn::Sqlite(c) => Ok(check.load(c)?),
        Conn::Postgres(_) => Ok(Vec::new()),
    }
}

fn is_ours(conn: &mut Conn) -> Result<bool, StorageError> {
    const TABLES: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'table' \
        AND name IN ('reports', 'events', 'fingerprints', '__diesel_schema_migrations')";
    let found: i64 = sql::<BigInt>(TABLES).get_result(conn)?;
    Ok(found == 4)
}

/// Makes sure that nobody has the file open, and that its log is written back and gone.
///
/// # Errors
/// [`StorageError::Unavailable`] if somebody has.
pub fn close(file: &Path) -> Result<(), StorageError> {
    open_alone(file).map(drop)
}
