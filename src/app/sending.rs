//! Notices on their way out: leased, made into words, and put on record as what became of them.
//!
//! Words are made when a mail is sent, so that it says what is true then, and so that no row holds a link.
//!
//! Source: architecture.md, "Notices"; domain.md, "Fairness".

mod dead;
mod prepare;

pub(in crate::app) use dead::{Place, hears_of};

use super::{
    App,
    context::stored,
    error::AppError,
    notices::report::ReportBody,
    record::{Decided, is_conflict},
};
use crate::{
    domain::{
        event::Telling,
        ids::{MemberId, NoticeId, ProductionId, ReportId, SeatId},
        lifecycle::{self, Command},
        policy::{Level, Side},
        time::{Seconds, UtcMillis},
    },
    entropy::Entropy,
    notify::Mail,
    sealing::sha256,
    storage::{
        Bytes, Tx,
        outbox::{self, DeliveryRow, NoticeRow},
        people, productions,
    },
};

/// How long a leased notice belongs to whoever leased it.
///
/// Source: architecture.md, "Notices".
const LEASE: Seconds = Seconds(60);
/// A notice that failed so often is given up, and shown.
const MOST_ATTEMPTS: i32 = 12;
const FIRST_WAIT: Seconds = Seconds(30);
const LONGEST_WAIT: Seconds = Seconds::hours(1);
/// How often the record of a mail is tried when others act on the same report.
const MOST_TRIES: usize = 20;
/// Key of the sender's writes that belong to no report.
const SENDER: [u8; 16] = *b"lastlooks/sender";

/// A mail that is ready to be handed over, and what it came from.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The mail.
    pub mail: Mail,
    /// The address without a name.
    pub email: String,
    row: NoticeRow,
    reader: Option<ReaderSeat>,
    /// How coarsely a report's step keeps time.
    step: Option<Seconds>,
}

/// The seat that a mail goes to.
#[derive(Debug, Clone, Copy)]
struct ReaderSeat {
    id: SeatId,
    member: MemberId,
    side: Side,
    level: Option<Level>,
}

impl Outgoing {
    /// The mail host: the part of the address after the `@`.
    pub fn host(&self) -> &str {
        self.email.rsplit('@').next().unwrap_or(&self.email)
    }

    /// The notice that it came from.
    pub const fn notice(&self) -> &NoticeRow {
        &self.row
    }

    /// A moment as coarsely as this notice may keep it: how long a mail took must not tell the second of a filing.
    fn coarse(&self, now: UtcMillis) -> UtcMillis {
        self.step.map_or(now, |step| now.up(step))
    }
}

