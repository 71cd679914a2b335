//! Puts a decision on record: events, state, notices and ledger leaves, all in the transaction of the decision.

mod columns;

use std::sync::{Arc, PoisonError};

pub(super) use columns::note_state;

use super::{
    App,
    caused::Caused,
    context::{KeptOut, Production, corrupt, policy_of, stored},
    error::AppError,
};
use crate::{
    domain::{
        event::{Event, EventKind},
        ids::{MemberId, ReportId},
        lifecycle::{self, Command, People, Seated},
        policy::{Policy, Side},
        report::Report,
        time::UtcMillis,
    },
    sealing::{
        kept_out::Tag,
        keys::{PublicKeys, SealTo, VerifyKey},
        unit::Bound,
    },
    storage::{
        Bytes, Conn, StorageError, Tx, productions, report_parts,
        reports::{self, ReportRow},
    },
};

/// How long after its time an act may still be put on record.
const MOST_MILLIS: i64 = 10_000;

/// A report with everything that a decision about it depends on.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its production.
    pub production: Arc<Production>,
    /// Its row.
    pub row: ReportRow,
    /// Its state.
    pub report: Report,
    /// Who is kept out, as tags.
    pub tags: Vec<Tag>,
    /// The production's seats, as this report sees them.
    pub people: People,
    /// The policy that it keeps.
    pub policy: Arc<Policy>,
    /// L of the chain that a summary about to be recorded starts.
    pub next_ledger_key: Option<Bytes<32>>,
}

/// What a decision came to.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The report after it.
    pub subject: Subject,
    /// What happened; empty where a command was repeated.
    pub events: Vec<Event>,
}

impl Subject {
    /// What everything sealed is bound to.
    pub fn bound(&self) -> Bound {
        Bound { production: self.row.production_id, verify_key: VerifyKey(self.row.verify_key.0) }
    }

    /// The reporter, to be sealed to.
    pub fn reporter(&self) -> SealTo {
        SealTo::new(&self.reporter_keys())
    }

    /// The reporter's public keys.
    pub fn reporter_keys(&self) -> PublicKeys {
        PublicKeys { reading: self.row.reading_key.0, verify: VerifyKey(self.row.verify_key.0) }
    }

    /// The member is kept out of this report, in whichever role or seat.
    pub fn keeps_out(&self, member: MemberId) -> bool {
        self.people.seats.iter().any(|s| s.member == member && s.kept_out)
    }

    /// Whether a member is told of this report, or will be if nobody below them acts: they are not kept out of it, and it
    /// is on a chain that concerns their side.
    pub fn may_come_to(&self, member: MemberId) -> bool {
        let Some(seat) = self.production.seats_of(member).next() else { return false };
        let concerns_them = seat.side == Side::Union || self.report.clock_side() == Side::Production;
        concerns_them && !self.keeps_out(member) && !self.report.recused.contains(&member)
    }

    /// The seats of a member that were told of this report; empty for whoever may not know of it.
    pub fn told_seats(&self, member: MemberId) -> Vec<&Seated> {
        if self.keeps_out(member) || self.report.recused.contains(&member) {
            return Vec::new();
        }
        let told = |s: &&Seated| s.member == member && crate::domain::audience::is_told(&self.report, s);
        self.people.seats.iter().filter(told).collect()
    }
}

impl App {
    /// Inside a read or write: a report as the database has it now.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is none.
    pub(super) fn subject_in(&self, conn: &mut Conn, id: ReportId) -> Result<Subject, AppError> {
        let row = reports::find(conn, id)?.ok_or(AppError::NotFound)?;
        self.subject_of(conn, row)
    }

    /// Inside a read or write: what hangs on a report's row.
    pub(super) fn subject_of(&self, conn: &mut Conn, row: ReportRow) -> Result<Subject, AppError> {
        let production = self.production_in(conn, row.production_id)?;
        self.subject_with(conn, row, production, None)
    }

    /// As [`App::subject_of`], where its production, and maybe the policy that it keeps, is at hand.
    pub(super) fn subject_with(
        &self,
        conn: &mut Conn,
        row: ReportRow,
        production: Arc<Production>,
        policy: Option<Arc<Policy>>,
    ) -> Result<Subject, AppError> {
        let policy = match policy {
            Some(policy) => policy,
            None => policy_kept(conn, &production, row.policy_version)?,
        };
        self.subject_from(row, production, policy)
    }

    /// A subject of what was read already.
    pub(super) fn subject_from(
        &self,
        row: ReportRow,
        production: Arc<Production>,
        policy: Arc<Policy>,
    ) -> Result<Subject, AppError> {
        let tags = tags_of(&row.kept_out);
        let people = self.people_of(&production, row.id, &tags);
        Ok(Subject { report: stored(&row.state)?, production, row, tags, people, policy, next_ledger_key: None })
    }

