//! Promises: signed at once, to whoever filed or acted.
//!
//! What a promise is made of is on record anyway, so it is kept nowhere: asked again, the same one comes out. `after` is
//! the head that was published a minute before the span in which a report was delivered began, never the one at the
//! moment of filing: that one would tell the moment to a quarter of an hour where an hour is kept.
//!
//! Source: ledger.md, "Promises"; security.md, "What is stored about a reporter".

use crate::{
    app::{
        App,
        acts::Doing,
        error::AppError,
        form::OwnPart,
        inbox::events_of,
        record::Subject,
        shown,
        view::{Filed, ReportView},
    },
    domain::{
        event::{By, Event, EventKind, When},
        ids::{MemberId, ReportId},
        ledger::{Digest, EntryFacts, EntryKind, Leaf, LedgerKey, Mark, Opening, entries_of},
        lifecycle::apply,
        policy::Level,
        report::{Report, Stage},
        time::{Seconds, UtcMillis},
    },
    evidence::promise::{Promise, Promised, PromisedOutcome},
    merkle::note::Note,
    sealing::receipt,
    storage::{Conn, heads, ledger},
};

use super::desks;

/// A head counts as published before a span if it was signed this long before: by then it is committed, everywhere.
const SETTLED: Seconds = Seconds::minutes(1);
/// Times of a promise are whole minutes.
const MINUTE: Seconds = Seconds::minutes(1);
/// How long the head before one span is remembered in this process.
const REMEMBERED: Seconds = Seconds(5);

/// The head that was published before an instant.
#[derive(Debug, Clone)]
pub(crate) struct HeadBefore {
    before: UtcMillis,
    asked_at: UtcMillis,
    origin: String,
    size: u64,
}

impl App {
    /// What filing answers, with the promise of a report that is delivered. `key` is the receipt's L.
    pub(in crate::app) async fn filed(
        &self,
        subject: &Subject,
        own: &OwnPart,
        key: &receipt::LedgerKey,
    ) -> Result<Filed, AppError> {
        let mut filed = shown::filed(subject, own);
        filed.promise = self.promise_of_filing(subject, key).await?;
        Ok(filed)
    }

    /// The promise of a filing; `None` until it is delivered: before that its reporter can still take it back, and then
    /// nothing of it is in the log.
    pub(in crate::app) async fn promise_of_filing(
        &self,
        subject: &Subject,
        key: &receipt::LedgerKey,
    ) -> Result<Option<String>, AppError> {
        let Some(promise) = self.filing_promise(subject, key).await? else { return Ok(None) };
        self.signed(&promise).map(Some)
    }

    /// As [`App::promise_of_filing`], before it is signed.
    pub(super) async fn filing_promise(
        &self,
        subject: &Subject,
        key: &receipt::LedgerKey,
    ) -> Result<Option<Promise>, AppError> {
        let (Some(from), Some(to)) = (subject.row.delivered_from, subject.row.delivered_to) else { return Ok(None) };
        let key = LedgerKey::new(*key.as_bytes());
        let begun = match begun_just_now(subject, &key, When { from, to }) {
            Some(begun) => begun,
            None => self.begun(subject.row.id, &key).await?,
        };
        if begun.is_empty() {
            return Ok(None);
        }
        let outcomes = begun.iter().map(|(opening, _)| outcome(&key, opening)).collect();
        let promise = self.promise(subject, begun, When { from, to }).await?;
        Ok(Some(Promise { outcomes, ..promise }))
    }

    /// The promise that goes with the last act of this member: an acknowledgement or an answer.
    pub(in crate::app) async fn with_promise(
        &self,
        doing: Doing<'_>,
        mut view: ReportView,
    ) -> Result<ReportView, AppError> {
        let (app, id, member) = (self.clone(), doing.report, doing.reader.member);
        let found = self.inner.storage.read(move |conn| {
            let subject = app.subject_in(conn, id)?;
            let entries = entries_of_act(conn, &subject, member)?;
            Ok::<_, AppError>((subject, entries))
        });
        let (subject, entries) = found.await?;
        if let Some((first, _)) = entries.first() {
            let at = first.at;
            let promise = self.promise(&subject, entries, at).await?;
            view.promise = Some(self.signed(&promise)?);
        }
        Ok(view)
    }

