//! New reports on their way in: what is looked up before one is sealed, and how those of a batch are written together.

use std::slice;

use diesel::{ExecuteCopyFromDsl as _, copy_from, dsl::exists, prelude::*};

use super::{
    connection::{Conn, Postgres, Tx, on},
    engine,
    error::StorageError,
    ledger::{self, PendingRow},
    outbox::{self, NoticeRow},
    productions::{self, Mark},
    report_parts::{self, EventRow, SealedRow},
    reports::{self as rows, ReportRow},
    schema::{crew_codes, engine_state, events, outbox as outbox_rows, productions as shows, reports, sealed},
    types::Bytes,
};
use crate::domain::{
    ids::{ProductionId, ReportId},
    time::UtcMillis,
};

/// A report that is not stored yet, with all that hangs on it; see [`super::Storage::file`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// The revision of its production that everything here was decided on.
    pub revision: i64,
    /// How it is counted.
    pub counted: Counted,
    /// Its row. `overflow` is set when it is written, and `outages_until`: its deadlines are new, and no outage before has taken
    /// anything from them.
    pub report: ReportRow,
    /// What was said, and who may open it.
    pub sealed: SealedRow,
    /// What happened at its birth.
    pub events: Vec<EventRow>,
    /// Whom it is told to.
    pub notices: Vec<NoticeRow>,
    /// What it leaves in the ledger.
    pub leaves: Vec<PendingRow>,
}

/// How a filing is counted in its production's hour. Above the budget, or by an old code, it is marked for the union side
/// alone: nothing else of it is any different, but that nothing is raised because of it.
///
/// Source: security.md, "Being crew without saying who".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The end of the hour: never anything finer.
    pub hour: UtcMillis,
    /// Filings of that hour that are not marked.
    pub budget: i32,
    /// Its crew code is no longer in full force.
    pub by_old_code: bool,
}

/// What decides about a filing, as one query finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Glance {
    /// Whose the crew code is.
    pub production: ProductionId,
    /// Until when a rotated code is in full force.
    pub full_until: Option<UtcMillis>,
    /// Until when an old or burned code still files.
    pub until: Option<UtcMillis>,
    /// The production's mark.
    pub mark: Mark,
    /// Whether the receipt has filed already.
    pub is_filed: bool,
    /// Whether there is an earlier report as asked for.
    pub has_earlier: bool,
}

/// An earlier report that counts for `repeated`: see [`rows::has_earlier`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Of which production.
    pub production: ProductionId,
    /// Of which category.
    pub category: String,
    /// The span in which it was delivered ended at the earliest then.
    pub from: UtcMillis,
    /// And at the latest then.
    pub to: UtcMillis,
}

/// See [`super::Storage::glance`].
pub(super) fn glance(
    conn: &mut Conn,
    lookup: &[u8; 32],
    code: &[u8; 32],
    earlier: &Earlier,
) -> Result<Option<Glance>, StorageError> {
    let filed = reports::table.filter(reports::lookup.eq(Bytes(*lookup))).select(reports::id);
    let earlier = rows::earlier(earlier.production, &earlier.category, earlier.from, earlier.to).select(reports::id);
    let found = crew_codes::table
        .inner_join(shows::table.on(shows::id.eq(crew_codes::production_id)))
        .inner_join(engine_state::table.on(engine_state::id.eq(1)))
        .filter(crew_codes::mac.eq(Bytes(*code)))
        .select((
            crew_codes::production_id,
            crew_codes::full_until,
            crew_codes::until,
            (shows::revision, engine_state::held),
            exists(filed),
            exists(earlier),
        ));
    Ok(on!(conn, |c| found.get_result(c).optional())?)
}

/// Writes new reports, one statement per table for all of them, and tells of each whether it was written: not if its
/// production was changed since it was decided.
///
/// Rows go in by id, which is random: neither their order nor their place on disk tells who filed first.
///
/// # Errors
/// [`StorageError::Duplicate`] if a receipt has filed already; the transaction is then of no further use.
pub(super) fn add(tx: &mut Tx, filings: &[&NewReport]) -> Result<Vec<bool>, StorageError> {
    let current = current(tx, filings)?;
    let mut these: Vec<&NewReport> = filings.iter().zip(&current).filter(|(_, is)| **is).map(|(new, _)| *new).collect();
    if these.is_empty() {
        return Ok(current);
    }
    let overflow = overflow(tx, &these)?;
    these.sort_unstable_by_key(|new| new.report.id);
    let outages_until = engine::last_outage(tx)?;
    let reports: Vec<ReportRow> = these.iter().map(|new| report(new, &overflow, outages_until)).collect();
    match tx {
        // A single one goes by statements that stay prepared, and tells more exactly what is wrong with it.
        Conn::Postgres(c) if these.len() > 1 => copy(c, &reports, &these)?,
        Conn::Postgres(_) | Conn::Sqlite(_) => insert(tx, &reports, &these)?,
    }
    Ok(current)
}

