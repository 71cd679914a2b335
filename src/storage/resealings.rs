//! Which open reports still have to be re-sealed to somebody who was let in.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::{resealings, seats},
};
use crate::domain::ids::{MemberId, ProductionId, ReportId};

/// One report that waits to be re-sealed to one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = resealings, treat_none_as_default_value = false)]
pub struct ResealingRow {
    /// The report.
    pub report_id: ReportId,
    /// To whom.
    pub member_id: MemberId,
    /// Whose the report is.
    pub production_id: ProductionId,
}

/// Adds what waits; what waits already is left as it is.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add(tx: &mut Tx, rows: &[ResealingRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(resealings::table).values(part).on_conflict_do_nothing());
    Ok(())
}

/// What waits in the productions where a member sits, by report, from the one after `after`.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn around(
    conn: &mut Conn,
    member: MemberId,
    after: ReportId,
    limit: i64,
) -> Result<Vec<ResealingRow>, StorageError> {
    let theirs = seats::table.filter(seats::member_id.eq(member).and(seats::removed_at.is_null()));
    let productions = theirs.select(seats::production_id);
    Ok(resealings::table
        .filter(resealings::production_id.eq_any(productions))
        .filter(resealings::report_id.gt(after))
        .order((resealings::report_id, resealings::member_id))
        .limit(limit)
        .select(ResealingRow::as_select())
        .load(conn)?)
}

/// To whom one report waits to be re-sealed.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn of_report(conn: &mut Conn, report: ReportId) -> Result<Vec<MemberId>, StorageError> {
    let found = resealings::table.filter(resealings::report_id.eq(report)).order(resealings::member_id);
    Ok(found.select(resealings::member_id).load(conn)?)
}

/// It is done, or not wanted any more.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove(tx: &mut Tx, report: ReportId, member: MemberId) -> Result<(), StorageError> {
    diesel::delete(resealings::table.find((report, member))).execute(tx)?;
    Ok(())
}

/// Nothing of a production waits for this member any more.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove_of(tx: &mut Tx, production: ProductionId, member: MemberId) -> Result<(), StorageError> {
    let theirs =
        resealings::table.filter(resealings::production_id.eq(production)).filter(resealings::member_id.eq(member));
    diesel::delete(theirs).execute(tx)?;
    Ok(())
}
