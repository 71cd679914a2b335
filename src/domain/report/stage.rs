//! The stages of a report, each with exactly the facts of that stage.

use serde::{Deserialize, Serialize};

use crate::domain::{
    event::{Awaiting, Outcome},
    ids::MemberId,
    policy::Level,
    time::{Seconds, UtcMillis},
};

/// A deadline and how outages moved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// As it was first set.
    pub set: UtcMillis,
    /// As it is now.
    pub at: UtcMillis,
    /// Outages since it was set, milliseconds.
    pub lost: i64,
}

impl Deadline {
    /// A deadline just set.
    pub const fn new(at: UtcMillis) -> Self {
        Self { set: at, at, lost: 0 }
    }

    /// Moved by an outage of this length: `up(as first set + all outages since)`.
    ///
    /// Source: domain.md, "Fairness".
    #[must_use]
    pub const fn extended(self, millis: i64, step: Seconds) -> Self {
        let lost = self.lost.saturating_add(millis);
        Self { set: self.set, at: self.set.plus_millis(lost).up(step), lost }
    }
}

/// A production (or, for the union chain, union) clock that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The level whose clock it is; two for `immediate`.
    pub levels: Vec<Level>,
    /// What the deadlines count from.
    pub anchor: Deadline,
    /// Acknowledge by then.
    pub acknowledge_by: Deadline,
    /// Answer by then.
    pub answer_by: Deadline,
    /// Acknowledged: the answer is awaited.
    pub acknowledged: bool,
    /// Position in the chain of the level whose window it has.
    pub window: u8,
    /// A referral that waits to be taken.
    pub referral: Option<Referral>,
}

/// A referral that waits to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Who referred.
    pub by: MemberId,
    /// To which level.
    pub to: Level,
    /// When.
    pub at: UtcMillis,
}

/// A plan that is not done yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Promised by then.
    pub by: Deadline,
    /// Level that promised.
    pub level: Level,
}

/// Where the union's check stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "check", rename_all = "snake_case")]
pub enum Check {
    /// None is required.
    NotRequired,
    /// Due from the union desks told.
    Due {
        /// By then.
        by: Deadline,
        /// Window for each further union level, milliseconds.
        window: i64,
    },
    /// Somebody checked.
    Verified,
    /// Every union level was asked and none looked.
    NotVerified,
}

/// After an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The plan, until it is done.
    pub plan: Option<Plan>,
    /// The union's check.
    pub check: Check,
    /// Chance alone asked for it; not shown to the production side.
    pub drawn: bool,
    /// The reporter can contest until then; none before a plan is done.
    pub contest_until: Option<Deadline>,
    /// The reporter said yes.
    pub contest_used: bool,
}

/// Every level was told and none acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    /// What a next level's deadlines would have counted from.
    pub anchor: UtcMillis,
    /// Daily entries made since that anchor, 0..=30.
    pub days: u8,
    /// Somebody said "I have it"; it stops nothing.
    pub acknowledged: bool,
}

/// The life of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Taken in; not on any board yet.
    Filed {
        /// On the boards then.
        deliver_at: UtcMillis,
    },
    /// A clock runs.
    Open(Open),
    /// Answered: completion, verification, contest window.
    Answered(Answered),
    /// Nobody acted.
    Exhausted(Exhausted),
    /// The end.
    Closed {
        /// How.
        outcome: Outcome,
    },
}

impl Open {
    /// The awaited deadline.
    pub const fn awaited(&self) -> Deadline {
        if self.acknowledged { self.answer_by } else { self.acknowledge_by }
    }

    /// When it is due.
    pub const fn due_at(&self) -> UtcMillis {
        self.awaited().at
    }
}

impl Answered {
    /// What is waited for: a plan, then the check, then the contest window.
    pub const fn awaiting(&self) -> Awaiting {
        if self.plan.is_some() {
            Awaiting::Completion
        } else if matches!(self.check, Check::Due { .. }) {
            Awaiting::Verification
        } else {
            Awaiting::Contest
        }
    }

    /// When that is due.
    pub fn due_at(&self) -> Option<UtcMillis> {
        if let Some(plan) = &self.plan {
            return Some(plan.by.at);
        }
        match &self.check {
            Check::Due { by, .. } => Some(by.at),
            Check::NotRequired | Check::Verified | Check::NotVerified => self.contest_until.map(|d| d.at),
        }
    }

    /// The contest window is over at `now`, or used.
    pub fn contest_is_over(&self, now: UtcMillis) -> bool {
        self.contest_used || self.contest_until.is_some_and(|d| d.at <= now)
    }
}

impl Exhausted {
    /// Most daily entries of a cycle.
    pub const MOST_DAYS: u8 = 30;

    /// When the next daily entry is made; `made` is how many its cycle has.
    pub fn next_entry(&self, made: u8) -> Option<UtcMillis> {
        (made < Self::MOST_DAYS).then(|| self.anchor.plus(Seconds::days(u32::from(self.days) + 1)))
    }
}
