//! What is shown: the shapes of answers, as the API promises them.
//!
//! They live here and not with the handlers because what somebody may see is decided by the use case, field by field.
//!
//! Source: api.md.

mod desks;
mod packet;

use serde::Serialize;
use utoipa::ToSchema;

pub use desks::{HolderView, ReportItem, ReportList, ReportView};
pub use packet::{
    FORMAT as PACKET_FORMAT, PacketAct, PacketClock, PacketDesk, PacketMissed, PacketMove, PacketNotice, PacketOutage,
    PacketSeat, PacketStep, PacketTold, PacketView,
};

/// A level and the desks told at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LevelView {
    /// Number of the level, 1..=9.
    #[schema(example = 1)]
    pub level: u8,
    /// Names of its desks, both sides.
    #[schema(example = json!(["Safety contact", "Shop steward"]))]
    pub desks: Vec<String>,
}

/// What a filing answers. It never contains an id of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Filed {
    /// `filed`, `delivered`, `acknowledged`, `answered`, `closed`, `exhausted` or `withdrawn`.
    #[schema(example = "delivered")]
    pub status: String,
    /// The report's two random words, the same for everybody who may see it.
    #[schema(example = "Copper Lantern")]
    pub handle: String,
    /// `immediate`, `next_setup`, `next_call` or `concern`, after raising.
    #[schema(example = "next_setup")]
    pub severity: String,
    /// Why it is more urgent than was chosen: `category_minimum`, `ignored_before`, `repeated`.
    pub raised_because: Vec<String>,
    /// Level whose clock runs; 0 before delivery.
    #[schema(example = 1)]
    pub level: u8,
    /// `delivery`, `acknowledgement`, `answer`, `completion`, `verification`, `contest` or null.
    pub awaiting: Option<String>,
    /// When that is due, RFC 3339 UTC.
    #[schema(example = "2026-11-21T14:20:00Z")]
    pub due_at: Option<String>,
    /// When it reaches the first desk, where that is still to come.
    pub deliver_at: Option<String>,
    /// The random delay that was asked for was dropped, because somebody could be hurt soon.
    pub delay_dropped: bool,
    /// Who is told, level by level.
    pub levels: Vec<LevelView>,
    /// What the host promises, signed: keep it. Null until the report is delivered.
    pub promise: Option<String>,
}

/// A deadline that passed without the act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnansweredView {
    /// Whose.
    #[schema(example = 1)]
    pub level: u8,
    /// Which cycle, from 1.
    #[schema(example = 1)]
    pub cycle: u16,
    /// What was awaited: `acknowledgement`, `answer` or `completion`.
    #[schema(example = "acknowledgement")]
    pub awaiting: String,
    /// The deadline.
    pub due_at: String,
    /// The level's desks on the side whose clock it was.
    pub desks: Vec<String>,
    /// The level had been told in time.
    pub told: bool,
    /// What it is called on record: `unanswered`, `promised_not_done`, `not_notified` or `unreachable`.
    #[schema(example = "unanswered")]
    pub recorded_as: String,
    /// A member of that level answered later.
    pub answered_late_at: Option<String>,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineView {
    /// `delivered`, `assigned`, `notified`, `listed`, `opened`, `acknowledged`, `stop_work`, `resumed`, `answered`,
    /// `completed`, `verified`, `rejected`, `not_verified`, `contested`, `worse`, `escalated`, `breached`, `lifted`,
    /// `extended`, `no_recipient`, `exhausted`, `closed` or `withdrawn`; there may be more.
    #[schema(example = "delivered")]
    pub what: String,
    /// Which level, if it is about one.
    pub level: Option<u8>,
    /// Which cycle.
    pub cycle: u16,
    /// When, or the start of the span in which.
    pub at: String,
    /// The end of that span; null for an exact instant.
    pub until: Option<String>,
    /// Role of whoever did it.
    pub by_role: Option<String>,
    /// Done by the link in a mail, the report not opened.
    pub by_link: bool,
    /// The words that belong to it, where the reader could open them; those of answers and messages stand there.
    pub text: Option<String>,
    /// The stored words do not match what their author signed.
    pub altered: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerView {
    /// `action`, `dispute` or `referral`.
    #[schema(example = "action")]
    pub kind: String,
    /// The words; null without an Unlock-Key, or where they were altered after writing.
    pub text: Option<String>,
    /// The stored words do not match what their author signed.
    pub altered: bool,
    /// Role that did it.
    #[schema(example = "upm")]
    pub by_role: String,
    /// Level that answered.
    pub level: u8,
    /// Before the running deadline.
    pub in_time: bool,
    /// `yes` or `planned`; null where nothing was to be done.
    pub done: Option<String>,
    /// The promised date of a plan.
    pub done_by: Option<String>,
    /// When it was given.
    pub at: String,
    /// Until when the reporter can say that it is not fixed.
    pub contestable_until: Option<String>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageView {
    /// `reporter`, `production` or `union`; from the signature alone.
    #[schema(example = "union")]
    pub from: String,
    /// To whom: `union`, `all` or `reporter`.
    #[schema(example = "reporter")]
    pub to: String,
    /// The words; null where they were altered after writing.
    pub text: Option<String>,
    /// The stored words do not match what their author signed.
    pub altered: bool,
    /// When, or the start of the span in which.
    pub at: String,
    /// The end of that span; null for an exact instant.
    pub until: Option<String>,
}

/// What the receipt opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Inbox {
    /// As in [`Filed`].
    pub status: String,
    /// As in [`Filed`].
    pub handle: String,
    /// As in [`Filed`], now.
    pub severity: String,
    /// As in [`Filed`].
    pub raised_because: Vec<String>,
    /// As in [`Filed`].
    pub level: u8,
    /// Cycle, from 1; 0 before delivery.
    pub cycle: u16,
    /// As in [`Filed`].
    pub awaiting: Option<String>,
    /// As in [`Filed`].
    pub due_at: Option<String>,
    /// As in [`Filed`].
    pub deliver_at: Option<String>,
    /// How it ended: `answered`, `answered_not_checked`, `withdrawn`, `not_credible`; null while it is open.
    pub outcome: Option<String>,
    /// Work is stopped; the role that may restart it.
    pub stopped: Option<String>,
    /// Every deadline that passed without the act.
    pub unanswered_by: Vec<UnansweredView>,
    /// Who is told, level by level.
    pub levels: Vec<LevelView>,
    /// What happened.
    pub timeline: Vec<TimelineView>,
    /// What was answered.
    pub answers: Vec<AnswerView>,
    /// What was written.
    pub messages: Vec<MessageView>,
}
