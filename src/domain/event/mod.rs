//! What happens to a report: the events, each carrying every fact that replay needs.
//!
//! Events are the record; the stored state is only their sum. Computed deadlines stand in the event, so that replay
//! never consults today's policy. Nothing here holds a word that somebody wrote.

use serde::{Deserialize, Serialize};

mod codes;
mod words;

pub use words::{Addressed, AnswerKind, Awaiting, Done, Outcome, Silence, Telling};

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
        /// By the link in a mail: without sign-in, the report not opened.
        #[serde(default)]
        by_link: bool,
    },
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
        /// Position in the chain of the level whose window it has: its own, or that of the first one skipped.
        window: u8,
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
        /// The answer deadline before it moved.
        instead_of: Option<UtcMillis>,
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
        /// Chance alone asked for the verdict; not shown to the production side.
        drawn: bool,
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
    NotVerified {
        /// The last union level asked.
        level: Option<Level>,
    },
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
        /// The earliest deadline that is lifted, and with it all that were missed after it.
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
        /// Number of the day in its cycle, 1..=30.
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
    Summary {
        /// Level of whoever shared it.
        level: Level,
        /// Levels whose deadline it met.
        met: Vec<Level>,
        /// Levels of the member that had a breach in this cycle: now answered late.
        late_for: Vec<Level>,
    },
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
    #[serde(rename = "what")]
    pub kind: EventKind,
}
