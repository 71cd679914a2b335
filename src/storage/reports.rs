//! Reports: one row each, found by id, by lookup and by deadline. Boards are in `boards`; what hangs on a report is in
//! `report_parts`.

use diesel::{dsl::exists, prelude::*};

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::reports,
    types::Bytes,
};
use crate::domain::{
    ids::{MemberId, ProductionId, ReportId},
    time::UtcMillis,
};

/// One anonymous filing: the clear fields that the engine needs, and the domain's own state as JSON.
///
/// Source: security.md, "What is stored about a reporter".
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = reports, treat_none_as_null = true, treat_none_as_default_value = false)]
#[expect(clippy::struct_excessive_bools, reason = "a row has the columns that it has")]
pub struct ReportRow {
    /// Its id.
    pub id: ReportId,
    /// Whose it is.
    pub production_id: ProductionId,
    /// Keyed hash of the receipt's lookup key; unique.
    pub lookup: Bytes<32>,
    /// Tag of the content, which only the receipt can make.
    pub content_tag: Bytes<32>,
    /// The receipt's Ed25519 public key.
    pub verify_key: Bytes<32>,
    /// The receipt's X25519 public key.
    pub reading_key: Bytes<32>,
    /// L, from which tags and nonces of the ledger are made.
    pub ledger_key: Bytes<32>,
    /// Two random words.
    pub handle: String,
    /// `production` or `union`: whose answers count first.
    pub chain: String,
    /// What it is about.
    pub category: String,
    /// Present severity.
    pub severity: String,
    /// Stage of its life.
    pub stage: String,
    /// What is awaited.
    pub awaiting: Option<String>,
    /// Highest level told; 0 before delivery.
    pub level: i32,
    /// 1 and up.
    pub cycle: i32,
    /// The deadline that people are shown; `None` before delivery and once exhausted.
    pub due_at: Option<UtcMillis>,
    /// Place on the boards of production and observers; [`LAST`] for what awaits nothing.
    pub board_at: UtcMillis,
    /// Place on the board of the union side, as `board_at`; it also sees checks that chance alone asked for.
    pub board_at_union: UtcMillis,
    /// When the engine has something to do next: the deadline, the delivery or the next daily entry.
    pub wake_at: Option<UtcMillis>,
    /// When it is to be delivered; erased on delivery.
    pub deliver_at: Option<UtcMillis>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Who has it in hand.
    pub holder: Option<MemberId>,
    /// The policy that it keeps.
    pub policy_version: i32,
    /// The roster that it was sealed to.
    pub roster_version: i32,
    /// Above the budget; for the union side alone.
    pub overflow: bool,
    /// Has a breach that was not lifted.
    pub unanswered: bool,
    /// Beginning of the span in which it was delivered.
    pub delivered_from: Option<UtcMillis>,
    /// End of that span.
    pub delivered_to: Option<UtcMillis>,
    /// Whether a later report of the category is a repetition.
    pub counts_for_repeated: bool,
    /// Digest of the filing.
    pub digest: Bytes<32>,
    /// The reporter's signature of it.
    pub digest_signature: Bytes<64>,
    /// Size of what was filed, in steps of 4 KiB.
    pub size_steps: i32,
    /// Hash of its last entry in the ledger.
    pub prev_entry: Option<Bytes<32>>,
    /// The domain's report, as JSON.
    pub state: String,
    /// Counts the saves; see [`save`].
    pub version: i64,
    /// Whether anything can still become due.
    pub open: bool,
    /// Outages that ended up to here are counted into its deadlines. Says nothing of the report: only outages set it.
    pub outages_until: UtcMillis,
    /// Tags of who is kept out: 16 bytes each, a multiple of 32 of them. [`save`] leaves them
    /// alone: see [`super::report_parts::save_kept_out`].
    #[diesel(skip_update)]
    pub kept_out: Vec<u8>,
    /// Highest level told on the production's side: 0 none, [`OBSERVERS`] once the observers are told too.
    pub told_production: i32,
    /// Highest level told on the union side; 0 none.
    pub told_union: i32,
}

