//! New reports on their way in: what is looked up before one is sealed, and how those of a batch are written together.

use diesel::{ExecuteCopyFromDsl as _, copy_from, dsl::exists, prelude::*};

use super::{
    connection::{Conn, Postgres, Tx, on},
    engine,
    envelopes::{self, GroupRow},
    error::StorageError,
    ledger::{self, PendingRow},
    outbox::{self, NoticeRow},
    productions::{self, Mark},
    report_parts::{self, EnvelopeRow, EventRow, UnitRow},
    reports::{self as rows, ReportRow},
    schema::{
        crew_codes, engine_state, envelopes as envelope_groups, events, outbox as outbox_rows, productions as shows,
        reports, units,
    },
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
    /// What was said.
    pub units: Vec<UnitRow>,
    /// Who may open it.
    pub envelopes: Vec<EnvelopeRow>,
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
    let rows = Rows::of(&these, &overflow, engine::last_outage(tx)?)?;
    match tx {
        // A single one goes by statements that stay prepared, and tells more exactly what is wrong with it.
        Conn::Postgres(c) if these.len() > 1 => rows.copy(c)?,
        Conn::Postgres(_) | Conn::Sqlite(_) => rows.insert(tx)?,
    }
    Ok(current)
}

/// The rows of several new reports, by table. Copies: a batch may have to be written again.
struct Rows {
    reports: Vec<ReportRow>,
    units: Vec<UnitRow>,
    envelopes: Vec<GroupRow>,
    events: Vec<EventRow>,
    notices: Vec<NoticeRow>,
    leaves: Vec<PendingRow>,
}

impl Rows {
    fn of(filings: &[&NewReport], overflow: &[ReportId], outages_until: UtcMillis) -> Result<Self, StorageError> {
        let report = |new: &&NewReport| {
            let overflow = overflow.contains(&new.report.id);
            let counts_for_repeated = new.report.counts_for_repeated && !overflow;
            ReportRow { overflow, counts_for_repeated, outages_until, ..new.report.clone() }
        };
        Ok(Self {
            reports: filings.iter().map(report).collect(),
            units: all(filings, |new| &new.units),
            envelopes: envelopes::grouped(&all(filings, |new| &new.envelopes))?,
            events: all(filings, |new| &new.events),
            notices: all(filings, |new| &new.notices),
            leaves: all(filings, |new| &new.leaves),
        })
    }

    /// By statements with values.
    fn insert(&self, tx: &mut Tx) -> Result<(), StorageError> {
        rows::add_all(tx, &self.reports)?;
        report_parts::add_units(tx, &self.units)?;
        envelopes::add_groups(tx, &self.envelopes)?;
        report_parts::append_events(tx, &self.events)?;
        outbox::enqueue(tx, &self.notices)?;
        ledger::add_pending(tx, &self.leaves)
    }

    /// By COPY, which PostgreSQL takes in at a fraction of the work: one statement per table however many rows, no plan,
    /// and many rows to a page at once. A notice that is there already would be an error here; those of a new report
    /// name events that were just drawn.
    fn copy(&self, c: &mut Postgres) -> Result<(), StorageError> {
        copy_from(reports::table).from_insertable(&self.reports).execute(c)?;
        copy_from(units::table).from_insertable(&self.units).execute(c)?;
        copy_from(envelope_groups::table).from_insertable(&self.envelopes).execute(c)?;
        copy_from(events::table).from_insertable(&self.events).execute(c)?;
        copy_from(outbox_rows::table).from_insertable(&self.notices).execute(c)?;
        ledger::copy_pending(c, &self.leaves)
    }
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

/// The rows of every report for one table.
fn all<T: Clone>(filings: &[&NewReport], rows: impl Fn(&NewReport) -> &Vec<T>) -> Vec<T> {
    filings.iter().flat_map(|new| rows(new).iter().cloned()).collect()
}
