//! What happens to a report: the events, each carrying every fact that replay needs.
//!
//! Events are the record; the stored state is only their sum. Computed deadlines stand in the event, so that replay
//! never consults today's policy. Nothing here holds a word that somebody wrote.

use serde::{Deserialize, Serialize};

use super::{
    catalogue::{Chain, Severity},
    ids::MemberId,
    policy::{Level, Side},
    time::UtcMillis,
};

/// When something happened: a span of the policy's step for a reporter's acts and for what follows from them at once,
/// an instant (`from` equals `to`) for a member's act.
///
/// Source: security.md, "What is stored about a reporter".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// Start of the span, or the instant.
    pub from: UtcMillis,
    /// End of the span, or the instant. Deadlines count from here.
    pub to: UtcMillis,
}

impl When {
    /// An exact instant.
    pub const fn exact(at: UtcMillis) -> Self {
        Self { from: at, to: at }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum By {
    /// The service, at a deadline or by rule.
    Service,
    /// Whoever holds the receipt.
    Reporter,
    /// A member, in a role.
    Member {
        /// The person.
        member: MemberId,
        /// The role they acted in.
        role: String,
        /// Their side.
        side: Side,
    },
}

/// How a level was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// A mail server accepted a notice (or the .eml file is in place).
    Notified,
    /// The report was sent to one of them in a list.
    Listed,
    /// One of them opened it.
    Opened,
}

impl Telling {
    /// The word in timelines and ledger.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Notified => "notified",
            Self::Listed => "listed",
            Self::Opened => "opened",
        }
    }
}

/// What a clock waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaiting {
    /// The tick, or the end of a random delay.
    Delivery,
    /// "I have it".
    Acknowledgement,
    /// What was done, or why not.
    Answer,
    /// The day a plan named.
    Completion,
    /// The union's check.
    Verification,
    /// The reporter's "is it safe now?".
    Contest,
}

impl Awaiting {
    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Acknowledgement => "acknowledgement",
            Self::Answer => "answer",
            Self::Completion => "completion",
            Self::Verification => "verification",
            Self::Contest => "contest",
        }
    }
}

/// What a missed deadline is called on record.
///
/// Source: domain.md, "Words" (breach) and "Fairness".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The level had been told in time and did not act.
    Unanswered,
    /// The level promised a date and missed it.
    PromisedNotDone,
    /// The path failed: the level was not told in time.
    NotNotified,
    /// Every address of the level had been known dead for a day.
    Unreachable,
}

impl Silence {
    /// The code in tables, JSON and ledger.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::PromisedNotDone => "promised_not_done",
            Self::NotNotified => "not_notified",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What sort of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// Something was, or will be, done.
    Action,
    /// No hazard, because …
    Dispute,
    /// Not ours.
    Referral,
}

impl AnswerKind {
    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Dispute => "dispute",
            Self::Referral => "referral",
        }
    }
}

/// Whether an action is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum Done {
    /// It is.
    Yes,
    /// It will be, by then.
    Planned {
        /// The promised date.
        by: UtcMillis,
    },
}

/// How a report ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, and verified or no verification was due.
    Answered,
    /// Answered; every union level was asked and none looked.
    AnsweredNotChecked,
    /// The reporter took it back.
    Withdrawn,
    /// Two union members found it not credible.
    NotCredible,
}

impl Outcome {
    /// The code in tables and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AnsweredNotChecked => "answered_not_checked",
            Self::Withdrawn => "withdrawn",
            Self::NotCredible => "not_credible",
        }
    }
}

