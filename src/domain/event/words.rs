//! The words of the events: how a level was told, what was awaited, what silence is called, how a report ended.

use serde::{Deserialize, Serialize};

use crate::domain::time::UtcMillis;

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
