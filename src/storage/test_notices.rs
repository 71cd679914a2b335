//! Test notices: when the last one went out, and who pressed that it arrived.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx},
    error::StorageError,
    schema::{test_confirmations, test_notices},
};
use crate::domain::{
    ids::{MemberId, ProductionId},
    time::UtcMillis,
};

/// A test notice goes out: what was confirmed of the one before counts no longer.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn begin(tx: &mut Tx, production: ProductionId, sent_at: UtcMillis) -> Result<(), StorageError> {
    let confirmed = test_confirmations::table.filter(test_confirmations::production_id.eq(production));
    diesel::delete(confirmed).execute(tx)?;
    diesel::delete(test_notices::table.find(production)).execute(tx)?;
    let values = (test_notices::production_id.eq(production), test_notices::sent_at.eq(sent_at));
    diesel::insert_into(test_notices::table).values(values).execute(tx)?;
    Ok(())
}

/// When the last test notice of a production went out.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn last(conn: &mut Conn, production: ProductionId) -> Result<Option<UtcMillis>, StorageError> {
    Ok(test_notices::table.find(production).select(test_notices::sent_at).get_result(conn).optional()?)
}

/// A member pressed that it arrived.
///
/// # Errors
/// [`StorageError::Duplicate`] if they did so before.
pub fn confirm(tx: &mut Tx, production: ProductionId, member: MemberId, at: UtcMillis) -> Result<(), StorageError> {
    let values = (
        test_confirmations::production_id.eq(production),
        test_confirmations::member_id.eq(member),
        test_confirmations::confirmed_at.eq(at),
    );
    diesel::insert_into(test_confirmations::table).values(values).execute(tx)?;
    Ok(())
}

/// Who pressed that the last one arrived.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn confirmed(conn: &mut Conn, production: ProductionId) -> Result<Vec<MemberId>, StorageError> {
    let found = test_confirmations::table.filter(test_confirmations::production_id.eq(production));
    Ok(found.order(test_confirmations::member_id).select(test_confirmations::member_id).load(conn)?)
}
