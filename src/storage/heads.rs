//! The ledger's heads: logs, signed checkpoints, cosignatures, and the last tick.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::{ledger_checkpoints, ledger_cosignatures, ledger_logs, ledger_ticks},
};
use crate::domain::time::UtcMillis;

/// A log: the tree under one origin. A later one goes on with the leaves of those before it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_logs, treat_none_as_default_value = false)]
pub struct LogRow {
    /// 1 and up.
    pub number: i32,
    /// First line of its checkpoints.
    pub origin: String,
    /// Leaves that there were when it began.
    pub from_size: i64,
    /// When it began.
    pub opened_at: UtcMillis,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_checkpoints, treat_none_as_default_value = false)]
pub struct CheckpointRow {
    /// Of which log.
    pub log: i32,
    /// How many leaves.
    pub size: i64,
    /// The signed note, without cosignatures.
    pub note: String,
    /// When it was signed, by the server's clock.
    pub signed_at: UtcMillis,
}

/// What a witness added to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_cosignatures, treat_none_as_default_value = false)]
pub struct CosignatureRow {
    /// Of which log.
    pub log: i32,
    /// The checkpoint's size.
    pub size: i64,
    /// The witness's verifier key.
    pub witness: String,
    /// The signature line with its line feed.
    pub line: String,
}

/// The log that is written to; `None` before the first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn log(conn: &mut Conn) -> Result<Option<LogRow>, StorageError> {
    let last = ledger_logs::table.order(ledger_logs::number.desc());
    Ok(last.select(LogRow::as_select()).first(conn).optional()?)
}

/// Every log, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn logs(conn: &mut Conn) -> Result<Vec<LogRow>, StorageError> {
    Ok(ledger_logs::table.order(ledger_logs::number).select(LogRow::as_select()).load(conn)?)
}

/// Begins a log.
///
/// # Errors
/// [`StorageError::Duplicate`] if its number or origin was used.
pub fn add_log(tx: &mut Tx, row: &LogRow) -> Result<(), StorageError> {
    diesel::insert_into(ledger_logs::table).values(row).execute(tx)?;
    Ok(())
}

/// Keeps a signed checkpoint; the same again does nothing.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_checkpoint(tx: &mut Tx, row: &CheckpointRow) -> Result<(), StorageError> {
    on!(tx, |c| diesel::insert_into(ledger_checkpoints::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// The longest signed checkpoint of a log.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn last_checkpoint(conn: &mut Conn, log: i32) -> Result<Option<CheckpointRow>, StorageError> {
    checkpoint_up_to(conn, log, i64::MAX)
}

/// The longest signed checkpoint of at most this size.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn checkpoint_up_to(conn: &mut Conn, log: i32, size: i64) -> Result<Option<CheckpointRow>, StorageError> {
    let found =
        ledger_checkpoints::table.filter(ledger_checkpoints::log.eq(log).and(ledger_checkpoints::size.le(size)));
    Ok(found.order(ledger_checkpoints::size.desc()).select(CheckpointRow::as_select()).first(conn).optional()?)
}

/// The shortest signed checkpoint of at least this size.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn checkpoint_from(conn: &mut Conn, log: i32, size: i64) -> Result<Option<CheckpointRow>, StorageError> {
    let found =
        ledger_checkpoints::table.filter(ledger_checkpoints::log.eq(log).and(ledger_checkpoints::size.ge(size)));
    Ok(found.order(ledger_checkpoints::size).select(CheckpointRow::as_select()).first(conn).optional()?)
}

/// Checkpoints of a log that are longer than this, the shortest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn checkpoints_after(conn: &mut Conn, log: i32, size: i64, limit: i64) -> Result<Vec<CheckpointRow>, StorageError> {
    let found =
        ledger_checkpoints::table.filter(ledger_checkpoints::log.eq(log).and(ledger_checkpoints::size.gt(size)));
    Ok(found.order(ledger_checkpoints::size).limit(limit).select(CheckpointRow::as_select()).load(conn)?)
}

