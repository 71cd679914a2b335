//! The ledger's rows: pending leaves, placed leaves, what opens them, tiles and checkpoints.

use diesel::prelude::*;

use super::{
    connection::{Conn, Postgres, Tx, on},
    error::StorageError,
    schema::{ledger_leaves, ledger_openings, ledger_pending, ledger_tiles},
    types::Bytes,
};
use crate::domain::{ids::ReportId, time::UtcMillis};

/// A leaf that has no place yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_pending, treat_none_as_default_value = false)]
pub struct PendingRow {
    /// Random.
    pub id: Bytes<16>,
    /// The report that it is about; `None` for the public ones.
    pub report_id: Option<ReportId>,
    /// Version, tag, commitment.
    pub leaf: Bytes<65>,
    /// Canonical CBOR that opens the commitment.
    pub opening: Vec<u8>,
    /// When; as coarse as what it records: the end of the span for what a reporter did.
    pub recorded_at: UtcMillis,
}

/// What opens a leaf that has its place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_openings, treat_none_as_default_value = false)]
pub struct OpeningRow {
    /// The leaf's place, 0 and up.
    pub idx: i64,
    /// The report that it is about; `None` for the public ones.
    pub report_id: Option<ReportId>,
    /// Canonical CBOR that opens the commitment.
    pub opening: Vec<u8>,
}

/// A leaf in its place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_leaves, treat_none_as_default_value = false)]
pub struct LeafRow {
    /// Its place, 0 and up, without gaps.
    pub idx: i64,
    /// Version, tag, commitment.
    pub leaf: Bytes<65>,
}

/// A tile of hashes.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_tiles, treat_none_as_default_value = false)]
pub struct TileRow {
    /// 0 for leaf hashes.
    pub level: i32,
    /// Which of that level, 0 and up.
    pub n: i64,
    /// Hashes in it, 1..=256.
    pub width: i32,
    /// 32 bytes each.
    pub hashes: Vec<u8>,
}

/// Adds pending leaves, in the transaction of what they record.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_pending(tx: &mut Tx, rows: &[PendingRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(ledger_pending::table).values(part));
    Ok(())
}

/// All pending leaves, in no set order, which are pending no more; on PostgreSQL under the integrator's lock until the
/// transaction ends.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn take_pending(tx: &mut Tx) -> Result<Vec<PendingRow>, StorageError> {
    lock(tx)?;
    let rows = ledger_pending::table.select(PendingRow::as_select()).load(tx)?;
    if !rows.is_empty() {
        // Whole tables are emptied page by page on SQLite, not row by row. Nobody else writes between the two
        // statements there; on PostgreSQL somebody may, so what goes is what was read.
        match tx {
            Conn::Sqlite(c) => diesel::delete(ledger_pending::table).execute(c)?,
            Conn::Postgres(c) => {
                let ids: Vec<&[u8]> = rows.iter().map(|row| row.id.0.as_slice()).collect();
                diesel::delete(ledger_pending::table.filter(ledger_pending::id.eq_any(ids))).execute(c)?
            }
        };
    }
    Ok(rows)
}

/// Lets one integrator in at a time, until the transaction ends. SQLite has a single writer anyway.
///
/// # Errors
/// [`StorageError`] if another one holds it for too long.
pub fn lock(tx: &mut Tx) -> Result<(), StorageError> {
    /// "looks" in ASCII: any number that nothing else in this database locks.
    const INTEGRATOR: i64 = 0x6c_6f_6f_6b_73;
    match tx {
        Conn::Postgres(c) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(INTEGRATOR)
                .execute(c)?;
        }
        Conn::Sqlite(_) => {}
    }
    Ok(())
}

/// Pending leaves about a report, in no set order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn pending_of(conn: &mut Conn, report: ReportId) -> Result<Vec<PendingRow>, StorageError> {
    Ok(ledger_pending::table.filter(ledger_pending::report_id.eq(report)).select(PendingRow::as_select()).load(conn)?)
}

/// Gives leaves their places.
///
/// # Errors
/// [`StorageError::Duplicate`] if a place is taken.
pub fn add_leaves(tx: &mut Tx, leaves: &[LeafRow], openings: &[OpeningRow]) -> Result<(), StorageError> {
    if let Conn::Postgres(c) = tx {
        return add_leaves_in_sets(c, leaves, openings);
    }
    on!(tx, for part in leaves => diesel::insert_into(ledger_leaves::table).values(part));
    on!(tx, for part in openings => diesel::insert_into(ledger_openings::table).values(part));
    Ok(())
}

