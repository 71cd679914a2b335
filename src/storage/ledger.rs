//! The ledger's rows: pending leaves, placed leaves, what opens them, tiles.
//!
//! Leaves that one write leaves of one report wait and are opened as a group: a filing has one for every seat and level,
//! and as rows of their own they took more pages than what was said.

use std::borrow::Borrow;

use diesel::{
    ExecuteCopyFromDsl as _, copy_from,
    dsl::{min, sql},
    prelude::*,
    sql_types::{BigInt, Nullable},
    upsert::excluded,
};

use super::{
    connection::{Conn, Postgres, Tx, on},
    error::StorageError,
    packing,
    schema::{ledger_leaves, ledger_openings, ledger_pending, ledger_places, ledger_tiles},
    types::{Bytes, all_beside},
};
use crate::domain::{ids::ReportId, time::UtcMillis};

/// Version, tag, commitment.
const LEAF_BYTES: usize = 65;

/// A new leaf with what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRow {
    /// Random.
    pub id: Bytes<16>,
    /// The report that it is about; `None` for the public ones.
    pub report_id: Option<ReportId>,
    /// Version, tag, commitment.
    pub leaf: Bytes<LEAF_BYTES>,
    /// Canonical CBOR that opens the commitment.
    pub opening: Vec<u8>,
    /// When; as coarse as what it records: the end of the span for what a reporter did.
    pub recorded_at: UtcMillis,
}

/// What opens the leaves of a group, wherever they are.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = ledger_openings, treat_none_as_default_value = false)]
struct OpeningsRow {
    id: Bytes<16>,
    report_id: Option<ReportId>,
    packed: Vec<u8>,
}

/// The leaves of a group that has no places yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_pending, treat_none_as_default_value = false)]
pub struct WaitingRow {
    /// Of what opens them.
    pub id: Bytes<16>,
    packed: Vec<u8>,
    recorded_at: UtcMillis,
}

impl WaitingRow {
    /// The group's leaves: version, tag, commitment of each.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if the row breaks off inside one.
    pub fn leaves(&self) -> Result<&[[u8; LEAF_BYTES]], StorageError> {
        packing::fixed(&self.packed)
    }
}

/// Where the leaves of a group stand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Insertable)]
#[diesel(table_name = ledger_places, treat_none_as_default_value = false)]
pub struct PlacesRow {
    id: Bytes<16>,
    packed: Vec<u8>,
}

impl PlacesRow {
    /// The places of a group's leaves, 0 and up, in the group's order.
    pub fn of(id: Bytes<16>, places: &[i64]) -> Self {
        Self { id, packed: places.iter().flat_map(|idx| idx.to_be_bytes()).collect() }
    }
}

/// What opens a leaf that has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The leaf's place, 0 and up.
    pub idx: i64,
    /// Canonical CBOR that opens the commitment.
    pub opening: Vec<u8>,
}

/// What opens a leaf that has no place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Version, tag, commitment.
    pub leaf: Bytes<LEAF_BYTES>,
    /// Canonical CBOR that opens the commitment.
    pub opening: Vec<u8>,
}

/// New leaves by group, those of one write about one report: what opens them, which stays there, and the leaves apart.
fn grouped<R: Borrow<PendingRow>>(rows: &[R]) -> Result<(Vec<OpeningsRow>, Vec<WaitingRow>), StorageError> {
    // What is public stands alone: its id says what it is.
    let write = |row: &R| (row.borrow().report_id, row.borrow().recorded_at);
    let belong = |a: &R, b: &R| write(a).0.is_some() && write(a) == write(b);
    let (mut openings, mut waiting) = (Vec::new(), Vec::new());
    for group in rows.chunk_by(belong) {
        let Some(PendingRow { id, report_id, recorded_at, .. }) = group.first().map(Borrow::borrow) else { continue };
        let packed = packing::of_any(group.iter().map(|row| row.borrow().opening.as_slice()))?;
        openings.push(OpeningsRow { id: *id, report_id: *report_id, packed });
        let packed = group.iter().flat_map(|row| row.borrow().leaf.0).collect();
        waiting.push(WaitingRow { id: *id, packed, recorded_at: *recorded_at });
    }
    Ok((openings, waiting))
}

/// Openings, each with the value that belongs to it.
type Paired<const N: usize> = Vec<(Vec<u8>, [u8; N])>;

/// Openings beside what stands in the same order as they.
fn beside_each<const N: usize>(openings: &[u8], other: &[u8]) -> Result<Paired<N>, StorageError> {
    let (openings, other) = (packing::any(openings)?, packing::fixed(other)?);
    if openings.len() != other.len() {
        return Err(StorageError::Corrupt("openings of the ledger and their leaves are not as many".to_owned()));
    }
    Ok(openings.into_iter().zip(other).map(|(opening, other)| (opening.to_vec(), *other)).collect())
}

/// A leaf in its place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_leaves, treat_none_as_default_value = false)]
pub struct LeafRow {
    /// Its place, 0 and up, without gaps.
    pub idx: i64,
    /// Version, tag, commitment.
    pub leaf: Bytes<LEAF_BYTES>,
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
    let (openings, waiting) = grouped(rows)?;
    on!(tx, for part in &openings[..] => diesel::insert_into(ledger_openings::table).values(part));
    on!(tx, for part in &waiting[..] => diesel::insert_into(ledger_pending::table).values(part));
    Ok(())
}