/// Place on a board of what awaits nothing: behind everything else.
pub const LAST: UtcMillis = UtcMillis::new(i64::MAX);
/// What stands for the observers in [`ReportRow::told_production`]: above every level.
pub const OBSERVERS: i32 = 10;

/// Adds a report.
///
/// # Errors
/// [`StorageError::Duplicate`] if the receipt has filed already.
pub fn add(tx: &mut Tx, row: &ReportRow) -> Result<(), StorageError> {
    add_all(tx, std::slice::from_ref(row))
}

/// Adds reports.
///
/// # Errors
/// [`StorageError::Duplicate`] if a receipt has filed already.
pub(super) fn add_all(tx: &mut Tx, rows: &[ReportRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(reports::table).values(part));
    Ok(())
}

/// Replaces a report that still has the version of `row`, and gives it the next one.
///
/// # Errors
/// [`StorageError::Conflict`] if somebody saved it since it was loaded, or it was erased.
pub fn save(tx: &mut Tx, row: &ReportRow) -> Result<(), StorageError> {
    let unchanged = reports::table.filter(reports::id.eq(row.id).and(reports::version.eq(row.version)));
    let next = ReportRow { version: row.version + 1, ..row.clone() };
    match diesel::update(unchanged).set(&next).execute(tx)? {
        0 => Err(StorageError::Conflict),
        _ => Ok(()),
    }
}

/// The report with this id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn find(conn: &mut Conn, id: ReportId) -> Result<Option<ReportRow>, StorageError> {
    Ok(reports::table.find(id).select(ReportRow::as_select()).get_result(conn).optional()?)
}

/// The report with this id, to be changed: on PostgreSQL it is locked until the transaction ends. Whoever wants to put events
/// of it on record claims it first; two who only meet when they save it have events under its next number by then, and
/// wait for each other.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn claim(tx: &mut Tx, id: ReportId) -> Result<Option<ReportRow>, StorageError> {
    let report = reports::table.find(id);
    Ok(match tx {
        Conn::Postgres(c) => report.for_update().select(ReportRow::as_select()).get_result(c).optional()?,
        Conn::Sqlite(c) => report.select(ReportRow::as_select()).get_result(c).optional()?,
    })
}

/// The report that this receipt opens.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn by_lookup(conn: &mut Conn, lookup: &[u8; 32]) -> Result<Option<ReportRow>, StorageError> {
    let found = reports::table.filter(reports::lookup.eq(Bytes(*lookup)));
    Ok(found.select(ReportRow::as_select()).get_result(conn).optional()?)
}

/// Whether this receipt has filed a report.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn is_filed(conn: &mut Conn, lookup: &[u8; 32]) -> Result<bool, StorageError> {
    let found = reports::table.filter(reports::lookup.eq(Bytes(*lookup))).select(reports::id);
    Ok(on!(conn, |c| found.get_result::<ReportId>(c).optional())?.is_some())
}

/// When the engine has something to do next, later than `after`.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
///
/// Source: architecture.md, "Deadlines": without the lower bound, dead entries of the index are waded through after a burst.
pub fn next_wake(conn: &mut Conn, after: UtcMillis) -> Result<Option<UtcMillis>, StorageError> {
    let next: Option<Option<UtcMillis>> = reports::table
        .filter(reports::open.and(reports::wake_at.gt(after)))
        .order(reports::wake_at)
        .select(reports::wake_at)
        .first(conn)
        .optional()?;
    Ok(next.flatten())
}