/// To whom a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressed {
    /// The union side alone.
    Union,
    /// Both sides.
    All,
    /// The reporter (and the writer's own side).
    Reporter,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A report was taken in.
    Filed {
        /// Which chain it runs on.
        chain: Chain,
        /// Whether its category is `retaliation`.
        retaliation: bool,
        /// Severity after raising.
        severity: Severity,
        /// When it is delivered.
        deliver_at: UtcMillis,
        /// Version of the policy that it keeps.
        policy_version: i32,
    },
    /// It reached the first level's board.
    Delivered,
    /// A level was entered. Both deadlines are fixed here.
    Assigned {
        /// The level.
        level: Level,
        /// What its deadlines count from.
        anchor: UtcMillis,
        /// Acknowledge by then.
        acknowledge_by: UtcMillis,
        /// Answer by then.
        answer_by: UtcMillis,
        /// Entered already acknowledged (a referral).
        acknowledged: bool,
        /// The second of a pair: joins the level that is running.
        joins: bool,
    },
    /// A level was skipped, or emptied while its clock ran.
    NoRecipient {
        /// The level.
        level: Level,
    },
    /// A level was told, the first time in this way and cycle.
    Told {
        /// The level.
        level: Level,
        /// How.
        how: Telling,
        /// Before its deadline.
        in_time: bool,
    },
    /// "I have it".
    Acknowledged {
        /// Level of whoever acted.
        level: Level,
        /// Levels whose deadline it met.
        met: Vec<Level>,
    },
    /// Somebody else at a desk told took the report over.
    HolderTaken {
        /// Level of whoever took it.
        level: Level,
    },
    /// Work was stopped.
    StopWork {
        /// Role that may restart it.
        may_restart_role: String,
        /// The answer deadline it moved to (`immediate`, production, once a cycle).
        answer_by: Option<UtcMillis>,
    },
    /// Work goes on.
    Resumed,
    /// An answer.
    Answered {
        /// What sort.
        answer: AnswerKind,
        /// Done or planned (`action` only; a dispute counts as done).
        done: Done,
        /// Role that did it.
        by_role: String,
        /// Level of whoever answered.
        level: Level,
        /// Levels whose deadline it met.
        met: Vec<Level>,
        /// Levels of the answerer that had a breach in this cycle: now answered late.
        late_for: Vec<Level>,
        /// Before the running deadline.
        in_time: bool,
        /// The union's verdict is due then.
        verify_by: Option<UtcMillis>,
        /// Length of the verification window in milliseconds, for each further union level.
        verify_window: i64,
        /// The reporter can contest until then.
        contest_until: Option<UtcMillis>,
        /// It adds to the list and moves nothing.
        further: bool,
    },
    /// Not ours; the level named was told early.
    Referred {
        /// Level told.
        to: Level,
        /// Levels passed over on the way: their union desks are told.
        passed: Vec<Level>,
        /// Level of whoever referred.
        level: Level,
    },
    /// The level referred to took it: these levels are answered by referral.
    AnsweredByReferral {
        /// The referring levels.
        levels: Vec<Level>,
    },
    /// A plan was done.
    Completed {
        /// Level of whoever said so.
        level: Level,
        /// The union's verdict is due then.
        verify_by: Option<UtcMillis>,
        /// Length of the verification window in milliseconds.
        verify_window: i64,
        /// The reporter can contest until then.
        contest_until: UtcMillis,
    },
    /// The next union level was asked to check.
    VerificationAsked {
        /// The union level.
        level: Level,
        /// By then.
        due_at: UtcMillis,
    },
    /// A union member checked: it is so.
    Verified {
        /// The union level of the member; none where the reporter's "yes" counted.
        level: Option<Level>,
    },
    /// A union member checked: it is not so.
    Rejected {
        /// The union level.
        level: Level,
    },
    /// Every union level was asked and none looked.
    NotVerified,
    /// The reporter: yes, it is safe now.
    SafeNow,
    /// The reporter: I can't tell. Shown to the union side.
    CannotTell,
    /// The reporter: it is not fixed.
    Contested {
        /// Severity from now on.
        severity: Severity,
    },
    /// The next cycle began: windows from here count for it.
    CycleBegan {
        /// Number of the cycle.
        cycle: u16,
    },
    /// The reporter: it happens again, or worse.
    Worse {
        /// Severity from now on.
        severity: Severity,
        /// Delivery moved up to then.
        deliver_at: Option<UtcMillis>,
    },
    /// The running level was anchored anew (after `worse`): each deadline the earlier of old and new.
    Reanchored {
        /// What the deadlines count from.
        anchor: UtcMillis,
        /// Acknowledge by then.
        acknowledge_by: UtcMillis,
        /// Answer by then.
        answer_by: UtcMillis,
    },
    /// The union side had one level more told.
    Escalated {
        /// The level told.
        to: Level,
        /// Levels passed over: their union desks are told.
        passed: Vec<Level>,
    },
    /// A deadline passed without the act.
    Breached {
        /// Whose.
        level: Level,
        /// What was awaited.
        awaiting: Awaiting,
        /// The deadline.
        due_at: UtcMillis,
        /// What it is called.
        silence: Silence,
        /// The second of a pair: same deadline as the one before.
        joins: bool,
    },
    /// An act that was in time overtook these breaches: the clock goes back to where it stood.
    Lifted {
        /// The earliest deadline that is lifted, and with it all later ones.
        due_at: UtcMillis,
        /// Levels whose breach is lifted.
        levels: Vec<Level>,
    },
    /// The service was down: deadlines moved.
    Extended {
        /// Last sign of life.
        from: UtcMillis,
        /// First sign of life after.
        to: UtcMillis,
        /// The running level's anchor now.
        anchor: Option<UtcMillis>,
        /// The deadline to acknowledge now.
        acknowledge_by: Option<UtcMillis>,
        /// The deadline to answer now.
        answer_by: Option<UtcMillis>,
        /// The promised date now.
        plan_by: Option<UtcMillis>,
        /// The deadline of the check now.
        verify_by: Option<UtcMillis>,
        /// The end of the contest window now.
        contest_until: Option<UtcMillis>,
    },
    /// Every level was told and none acted.
    Exhausted {
        /// The last level entered, if any.
        level: Option<Level>,
        /// What a next level's deadlines would have counted from.
        anchor: UtcMillis,
        /// Observers are told.
        observers: bool,
        /// Every production level: each counts as told now.
        told: Vec<Level>,
        /// Every union level: those above are told now.
        union_told: Vec<Level>,
    },
    /// Another day of silence.
    ExhaustedDay {
        /// 1..=30.
        day: u8,
    },
    /// A member took themselves off.
    Recused {
        /// The person.
        member: MemberId,
    },
    /// A union member found it not credible; a second one is needed.
    NotCredibleProposed,
    /// A second union member agreed.
    NotCredible,
    /// The union side shared a summary: the union chain ends, the production chain begins.
    Summary,
    /// Somebody wrote.
    Message {
        /// To whom.
        to: Addressed,
    },
    /// The reporter took it back.
    Withdrawn {
        /// Before delivery: the report is erased.
        erased: bool,
    },
    /// The end.
    Closed {
        /// How.
        outcome: Outcome,
    },
}

