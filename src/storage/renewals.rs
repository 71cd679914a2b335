//! New keys of members who lost password and recovery words: what waits to be confirmed, and the keys before.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx},
    error::StorageError,
    schema::{former_keys, renewal_confirmations, renewals, seats},
    types::Bytes,
};
use crate::domain::{
    ids::{MemberId, ProductionId},
    time::UtcMillis,
};

/// What takes the place of a member's password, words and keys once it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = renewals, treat_none_as_default_value = false)]
pub struct RenewalRow {
    /// Whose.
    pub member_id: MemberId,
    /// As [`super::people::MemberRow::salt`].
    pub salt: Vec<u8>,
    /// As [`super::people::MemberRow::sign_in`].
    pub sign_in: Bytes<32>,
    /// As [`super::people::MemberRow::seed_by_password`].
    pub seed_by_password: Vec<u8>,
    /// As [`super::people::MemberRow::seed_by_words`].
    pub seed_by_words: Vec<u8>,
    /// As [`super::people::MemberRow::reading_key`].
    pub reading_key: Bytes<32>,
    /// As [`super::people::MemberRow::signing_key`].
    pub signing_key: Bytes<32>,
    /// When it was made.
    pub made_at: UtcMillis,
}

/// Public keys that a member had before: what they signed then stays theirs.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = former_keys, treat_none_as_default_value = false)]
pub struct FormerKeysRow {
    /// Ed25519.
    pub signing_key: Bytes<32>,
    /// X25519.
    pub reading_key: Bytes<32>,
    /// Whose.
    pub member_id: MemberId,
}

/// Puts a renewal in place of an earlier one of the same member, which loses its confirmations.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn put(tx: &mut Tx, row: &RenewalRow) -> Result<(), StorageError> {
    remove(tx, row.member_id)?;
    diesel::insert_into(renewals::table).values(row).execute(tx)?;
    Ok(())
}

/// What waits for a member.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn find(conn: &mut Conn, member: MemberId) -> Result<Option<RenewalRow>, StorageError> {
    Ok(renewals::table.find(member).select(RenewalRow::as_select()).get_result(conn).optional()?)
}

/// Nothing waits for a member any more.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove(tx: &mut Tx, member: MemberId) -> Result<(), StorageError> {
    let confirmed = renewal_confirmations::table.filter(renewal_confirmations::member_id.eq(member));
    diesel::delete(confirmed).execute(tx)?;
    diesel::delete(renewals::table.find(member)).execute(tx)?;
    Ok(())
}

/// Confirms a renewal in one production, the first time.
///
/// # Errors
/// [`StorageError::Duplicate`] if it is confirmed there.
pub fn confirm(tx: &mut Tx, member: MemberId, production: ProductionId, by: MemberId) -> Result<(), StorageError> {
    let values = (
        renewal_confirmations::member_id.eq(member),
        renewal_confirmations::production_id.eq(production),
        renewal_confirmations::by_member.eq(by),
    );
    diesel::insert_into(renewal_confirmations::table).values(values).execute(tx)?;
    Ok(())
}

/// The productions in which a renewal is confirmed.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn confirmed(conn: &mut Conn, member: MemberId) -> Result<Vec<ProductionId>, StorageError> {
    let found = renewal_confirmations::table.filter(renewal_confirmations::member_id.eq(member));
    Ok(found.select(renewal_confirmations::production_id).load(conn)?)
}

/// Keeps the keys that a member had until now.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn keep_former(tx: &mut Tx, row: &FormerKeysRow) -> Result<(), StorageError> {
    diesel::insert_into(former_keys::table).values(row).execute(tx)?;
    Ok(())
}

/// Former keys of everybody who has, or had, a seat in a production.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn former_of(conn: &mut Conn, production: ProductionId) -> Result<Vec<FormerKeysRow>, StorageError> {
    let seated = seats::table.filter(seats::production_id.eq(production)).select(seats::member_id);
    let found = former_keys::table.filter(former_keys::member_id.eq_any(seated));
    Ok(found.select(FormerKeysRow::as_select()).load(conn)?)
}
