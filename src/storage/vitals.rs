//! Counts and ages for whoever watches the host: how the engine, the outbox and the ledger are doing.
//!
//! Nothing here names a production, a report or a person.

use diesel::{
    dsl::{count, count_star, min, sql},
    prelude::*,
    sql_types::{BigInt, Bool},
};

use super::{
    connection::{Conn, on},
    engine::{self, EngineRow},
    error::StorageError,
    heads, ledger,
    schema::{addresses, outbox, reports},
};
use crate::domain::time::UtcMillis;

/// Kinds of notices that a reporter causes at any moment. Their number is kept nowhere: it would move with the reporter.
const BY_REPORTERS: [&str; 4] = ["message", "contested", "worse", "withdrawn"];

/// How the service is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// The engine's state.
    pub engine: EngineRow,
    /// The last heartbeat of any process; `None` before the first.
    pub last_beat: Option<UtcMillis>,
    /// What became due first of all that has not fired yet; `None` if nothing is late.
    pub due_since: Option<UtcMillis>,
    /// Notices that wait to be sent, but for those that a reporter's own words cause, by how often they failed: attempts, how many, and when the first is tried next.
    pub waiting: Vec<(i32, i64, Option<UtcMillis>)>,
    /// Notices that were given up.
    pub dead_notices: i64,
    /// Addresses that a mail server said do not exist.
    pub dead_addresses: i64,
    /// Entries of the ledger without a place.
    pub ledger_pending: i64,
    /// When the oldest of them was recorded.
    pub ledger_pending_since: Option<UtcMillis>,
    /// Entries of the ledger in their places.
    pub ledger_size: i64,
    /// Size of the last signed checkpoint; `None` before the first.
    pub ledger_checkpoint: Option<i64>,
}

/// Open reports of the production chain, by level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByLevel {
    /// Level, 1..=9, and how many reports have come to it.
    pub open: Vec<(i32, i64)>,
    /// Of these, those with a missed deadline on record that nobody has answered yet.
    pub overdue: Vec<(i32, i64)>,
}

/// How the service is doing now.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn vitals(conn: &mut Conn, now: UtcMillis) -> Result<Vitals, StorageError> {
    let is_dead = sql::<Bool>("state = 'dead'");
    let (pending, oldest) = ledger::waiting(conn)?;
    Ok(Vitals {
        engine: engine::state(conn)?,
        last_beat: engine::last_beat(conn)?,
        due_since: due_since(conn, now)?,
        waiting: waiting(conn)?,
        dead_notices: outbox::table.filter(is_dead).select(count_star()).first(conn)?,
        dead_addresses: addresses::table.select(count(addresses::email).aggregate_distinct()).first(conn)?,
        ledger_pending: pending,
        ledger_pending_since: oldest,
        ledger_size: ledger::size(conn)?,
        ledger_checkpoint: signed(conn)?,
    })
}

/// Leaves under the newest checkpoint of the log that is written to.
fn signed(conn: &mut Conn) -> Result<Option<i64>, StorageError> {
    let Some(log) = heads::log(conn)? else { return Ok(None) };
    Ok(heads::last_checkpoint(conn, log.number)?.map(|checkpoint| checkpoint.size))
}

fn due_since(conn: &mut Conn, now: UtcMillis) -> Result<Option<UtcMillis>, StorageError> {
    let due = reports::table.filter(reports::open.and(reports::wake_at.le(now)));
    let first: Option<Option<UtcMillis>> =
        due.order(reports::wake_at).select(reports::wake_at).first(conn).optional()?;
    Ok(first.flatten())
}

fn waiting(conn: &mut Conn) -> Result<Vec<(i32, i64, Option<UtcMillis>)>, StorageError> {
    let by_attempts = outbox::table
        .filter(sql::<Bool>("state = 'waiting'"))
        .filter(outbox::kind.ne_all(BY_REPORTERS))
        .group_by(outbox::attempts)
        .select((outbox::attempts, count_star(), min(outbox::next_attempt_at)));
    Ok(on!(conn, |c| by_attempts.load(c))?)
}

/// Open reports by level. Left out: what is not delivered yet, and the union's own chain, of which the production side
/// knows nothing before its summary.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn by_level(conn: &mut Conn) -> Result<ByLevel, StorageError> {
    Ok(ByLevel { open: counted(conn, "TRUE")?, overdue: counted(conn, "unanswered AND stage <> 'answered'")? })
}

fn counted(conn: &mut Conn, which: &str) -> Result<Vec<(i32, i64)>, StorageError> {
    let open = reports::table.filter(reports::open.and(reports::level.gt(0)).and(reports::chain.eq("production")));
    let counted = open.filter(sql::<Bool>(which)).group_by(reports::level).select((reports::level, count_star()));
    Ok(on!(conn, |c| counted.load(c))?)
}

/// What the database server's own clock says; `None` for a file, which has none.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn server_time(conn: &mut Conn) -> Result<Option<UtcMillis>, StorageError> {
    const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    match conn {
        Conn::Postgres(c) => Ok(Some(diesel::select(sql::<BigInt>(NOW)).get_result(c)?)),
        Conn::Sqlite(_) => Ok(None),
    }
}