    /// The production's seats, as a report sees them.
    pub(super) fn people_of(&self, production: &Production, report: ReportId, tags: &[Tag]) -> People {
        let seats = production.seated(&KeptOut::new(&self.inner.keys.kept, report, tags));
        People { seats, engine_held: production.engine_held, unwatched: false }
    }

    /// Decides a command and puts what follows on record, in one transaction. `beside` writes what belongs to it: sealed
    /// text, the key of the act.
    ///
    /// # Errors
    /// The refusal of the domain as an [`AppError`]; [`AppError::Unavailable`].
    pub(super) async fn decide<B>(
        &self,
        id: ReportId,
        command: Command,
        now: UtcMillis,
        beside: B,
    ) -> Result<Decided, AppError>
    where
        B: Fn(&mut Tx, &mut Subject, &[Event]) -> Result<(), AppError> + Send + 'static,
    {
        let app = self.clone();
        let _under_way = self.act_under_way(id);
        let decided = self
            .inner
            .storage
            .write(id.as_bytes(), move |tx| {
                app.is_soon_enough(now)?;
                let mut subject = app.subject_to_decide(tx, id, now)?;
                let events = lifecycle::decide(&subject.report, &command, &subject.policy, &subject.people, now)?;
                beside(tx, &mut subject, &events)?;
                let decided = app.record(tx, subject, events)?;
                // Somebody may have held the rows meanwhile.
                app.is_soon_enough(now)?;
                Ok::<_, AppError>(decided)
            })
            .await?;
        self.nudge(&decided);
        Ok(decided)
    }

    /// An act that is not committed within ten seconds is refused and did not happen: deadlines are judged by its time.
    ///
    /// Source: domain.md, "Fairness".
    fn is_soon_enough(&self, now: UtcMillis) -> Result<(), AppError> {
        if self.inner.clock.now().since(now) < MOST_MILLIS {
            return Ok(());
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    /// Puts events on record: their rows, notices, leaves, and the state they make.
    pub(super) fn record(&self, tx: &mut Tx, mut subject: Subject, events: Vec<Event>) -> Result<Decided, AppError> {
        if events.is_empty() {
            return Ok(Decided { subject, events });
        }
        if events.iter().any(|e| matches!(e.kind, EventKind::Withdrawn { erased: true })) {
            report_parts::erase(tx, subject.row.id)?;
            subject.report = lifecycle::replay(subject.report, &events);
            note_state(&mut subject)?;
            return Ok(Decided { subject, events });
        }
        self.append(tx, &mut subject, &events)?;
        note_state(&mut subject)?;
        reports::save(tx, &subject.row)?;
        subject.row.version += 1;
        Ok(Decided { subject, events })
    }

    /// Events with what each causes; the subject is left in the state after the last one.
    pub(super) fn append(&self, tx: &mut Tx, subject: &mut Subject, events: &[Event]) -> Result<(), AppError> {
        let mut caused = Caused::default();
        self.gather(tx, subject, events, &mut caused)?;
        caused.write(tx)
    }

    /// Wakes whoever has something to do after a decision.
    pub(super) fn nudge(&self, decided: &Decided) {
        if !decided.events.is_empty() {
            self.nudge_both();
        }
    }

    /// Wakes engine and sender.
    pub(super) fn nudge_both(&self) {
        self.inner.nudges.engine.notify_one();
        self.inner.nudges.sender.notify_one();
    }

    /// Marks an act on a report as under way until the guard is gone, so that the engine passes over it.
    pub fn act_under_way(&self, report: ReportId) -> UnderWay {
        *self.inner.under_way.lock().unwrap_or_else(PoisonError::into_inner).entry(report).or_insert(0) += 1;
        UnderWay { app: self.clone(), report }
    }

    /// Reports with an act under way in this process.
    pub(super) fn reports_under_way(&self) -> Vec<ReportId> {
        self.inner.under_way.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

/// An act on a report that is under way.
#[derive(Debug)]
pub struct UnderWay {
    app: App,
    report: ReportId,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut under_way = self.app.inner.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.report) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.report);
            }
        }
    }
}

/// Inside a read or write: the policy of this version.
pub(super) fn policy_kept(
    conn: &mut Conn,
    production: &Arc<Production>,
    version: i32,
) -> Result<Arc<Policy>, AppError> {
    if production.policy.version == version {
        return Ok(Arc::clone(&production.policy));
    }
    let row = productions::policy(conn, production.id, version)?;
    policy_of(&row.ok_or_else(|| corrupt("a policy that a report keeps is missing"))?).map(Arc::new)
}

/// Stored tags: 16 bytes each.
pub(super) fn tags_of(bytes: &[u8]) -> Vec<Tag> {
    bytes.as_chunks::<16>().0.to_vec()
}

/// Whether a write should be tried again from the start: somebody else changed what it was decided on.
pub(super) fn is_conflict(error: &AppError) -> bool {
    match error {
        AppError::Internal(cause) => {
            matches!(cause.downcast_ref::<StorageError>(), Some(StorageError::Conflict))
        }
        _ => false,
    }
}