    async fn promise(&self, subject: &Subject, entries: Vec<(Opening, Leaf)>, at: When) -> Result<Promise, AppError> {
        let head = self.head_before(at.from.plus_millis(-SETTLED.millis())).await?;
        let tick = self.ledger_tick();
        let promised = |(opening, leaf): (Opening, Leaf)| Promised {
            kind: opening.kind.code().to_owned(),
            leaf,
            level: opening.level,
            due: opening.deadline,
        };
        Ok(Promise {
            origin: head.origin,
            digest: Digest(subject.row.digest.0),
            after: head.size,
            entries: entries.into_iter().map(promised).collect(),
            in_log_by: at.to.plus(tick).plus(tick).up(MINUTE),
            outcomes: Vec::new(),
        })
    }

    fn signed(&self, promise: &Promise) -> Result<String, AppError> {
        let signer = self.inner.ledger.promise(&promise.origin)?;
        Ok(Note::sign(&promise.to_string(), &[&signer]).map_err(AppError::internal)?.to_string())
    }

    /// The head that was published before an instant; remembered for a moment, since whoever files in the same minute has
    /// the same one.
    async fn head_before(&self, before: UtcMillis) -> Result<HeadBefore, AppError> {
        let now = self.inner.clock.now();
        let known = self.inner.head_before.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let is_fresh =
            |head: &HeadBefore| head.before == before && (0..REMEMBERED.millis()).contains(&now.since(head.asked_at));
        if let Some(known) = known.filter(is_fresh) {
            return Ok(known);
        }
        let log = self.log(now).await?;
        let number = log.number;
        let row = self.inner.storage.read(move |conn| heads::checkpoint_by(conn, number, before)).await?;
        let size = u64::try_from(row.map_or(log.from_size, |row| row.size)).map_err(AppError::internal)?;
        let head = HeadBefore { before, asked_at: now, origin: log.origin, size };
        *self.inner.head_before.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(head.clone());
        Ok(head)
    }

    /// The entries that began a report's first clocks, from its events.
    async fn begun(&self, id: ReportId, key: &LedgerKey) -> Result<Vec<(Opening, Leaf)>, AppError> {
        let (app, key) = (self.clone(), key.clone());
        let read = move |conn: &mut Conn| {
            let subject = app.subject_in(conn, id)?;
            let events = events_of(conn, &subject)?;
            Ok(first_assigned(&subject, events.iter().map(|(_, event)| event), &key))
        };
        self.inner.storage.read(read).await
    }
}

/// The entries that began the clocks of a report that was just filed, unless a level was skipped on the way: then its
/// last leaf is another one than they make.
fn begun_just_now(subject: &Subject, key: &LedgerKey, at: When) -> Option<Vec<(Opening, Leaf)>> {
    let Stage::Open(open) = &subject.report.stage else { return None };
    let (mut begun, mut last) = (Vec::new(), None);
    for level in &open.levels {
        let mark = Mark { kind: EntryKind::Assigned, level: *level, cycle: 1, n: 0 };
        let deadline = Some(open.acknowledge_by.set);
        let facts = EntryFacts { mark, chain: subject.report.chain, deadline, moved: None, at };
        let (opening, leaf) = made(subject, &facts, last, key);
        last = Some(leaf.digest());
        begun.push((opening, leaf));
    }
    let is_so = subject.row.prev_entry.map(|digest| Digest(digest.0)) == last;
    is_so.then_some(begun)
}