/// As [`add_pending`], by COPY.
pub(super) fn copy_pending(c: &mut Postgres, rows: &[&PendingRow]) -> Result<(), StorageError> {
    let (openings, waiting) = grouped(rows)?;
    copy_from(ledger_openings::table).from_insertable(&openings).execute(c)?;
    copy_from(ledger_pending::table).from_insertable(&waiting).execute(c)?;
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

/// How many leaves wait for a place, and since when the first one does.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn waiting(conn: &mut Conn) -> Result<(i64, Option<UtcMillis>), StorageError> {
    let bytes = sql::<Nullable<BigInt>>("SUM(LENGTH(packed))");
    let found = ledger_pending::table.select((bytes, min(ledger_pending::recorded_at)));
    let (bytes, oldest): (Option<i64>, _) = found.first(conn)?;
    Ok((bytes.unwrap_or(0) / i64::try_from(LEAF_BYTES).unwrap_or(i64::MAX), oldest))
}

/// Pending leaves about a report with what opens them, in no set order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn pending_of(conn: &mut Conn, report: ReportId) -> Result<Vec<Unplaced>, StorageError> {
    let (first, last) = all_beside(report);
    let theirs = ledger_openings::id.between(first, last).and(ledger_openings::report_id.eq(report));
    let found = ledger_openings::table.inner_join(ledger_pending::table.on(ledger_pending::id.eq(ledger_openings::id)));
    let groups: Vec<(Vec<u8>, Vec<u8>)> =
        found.filter(theirs).select((ledger_openings::packed, ledger_pending::packed)).load(conn)?;
    let mut leaves = Vec::new();
    for (openings, waiting) in groups {
        let group = beside_each(&openings, &waiting)?.into_iter();
        leaves.extend(group.map(|(opening, leaf)| Unplaced { leaf: Bytes(leaf), opening }));
    }
    Ok(leaves)
}

/// Gives leaves their places.
///
/// # Errors
/// [`StorageError::Duplicate`] if a place is taken.
pub fn add_leaves(tx: &mut Tx, leaves: &[LeafRow], places: &[PlacesRow]) -> Result<(), StorageError> {
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

/// Groups of openings and places as single ones, in order of the places.
fn in_order(groups: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Vec<Placed>, StorageError> {
    let mut found = Vec::new();
    for (openings, places) in groups {
        let group = beside_each(&openings, &places)?.into_iter();
        found.extend(group.map(|(opening, idx)| Placed { idx: i64::from_be_bytes(idx), opening }));
    }
    found.sort_unstable_by_key(|row| row.idx);
    Ok(found)
}

/// What opens the placed leaves of a report, in order of their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn openings_of(conn: &mut Conn, report: ReportId) -> Result<Vec<Placed>, StorageError> {
    let (first, last) = all_beside(report);
    let theirs = ledger_openings::id.between(first, last).and(ledger_openings::report_id.eq(report));
    in_order(placed().filter(theirs).select((ledger_openings::packed, ledger_places::packed)).load(conn)?)
}

/// What opens the placed public entries, in order of their places.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn public_openings(conn: &mut Conn) -> Result<Vec<Placed>, StorageError> {
    let public = placed().filter(ledger_openings::report_id.is_null());
    in_order(public.select((ledger_openings::packed, ledger_places::packed)).load(conn)?)
}

/// What opens the public entry at a place; `None` for padding, and for what is about a report.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn public_opening(conn: &mut Conn, idx: i64) -> Result<Option<Vec<u8>>, StorageError> {
    // There are few public ones, so all of them are gone through: no index by place, which every leaf would have to pay
    // for. Each is a group of its own.
    let at = ledger_places::packed.eq(idx.to_be_bytes().to_vec());
    let found = placed().filter(ledger_openings::report_id.is_null().and(at));
    let packed: Option<Vec<u8>> = found.select(ledger_openings::packed).get_result(conn).optional()?;
    let Some(packed) = packed else { return Ok(None) };
    Ok(packing::any(&packed)?.first().map(|opening| opening.to_vec()))
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

/// Sets tiles; a wider one replaces the narrower.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn put_tiles(tx: &mut Tx, rows: &[TileRow]) -> Result<(), StorageError> {
    /// Far from as many values as a statement can have.
    const MANY: usize = 256;
    let place = (ledger_tiles::level, ledger_tiles::n);
    let wider = || {
        (ledger_tiles::width.eq(excluded(ledger_tiles::width)), ledger_tiles::hashes.eq(excluded(ledger_tiles::hashes)))
    };
    let into = || diesel::insert_into(ledger_tiles::table);
    match tx {
        Conn::Postgres(c) => {
            for part in rows.chunks(MANY) {
                into().values(part).on_conflict(place).do_update().set(wider()).execute(c)?;
            }
        }
        Conn::Sqlite(c) => {
            for row in rows {
                into().values(row).on_conflict(place).do_update().set(wider()).execute(c)?;
            }
        }
    }
    Ok(())
}

/// A tile as wide as it has come.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn tile(conn: &mut Conn, level: i32, n: i64) -> Result<Option<TileRow>, StorageError> {
    Ok(ledger_tiles::table.find((level, n)).select(TileRow::as_select()).get_result(conn).optional()?)
}

/// Those of these tiles (level, which of that level) that there are, in no set order, by one statement.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn tiles(conn: &mut Conn, places: &[(i32, i64)]) -> Result<Vec<TileRow>, StorageError> {
    let mut wanted = ledger_tiles::table.select(TileRow::as_select()).into_boxed();
    for (level, n) in places {
        wanted = wanted.or_filter(ledger_tiles::level.eq(*level).and(ledger_tiles::n.eq(*n)));
    }
    if places.is_empty() { Ok(Vec::new()) } else { Ok(wanted.load(conn)?) }
}
