//! Which ledger entries an event makes, and how they are numbered.
//!
//! Source: ledger.md, "Entries" (kinds).

use serde::{Deserialize, Serialize};

use super::Mark;
use crate::domain::{
    catalogue::Chain,
    event::{Done, Event, EventKind, Silence, Telling, When},
    lifecycle::apply,
    policy::Level,
    report::{Check, Deadline, Report, Stage},
    time::UtcMillis,
};

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A level was entered, or its clock started anew.
    Assigned,
    /// A level's first telling, by mail, list or opening.
    Notified,
    /// A level's deadline passed and it had not been told in time.
    NotNotified,
    /// A level's addresses had been dead for a day.
    Unreachable,
    /// "I have it".
    Acknowledged,
    /// An answer, a referral that was taken, or a summary.
    Answered,
    /// A plan was done.
    Completed,
    /// Checked: it is so.
    Verified,
    /// Every union level was asked and none looked.
    NotVerified,
    /// A level's deadline passed without the act.
    Unanswered,
    /// A promised date passed.
    PromisedNotDone,
    /// A level was skipped, or emptied.
    NoRecipient,
    /// Every level was told and none acted; then every day of it.
    Exhausted,
    /// A deadline moved.
    Extended,
    /// The reporter took it back.
    Withdrawn,
    /// Two union members found it not credible.
    NotCredible,
    /// A level's first opening.
    Opened,
    /// Checked: it is not so.
    Rejected,
    /// The reporter: it is not fixed.
    Contested,
    /// An act in time overtook a breach.
    Lifted,
}

/// Why a deadline moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The service was down.
    Outage,
    /// Work was stopped: the written answer has more time.
    StopWork,
}

/// Where a deadline moved to, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The deadline now.
    pub to: UtcMillis,
    /// Why.
    pub why: Why,
}

/// What the rules know of an entry; hashes and names come from the use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryFacts {
    /// What makes its tag.
    pub mark: Mark,
    /// The chain it belongs to: a chain that a summary began has a key of its own.
    pub chain: Chain,
    /// The deadline that it starts, meets or misses.
    pub deadline: Option<UtcMillis>,
    /// Where that deadline moved to, and why.
    pub moved: Option<Moved>,
    /// When it happened.
    pub at: When,
}

/// An entry before it has its number.
struct Draft {
    kind: EntryKind,
    level: Level,
    deadline: Option<UtcMillis>,
    moved: Option<Moved>,
}

/// The entries of these events, in order; `before` is the report that they happened to.
pub fn entries<'e>(before: Report, events: impl IntoIterator<Item = &'e Event>) -> Vec<EntryFacts> {
    let mut report = before;
    let mut all = Vec::new();
    for event in events {
        report = apply(report, event);
        all.extend(entries_of(event, &report));
    }
    all
}

/// The entries of one event; `after` is the report just after it, before any other event.
pub fn entries_of(event: &Event, after: &Report) -> Vec<EntryFacts> {
    let numbered = |draft: Draft| {
        let Draft { kind, level, deadline, moved } = draft;
        let made = after.entries.get(&count_key(event, kind, level)).copied().unwrap_or(1);
        let mark = Mark { kind, level, cycle: event.cycle, n: made.saturating_sub(1) };
        EntryFacts { mark, chain: event.chain, deadline, moved, at: event.at }
    };
    drafts(event, after).into_iter().map(numbered).collect()
}

/// Counts the entries that an event makes, so that the next of their kind gets the next number.
pub(in crate::domain) fn count(report: &mut Report, event: &Event) {
    for draft in drafts(event, report) {
        *report.entries.entry(count_key(event, draft.kind, draft.level)).or_insert(0) += 1;
    }
}

fn count_key(event: &Event, kind: EntryKind, level: Level) -> String {
    format!("{}/{}/{}/{}", event.chain.code(), event.cycle, kind.code(), level.0)
}

