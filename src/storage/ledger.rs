//! The ledger's rows: pending leaves, placed leaves, what opens them, tiles and checkpoints.

use diesel::{ExecuteCopyFromDsl as _, copy_from, prelude::*};

use super::{
    connection::{Conn, Postgres, Tx, on},
    error::StorageError,
    schema::{ledger_leaves, ledger_openings, ledger_pending, ledger_places, ledger_tiles},
    types::{Bytes, all_beside},
};
use crate::domain::{ids::ReportId, time::UtcMillis};

/// A new leaf with what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// What stays of new leaves where it is written, and what waits for a place.
fn apart(rows: &[PendingRow]) -> (Vec<OpeningRow>, Vec<WaitingRow>) {
    let opening = |row: &PendingRow| OpeningRow { id: row.id, report_id: row.report_id, opening: row.opening.clone() };
    let waiting = |row: &PendingRow| WaitingRow { id: row.id, leaf: row.leaf, recorded_at: row.recorded_at };
    rows.iter().map(|row| (opening(row), waiting(row))).unzip()
}

/// What opens a leaf, wherever the leaf is.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = ledger_openings, treat_none_as_default_value = false)]
struct OpeningRow {
    id: Bytes<16>,
    report_id: Option<ReportId>,
    opening: Vec<u8>,
}

/// A leaf that has no place yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_pending, treat_none_as_default_value = false)]
pub struct WaitingRow {
    /// Of what opens it.
    pub id: Bytes<16>,
    /// Version, tag, commitment.
    pub leaf: Bytes<65>,
    /// See [`PendingRow::recorded_at`].
    pub recorded_at: UtcMillis,
}

/// Where the leaf stands that something opens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable)]
#[diesel(table_name = ledger_places, treat_none_as_default_value = false)]
pub struct PlaceRow {
    /// Of what opens it.
    pub id: Bytes<16>,
    /// The leaf's place, 0 and up.
    pub idx: i64,
}

/// What opens a leaf that has its place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Placed {
    /// The leaf's place, 0 and up.
    pub idx: i64,
    /// Canonical CBOR that opens the commitment.
    pub opening: Vec<u8>,
}

/// What opens a leaf that has no place yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Unplaced {
    /// Version, tag, commitment.
    pub leaf: Bytes<65>,
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
    let (openings, leaves) = apart(rows);
    on!(tx, for part in &openings[..] => diesel::insert_into(ledger_openings::table).values(part));
    on!(tx, for part in &leaves[..] => diesel::insert_into(ledger_pending::table).values(part));
    Ok(())
}

/// As [`add_pending`], by COPY.
pub(super) fn copy_pending(c: &mut Postgres, rows: &[PendingRow]) -> Result<(), StorageError> {
    let (openings, leaves) = apart(rows);
    copy_from(ledger_openings::table).from_insertable(&openings).execute(c)?;
    copy_from(ledger_pending::table).from_insertable(&leaves).execute(c)?;
    Ok(())
}

/// All pending leaves, in no set order, which are pending no more; on PostgreSQL under the integrator's lock until the
/// transaction ends.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn take_pending(tx: &mut Tx) -> Result<Vec<WaitingRow>, StorageError> {
    lock(tx)?;
    match tx {
        // Whole tables are emptied page by page on SQLite, not row by row; and nobody writes between two statements there.
        Conn::Sqlite(c) => {
            let rows = ledger_pending::table.select(WaitingRow::as_select()).load(c)?;
            if !rows.is_empty() {
                diesel::delete(ledger_pending::table).execute(c)?;
            }
            Ok(rows)
        }
        // What goes is what was read, though others write meanwhile.
        Conn::Postgres(c) => {
            Ok(diesel::delete(ledger_pending::table).returning(WaitingRow::as_returning()).get_results(c)?)
        }
    }
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

/// Pending leaves about a report with what opens them, in no set order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn pending_of(conn: &mut Conn, report: ReportId) -> Result<Vec<Unplaced>, StorageError> {
    let (first, last) = all_beside(report);
    let theirs = ledger_openings::id.between(first, last).and(ledger_openings::report_id.eq(report));
    let found = ledger_openings::table.inner_join(ledger_pending::table.on(ledger_pending::id.eq(ledger_openings::id)));
    Ok(found.filter(theirs).select((ledger_pending::leaf, ledger_openings::opening)).load(conn)?)
}

/// Gives leaves their places.
///
/// # Errors
/// [`StorageError::Duplicate`] if a place is taken.
pub fn add_leaves(tx: &mut Tx, leaves: &[LeafRow], places: &[PlaceRow]) -> Result<(), StorageError> {
    /// From here on COPY costs less than statements.
    const MANY: usize = 256;
    match tx {
        Conn::Postgres(c) if leaves.len() > MANY => {
            copy_from(ledger_leaves::table).from_insertable(leaves).execute(c)?;
            copy_from(ledger_places::table).from_insertable(places).execute(c)?;
        }
        _ => {
            on!(tx, for part in leaves => diesel::insert_into(ledger_leaves::table).values(part));
            on!(tx, for part in places => diesel::insert_into(ledger_places::table).values(part));
        }
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

/// What opens leaves, beside their places.
#[diesel::dsl::auto_type]
fn placed() -> _ {
    ledger_openings::table.inner_join(ledger_places::table.on(ledger_places::id.eq(ledger_openings::id)))
}

/// What opens the placed leaves of a report, in order of their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn openings_of(conn: &mut Conn, report: ReportId) -> Result<Vec<Placed>, StorageError> {
    let (first, last) = all_beside(report);
    let theirs = ledger_openings::id.between(first, last).and(ledger_openings::report_id.eq(report));
    let found = placed().filter(theirs).order(ledger_places::idx);
    Ok(found.select((ledger_places::idx, ledger_openings::opening)).load(conn)?)
}

/// What opens the placed public entries, in order of their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn public_openings(conn: &mut Conn) -> Result<Vec<Placed>, StorageError> {
    let found = placed().filter(ledger_openings::report_id.is_null()).order(ledger_places::idx);
    Ok(found.select((ledger_places::idx, ledger_openings::opening)).load(conn)?)
}

/// What opens the public entry at a place; `None` for padding, and for what is about a report.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn public_opening(conn: &mut Conn, idx: i64) -> Result<Option<Vec<u8>>, StorageError> {
    // There are few public ones, so all of them are gone through: no index by place, which every leaf would have to pay for.
    let found = placed().filter(ledger_openings::report_id.is_null().and(ledger_places::idx.eq(idx)));
    Ok(found.select(ledger_openings::opening).get_result(conn).optional()?)
}

/// Erases what opens the leaves about a report, and what says where they are. The leaves stay.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn erase(tx: &mut Tx, report: ReportId) -> Result<(), StorageError> {
    let (first, last) = all_beside(report);
    let theirs = || {
        let theirs = ledger_openings::id.between(first, last).and(ledger_openings::report_id.eq(report));
        ledger_openings::table.filter(theirs)
    };
    let ids: Vec<Bytes<16>> = theirs().select(ledger_openings::id).load(tx)?;
    for id in ids {
        // First what waits: if a tick is placing it just now, PostgreSQL waits here for that, and then sees its place.
        diesel::delete(ledger_pending::table.find(id)).execute(tx)?;
        diesel::delete(ledger_places::table.find(id)).execute(tx)?;
    }
    diesel::delete(theirs()).execute(tx)?;
    Ok(())
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
