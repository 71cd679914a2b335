//! Deadlines: what is due is fired in sets, many reports in one transaction.
//!
//! Source: architecture.md, "Deadlines"; domain.md, "Fairness".

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{
    App, Production,
    caused::Caused,
    error::AppError,
    outages::{ENGINE, is_unreadable, is_watched},
    record::{Subject, is_conflict, note_state},
};
use crate::{
    domain::{
        ids::{ProductionId, ReportId},
        lifecycle::{self, Command, Refusal},
        policy::Policy,
        time::{Seconds, UtcMillis},
    },
    storage::{
        StorageError, Tx, engine,
        reports::{self, ReportRow},
    },
};

/// How long past its due time a report is passed over for an act that is under way in this process.
///
/// Source: domain.md, "Fairness".
const PASSED_OVER: Seconds = Seconds(5);

/// Which reports are to be fired.
#[derive(Debug, Clone, Default)]
pub struct Due {
    /// Those whose time came after this.
    pub after: UtcMillis,
    /// Most of them.
    pub limit: usize,
    /// Never these: they failed before, and must not keep the others from being fired.
    pub stuck: Vec<ReportId>,
}

/// What became of a set of due reports.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fired {
    /// How many were moved on.
    pub fired: usize,
    /// An act on these is under way: look again in a moment.
    pub passed_over: Vec<ReportId>,
    /// These cannot be read: said in the log, to be left alone.
    pub stuck: Vec<ReportId>,
    /// As many were due as were asked for: there may be more.
    pub is_full: bool,
    /// How long the work inside the transaction took.
    pub took: Duration,
    /// Why nothing was looked at.
    pub halted: Option<Halted>,
}

/// Why the engine may fire nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halted {
    /// It is held.
    Held,
    /// The last heartbeat is too old: there may be an outage to be counted first.
    Unwatched,
}

/// Reports on their way through one transaction.
#[derive(Default)]
struct Set {
    caused: Caused,
    rows: Vec<ReportRow>,
    productions: HashMap<ProductionId, Arc<Production>>,
    policies: HashMap<(ProductionId, i32), Arc<Policy>>,
}

impl App {
    /// Fires up to a set of what is due by `now`, all of it or nothing.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; anything else is a fault in one of the reports: see [`App::fire_each`].
    pub async fn fire_due(&self, due: Due, now: UtcMillis) -> Result<Fired, AppError> {
        let app = self.clone();
        let work = move |tx: &mut Tx| {
            let began = app.inner.clock.monotonic();
            if let Some(halted) = halted(tx, now)? {
                return Ok((Fired { halted: Some(halted), ..Fired::default() }, Set::default().productions));
            }
            let (mut fired, mut set) = (Fired::default(), Set::default());
            for row in app.claim(tx, &due, now, &mut fired)? {
                let id = row.id;
                match app.advance(tx, row, now, &mut set) {
                    Ok(()) => fired.fired += 1,
                    Err(error) if is_unreadable(&error) => fired.stuck.push(id),
                    Err(error) => return Err(error),
                }
            }
            let productions = set.write(tx)?;
            fired.took = app.inner.clock.monotonic().saturating_sub(began);
            Ok((fired, productions))
        };
        let (fired, productions) = self.inner.storage.write(&ENGINE, work).await?;
        for production in productions.values() {
            self.remember(production);
        }
        self.fired(&fired);
        Ok(fired)
    }