/// Takes up to `limit` reports whose time came in `after < t <= until`, earliest first. On PostgreSQL they are locked until
/// the transaction ends, and those that another process has locked are passed over.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn claim_due(tx: &mut Tx, after: UtcMillis, until: UtcMillis, limit: i64) -> Result<Vec<ReportRow>, StorageError> {
    let due = reports::table
        .filter(reports::open.and(reports::wake_at.gt(after)).and(reports::wake_at.le(until)))
        .order(reports::wake_at)
        .limit(limit);
    Ok(match tx {
        Conn::Postgres(c) => due.for_update().skip_locked().select(ReportRow::as_select()).load(c)?,
        Conn::Sqlite(c) => due.select(ReportRow::as_select()).load(c)?,
    })
}

/// Whether a report of the category that counts was delivered with its span's end in `from <= t <= to`.
///
/// Source: domain.md, "The form", `repeated`.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn has_earlier(
    conn: &mut Conn,
    production: ProductionId,
    category: &str,
    from: UtcMillis,
    to: UtcMillis,
) -> Result<bool, StorageError> {
    Ok(on!(conn, |c| diesel::select(exists(earlier(production, category, from, to))).get_result(c))?)
}

/// The reports that [`has_earlier`] looks for.
#[expect(clippy::elidable_lifetime_names, reason = "the macro that writes the type needs the name")]
#[diesel::dsl::auto_type]
pub(super) fn earlier<'a>(production: ProductionId, category: &'a str, from: UtcMillis, to: UtcMillis) -> _ {
    reports::table
        .filter(reports::production_id.eq(production).and(reports::category.eq(category)))
        .filter(reports::counts_for_repeated)
        .filter(reports::delivered_to.ge(from).and(reports::delivered_to.le(to)))
}

/// Up to `limit` reports of a production with a missed deadline and an id after this one, by id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn unanswered_after(
    conn: &mut Conn,
    production: ProductionId,
    after: Option<ReportId>,
    limit: i64,
) -> Result<Vec<ReportRow>, StorageError> {
    let first = ReportId::new([0; 16]);
    let found = reports::table
        .filter(reports::production_id.eq(production).and(reports::unanswered))
        .filter(reports::id.gt(after.unwrap_or(first)))
        .order(reports::id);
    Ok(found.limit(limit).select(ReportRow::as_select()).load(conn)?)
}

/// Every open report of a production, by id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn open_of(conn: &mut Conn, production: ProductionId) -> Result<Vec<ReportRow>, StorageError> {
    let found = reports::table.filter(reports::production_id.eq(production).and(reports::open)).order(reports::id);
    Ok(found.select(ReportRow::as_select()).load(conn)?)
}

/// Up to `limit` open reports with an id after this one, by id: for a pass over all of them, as after an outage.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn open_after(conn: &mut Conn, after: Option<ReportId>, limit: i64) -> Result<Vec<ReportRow>, StorageError> {
    let first = ReportId::new([0; 16]);
    let found = reports::table.filter(reports::open.and(reports::id.gt(after.unwrap_or(first)))).order(reports::id);
    Ok(found.limit(limit).select(ReportRow::as_select()).load(conn)?)
}

/// Ids of up to `limit` reports after this one, open or closed, in order: for a pass over all of them.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn ids_after(conn: &mut Conn, after: Option<ReportId>, limit: i64) -> Result<Vec<ReportId>, StorageError> {
    let first = ReportId::new([0; 16]);
    let found = reports::table.filter(reports::id.gt(after.unwrap_or(first))).order(reports::id);
    Ok(found.limit(limit).select(reports::id).load(conn)?)
}

/// Reports of a category whose delivery's span ended in `from < t <= to`, earliest first, `limit` at most.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn delivered_between(
    conn: &mut Conn,
    production: ProductionId,
    category: &str,
    from: UtcMillis,
    to: UtcMillis,
    limit: i64,
) -> Result<Vec<ReportRow>, StorageError> {
    let found = reports::table
        .filter(reports::production_id.eq(production).and(reports::category.eq(category)))
        .filter(reports::delivered_to.gt(from).and(reports::delivered_to.le(to)))
        .order((reports::delivered_to, reports::id));
    Ok(found.limit(limit).select(ReportRow::as_select()).load(conn)?)
}