/// An event on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: When,
    /// Who.
    pub by: By,
    /// The chain it belongs to.
    pub chain: Chain,
    /// The cycle it belongs to, from 1; 0 before delivery.
    pub cycle: u16,
    /// How many of its kind at its level and cycle stood before it.
    pub n: u32,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl EventKind {
    /// The code in tables, logs and timelines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "filed",
            Self::Delivered => "delivered",
            Self::Assigned { .. } => "assigned",
            Self::NoRecipient { .. } => "no_recipient",
            Self::Told { how, .. } => how.code(),
            Self::Acknowledged { .. } => "acknowledged",
            Self::HolderTaken { .. } => "holder_taken",
            Self::StopWork { .. } => "stop_work",
            Self::Resumed => "resumed",
            Self::Answered { .. } => "answered",
            Self::Referred { .. } => "referred",
            Self::AnsweredByReferral { .. } => "answered_by_referral",
            Self::Completed { .. } => "completed",
            Self::VerificationAsked { .. } => "verification_asked",
            Self::Verified { .. } => "verified",
            Self::Rejected { .. } => "rejected",
            Self::NotVerified => "not_verified",
            Self::SafeNow => "safe_now",
            Self::CannotTell => "cannot_tell",
            Self::Contested { .. } => "contested",
            Self::CycleBegan { .. } => "cycle_began",
            Self::Worse { .. } => "worse",
            Self::Reanchored { .. } => "reanchored",
            Self::Escalated { .. } => "escalated",
            Self::Breached { awaiting, .. } => match awaiting {
                // The missed act is part of the kind, so that (report, chain, level, cycle, kind, n) tells breaches apart.
                Awaiting::Acknowledgement => "breached_acknowledgement",
                Awaiting::Answer => "breached_answer",
                Awaiting::Completion => "breached_completion",
                Awaiting::Delivery | Awaiting::Verification | Awaiting::Contest => "breached",
            },
            Self::Lifted { .. } => "lifted",
            Self::Extended { .. } => "extended",
            Self::Exhausted { .. } => "exhausted",
            Self::ExhaustedDay { .. } => "exhausted_day",
            Self::Recused { .. } => "recused",
            Self::NotCredibleProposed => "not_credible_proposed",
            Self::NotCredible => "not_credible",
            Self::Summary => "summary",
            Self::Message { .. } => "message",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Closed { .. } => "closed",
        }
    }

    /// The level it is about; 0 for none. Part of what makes an event unique.
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Assigned { level, .. }
            | Self::NoRecipient { level }
            | Self::Told { level, .. }
            | Self::Acknowledged { level, .. }
            | Self::HolderTaken { level }
            | Self::Answered { level, .. }
            | Self::Completed { level, .. }
            | Self::VerificationAsked { level, .. }
            | Self::Rejected { level }
            | Self::Breached { level, .. } => Some(*level),
            Self::Referred { to, .. } | Self::Escalated { to, .. } => Some(*to),
            Self::Verified { level } | Self::Exhausted { level, .. } => *level,
            Self::AnsweredByReferral { levels } | Self::Lifted { levels, .. } => levels.last().copied(),
            Self::Filed { .. }
            | Self::Delivered
            | Self::StopWork { .. }
            | Self::Resumed
            | Self::NotVerified
            | Self::SafeNow
            | Self::CannotTell
            | Self::Contested { .. }
            | Self::CycleBegan { .. }
            | Self::Worse { .. }
            | Self::Reanchored { .. }
            | Self::Extended { .. }
            | Self::ExhaustedDay { .. }
            | Self::Recused { .. }
            | Self::NotCredibleProposed
            | Self::NotCredible
            | Self::Summary
            | Self::Message { .. }
            | Self::Withdrawn { .. }
            | Self::Closed { .. } => None,
        }
    }
}
