//! What members see: a row of the board, and one report.
//!
//! Source: api.md, "Members".

use serde::Serialize;
use utoipa::ToSchema;

use super::{AnswerView, LevelView, MessageView, TimelineView, UnansweredView};
use crate::app::form::{SharedPart, UnionPart, YesNo};

/// Who has a report in hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HolderView {
    /// The role they acted in.
    #[schema(example = "upm")]
    pub role: String,
    /// Their name; null once they have no seat.
    pub name: Option<String>,
    /// It is the reader.
    pub is_me: bool,
}

/// A row of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own on the row")]
pub struct ReportItem {
    /// The report's id, 32 hex digits.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub id: String,
    /// Its two random words.
    #[schema(example = "Copper Lantern")]
    pub handle: String,
    /// Id of its production.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub production: String,
    /// The production's shown name.
    #[schema(example = "Western")]
    pub shown_as: String,
    /// What it is about.
    #[schema(example = "weapons")]
    pub category: String,
    /// Which kind of it; null without an Unlock-Key.
    #[schema(example = "left_unattended")]
    pub kind: Option<String>,
    /// `immediate`, `next_setup`, `next_call` or `concern`, now.
    #[schema(example = "next_setup")]
    pub severity: String,
    /// Still going on, when it was filed; null without an Unlock-Key.
    pub ongoing: Option<YesNo>,
    /// `delivered`, `acknowledged`, `answered`, `closed`, `exhausted` or `withdrawn`.
    #[schema(example = "delivered")]
    pub status: String,
    /// Level whose clock runs, else the highest entered.
    #[schema(example = 1)]
    pub level: u8,
    /// Cycle, from 1.
    #[schema(example = 1)]
    pub cycle: u16,
    /// `acknowledgement`, `answer`, `completion`, `verification`, `contest` or null.
    #[schema(example = "acknowledgement")]
    pub awaiting: Option<String>,
    /// When that is due, RFC 3339 UTC; null once everybody was told, and at the end.
    #[schema(example = "2026-11-21T14:20:00Z")]
    pub due_at: Option<String>,
    /// Who has it in hand.
    pub holder: Option<HolderView>,
    /// Every deadline that passed without the act.
    pub unanswered_by: Vec<UnansweredView>,
    /// It was opened in this cycle: for the side whose clock runs at one of the reader's own levels, else at any.
    pub opened: bool,
    /// What was reported is not in this answer: no Unlock-Key was sent, or nobody has let the reader in yet.
    pub sealed: bool,
    /// A part of the filing does not match what its reporter signed; it is never shown as text.
    pub altered: bool,
    /// Above the production's hourly budget, or filed with an old code; told to the union side alone.
    pub overflow: bool,
    /// Grows with everything that happens to it and that the reader may see, messages too.
    #[schema(example = 7)]
    pub updates: u32,
}

/// A page of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportList {
    /// Rows, overdue on top, then by the nearest deadline; those that await nothing last.
    pub items: Vec<ReportItem>,
    /// The cursor behind the last row; null on the last page.
    pub next: Option<String>,
}

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own on the page")]
pub struct ReportView {
    /// As in [`ReportItem`].
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub id: String,
    /// As in [`ReportItem`].
    #[schema(example = "Copper Lantern")]
    pub handle: String,
    /// As in [`ReportItem`].
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub production: String,
    /// As in [`ReportItem`].
    #[schema(example = "Western")]
    pub shown_as: String,
    /// As in [`ReportItem`].
    #[schema(example = "weapons")]
    pub category: String,
    /// As in [`ReportItem`].
    #[schema(example = "left_unattended")]
    pub kind: Option<String>,
    /// As in [`ReportItem`].
    #[schema(example = "next_setup")]
    pub severity: String,
    /// As in [`ReportItem`].
    pub ongoing: Option<YesNo>,
    /// As in [`ReportItem`].
    #[schema(example = "delivered")]
    pub status: String,
    /// As in [`ReportItem`].
    #[schema(example = 1)]
    pub level: u8,
    /// As in [`ReportItem`].
    #[schema(example = 1)]
    pub cycle: u16,
    /// As in [`ReportItem`].
    #[schema(example = "acknowledgement")]
    pub awaiting: Option<String>,
    /// As in [`ReportItem`].
    #[schema(example = "2026-11-21T14:20:00Z")]
    pub due_at: Option<String>,
    /// When the answer is due, while a clock runs; acknowledging does not move it.
    pub answer_due_at: Option<String>,
    /// As in [`ReportItem`].
    pub holder: Option<HolderView>,
    /// As in [`ReportItem`].
    pub unanswered_by: Vec<UnansweredView>,
    /// As in [`ReportItem`].
    pub opened: bool,
    /// As in [`ReportItem`].
    pub sealed: bool,
    /// As in [`ReportItem`]; here the clear fields are checked against the reporter's signature too.
    pub altered: bool,
    /// As in [`ReportItem`].
    pub overflow: bool,
    /// As in [`ReportItem`].
    #[schema(example = 7)]
    pub updates: u32,
    /// How it ended: `answered`, `answered_not_checked`, `withdrawn`, `not_credible`; null while it is open.
    pub outcome: Option<String>,
    /// Work is stopped; the role that may restart it.
    pub stopped: Option<String>,
    /// What both sides read; null without an Unlock-Key, and for the production side of a `retaliation` report.
    pub shared: Option<SharedPart>,
    /// What the union side reads besides; null without an Unlock-Key, and for everybody else.
    pub union: Option<UnionPart>,
    /// What the union side tells both sides about a `retaliation` report.
    pub summary: Option<String>,
    /// What was answered.
    pub answers: Vec<AnswerView>,
    /// Messages that the reader can open; none without an Unlock-Key.
    pub messages: Vec<MessageView>,
    /// What happened, as far as the reader's side may know.
    pub timeline: Vec<TimelineView>,
    /// Right after an acknowledgement or an answer: what the host promises, signed. Keep it: it shows that you acted.
    pub promise: Option<String>,
    /// Numbers of photos that can be fetched.
    pub photos: Vec<u32>,
    /// Who is told, level by level.
    pub levels: Vec<LevelView>,
    /// What the reader can do now: `acknowledge`, `take_over`, `answer`, `stop_work`, `resume`, `verify`, `escalate`,
    /// `summarise`, `not_credible`, `write`, `recuse`.
    #[schema(example = json!(["acknowledge", "answer"]))]
    pub acts: Vec<String>,
    /// Days, in the production's time zone, on which earlier reports of the category that the reader may see were
    /// delivered.
    #[schema(example = json!(["2026-11-19"]))]
    pub also_reported: Vec<String>,
}
