//! A hundred thousand reports: some are filed, the rest are copies of their rows under ids of their own. A copy opens like
//! its original, because what is sealed is bound to the reporter's key and not to the id.

use diesel::connection::SimpleConnection as _;
use lastlooks::{
    cli::assemble::runtime,
    storage::{Conn, StorageError},
};

use crate::show::{Show, chance};

#[path = "../filing/filing_body.rs"]
#[expect(dead_code, reason = "the other benchmark uses more of it")]
mod filing_body;

/// Reports that are filed and then copied.
const FILED: usize = 200;
/// Any writer will do.
const KEY: [u8; 16] = [0; 16];

/// Fills the production up to so many reports.
///
/// # Errors
/// If a filing is refused or a row cannot be copied.
pub(crate) fn fill(show: &Show, reports: usize) -> anyhow::Result<()> {
    file(show, None, FILED)?;
    let copies = reports.saturating_sub(FILED) / FILED;
    // In the order of their ids, each in its place at once; it may take longer than the service lets a statement take.
    show.storage.write_blocking(&KEY, move |tx| {
        if matches!(tx, Conn::Postgres(_)) {
            tx.batch_execute("SET LOCAL statement_timeout = 0")?;
        }
        Ok::<_, StorageError>(tx.batch_execute(&copying(tx, copies))?)
    })?;
    Ok(())
}

/// Files reports about a role that would stand before all others.
///
/// # Errors
/// If a filing is refused.
pub(crate) fn file_about(show: &Show, role: &str, count: usize) -> anyhow::Result<()> {
    file(show, Some(role), count)?;
    // A place before every other: the crowd is marked by an outage that there never was.
    let first = "UPDATE reports SET board_at = 1, board_at_union = 1 WHERE outages_until <> 1";
    show.storage.write_blocking(&KEY, |tx| Ok::<_, StorageError>(tx.batch_execute(first)?))?;
    Ok(())
}

fn file(show: &Show, about: Option<&str>, count: usize) -> anyhow::Result<()> {
    let runtime = runtime()?;
    for _ in 0..count {
        let mut body = filing_body::parsed()?;
        body.receipt = hex::encode(chance().bytes::<16>());
        body.subject_role = about.map(str::to_owned);
        runtime.block_on(show.app.file(Some(&show.crew_code), body))?;
    }
    Ok(())
}

/// Copies each report so many times, with everything that a board or a page needs.
fn copying(conn: &Conn, copies: usize) -> String {
    let (random, bytes, series) = match conn {
        Conn::Sqlite(_) => ("randomblob(16)", "BLOB", sqlite_series(copies)),
        Conn::Postgres(_) => {
            ("uuid_send(gen_random_uuid())", "BYTEA", format!("SELECT generate_series(1, {copies}) AS n"))
        }
    };
    let two = format!("{random} || {random}");
    let (reports, columns) = (columns_of_reports(), "told_production, told_union");
    format!(
        "CREATE TEMPORARY TABLE copies (old {bytes}, n BIGINT, new {bytes});
         INSERT INTO copies SELECT id, n, {random} FROM reports CROSS JOIN ({series}) AS numbers;
         INSERT INTO reports (id, lookup, board_at, board_at_union, {columns}, {reports})
             SELECT new, {two}, board_at + n * 1000, board_at_union + n * 1000, {columns}, {reports}
             FROM copies JOIN reports ON id = old ORDER BY new;
         INSERT INTO sealed (report_id, group_id, event_seq, envelopes, units)
             SELECT new, new, event_seq, envelopes, units FROM copies JOIN sealed ON report_id = old ORDER BY new;
         UPDATE reports SET outages_until = 1;
         DROP TABLE copies;"
    )
}

fn sqlite_series(copies: usize) -> String {
    format!(
        "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {copies}) SELECT n FROM series"
    )
}

/// Every column that a copy takes as it is.
fn columns_of_reports() -> &'static str {
    "production_id, content_tag, verify_key, reading_key, ledger_key, handle, chain, category, severity, stage, awaiting, \
     level, cycle, due_at, wake_at, deliver_at, outcome, holder, policy_version, roster_version, overflow, unanswered, \
     delivered_from, delivered_to, counts_for_repeated, digest, digest_signature, size_steps, prev_entry, state, version, \
     open, outages_until, kept_out"
}
