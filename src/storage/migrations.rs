//! The tables' versions, embedded: the same names for both backends.

use diesel::{backend::Backend, migration::MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    connection::{Conn, on},
    error::StorageError,
};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Applies what is missing; returns the names.
pub(super) fn migrate(conn: &mut Conn) -> Result<Vec<String>, StorageError> {
    let source = source(conn);
    on!(conn, |c| c.run_pending_migrations(source).map(|done| done.iter().map(ToString::to_string).collect()))
        .map_err(|cause| refused(&*cause))
}

/// Names of what is missing.
pub(super) fn pending(conn: &mut Conn) -> Result<Vec<String>, StorageError> {
    let source = source(conn);
    on!(conn, |c| c.pending_migrations(source).map(|all| all.iter().map(|m| m.name().to_string()).collect()))
        .map_err(|cause| refused(&*cause))
}

/// Takes everything back; returns the names.
pub(super) fn revert(conn: &mut Conn) -> Result<Vec<String>, StorageError> {
    let source = source(conn);
    on!(conn, |c| c.revert_all_migrations(source).map(|done| done.iter().map(ToString::to_string).collect()))
        .map_err(|cause| refused(&*cause))
}

/// Versions of what is there and this program does not know: a newer one made it.
pub(super) fn unknown(conn: &mut Conn) -> Result<Vec<String>, StorageError> {
    let source = source(conn);
    on!(conn, |c| unknown_of(c, &source)).map_err(|cause| refused(&*cause))
}

fn unknown_of<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    source: &EmbeddedMigrations,
) -> diesel::migration::Result<Vec<String>> {
    let known = MigrationSource::<DB>::migrations(source)?;
    let applied = conn.applied_migrations()?;
    let unknown =
        applied.iter().filter(|version| !known.iter().any(|migration| migration.name().version() == **version));
    Ok(unknown.map(ToString::to_string).collect())
}

fn source(conn: &Conn) -> EmbeddedMigrations {
    match conn {
        Conn::Postgres(_) => POSTGRES,
        Conn::Sqlite(_) => SQLITE,
    }
}

fn refused(cause: &(dyn std::error::Error + Send + Sync)) -> StorageError {
    StorageError::Other(format!("the tables could not be brought to this version: {cause}"))
}