/// A statement for thousands of rows: between two machines, and between two processes, each statement costs a turn.
fn add_leaves_in_sets(c: &mut Postgres, leaves: &[LeafRow], openings: &[OpeningRow]) -> Result<(), StorageError> {
    use diesel::sql_types::{Array, BigInt, Binary, Nullable};
    /// Rows to a statement: some megabytes.
    const SET: usize = 10_000;
    for part in leaves.chunks(SET) {
        diesel::sql_query("INSERT INTO ledger_leaves (idx, leaf) SELECT * FROM unnest($1, $2)")
            .bind::<Array<BigInt>, _>(part.iter().map(|row| row.idx).collect::<Vec<_>>())
            .bind::<Array<Binary>, _>(part.iter().map(|row| row.leaf.0.as_slice()).collect::<Vec<_>>())
            .execute(c)?;
    }
    for part in openings.chunks(SET) {
        let reports = part.iter().map(|row| row.report_id.as_ref().map(|id| id.as_bytes().as_slice()));
        diesel::sql_query("INSERT INTO ledger_openings (idx, report_id, opening) SELECT * FROM unnest($1, $2, $3)")
            .bind::<Array<BigInt>, _>(part.iter().map(|row| row.idx).collect::<Vec<_>>())
            .bind::<Array<Nullable<Binary>>, _>(reports.collect::<Vec<_>>())
            .bind::<Array<Binary>, _>(part.iter().map(|row| row.opening.as_slice()).collect::<Vec<_>>())
            .execute(c)?;
    }
    Ok(())
}

/// How many leaves have their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn size(conn: &mut Conn) -> Result<i64, StorageError> {
    let last: Option<i64> =
        ledger_leaves::table.select(ledger_leaves::idx).order(ledger_leaves::idx.desc()).first(conn).optional()?;
    Ok(last.map_or(0, |idx| idx + 1))
}

/// Leaves at `from <= idx < to`, in order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn leaves(conn: &mut Conn, from: i64, to: i64) -> Result<Vec<LeafRow>, StorageError> {
    let range = ledger_leaves::table.filter(ledger_leaves::idx.ge(from).and(ledger_leaves::idx.lt(to)));
    Ok(range.order(ledger_leaves::idx).select(LeafRow::as_select()).load(conn)?)
}

/// What opens the placed leaves of a report, in order of their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn openings_of(conn: &mut Conn, report: ReportId) -> Result<Vec<OpeningRow>, StorageError> {
    let found = ledger_openings::table.filter(ledger_openings::report_id.eq(report)).order(ledger_openings::idx);
    Ok(found.select(OpeningRow::as_select()).load(conn)?)
}

/// What opens the placed public entries, in order of their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn public_openings(conn: &mut Conn) -> Result<Vec<OpeningRow>, StorageError> {
    let found = ledger_openings::table.filter(ledger_openings::report_id.is_null()).order(ledger_openings::idx);
    Ok(found.select(OpeningRow::as_select()).load(conn)?)
}

/// What opens the leaf at a place; `None` for padding, and for what was erased.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn opening(conn: &mut Conn, idx: i64) -> Result<Option<OpeningRow>, StorageError> {
    Ok(ledger_openings::table.find(idx).select(OpeningRow::as_select()).get_result(conn).optional()?)
}

/// Sets a tile; a wider one replaces the narrower.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn put_tile(tx: &mut Tx, row: &TileRow) -> Result<(), StorageError> {
    on!(tx, |c| {
        diesel::insert_into(ledger_tiles::table)
            .values(row)
            .on_conflict((ledger_tiles::level, ledger_tiles::n))
            .do_update()
            .set((ledger_tiles::width.eq(row.width), ledger_tiles::hashes.eq(&row.hashes)))
            .execute(c)
    })?;
    Ok(())
}

/// A tile as wide as it has come.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn tile(conn: &mut Conn, level: i32, n: i64) -> Result<Option<TileRow>, StorageError> {
    Ok(ledger_tiles::table.find((level, n)).select(TileRow::as_select()).get_result(conn).optional()?)
}
