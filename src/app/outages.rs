//! Outages: noticed by heartbeats, and counted into a report's deadlines before anything else is decided about it.
//!
//! What an outage took is written down once, as a row with its beginning and end. Each report knows up to which outage
//! its deadlines have been moved, and whoever decides about it, a member's act as well as the engine, counts in what is
//! missing first. So it does not matter how far the pass over all reports has come, whether it was killed in the middle,
//! or who comes first after a start: no outage is counted twice, none is left out, and no deadline that was set after it
//! is moved by it.
//!
//! Source: domain.md, "Fairness".

use super::{
    App,
    caused::Caused,
    error::AppError,
    ledger::public,
    record::{Subject, is_conflict, note_state},
};
use crate::{
    domain::{
        ids::ReportId,
        lifecycle::{self, Command},
        report::{Report, Stage},
        time::{Seconds, UtcMillis},
    },
    storage::{
        Conn, StorageError, Tx, engine,
        reports::{self, ReportRow},
    },
};

/// Silence of the heartbeats from which on nobody is taken to have watched.
///
/// Source: domain.md, "Fairness": one under 30 s moves nothing.
const LONGEST_SILENCE: Seconds = Seconds(30);
/// Key of the engine's writes: one writer serves them all.
pub(super) const ENGINE: [u8; 16] = *b"lastlooks/engine";

/// How often a set is tried when somebody acts on its reports.
const MOST_TRIES: usize = 20;

/// How far a pass over the open reports has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// On to the reports after this one.
    After(ReportId),
    /// Every open report was seen.
    Done,
}

impl App {
    /// Records that this instance watches the deadlines; answers the outage that ends with it, if one does.
    /// `failing_since` is the first heartbeat that could not be written.
    ///
    /// The very first heartbeat of a database ends nothing.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]: then it was not written.
    pub async fn beat(
        &self,
        instance: [u8; 16],
        failing_since: Option<UtcMillis>,
        now: UtcMillis,
    ) -> Result<Option<(UtcMillis, UtcMillis)>, AppError> {
        let write = move |tx: &mut Tx| {
            let outage = engine::last_beat(tx)?.and_then(|last| silence(last, failing_since, now));
            if let Some((from, to)) = outage {
                engine::add_outage(tx, from, to)?;
                public::outage(tx, from, to)?;
            }
            engine::beat(tx, &instance, now)?;
            Ok(outage)
        };
        self.inner.storage.write(&ENGINE, write).await
    }

    /// As [`App::beat`], for a wall clock that is known to have jumped: the gap that it shows is no outage.
    ///
    /// # Errors
    /// As [`App::beat`].
    pub async fn beat_over_jump(&self, instance: [u8; 16], now: UtcMillis) -> Result<(), AppError> {
        Ok(self.inner.storage.write(&ENGINE, move |tx| engine::beat(tx, &instance, now)).await?)
    }

