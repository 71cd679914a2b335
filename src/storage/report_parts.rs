//! What hangs on a report: what was said, kept-out tags and events; and how all of it is erased.

use diesel::prelude::*;

pub use super::sealed::{
    EnvelopeRow, SealedRow, UnitRow, add_sealed, ciphertext_of_event, envelopes_for, of_filings, put_envelope,
    remove_envelopes, units,
};
use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    ledger,
    schema::{addresses, deliveries, erasures, events, idempotency, links, outbox, reports, resealings, sealed},
    types::{Bytes, all_beside},
};
use crate::domain::{
    ids::{EventId, MemberId, ReportId},
    time::UtcMillis,
};

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
    diesel::delete(sealed::table.filter(sealed::report_id.eq(report))).execute(tx)?;
    diesel::delete(resealings::table.filter(resealings::report_id.eq(report))).execute(tx)?;
    diesel::delete(idempotency::table.filter(idempotency::scope.eq(report.as_bytes().as_slice()))).execute(tx)?;
    let (first, last) = all_beside(report);
    let notices = outbox::table.filter(outbox::id.between(first, last).and(outbox::report_id.eq(report)));
    diesel::delete(notices).execute(tx)?;
    diesel::delete(deliveries::table.filter(deliveries::report_id.eq(report))).execute(tx)?;
    diesel::delete(links::table.filter(links::report_id.eq(report))).execute(tx)?;
    diesel::delete(addresses::table.filter(addresses::learned_from.eq(report))).execute(tx)?;
    ledger::erase(tx, report)?;
    diesel::delete(reports::table.find(report)).execute(tx)?;
    diesel::delete(erasures::table.find(report)).execute(tx)?;
    Ok(())
}
