//! The engine's own rows: heartbeats, outages, its state; and what is only kept for a while.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::{batches, engine_state, fingerprints, heartbeats, idempotency, links, outages},
};
use crate::domain::time::{Seconds, UtcMillis};

/// How long a repeated key of an act is recognised.
const KEYS_KEPT: Seconds = Seconds::days(2);

/// Whether the engine runs.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = engine_state, treat_none_as_null = true)]
pub struct EngineRow {
    /// Whether firing is held until somebody resumes it.
    pub held: bool,
    /// Why it is held.
    pub held_reason: Option<String>,
}

/// The engine's state.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn state(conn: &mut Conn) -> Result<EngineRow, StorageError> {
    Ok(engine_state::table.find(1).select(EngineRow::as_select()).get_result(conn)?)
}

/// Replaces the engine's state.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn save_state(tx: &mut Tx, row: &EngineRow) -> Result<(), StorageError> {
    diesel::update(engine_state::table.find(1)).set(row).execute(tx)?;
    Ok(())
}

/// Records that this instance lives.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn beat(tx: &mut Tx, instance: &[u8; 16], now: UtcMillis) -> Result<(), StorageError> {
    let instance = instance.as_slice();
    let values = (heartbeats::instance.eq(instance), heartbeats::at.eq(now));
    on!(tx, |c| {
        diesel::insert_into(heartbeats::table)
            .values(values)
            .on_conflict(heartbeats::instance)
            .do_update()
            .set(heartbeats::at.eq(now))
            .execute(c)
    })?;
    Ok(())
}

/// Forgets heartbeats that no instance of today wrote: those older than a day, but the last of all, and those from a
/// clock that was ahead by more than a day, which would hide an outage until then.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn forget_beats(tx: &mut Tx, now: UtcMillis) -> Result<(), StorageError> {
    let day = Seconds::days(1).millis();
    diesel::delete(heartbeats::table.filter(heartbeats::at.gt(now.plus_millis(day)))).execute(tx)?;
    let Some(last) = last_beat(tx)? else { return Ok(()) };
    let old = now.plus_millis(-day).min(last);
    diesel::delete(heartbeats::table.filter(heartbeats::at.lt(old))).execute(tx)?;
    Ok(())
}

/// The last heartbeat of any instance; `None` before the first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn last_beat(conn: &mut Conn) -> Result<Option<UtcMillis>, StorageError> {
    Ok(heartbeats::table.select(heartbeats::at).order(heartbeats::at.desc()).first(conn).optional()?)
}

/// Records a time during which nobody watched the deadlines. It is not counted in yet.
///
/// # Errors
/// [`StorageError::Duplicate`] if an outage with this beginning is recorded.
pub fn add_outage(tx: &mut Tx, began_at: UtcMillis, ended_at: UtcMillis) -> Result<(), StorageError> {
    let values = (outages::began_at.eq(began_at), outages::ended_at.eq(ended_at), outages::counted.eq(false));
    diesel::insert_into(outages::table).values(values).execute(tx)?;
    Ok(())
}

/// Outages that ended after this instant, oldest first, as (began, ended).
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn outages_since(conn: &mut Conn, since: UtcMillis) -> Result<Vec<(UtcMillis, UtcMillis)>, StorageError> {
    Ok(outages::table
        .filter(outages::ended_at.gt(since))
        .order(outages::began_at)
        .select((outages::began_at, outages::ended_at))
        .load(conn)?)
}

/// When the last recorded outage ended; 1970 if there was none.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn last_outage(conn: &mut Conn) -> Result<UtcMillis, StorageError> {
    let last = outages::table.select(outages::ended_at).order(outages::began_at.desc()).first(conn).optional()?;
    Ok(last.unwrap_or_default())
}

/// Ends of the outages that were not counted into every open report yet, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn uncounted_outages(conn: &mut Conn) -> Result<Vec<UtcMillis>, StorageError> {
    let open = outages::table.filter(diesel::dsl::not(outages::counted));
    Ok(open.order(outages::began_at).select(outages::ended_at).load(conn)?)
}

/// Every open report has the outages that ended up to here in its deadlines.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn set_outages_counted(tx: &mut Tx, until: UtcMillis) -> Result<(), StorageError> {
    let until = outages::table.filter(outages::ended_at.le(until));
    diesel::update(until).set(outages::counted.eq(true)).execute(tx)?;
    Ok(())
}

/// The fingerprint of a secret, if one was kept.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn fingerprint(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(fingerprints::table.find(name).select(fingerprints::value).get_result(conn).optional()?)
}

/// Keeps the fingerprint of a secret.
///
/// # Errors
/// [`StorageError::Duplicate`] if this name has one.
pub fn keep_fingerprint(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), StorageError> {
    let values = (fingerprints::name.eq(name), fingerprints::value.eq(value));
    diesel::insert_into(fingerprints::table).values(values).execute(tx)?;
    Ok(())
}

/// Whether this key of an act is new in its scope; keeps it if so.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn first_use(tx: &mut Tx, scope: &[u8; 16], key: &[u8; 16], now: UtcMillis) -> Result<bool, StorageError> {
    let (scope, key) = (scope.as_slice(), key.as_slice());
    let values = (idempotency::scope.eq(scope), idempotency::key.eq(key), idempotency::made_at.eq(now));
    let added =
        on!(tx, |c| diesel::insert_into(idempotency::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

/// Whether this key of an act was used in its scope.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn is_used(conn: &mut Conn, scope: &[u8; 16], key: &[u8; 16]) -> Result<bool, StorageError> {
    let found = idempotency::table.find((scope.as_slice(), key.as_slice())).select(idempotency::made_at);
    Ok(found.get_result::<UtcMillis>(conn).optional()?.is_some())
}

/// Forgets links that are over and keys of acts that nobody repeats any more, both by the domain's time, and batches of
/// more than an hour ago, by the machine's (their hours are rounded down, hence two). Nothing while the engine is held:
/// of a clock that is being checked nobody knows what is old.
pub(super) fn forget_old(tx: &mut Tx, now: UtcMillis, today: UtcMillis) -> Result<(), StorageError> {
    if state(tx)?.held {
        return Ok(());
    }
    let hours_ago = today.plus_millis(-2 * 3_600_000);
    diesel::delete(batches::table.filter(batches::at.lt(hours_ago))).execute(tx)?;
    diesel::delete(links::table.filter(links::due_at.le(now))).execute(tx)?;
    let too_old = now.plus_millis(-KEYS_KEPT.millis());
    diesel::delete(idempotency::table.filter(idempotency::made_at.lt(too_old))).execute(tx)?;
    Ok(())
}