/// The report as a whole.
const WHOLE: Level = Level(0);

/// At most one draft of a kind and level for an event: its number is what the count says after it.
fn drafts(event: &Event, after: &Report) -> Vec<Draft> {
    use EntryKind as K;
    match &event.kind {
        EventKind::Assigned { level, acknowledge_by, answer_by, acknowledged, .. } => {
            one(K::Assigned, *level, Some(if *acknowledged { *answer_by } else { *acknowledge_by }))
        }
        EventKind::Reanchored { .. } => each(K::Assigned, &running(after), due(after)),
        EventKind::NoRecipient { level } => one(K::NoRecipient, *level, None),
        EventKind::Told { level, how, .. } => told(*level, *how, after),
        EventKind::Acknowledged { level, met } if met.is_empty() => one(K::Acknowledged, *level, None),
        EventKind::Acknowledged { met, .. } => each(K::Acknowledged, met, due(after)),
        EventKind::AnsweredByReferral { levels } => each(K::Answered, levels, due(after)),
        EventKind::Answered { level, met, late_for, done, .. } => {
            each(K::Answered, &answering(*level, met, late_for), promised(*done))
        }
        EventKind::Summary { level, met, late_for } => each(K::Answered, &answering(*level, met, late_for), None),
        EventKind::StopWork { answer_by: Some(to), instead_of, .. } => running(after)
            .into_iter()
            .map(|level| moved(level, *instead_of, Moved { to: *to, why: Why::StopWork }))
            .collect(),
        EventKind::Completed { level, .. } => one(K::Completed, *level, None),
        EventKind::Verified { level } => one(K::Verified, level.unwrap_or(WHOLE), None),
        EventKind::NotVerified { level } => one(K::NotVerified, level.unwrap_or(WHOLE), None),
        EventKind::Rejected { level } => one(K::Rejected, *level, None),
        EventKind::Contested { .. } => one(K::Contested, WHOLE, None),
        EventKind::Breached { level, due_at, silence, .. } => one((*silence).into(), *level, Some(*due_at)),
        EventKind::Lifted { levels, due_at } if levels.is_empty() => one(K::Lifted, WHOLE, Some(*due_at)),
        EventKind::Lifted { levels, due_at } => each(K::Lifted, levels, Some(*due_at)),
        EventKind::Extended { .. } => extended(after),
        EventKind::Exhausted { level, anchor, .. } => one(K::Exhausted, level.unwrap_or(WHOLE), Some(*anchor)),
        EventKind::ExhaustedDay { .. } => one(K::Exhausted, after.highest.unwrap_or(WHOLE), None),
        EventKind::Withdrawn { erased: false } => one(K::Withdrawn, WHOLE, None),
        EventKind::NotCredible => one(K::NotCredible, WHOLE, None),
        EventKind::Filed { .. }
        | EventKind::Delivered
        | EventKind::HolderTaken { .. }
        | EventKind::StopWork { answer_by: None, .. }
        | EventKind::Resumed
        | EventKind::Referred { .. }
        | EventKind::VerificationAsked { .. }
        | EventKind::SafeNow
        | EventKind::CannotTell
        | EventKind::CycleBegan { .. }
        | EventKind::Worse { .. }
        | EventKind::Escalated { .. }
        | EventKind::Recused { .. }
        | EventKind::NotCredibleProposed
        | EventKind::Message { .. }
        // Erased before delivery: nothing of it is in the ledger.
        | EventKind::Withdrawn { erased: true }
        | EventKind::Closed { .. } => Vec::new(),
    }
}

fn one(kind: EntryKind, level: Level, deadline: Option<UtcMillis>) -> Vec<Draft> {
    vec![Draft { kind, level, deadline, moved: None }]
}

fn each(kind: EntryKind, levels: &[Level], deadline: Option<UtcMillis>) -> Vec<Draft> {
    let mut levels = levels.to_vec();
    levels.sort_unstable();
    levels.dedup();
    levels.into_iter().map(|level| Draft { kind, level, deadline, moved: None }).collect()
}