    /// As [`App::fire_due`], each report in a write of its own: where a set failed, finds the one that fails alone.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn fire_each(&self, due: Due, now: UtcMillis) -> Result<Fired, AppError> {
        let (app, wanted) = (self.clone(), due);
        let look = move |tx: &mut Tx| {
            let mut fired = Fired { halted: halted(tx, now)?, ..Fired::default() };
            let rows = if fired.halted.is_some() { Vec::new() } else { app.claim(tx, &wanted, now, &mut fired)? };
            Ok::<_, AppError>((fired, rows.iter().map(|row| row.id).collect::<Vec<_>>()))
        };
        let (mut fired, ids) = self.inner.storage.write(&ENGINE, look).await?;
        for id in ids {
            match self.fire_one(id, now).await {
                Ok(()) => fired.fired += 1,
                Err(error @ AppError::Unavailable { .. }) => return Err(error),
                // Somebody went on with it meanwhile: it is looked at again in a moment.
                Err(error) if is_conflict(&error) => fired.passed_over.push(id),
                Err(error) => {
                    tracing::error!(%error, report = %id, "a due report cannot be moved on; it is left as it is");
                    fired.stuck.push(id);
                }
            }
        }
        self.fired(&fired);
        Ok(fired)
    }

    async fn fire_one(&self, id: ReportId, now: UtcMillis) -> Result<(), AppError> {
        let app = self.clone();
        let work = move |tx: &mut Tx| {
            let Some(row) = reports::claim(tx, id)? else { return Ok(()) };
            let mut set = Set::default();
            app.advance(tx, row, now, &mut set)?;
            set.write(tx).map(drop)
        };
        self.inner.storage.write(&ENGINE, work).await
    }

    fn fired(&self, fired: &Fired) {
        if fired.fired > 0 {
            self.inner.nudges.sender.notify_one();
        }
    }

    /// Due reports, without those that are to be left alone for now or for good.
    fn claim(&self, tx: &mut Tx, due: &Due, now: UtcMillis, fired: &mut Fired) -> Result<Vec<ReportRow>, AppError> {
        let under_way = self.reports_under_way();
        // Those left alone stay due and come first again: room for them, or they would fill the set.
        let room = due.limit.saturating_add(due.stuck.len()).saturating_add(under_way.len());
        let rows = reports::claim_due(tx, due.after, now, i64::try_from(room).unwrap_or(i64::MAX))?;
        fired.is_full = rows.len() == room;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows.into_iter().filter(|row| !due.stuck.contains(&row.id)) {
            let late = row.wake_at.map_or(0, |wake| now.since(wake));
            if under_way.contains(&row.id) && late < PASSED_OVER.millis() {
                fired.passed_over.push(row.id);
            } else {
                claimed.push(row);
            }
        }
        Ok(claimed)
    }

    /// Moves one report on, into the set.
    fn advance(&self, tx: &mut Tx, row: ReportRow, now: UtcMillis, set: &mut Set) -> Result<(), AppError> {
        let mut subject = self.subject_in_set(tx, row, set)?;
        // Its own rows first: those of a report that cannot be moved on must not be in the set.
        let mut caused = Caused::default();
        self.count_outages_in(tx, &mut subject, &mut caused)?;
        let fired = lifecycle::decide(&subject.report, &Command::DeadlinePassed, &subject.policy, &subject.people, now);
        let events = match fired {
            Ok(events) => events,
            // An outage moved it, or the column was behind the state: saving sets it right.
            Err(Refusal::NotYetDue { .. } | Refusal::NothingDue) => Vec::new(),
            Err(refusal) => return Err(refusal.into()),
        };
        self.gather(tx, &mut subject, &events, &mut caused)?;
        note_state(&mut subject)?;
        if events.is_empty() && subject.row.wake_at.is_some_and(|wake| wake <= now) {
            return Err(AppError::internal(StorageError::Corrupt("a report is due, and nothing follows".to_owned())));
        }
        set.caused.append(caused);
        set.rows.push(subject.row);
        Ok(())
    }

    /// A report with what its set has loaded already.
    fn subject_in_set(&self, tx: &mut Tx, row: ReportRow, set: &mut Set) -> Result<Subject, AppError> {
        let id = row.production_id;
        let production = match set.productions.get(&id) {
            Some(production) => Arc::clone(production),
            None => self.production_in(tx, id)?,
        };
        set.productions.entry(id).or_insert_with(|| Arc::clone(&production));
        let kept = (id, row.policy_version);
        let known = set.policies.get(&kept).map(Arc::clone);
        let subject = self.subject_with(tx, row, production, known)?;
        set.policies.entry(kept).or_insert_with(|| Arc::clone(&subject.policy));
        Ok(subject)
    }

    /// When something is due next, after `after`.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn next_wake(&self, after: UtcMillis) -> Result<Option<UtcMillis>, AppError> {
        Ok(self.inner.storage.read(move |conn| reports::next_wake(conn, after)).await?)
    }

    /// Lets nothing fire until [`App::resume_engine`]; `/health/ready` says why.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn hold_engine(&self, reason: String) -> Result<(), AppError> {
        let work = move |tx: &mut Tx| {
            engine::save_state(tx, &engine::EngineRow { held: true, held_reason: Some(reason.clone()) })
        };
        Ok(self.inner.storage.write(&ENGINE, work).await?)
    }

    /// Lets deadlines fire again. What passed while the engine was held fires now, with the deadline that it had.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn resume_engine(&self) -> Result<(), AppError> {
        let work = |tx: &mut Tx| engine::save_state(tx, &engine::EngineRow { held: false, held_reason: None });
        self.inner.storage.write(&ENGINE, work).await?;
        self.inner.nudges.engine.notify_one();
        Ok(())
    }

    /// As [`App::resume_engine`], by somebody's hand; answers why it was held, `None` if it was not.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn resume_engine_if_held(&self) -> Result<Option<String>, AppError> {
        let reason = self.held_because().await?;
        if reason.is_some() {
            self.resume_engine().await?;
        }
        Ok(reason)
    }
}

impl Set {
    /// Writes everything: rows of a kind together, reports one by one with their versions.
    fn write(self, tx: &mut Tx) -> Result<HashMap<ProductionId, Arc<Production>>, AppError> {
        self.caused.write(tx)?;
        for row in &self.rows {
            reports::save(tx, row)?;
        }
        Ok(self.productions)
    }
}

fn halted(tx: &mut Tx, now: UtcMillis) -> Result<Option<Halted>, AppError> {
    if engine::state(tx)?.held {
        return Ok(Some(Halted::Held));
    }
    Ok((!is_watched(tx, now)?).then_some(Halted::Unwatched))
}