impl App {
    /// Takes up to `limit` notices that are to be sent now. Whoever else looks gets others.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn lease_notices(&self, limit: usize, now: UtcMillis) -> Result<Vec<NoticeRow>, AppError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // A lease begins milliseconds after a filing: its end must not tell the second.
        let until = now.plus(LEASE).up(LEASE);
        Ok(self.inner.storage.write(&SENDER, move |tx| outbox::lease(tx, now, until, limit)).await?)
    }

    /// When a notice is to be sent next.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn next_notice(&self) -> Result<Option<UtcMillis>, AppError> {
        Ok(self.inner.storage.read(outbox::next_attempt).await?)
    }

    /// A mail was accepted: what stays of it, that its level was told, and the row's end, in one write. `tells` is
    /// whether acceptance reached anybody.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]: the notice is sent again under the same Message-ID once its lease is over.
    pub async fn notice_accepted(
        &self,
        sent: &Outgoing,
        reply: &str,
        tells: bool,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let hash = sha256(&[&sent.mail.bytes().map_err(AppError::internal)?]);
        let key = sent.row.report_id.map_or(SENDER, |id| *id.as_bytes());
        for _ in 0..MOST_TRIES {
            let (app, sent, reply) = (self.clone(), sent.clone(), reply.to_owned());
            let work = move |tx: &mut Tx| {
                if !outbox::remove(tx, sent.row.id)? || !tells {
                    return Ok(None);
                }
                note_alive(tx, &sent)?;
                app.note_telling(tx, &sent, &reply, hash, now)
            };
            match self.inner.storage.write(&key, work).await {
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error),
                Ok(decided) => {
                    self.nudge_for(decided.as_slice());
                    return Ok(());
                }
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    /// Keeps the delivery, and records that the level was told if it is the first time.
    fn note_telling(
        &self,
        tx: &mut Tx,
        sent: &Outgoing,
        reply: &str,
        hash: [u8; 32],
        now: UtcMillis,
    ) -> Result<Option<Decided>, AppError> {
        let Some(reader) = sent.reader else { return Ok(None) };
        let Some(report) = sent.row.report_id else {
            outbox::add_delivery(tx, &delivery(sent, reader, (0, 0), reply, hash, now))?;
            return Ok(None);
        };
        let subject = match self.subject_to_decide(tx, report, now) {
            // Erased meanwhile: nothing of it stays.
            Err(AppError::NotFound) => return Ok(None),
            found => found?,
        };
        let state = &subject.report;
        let on_clock = reader.side == state.clock_side();
        let told = reader.level.filter(|level| on_clock && state.clock_reached().contains(level));
        let place = (told.map_or(0, |level| i32::from(level.0)), i32::from(state.cycle));
        // Before the events: the ledger's entry names the replies of the servers.
        outbox::add_delivery(tx, &delivery(sent, reader, place, reply, hash, now))?;
        let command = Command::Told { member: reader.member, how: Telling::Notified, at: now };
        let events = lifecycle::decide(&subject.report, &command, &subject.policy, &subject.people, now)?;
        self.record(tx, subject, events).map(Some)
    }

    /// A mail was not taken: it is tried again later, or given up. Answers whether it was given up.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]: it is tried again once its lease is over.
    pub async fn notice_failed(
        &self,
        row: &NoticeRow,
        is_worth_retrying: bool,
        now: UtcMillis,
    ) -> Result<bool, AppError> {
        let attempts = row.attempts.saturating_add(1);
        let again = is_worth_retrying && attempts < MOST_ATTEMPTS;
        // Failed moments after a filing or a message: the next try must not tell when that was.
        let step = step_of(row)?.unwrap_or(Seconds(0));
        let next = again.then(|| now.plus_millis(wait(row.attempts, &*self.inner.entropy)).up(step));
        self.give_back(row.id, attempts, next).await?;
        Ok(!again)
    }

    /// A notice that cannot go yet, for no fault of its own.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]: it is tried again once its lease is over.
    pub async fn put_notice_off(&self, row: &NoticeRow, until: UtcMillis) -> Result<(), AppError> {
        // By the minute, or less where a policy's step is shorter: by the step, a crowd of mails would wait for hours.
        let step = step_of(row)?.map_or(Seconds(0), |step| step.min(LEASE));
        self.give_back(row.id, row.attempts, Some(until.up(step))).await
    }

    async fn give_back(&self, id: NoticeId, attempts: i32, next: Option<UtcMillis>) -> Result<(), AppError> {
        Ok(self.inner.storage.write(&SENDER, move |tx| outbox::give_back(tx, id, attempts, next)).await?)
    }
}

/// How coarsely a notice about a report keeps time; none where it is about somebody's seat.
fn step_of(row: &NoticeRow) -> Result<Option<Seconds>, AppError> {
    if row.report_id.is_none() {
        return Ok(None);
    }
    Ok(Some(Seconds(stored::<ReportBody>(&row.body)?.span_seconds)))
}

/// What productions say of an address changed: nobody may decide on an older picture.
fn touch_productions_of(tx: &mut Tx, member: Option<MemberId>) -> Result<Vec<ProductionId>, AppError> {
    let seats = member.map(|member| people::seats_of_member(tx, member)).transpose()?.unwrap_or_default();
    let held = seats.iter().filter(|seat| seat.removed_at.is_none());
    let mut ids: Vec<ProductionId> = held.map(|seat| seat.production_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().try_for_each(|id| productions::touch(tx, *id))?;
    Ok(ids)
}

/// Mail reaches the address again.
fn note_alive(tx: &mut Tx, sent: &Outgoing) -> Result<(), AppError> {
    if outbox::dead_since(tx, &sent.email)?.is_none() {
        return Ok(());
    }
    outbox::mark_alive(tx, &sent.email)?;
    touch_productions_of(tx, sent.reader.map(|reader| reader.member)).map(drop)
}

fn delivery(
    sent: &Outgoing,
    reader: ReaderSeat,
    (level, cycle): (i32, i32),
    reply: &str,
    hash: [u8; 32],
    now: UtcMillis,
) -> DeliveryRow {
    let (span_from, span_to) = sent.step.map_or((now, now), |step| now.span(step));
    DeliveryRow {
        id: sent.row.id,
        report_id: sent.row.report_id,
        seat_id: Some(reader.id),
        member_id: reader.member,
        mail_hash: Bytes(hash),
        kind: sent.row.kind.clone(),
        reply: reply.to_owned(),
        span_from,
        span_to,
        level,
        cycle,
    }
}

/// About how long a notice has been tried that failed so often. Milliseconds.
pub(super) fn waited(failures: i32) -> i64 {
    (0..failures.clamp(0, MOST_ATTEMPTS)).map(doubled).sum()
}

fn doubled(failures: i32) -> i64 {
    FIRST_WAIT.millis().saturating_mul(1 << failures.clamp(0, 20)).min(LONGEST_WAIT.millis())
}

/// Milliseconds until the next try after so many failures before this one: twice as long each time, up to an hour, and
/// up to a fifth more or less, so that mails that failed together do not come back together.
///
/// Source: architecture.md, "Notices".
fn wait(failures: i32, entropy: &dyn Entropy) -> i64 {
    doubled(failures) / 1000 * (800 + i64::from(entropy.below(401)))
}

/// The report that a notice is about is gone, or nobody may be told of it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Senseless;

/// What names the mails of one report to one person: they hang together, and nobody else's hang with them.
const THREAD: &[u8] = b"thread";

impl App {
    fn nudge_for(&self, decided: &[Decided]) {
        for decided in decided {
            self.nudge(decided);
        }
    }

    fn thread(&self, report: ReportId, member: MemberId) -> [u8; 32] {
        self.inner.keys.notice.mac(&[report.as_bytes(), member.as_bytes(), THREAD])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_failed_mail_waits_twice_as_long_each_time_up_to_an_hour_a_fifth_more_or_less() {
        for (failures, seconds) in [(0, 30), (1, 60), (6, 1920), (7, 3600), (11, 3600), (40, 3600)] {
            for _ in 0..50 {
                let waited = wait(failures, &SystemEntropy);
                assert!((seconds * 800..=seconds * 1200).contains(&waited), "{failures}: {waited}");
            }
        }
    }
}