/// The row of a new report, with what is known only when it is written.
fn report(new: &NewReport, overflow: &[ReportId], outages_until: UtcMillis) -> ReportRow {
    let overflow = overflow.contains(&new.report.id);
    let counts_for_repeated = new.report.counts_for_repeated && !overflow;
    ReportRow { overflow, counts_for_repeated, outages_until, ..new.report.clone() }
}

/// By statements with values.
fn insert(tx: &mut Tx, reports: &[ReportRow], filings: &[&NewReport]) -> Result<(), StorageError> {
    rows::add_all(tx, reports)?;
    for new in filings {
        report_parts::add_sealed(tx, slice::from_ref(&new.sealed))?;
        report_parts::append_events(tx, &new.events)?;
        outbox::enqueue(tx, &new.notices)?;
        ledger::add_pending(tx, &new.leaves)?;
    }
    Ok(())
}

/// By COPY, which PostgreSQL takes in at a fraction of the work: one statement per table however many rows, no plan,
/// and many rows to a page at once. A notice that is there already would be an error here; those of a new report
/// name events that were just drawn.
fn copy(c: &mut Postgres, rows: &[ReportRow], filings: &[&NewReport]) -> Result<(), StorageError> {
    copy_from(reports::table).from_insertable(rows).execute(c)?;
    let said: Vec<&SealedRow> = filings.iter().map(|new| &new.sealed).collect();
    copy_from(sealed::table).from_insertable(said).execute(c)?;
    copy_from(events::table).from_insertable(all(filings, |new| &new.events)).execute(c)?;
    copy_from(outbox_rows::table).from_insertable(all(filings, |new| &new.notices)).execute(c)?;
    ledger::copy_pending(c, &all(filings, |new| &new.leaves))
}

/// The rows of every report for one table.
fn all<'a, T>(filings: &[&'a NewReport], rows: impl Fn(&'a NewReport) -> &'a Vec<T>) -> Vec<&'a T> {
    filings.iter().flat_map(|new| rows(new)).collect()
}

/// Counts new reports in their hours; returns those that are to be marked. Of one hour the first ones are within the
/// budget, in the order in which they came.
fn overflow(tx: &mut Tx, filings: &[&NewReport]) -> Result<Vec<ReportId>, StorageError> {
    let hour = |new: &NewReport| (new.report.production_id, new.counted.hour);
    let mut marked = Vec::new();
    let mut counted: Vec<(ProductionId, UtcMillis)> = Vec::new();
    for new in filings {
        let (production, end) = hour(new);
        if counted.contains(&(production, end)) {
            continue;
        }
        counted.push((production, end));
        let of_hour: Vec<&&NewReport> = filings.iter().filter(|other| hour(other) == (production, end)).collect();
        let many = i32::try_from(of_hour.len()).unwrap_or(i32::MAX);
        let before = productions::count_filings(tx, production, end, many)? - many;
        let over =
            (before + 1..).zip(of_hour).filter(|(nth, new)| new.counted.by_old_code || *nth > new.counted.budget);
        marked.extend(over.map(|(_, new)| new.report.id));
    }
    Ok(marked)
}

/// Of each new report, whether its production is as it was when it was decided. Asked once per production.
fn current(tx: &mut Tx, filings: &[&NewReport]) -> Result<Vec<bool>, StorageError> {
    let mut marks: Vec<(ProductionId, Option<Mark>)> = Vec::new();
    let mut current = Vec::with_capacity(filings.len());
    for new in filings {
        let id = new.report.production_id;
        let known = marks.iter().find(|(known, _)| *known == id).map(|(_, mark)| *mark);
        let mark = match known {
            Some(mark) => mark,
            None => productions::mark(tx, id)?,
        };
        if known.is_none() {
            marks.push((id, mark));
        }
        current.push(mark.is_some_and(|mark| mark.revision == new.revision));
    }
    Ok(current)
}
