//! Puts a decision on record: events, state, notices and ledger leaves, all in the transaction of the decision.

mod columns;

use std::sync::{Arc, PoisonError};

use columns::note_delivery;
pub(super) use columns::note_state;

use super::{
    App,
    context::{KeptOut, Production, corrupt, json, policy_of, stored},
    error::AppError,
    notices::report as report_notices,
};
use crate::{
    domain::{
        event::{By, Event, EventKind},
        ids::{EventId, MemberId, ReportId},
        lifecycle::{self, Command, People, Seated, apply},
        policy::Policy,
        report::Report,
        time::UtcMillis,
    },
    sealing::{
        kept_out::Tag,
        keys::{PublicKeys, SealTo, VerifyKey},
        unit::Bound,
    },
    storage::{
        Bytes, Conn, StorageError, Tx,
        ledger::{self, PendingRow},
        outbox::{self, NoticeRow},
        productions,
        report_parts::{self, EventRow},
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

/// Rows that events cause, before they are written.
#[derive(Debug, Default)]
pub(super) struct Caused {
    events: Vec<EventRow>,
    notices: Vec<NoticeRow>,
    leaves: Vec<PendingRow>,
}

impl Caused {
    /// These, and then those.
    pub(super) fn append(&mut self, mut other: Self) {
        self.events.append(&mut other.events);
        self.notices.append(&mut other.notices);
        self.leaves.append(&mut other.leaves);
    }

    /// Writes them.
    pub(super) fn write(self, tx: &mut Tx) -> Result<(), AppError> {
        report_parts::append_events(tx, &self.events)?;
        outbox::enqueue(tx, &self.notices)?;
        ledger::add_pending(tx, &self.leaves)?;
        Ok(())
    }
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
        let tags = tags_of(&report_parts::kept_out(conn, row.id)?);
        let policy = match policy {
            Some(policy) => policy,
            None => policy_kept(conn, &production, row.policy_version)?,
        };
        self.subject_from(row, tags, production, policy)
    }

    /// A subject of what was read already.
    pub(super) fn subject_from(
        &self,
        row: ReportRow,
        tags: Vec<Tag>,
        production: Arc<Production>,
        policy: Arc<Policy>,
    ) -> Result<Subject, AppError> {
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
                app.record(tx, subject, events)
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

    /// As [`App::append`], but only gathers the rows, so that those of many reports are written at once.
    pub(super) fn gather(
        &self,
        tx: &mut Tx,
        subject: &mut Subject,
        events: &[Event],
        caused: &mut Caused,
    ) -> Result<(), AppError> {
        for event in events {
            let after = apply(subject.report.clone(), event);
            let before = std::mem::replace(&mut subject.report, after);
            let seq = before.counted.values().sum::<u32>();
            let id = EventId::new(self.inner.entropy.bytes());
            caused.events.push(event_row(subject.row.id, seq, id, event)?);
            caused.notices.extend(report_notices::rows(self, subject, id, event, &before)?);
            note_delivery(&mut subject.row, event);
            let seq = i32::try_from(seq).map_err(AppError::internal)?;
            caused.leaves.extend(self.leaves(tx, subject, event, seq)?);
            begin_ledger(subject, event);
        }
        Ok(())
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

fn event_row(report_id: ReportId, seq: u32, id: EventId, event: &Event) -> Result<EventRow, AppError> {
    let (member_id, role) = match &event.by {
        By::Member { member, role, .. } => (Some(*member), Some(role.clone())),
        By::Service | By::Reporter => (None, None),
    };
    Ok(EventRow {
        report_id,
        seq: i32::try_from(seq).map_err(AppError::internal)?,
        id,
        at_from: event.at.from,
        at_to: event.at.to,
        kind: event.kind.code().to_owned(),
        chain: event.chain.code().to_owned(),
        level: event.kind.level().map_or(0, |l| i32::from(l.0)),
        cycle: i32::from(event.cycle),
        n: i32::try_from(event.n).map_err(AppError::internal)?,
        member_id,
        role,
        body: json(event)?,
    })
}

/// A chain that starts with a union summary has an L of its own, and its leaves begin anew: what came before is not for
/// the production side to find.
///
/// Source: ledger.md, "Entries".
fn begin_ledger(subject: &mut Subject, event: &Event) {
    if matches!(event.kind, EventKind::Summary { .. })
        && let Some(key) = subject.next_ledger_key.take()
    {
        subject.row.ledger_key = key;
        subject.row.prev_entry = None;
    }
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
