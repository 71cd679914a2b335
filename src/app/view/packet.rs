//! The packet: one report with everything that is on record of it, to be printed and kept.
//!
//! Source: ledger.md, "The packet".

use serde::Serialize;
use utoipa::ToSchema;

use super::ReportView;
use crate::evidence::{bundle::Bundle, claim::Filing};

/// What [`PacketView::format`] holds.
pub const FORMAT: &str = "lastlooks-packet/v1";

/// One report, as one side may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketView {
    /// `lastlooks-packet/v1`.
    #[schema(example = "lastlooks-packet/v1")]
    pub format: String,
    /// When it was made.
    pub made_at: String,
    /// Whose view it is: `production`, `union` or `observer`.
    #[schema(example = "union")]
    pub side: String,
    /// The report, as `GET /v1/reports/{id}` shows it.
    pub report: ReportView,
    /// The steps, in the order in which they were asked; a step asked again in a further cycle stands here again.
    pub steps: Vec<PacketStep>,
    /// Notices that were accepted and told no step: of deadlines missed, answers, messages. Null for whoever may not know who was told.
    pub other_notices: Option<Vec<PacketNotice>>,
    /// Whose time it is, and when nobody watched it.
    pub clock: PacketClock,
    /// What the report's digest was made of. Null where the host cannot make it anew.
    #[schema(value_type = Option<Object>)]
    pub filing: Option<Filing>,
    /// What the proof shows, as `lastlooks verify` says it without witnesses.
    pub findings: Vec<String>,
    /// SHA-256 of the proof, written without spaces as `GET /v1/reports/{id}/proof` answers it; 64 hex digits.
    pub proof_sha256: String,
    /// The proof: entries, checkpoints, runs.
    #[schema(value_type = Object)]
    pub proof: Bundle,
}

/// One step of the ladder, asked once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketStep {
    /// Number of the level; of two that were asked together the higher one, where they are shown as one.
    #[schema(example = 2)]
    pub level: u8,
    /// Which cycle, from 1.
    #[schema(example = 1)]
    pub cycle: u16,
    /// `production` or `union`: whose chain.
    #[schema(example = "production")]
    pub chain: String,
    /// Its desks as the policy names them, and who held a seat there between the entry and the end of the step.
    pub desks: Vec<PacketDesk>,
    /// Version of the policy that the deadlines come from.
    #[schema(example = 1)]
    pub policy_version: i32,
    /// When it was entered; the end of the span where one is kept.
    pub entered_at: String,
    /// What the deadlines count from.
    pub anchor: String,
    /// Acknowledge by then, as first set.
    pub acknowledge_by: String,
    /// Answer by then, as first set.
    pub answer_by: String,
    /// How the two were computed, in a sentence.
    pub computed: String,
    /// Where the deadlines moved, and why.
    pub moved: Vec<PacketMove>,
    /// Who was told how, and when first. Null for whoever may not know.
    pub told: Option<Vec<PacketTold>>,
    /// Notices that were accepted for it. Null for whoever may not know.
    pub notices: Option<Vec<PacketNotice>>,
    /// What members did at it, or what met its deadline.
    pub acts: Vec<PacketAct>,
    /// Deadlines of it that passed without the act.
    pub missed: Vec<PacketMissed>,
}

/// A desk of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketDesk {
    /// Its name.
    #[schema(example = "Office")]
    pub name: String,
    /// `production` or `union`.
    #[schema(example = "production")]
    pub side: String,
    /// Who held a seat.
    pub seats: Vec<PacketSeat>,
}

/// Somebody at a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketSeat {
    /// Their name.
    pub name: String,
    /// What they do on the show.
    #[schema(example = json!(["upm"]))]
    pub roles: Vec<String>,
    /// Since when.
    pub since: String,
    /// Until when; null if they still do.
    pub until: Option<String>,
}

/// A deadline that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketMove {
    /// When that was recorded.
    pub at: String,
    /// `outage`, `stop_work` or `worse`.
    #[schema(example = "outage")]
    pub why: String,
    /// To acknowledge, from then on; null if it did not move.
    pub acknowledge_by: Option<String>,
    /// To answer, from then on; null if it did not move.
    pub answer_by: Option<String>,
}

/// A step was told, the first time in this way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketTold {
    /// `notified` (a mail server accepted it), `listed` or `opened`.
    #[schema(example = "notified")]
    pub how: String,
    /// When, or the start of the span in which.
    pub at: String,
    /// The end of that span; null for an exact instant.
    pub until: Option<String>,
    /// Role of whoever opened it.
    pub by_role: Option<String>,
    /// Before the deadline.
    pub in_time: bool,
}

/// A notice that a mail server accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketNotice {
    /// Which notice.
    #[schema(example = "entered")]
    pub kind: String,
    /// Which cycle; 0 where none ran.
    pub cycle: u16,
    /// Whom it went to.
    pub to: String,
    /// The desk at which they sat.
    pub desk: Option<String>,
    /// SHA-256 of the mail, 64 hex digits.
    pub mail_sha256: String,
    /// The accepting server's reply.
    #[schema(example = "250 2.0.0 Ok: queued as 4bQ")]
    pub reply: String,
    /// When it was accepted, or the start of the span in which.
    pub at: String,
    /// The end of that span; null for an exact instant.
    pub until: Option<String>,
}

/// Something that a member did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketAct {
    /// `acknowledged`, `stop_work`, `answered`, `referred`, `completed` and so on, as in a timeline.
    #[schema(example = "answered")]
    pub what: String,
    /// When.
    pub at: String,
    /// In which role.
    pub by_role: Option<String>,
    /// By the link in a mail, the report not opened.
    pub by_link: bool,
    /// Before the deadline that ran; null where none is judged.
    pub in_time: Option<bool>,
}

/// A deadline that passed without the act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketMissed {
    /// `acknowledgement`, `answer` or `completion`.
    #[schema(example = "acknowledgement")]
    pub awaiting: String,
    /// The deadline.
    pub due_at: String,
    /// `unanswered`, `promised_not_done`, `not_notified` or `unreachable`.
    #[schema(example = "unanswered")]
    pub recorded_as: String,
    /// An act in time overtook it: it stays on record beside this word.
    pub lifted: bool,
}

/// Whose time it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketClock {
    /// Where times come from, in sentences.
    pub source: String,
    /// The production's time zone.
    #[schema(example = "America/Denver")]
    pub time_zone: String,
    /// When nobody watched the deadlines, since the report was delivered.
    pub outages: Vec<PacketOutage>,
}

/// Nobody watched the deadlines in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PacketOutage {
    /// The last sign of life before.
    pub from: String,
    /// The first sign of life after.
    pub to: String,
}
