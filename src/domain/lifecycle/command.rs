//! What a decision is about: who acts, what they want, and why it is refused.

use crate::domain::{
    access::Seated,
    event::{Addressed, AnswerKind, Telling},
    ids::MemberId,
    policy::Side,
    time::UtcMillis,
};

/// Everything about people and engine that a decision may depend on.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// All seats that are not removed.
    pub seats: Vec<Seated>,
    /// The engine is held (the wall clock jumped): no deadline fires, and what comes after one has to wait.
    pub engine_held: bool,
    /// Nobody watched the deadlines of late: none fires and none is judged, because an outage may be about to move them.
    pub unwatched: bool,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub member: MemberId,
    /// Their side.
    pub side: Side,
    /// The role on record.
    pub role: String,
    /// By the link in a mail: without sign-in, the report not opened.
    pub by_link: bool,
}

/// An answer as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerGiven {
    /// What sort.
    pub kind: AnswerKind,
    /// Role that did it.
    pub by_role: String,
    /// The promised date of a plan; none: done.
    pub planned_by: Option<UtcMillis>,
    /// Chance drew this one among the tenth that is verified though it need not be.
    pub drawn: bool,
}

/// The reporter's answer to "is it safe now?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Yes.
    Yes,
    /// It is not fixed.
    No,
    /// I can't tell.
    CannotTell,
}

/// What somebody wants, or what time brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A deadline has passed.
    DeadlinePassed,
    /// A level was told.
    Told {
        /// Who of the level was.
        member: MemberId,
        /// How.
        how: Telling,
        /// When, exactly.
        at: UtcMillis,
    },
    /// An address was marked dead or seats changed: see whether a running level still has somebody.
    PeopleChanged,
    /// The service was down.
    Outage {
        /// Last sign of life.
        from: UtcMillis,
        /// First sign of life after.
        to: UtcMillis,
    },
    /// "I have it".
    Acknowledge(Actor),
    /// Take it over.
    TakeOver(Actor),
    /// The close-out.
    Answer(Actor, AnswerGiven),
    /// Stop work.
    StopWork(Actor, String),
    /// Work goes on.
    Resume(Actor),
    /// Verify (`true`) or reject.
    Verify(Actor, bool),
    /// Tell one level more now.
    Escalate(Actor),
    /// Share a summary of a `retaliation` report.
    Summarise(Actor),
    /// Not credible.
    NotCredible(Actor),
    /// Take me off it.
    Recuse(Actor),
    /// A member writes to the reporter.
    Write(Actor),
    /// The reporter writes to the desks.
    Message(Addressed),
    /// Is it safe now?
    Safety(Safety),
    /// It happens again, or worse.
    Worse,
    /// Take it back.
    Withdraw,
}

/// Why a command is refused. Every refusal names its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The deadline has not passed.
    #[error("the deadline is still {millis} ms away")]
    NotYetDue {
        /// Milliseconds to go.
        millis: i64,
    },
    /// Nothing is due in this stage.
    #[error("nothing is due")]
    NothingDue,
    /// The actor's side may not do this.
    #[error("this is for the {side} side to do", side = side.code())]
    NotForYourSide {
        /// The side that may.
        side: Side,
    },
    /// The actor cannot see the report: to them it does not exist.
    #[error("no such report")]
    NotVisible,
    /// Too late, or before its turn.
    #[error("{rule}; the report is {state}")]
    OutOfOrder {
        /// The report's status.
        state: &'static str,
        /// What stands in the way.
        rule: &'static str,
    },
    /// It came after a deadline, by a clock that is being checked.
    #[error("the clock is being checked; what comes after a deadline has to wait until it is right")]
    Held,
    /// Removing or recusing the last person of a level.
    #[error("you are the last one at this level; somebody must take your place first")]
    LastAtLevel,
    /// A plan without a date, with one in the past, or too far ahead.
    #[error("done_by must be after now and at most {most_seconds} seconds ahead")]
    DateOutOfRange {
        /// The furthest a plan of this severity may be.
        most_seconds: u32,
    },
}

impl Command {
    /// The member who acts; none where the reporter does, or nobody.
    pub const fn actor(&self) -> Option<&Actor> {
        match self {
            Self::Acknowledge(actor)
            | Self::TakeOver(actor)
            | Self::Answer(actor, _)
            | Self::StopWork(actor, _)
            | Self::Resume(actor)
            | Self::Verify(actor, _)
            | Self::Escalate(actor)
            | Self::Summarise(actor)
            | Self::NotCredible(actor)
            | Self::Recuse(actor)
            | Self::Write(actor) => Some(actor),
            Self::DeadlinePassed
            | Self::Told { .. }
            | Self::PeopleChanged
            | Self::Outage { .. }
            | Self::Message(_)
            | Self::Safety(_)
            | Self::Worse
            | Self::Withdraw => None,
        }
    }

    /// Its name, the same whatever it carries: 4 to 15 lower-case letters and underscores.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DeadlinePassed => "deadline_passed",
            Self::Told { .. } => "told",
            Self::PeopleChanged => "people_changed",
            Self::Outage { .. } => "outage",
            Self::Acknowledge(_) => "acknowledge",
            Self::TakeOver(_) => "take_over",
            Self::Answer(..) => "answer",
            Self::StopWork(..) => "stop_work",
            Self::Resume(_) => "resume",
            Self::Verify(..) => "verify",
            Self::Escalate(_) => "escalate",
            Self::Summarise(_) => "summarise",
            Self::NotCredible(_) => "not_credible",
            Self::Recuse(_) => "recuse",
            Self::Write(_) => "write",
            Self::Message(_) => "message",
            Self::Safety(_) => "safety",
            Self::Worse => "worse",
            Self::Withdraw => "withdraw",
        }
    }

    /// The reporter acts, or somebody is told of what the reporter did: only a span of it is kept.
    pub(super) const fn is_coarse(&self) -> bool {
        match self {
            // A mail bounces moments after a filing: what follows from that must not tell its second.
            Self::PeopleChanged
            | Self::Message(_)
            | Self::Safety(_)
            | Self::Worse
            | Self::Withdraw
            | Self::Told { .. } => true,
            Self::DeadlinePassed
            | Self::Outage { .. }
            | Self::Acknowledge(_)
            | Self::TakeOver(_)
            | Self::Answer(..)
            | Self::StopWork(..)
            | Self::Resume(_)
            | Self::Verify(..)
            | Self::Escalate(_)
            | Self::Summarise(_)
            | Self::NotCredible(_)
            | Self::Recuse(_)
            | Self::Write(_) => false,
        }
    }
}
