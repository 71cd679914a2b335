//! What can go wrong at the database, sorted by what the caller can do about it.

use diesel::{
    ConnectionError,
    result::{DatabaseErrorKind, Error as DieselError},
};

/// Why a read or a write did not happen. Messages never hold a stored or given value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached, is full or too busy; the same call may work in a moment.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The row was changed by somebody else since it was loaded; load it again and decide anew.
    #[error("it was changed by somebody else in the meantime")]
    Conflict,
    /// A row with this key is already there. Names the constraint (PostgreSQL) or the columns (SQLite).
    #[error("it is already there: {0}")]
    Duplicate(String),
    /// A stored value is not what this version writes.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// Anything else: a mistake of ours, or a trigger that refused.
    #[error("the database refused: {0}")]
    Other(String),
}

/// Beginnings of messages that mean "not now" and carry no code of their own in diesel. English on both: SQLite has no
/// other language; a PostgreSQL server that speaks another gives [`StorageError::Other`] for these few.
const NOT_NOW: [&str; 12] = [
    "database is locked",
    "database table is locked",
    "disk I/O error",
    "database or disk is full",
    "unable to open database file",
    "attempt to write a readonly database",
    "terminating connection",
    "canceling statement",
    "server closed the connection",
    "could not extend file",
    "remaining connection slots",
    "the database system is",
];

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, information) => of_database(kind, information.message()),
            DieselError::DeserializationError(cause) => Self::Corrupt(cause.to_string()),
            DieselError::SerializationError(cause) => Self::Other(cause.to_string()),
            DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => {
                Self::Unavailable("the connection was lost inside a transaction".to_owned())
            }
            // diesel's enum is open: whatever it adds is no more known to us than this.
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<ConnectionError> for StorageError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

fn of_database(kind: DatabaseErrorKind, message: &str) -> StorageError {
    let text = message.to_owned();
    match kind {
        DatabaseErrorKind::UniqueViolation => StorageError::Duplicate(text),
        DatabaseErrorKind::SerializationFailure => StorageError::Unavailable(text),
        _ if is_lost(kind, message) => StorageError::Unavailable(text),
        _ if message.starts_with("database disk image is malformed") => StorageError::Corrupt(text),
        _ => StorageError::Other(text),
    }
}

/// Whether the connection that reported this is of no further use: gone, or on a server that may only be read (a
/// former primary after a failover), or on a disk that takes nothing.
pub(super) fn is_lost(kind: DatabaseErrorKind, message: &str) -> bool {
    match kind {
        DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::UnableToSendCommand
        | DatabaseErrorKind::ReadOnlyTransaction => true,
        DatabaseErrorKind::Unknown => NOT_NOW.iter().any(|start| message.starts_with(start)),
        _ => false,
    }
}

/// Whether the same statements may well succeed when run again by themselves: 40001, and 40P01, which diesel does not
/// tell apart from other errors without a kind. Those are run again too; a true error shows itself again.
pub(super) fn is_worth_repeating(kind: DatabaseErrorKind) -> bool {
    matches!(kind, DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::Unknown)
}