fn moved(level: Level, deadline: Option<UtcMillis>, moved: Moved) -> Draft {
    Draft { kind: EntryKind::Extended, level, deadline, moved: Some(moved) }
}

/// The level's first telling in this cycle is `notified`, however it was told; its first opening is `opened` too.
fn told(level: Level, how: Telling, after: &Report) -> Vec<Draft> {
    let deadline = due(after).filter(|_| running(after).contains(&level));
    let mut drafts = Vec::new();
    if after.tellings(level) == 1 {
        drafts.extend(one(EntryKind::Notified, level, deadline));
    }
    match how {
        Telling::Opened => drafts.extend(one(EntryKind::Opened, level, deadline)),
        Telling::Notified | Telling::Listed => {}
    }
    drafts
}

/// The levels that an answer stands for: those whose deadline it met, and those that it answers late. An answer that
/// met none stands at the level of whoever gave it.
fn answering(level: Level, met: &[Level], late_for: &[Level]) -> Vec<Level> {
    let levels: Vec<Level> = met.iter().chain(late_for).copied().collect();
    if levels.is_empty() { vec![level] } else { levels }
}

fn promised(done: Done) -> Option<UtcMillis> {
    match done {
        Done::Yes => None,
        Done::Planned { by } => Some(by),
    }
}

fn running(after: &Report) -> Vec<Level> {
    match &after.stage {
        Stage::Open(open) => open.levels.clone(),
        Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => Vec::new(),
    }
}

/// The deadline that is awaited while a clock runs.
fn due(after: &Report) -> Option<UtcMillis> {
    match &after.stage {
        Stage::Open(open) => Some(open.due_at()),
        Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => None,
    }
}

/// One for each running level; for what follows an answer, one at the level of the plan or for the report as a whole.
fn extended(after: &Report) -> Vec<Draft> {
    let by_outage =
        |level, deadline: Deadline| moved(level, Some(deadline.set), Moved { to: deadline.at, why: Why::Outage });
    match &after.stage {
        Stage::Open(open) => open.levels.iter().map(|level| by_outage(*level, open.awaited())).collect(),
        Stage::Answered(answered) => match (&answered.plan, &answered.check, answered.contest_until) {
            (Some(plan), _, _) => vec![by_outage(plan.level, plan.by)],
            (None, Check::Due { by, .. }, _) => vec![by_outage(WHOLE, *by)],
            (None, Check::NotRequired | Check::Verified | Check::NotVerified, until) => {
                until.map(|until| by_outage(WHOLE, until)).into_iter().collect()
            }
        },
        Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => Vec::new(),
    }
}

impl From<Silence> for EntryKind {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::Unanswered => Self::Unanswered,
            Silence::PromisedNotDone => Self::PromisedNotDone,
            Silence::NotNotified => Self::NotNotified,
            Silence::Unreachable => Self::Unreachable,
        }
    }
}

impl Why {
    /// The code inside the commitment.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Outage => "outage",
            Self::StopWork => "stop_work",
        }
    }
}

impl EntryKind {
    /// The code inside tag and commitment.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Notified => "notified",
            Self::NotNotified => "not_notified",
            Self::Unreachable => "unreachable",
            Self::Acknowledged => "acknowledged",
            Self::Answered => "answered",
            Self::Completed => "completed",
            Self::Verified => "verified",
            Self::NotVerified => "not_verified",
            Self::Unanswered => "unanswered",
            Self::PromisedNotDone => "promised_not_done",
            Self::NoRecipient => "no_recipient",
            Self::Exhausted => "exhausted",
            Self::Extended => "extended",
            Self::Withdrawn => "withdrawn",
            Self::NotCredible => "not_credible",
            Self::Opened => "opened",
            Self::Rejected => "rejected",
            Self::Contested => "contested",
            Self::Lifted => "lifted",
        }
    }
}
