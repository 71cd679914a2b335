//! What hangs on a report: units, envelopes, kept-out tags and events; and how all of it is erased.

use diesel::prelude::*;

pub use super::envelopes::{EnvelopeRow, add_envelopes, envelopes_for, put_envelope, remove_envelopes};
use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    ledger,
    schema::{deliveries, envelopes, erasures, events, idempotency, links, outbox, reports, resealings, units},
    types::{Bytes, all_beside},
};
use crate::domain::{
    ids::{EventId, MemberId, ReportId, UnitId},
    time::UtcMillis,
};

/// What one author said once, sealed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = units, treat_none_as_default_value = false)]
pub struct UnitRow {
    /// The report.
    pub report_id: ReportId,
    /// Its id.
    pub id: UnitId,
    /// `shared`, `union`, `answer`, `message`, `verification` and so on.
    pub kind: String,
    /// To whom: `union`, `all` and so on.
    pub addressed: String,
    /// The sealed unit with its signature.
    pub ciphertext: Vec<u8>,
    /// Commits to the data key.
    pub key_commit: Bytes<32>,
    /// The event that it belongs to; `None` for the filing.
    pub event_seq: Option<i32>,
}

/// One event of a report; never changed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct EventRow {
    /// The report.
    pub report_id: ReportId,
    /// 1 and up, without gaps.
    pub seq: i32,
    /// Its id.
    pub id: EventId,
    /// When; for what a reporter did, the beginning of the span.
    pub at_from: UtcMillis,
    /// When; for what a reporter did, the end of the span.
    pub at_to: UtcMillis,
    /// What happened; a breach is named by what was awaited.
    pub kind: String,
    /// `production` or `union`.
    pub chain: String,
    /// The level concerned; 0 for none.
    pub level: i32,
    /// The cycle concerned.
    pub cycle: i32,
    /// 0, then 1, 2, … for the next of its kind at that level and cycle.
    pub n: i32,
    /// Who acted, if a member did.
    pub member_id: Option<MemberId>,
    /// In which role.
    pub role: Option<String>,
    /// The rest, as JSON.
    pub body: String,
    /// Keyed hash of everything in this row: whoever writes to the database has no key to make another.
    pub mac: Bytes<32>,
}

/// Adds units.
///
/// # Errors
/// [`StorageError::Duplicate`] if an id is taken.
pub fn add_units(tx: &mut Tx, rows: &[UnitRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(units::table).values(part));
    Ok(())
}

/// Appends events.
///
/// # Errors
/// [`StorageError::Conflict`] if somebody went on with one of the reports since it was loaded: what fired has fired, and
/// the place behind what was known is taken.
pub fn append_events(tx: &mut Tx, rows: &[EventRow]) -> Result<(), StorageError> {
    let is_taken = |error: &StorageError| matches!(error, StorageError::Duplicate(_));
    insert_events(tx, rows).map_err(|error| if is_taken(&error) { StorageError::Conflict } else { error })
}

fn insert_events(tx: &mut Tx, rows: &[EventRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(events::table).values(part));
    Ok(())
}

/// Replaces the kept-out tags of a report.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn save_kept_out(tx: &mut Tx, report: ReportId, tags: &[u8]) -> Result<(), StorageError> {
    diesel::update(reports::table.find(report)).set(reports::kept_out.eq(tags)).execute(tx)?;
    Ok(())
}

/// The kept-out tags of a report; empty if there is no such report.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn kept_out(conn: &mut Conn, report: ReportId) -> Result<Vec<u8>, StorageError> {
    Ok(reports::table.find(report).select(reports::kept_out).get_result(conn).optional()?.unwrap_or_default())
}

/// The units of a report, in no set order: order is inside them.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn units(conn: &mut Conn, report: ReportId) -> Result<Vec<UnitRow>, StorageError> {
    Ok(units::table.filter(units::report_id.eq(report)).select(UnitRow::as_select()).load(conn)?)
}

/// The ciphertext of the words that belong to an event, if it has any.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn ciphertext_of_event(conn: &mut Conn, report: ReportId, seq: i32) -> Result<Option<Vec<u8>>, StorageError> {
    let found = units::table.filter(units::report_id.eq(report).and(units::event_seq.eq(seq)));
    Ok(found.select(units::ciphertext).first(conn).optional()?)
}

/// The events of a report, in order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn events(conn: &mut Conn, report: ReportId) -> Result<Vec<EventRow>, StorageError> {
    let found = events::table.filter(events::report_id.eq(report)).order(events::seq);
    Ok(found.select(EventRow::as_select()).load(conn)?)
}

/// Erases a report and all that hangs on it, as after a withdrawal before delivery. The ledger's leaves stay; what opens
/// them goes.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn erase(tx: &mut Tx, report: ReportId) -> Result<(), StorageError> {
    // The trigger lets events go only beside this row, which leaves with them.
    diesel::insert_into(erasures::table).values(erasures::report_id.eq(report)).execute(tx)?;
    diesel::delete(events::table.filter(events::report_id.eq(report))).execute(tx)?;
    diesel::delete(units::table.filter(units::report_id.eq(report))).execute(tx)?;
    diesel::delete(envelopes::table.filter(envelopes::report_id.eq(report))).execute(tx)?;
    diesel::delete(resealings::table.filter(resealings::report_id.eq(report))).execute(tx)?;
    diesel::delete(idempotency::table.filter(idempotency::scope.eq(report.as_bytes().as_slice()))).execute(tx)?;
    let (first, last) = all_beside(report);
    let notices = outbox::table.filter(outbox::id.between(first, last).and(outbox::report_id.eq(report)));
    diesel::delete(notices).execute(tx)?;
    diesel::delete(deliveries::table.filter(deliveries::report_id.eq(report))).execute(tx)?;
    diesel::delete(links::table.filter(links::report_id.eq(report))).execute(tx)?;
    ledger::erase(tx, report)?;
    diesel::delete(reports::table.find(report)).execute(tx)?;
    diesel::delete(erasures::table.find(report)).execute(tx)?;
    Ok(())
}
