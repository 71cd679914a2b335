//! Who is away, and who stands in for them.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx},
    error::StorageError,
    schema::{absences, seats},
};
use crate::domain::{
    ids::{MemberId, ProductionId},
    time::UtcMillis,
};

/// A member is away; one absence at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = absences, treat_none_as_default_value = false)]
pub struct AbsenceRow {
    /// Who.
    pub member_id: MemberId,
    /// Since when.
    pub from_at: UtcMillis,
    /// Until when.
    pub to_at: UtcMillis,
    /// Who stands in.
    pub substitute: Option<MemberId>,
}

/// Puts an absence in place of an earlier one of the same member.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn put(tx: &mut Tx, row: &AbsenceRow) -> Result<(), StorageError> {
    remove(tx, row.member_id)?;
    diesel::insert_into(absences::table).values(row).execute(tx)?;
    Ok(())
}

/// The member is not away.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove(tx: &mut Tx, member: MemberId) -> Result<(), StorageError> {
    diesel::delete(absences::table.find(member)).execute(tx)?;
    Ok(())
}

/// A member's absence, past or to come.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn find(conn: &mut Conn, member: MemberId) -> Result<Option<AbsenceRow>, StorageError> {
    Ok(absences::table.find(member).select(AbsenceRow::as_select()).get_result(conn).optional()?)
}

/// Absences in which a member stands in, by their beginning.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn stood_in_by(conn: &mut Conn, member: MemberId) -> Result<Vec<AbsenceRow>, StorageError> {
    let found = absences::table.filter(absences::substitute.eq(member)).order((absences::from_at, absences::member_id));
    Ok(found.select(AbsenceRow::as_select()).load(conn)?)
}

/// Absences of everybody who sits in a production.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn of_production(conn: &mut Conn, production: ProductionId) -> Result<Vec<AbsenceRow>, StorageError> {
    let seated = seats::table.filter(seats::production_id.eq(production).and(seats::removed_at.is_null()));
    let found = absences::table.filter(absences::member_id.eq_any(seated.select(seats::member_id)));
    Ok(found.order(absences::member_id).select(AbsenceRow::as_select()).load(conn)?)
}