/// The longest checkpoint that had been signed by then.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn checkpoint_by(conn: &mut Conn, log: i32, at: UtcMillis) -> Result<Option<CheckpointRow>, StorageError> {
    let found =
        ledger_checkpoints::table.filter(ledger_checkpoints::log.eq(log).and(ledger_checkpoints::signed_at.le(at)));
    Ok(found.order(ledger_checkpoints::signed_at.desc()).select(CheckpointRow::as_select()).first(conn).optional()?)
}

/// The first checkpoint that was signed then or later.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn checkpoint_since(conn: &mut Conn, log: i32, at: UtcMillis) -> Result<Option<CheckpointRow>, StorageError> {
    let found =
        ledger_checkpoints::table.filter(ledger_checkpoints::log.eq(log).and(ledger_checkpoints::signed_at.ge(at)));
    Ok(found.order(ledger_checkpoints::signed_at).select(CheckpointRow::as_select()).first(conn).optional()?)
}

/// Keeps what a witness added; the first of each witness stays.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_cosignature(tx: &mut Tx, row: &CosignatureRow) -> Result<(), StorageError> {
    on!(tx, |c| diesel::insert_into(ledger_cosignatures::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// What witnesses added to a checkpoint, by the witness's key.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn cosignatures(conn: &mut Conn, log: i32, size: i64) -> Result<Vec<CosignatureRow>, StorageError> {
    let found =
        ledger_cosignatures::table.filter(ledger_cosignatures::log.eq(log).and(ledger_cosignatures::size.eq(size)));
    Ok(found.order(ledger_cosignatures::witness).select(CosignatureRow::as_select()).load(conn)?)
}

/// What a witness added last to a checkpoint of a log.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn last_cosignature(conn: &mut Conn, log: i32, witness: &str) -> Result<Option<CosignatureRow>, StorageError> {
    let found = ledger_cosignatures::table
        .filter(ledger_cosignatures::log.eq(log).and(ledger_cosignatures::witness.eq(witness)));
    Ok(found.order(ledger_cosignatures::size.desc()).select(CosignatureRow::as_select()).first(conn).optional()?)
}

/// What witnesses added to checkpoints of at least this size, the shortest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn cosignatures_from(
    conn: &mut Conn,
    log: i32,
    size: i64,
    limit: i64,
) -> Result<Vec<CosignatureRow>, StorageError> {
    let found =
        ledger_cosignatures::table.filter(ledger_cosignatures::log.eq(log).and(ledger_cosignatures::size.ge(size)));
    let ordered = found.order((ledger_cosignatures::size, ledger_cosignatures::witness));
    Ok(ordered.limit(limit).select(CosignatureRow::as_select()).load(conn)?)
}

/// What witnesses added to checkpoints of at most this size, the longest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn cosignatures_up_to(
    conn: &mut Conn,
    log: i32,
    size: i64,
    limit: i64,
) -> Result<Vec<CosignatureRow>, StorageError> {
    let found =
        ledger_cosignatures::table.filter(ledger_cosignatures::log.eq(log).and(ledger_cosignatures::size.le(size)));
    let ordered = found.order((ledger_cosignatures::size.desc(), ledger_cosignatures::witness));
    Ok(ordered.limit(limit).select(CosignatureRow::as_select()).load(conn)?)
}

/// The last tick that was integrated; 1970 if none was.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn last_tick(conn: &mut Conn) -> Result<UtcMillis, StorageError> {
    Ok(ledger_ticks::table.find(1).select(ledger_ticks::last).get_result(conn)?)
}

/// This tick was integrated.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn set_tick(tx: &mut Tx, at: UtcMillis) -> Result<(), StorageError> {
    diesel::update(ledger_ticks::table.find(1)).set(ledger_ticks::last.eq(at)).execute(tx)?;
    Ok(())
}