fn first_assigned<'e>(
    subject: &Subject,
    events: impl Iterator<Item = &'e Event>,
    key: &LedgerKey,
) -> Vec<(Opening, Leaf)> {
    let (mut report, mut last, mut begun) = (Report::unfiled(), None, Vec::new());
    for event in events {
        report = apply(report, event);
        for facts in entries_of(event, &report) {
            let is_start = matches!(facts.mark.kind, EntryKind::Assigned | EntryKind::NoRecipient);
            let at_delivery = subject.row.delivered_to == Some(facts.at.to);
            if !is_start || !at_delivery {
                return begun;
            }
            let (opening, leaf) = made(subject, &facts, last, key);
            last = Some(leaf.digest());
            if facts.mark.kind == EntryKind::Assigned {
                begun.push((opening, leaf));
            }
        }
    }
    begun
}

/// An entry of a kind that neither notices nor a text belong to.
fn made(subject: &Subject, facts: &EntryFacts, previous: Option<Digest>, key: &LedgerKey) -> (Opening, Leaf) {
    let row = &subject.row;
    let opening =
        Opening::new(facts, Digest(row.digest.0), row.production_id, desks(subject, facts), row.policy_version);
    let opening = Opening { previous, ..opening };
    let leaf = Leaf::of(&opening, key);
    (opening, leaf)
}

/// What ends a level's first clock, and by when it will be in the log.
fn outcome(key: &LedgerKey, begun: &Opening) -> PromisedOutcome {
    use EntryKind as K;
    let of_level =
        [K::Acknowledged, K::Answered, K::Unanswered, K::NotNotified, K::Unreachable, K::NoRecipient, K::Extended];
    let of_report = [K::Withdrawn, K::NotCredible];
    let tag = |kind, level| key.tag(&Mark { kind, level, cycle: begun.cycle, n: 0 });
    let tags = of_level.map(|kind| tag(kind, begun.level)).into_iter();
    PromisedOutcome {
        by: begun.deadline.unwrap_or(begun.at.to).plus(Seconds::hours(1)).up(MINUTE),
        one_of: tags.chain(of_report.map(|kind| tag(kind, Level(0)))).collect(),
    }
}

/// The entries of the last acknowledgement or answer of a member, with their leaves as they are on record.
fn entries_of_act(conn: &mut Conn, subject: &Subject, member: MemberId) -> Result<Vec<(Opening, Leaf)>, AppError> {
    let (mut report, mut marks) = (Report::unfiled(), Vec::new());
    for (_, event) in events_of(conn, subject)? {
        report = apply(report, &event);
        if is_act_of(&event, member) {
            marks = entries_of(&event, &report).into_iter().map(|facts| facts.mark).collect();
        }
    }
    let mut found = Vec::new();
    for (opening, leaf) in on_record(conn, subject.row.id)? {
        if marks.contains(&opening.mark()) {
            found.push((opening, leaf));
        }
    }
    found.sort_by_key(|(opening, _)| opening.level);
    Ok(found)
}

fn is_act_of(event: &Event, member: MemberId) -> bool {
    let is_act = matches!(event.kind, EventKind::Acknowledged { .. } | EventKind::Answered { .. });
    is_act && matches!(&event.by, By::Member { member: by, .. } if *by == member)
}

/// Every leaf of a report with what opens it, whether it has its place or waits.
fn on_record(conn: &mut Conn, id: ReportId) -> Result<Vec<(Opening, Leaf)>, AppError> {
    let mut found = Vec::new();
    for row in ledger::openings_of(conn, id)? {
        let leaf = ledger::leaves(conn, row.idx, row.idx + 1)?;
        let leaf = leaf.first().ok_or_else(|| super::super::context::corrupt("an opened leaf is missing"))?;
        found.push((super::proof::decoded(&row.opening)?, leaf_of(&leaf.leaf.0)?));
    }
    for row in ledger::pending_of(conn, id)? {
        found.push((super::proof::decoded(&row.opening)?, leaf_of(&row.leaf.0)?));
    }
    Ok(found)
}

fn leaf_of(bytes: &[u8]) -> Result<Leaf, AppError> {
    Leaf::try_from(bytes).map_err(AppError::internal)
}