    /// The end of the last outage that has not been counted into every open report.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn uncounted_outage(&self) -> Result<Option<UtcMillis>, AppError> {
        Ok(self.inner.storage.read(engine::uncounted_outages).await?.last().copied())
    }

    /// Counts the outages up to `until` into up to `limit` open reports, by id; killed in between, it can be begun anew.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn count_outages(&self, until: UtcMillis, after: Option<ReportId>, limit: i64) -> Result<Pass, AppError> {
        for _ in 0..MOST_TRIES {
            let app = self.clone();
            let work = move |tx: &mut Tx| app.count_some(tx, until, after, limit);
            match self.inner.storage.write(&ENGINE, work).await {
                Err(error) if is_conflict(&error) => {}
                answer => return answer,
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    fn count_some(&self, tx: &mut Tx, until: UtcMillis, after: Option<ReportId>, limit: i64) -> Result<Pass, AppError> {
        let rows = reports::open_after(tx, after, limit)?;
        let Some(last) = rows.last().map(|row| row.id) else {
            engine::set_outages_counted(tx, until)?;
            return Ok(Pass::Done);
        };
        let (mut caused, mut moved) = (Caused::default(), Vec::new());
        for row in rows.into_iter().filter(|row| row.outages_until < until) {
            match self.counted_in(tx, row) {
                Ok((row, of_it)) => {
                    caused.append(of_it);
                    moved.push(row);
                }
                // Said where it is fired. It must not keep the others from their time.
                Err(error) if is_unreadable(&error) => {}
                Err(error) => return Err(error),
            }
        }
        // Saved first, for the reason told at `reports::claim`.
        moved.iter().try_for_each(|row| reports::save(tx, row))?;
        caused.write(tx)?;
        Ok(Pass::After(last))
    }

    fn counted_in(&self, tx: &mut Tx, row: ReportRow) -> Result<(ReportRow, Caused), AppError> {
        let mut subject = self.subject_of(tx, row)?;
        let mut caused = Caused::default();
        self.count_outages_in(tx, &mut subject, &mut caused)?;
        Ok((subject.row, caused))
    }

    /// Inside a write: a report about which something is to be decided, with every outage counted in.
    ///
    /// While nobody watches, as after a suspend before the first heartbeat, no deadline of it is judged: what looks
    /// missed may be about to move.
    pub(super) fn subject_to_decide(&self, tx: &mut Tx, id: ReportId, now: UtcMillis) -> Result<Subject, AppError> {
        let row = reports::claim(tx, id)?.ok_or(AppError::NotFound)?;
        let mut subject = self.subject_of(tx, row)?;
        let mut caused = Caused::default();
        if self.count_outages_in(tx, &mut subject, &mut caused)? {
            caused.write(tx)?;
            reports::save(tx, &subject.row)?;
            subject.row.version += 1;
        }
        subject.people.unwatched = !is_watched(tx, now)?;
        Ok(subject)
    }

    /// Moves the deadlines of a report by the outages that it does not have yet, and leaves its row ready to be saved;
    /// false if there was none.
    pub(super) fn count_outages_in(
        &self,
        tx: &mut Tx,
        subject: &mut Subject,
        caused: &mut Caused,
    ) -> Result<bool, AppError> {
        let outages = engine::outages_since(tx, subject.row.outages_until)?;
        for (from, to) in &outages {
            // Decided as of the outage's end, whenever it is counted in: the moment may be one of a reporter's act.
            let command = Command::Outage { from: (*from).max(clock_set_at(&subject.report)), to: *to };
            let events = lifecycle::decide(&subject.report, &command, &subject.policy, &subject.people, *to)?;
            self.gather(tx, subject, &events, caused)?;
            subject.row.outages_until = *to;
        }
        note_state(subject)?;
        Ok(!outages.is_empty())
    }
}

/// Somebody wrote a heartbeat not long ago, or nobody ever did: before the first there is nothing to be fair about.
pub(super) fn is_watched(conn: &mut Conn, now: UtcMillis) -> Result<bool, AppError> {
    Ok(engine::last_beat(conn)?.is_none_or(|last| now.since(last) < LONGEST_SILENCE.millis()))
}

/// The report itself is at fault, not the database: the others can go on without it.
pub(super) fn is_unreadable(error: &AppError) -> bool {
    let AppError::Internal(cause) = error else { return false };
    cause.is::<serde_json::Error>() || matches!(cause.downcast_ref(), Some(StorageError::Corrupt(_)))
}

/// From the first heartbeat that could not be written, else from the last that was.
fn silence(last: UtcMillis, failing_since: Option<UtcMillis>, now: UtcMillis) -> Option<(UtcMillis, UtcMillis)> {
    let began = failing_since.map_or(last, |failing| failing.max(last));
    (now.since(began) >= LONGEST_SILENCE.millis()).then_some((began, now))
}

/// When the running deadlines were set: an outage takes nothing from them before.
///
/// An anchor is rounded up, so this is at most a step late, and only where somebody acted while nobody watched; the other
/// way round, what is filed just after an outage and before its first heartbeat would be moved by all of it.
fn clock_set_at(report: &Report) -> UtcMillis {
    match &report.stage {
        Stage::Open(open) => open.anchor.set,
        Stage::Answered(_) => report.answers.last().map(|answer| answer.at).unwrap_or_default(),
        Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => UtcMillis::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> UtcMillis {
        UtcMillis::new(seconds * 1000)
    }

    #[test]
    fn a_silence_counts_from_the_last_heartbeat_or_from_the_first_that_failed() {
        assert_eq!(silence(at(100), None, at(130)), Some((at(100), at(130))));
        assert_eq!(silence(at(100), Some(at(110)), at(150)), Some((at(110), at(150))));
    }

    #[test]
    fn another_instance_that_went_on_ends_the_silence() {
        assert_eq!(silence(at(145), Some(at(110)), at(150)), None);
    }

    #[test]
    fn under_thirty_seconds_is_no_outage_and_neither_is_a_clock_set_back() {
        assert_eq!(silence(at(100), None, UtcMillis::new(129_999)), None);
        assert_eq!(silence(at(100), None, at(50)), None);
    }
}
