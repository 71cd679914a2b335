//! How a process notices that something was committed, its own writes and those of others.

use diesel::{dsl::sql, prelude::*, sql_types::Text};

use super::{connection::Conn, error::StorageError};

/// What differs after every write of every process, on PostgreSQL: which transactions a new one would see. Costs no write
/// and no lock, which a counter or NOTIFY would. On SQLite nothing: there, one process writes reports, and
/// [`super::Storage::changes`] tells of its writes.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn mark(conn: &mut Conn) -> Result<Option<String>, StorageError> {
    match conn {
        Conn::Postgres(c) => Ok(Some(diesel::select(sql::<Text>("txid_current_snapshot()::text")).get_result(c)?)),
        Conn::Sqlite(_) => Ok(None),
    }
}
