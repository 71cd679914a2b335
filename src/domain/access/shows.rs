//! What each side may see of a report's life, and of what it waits for.

use crate::domain::{
    catalogue::Chain,
    event::{Addressed, Awaiting, By, Event, EventKind, Outcome},
    policy::Side,
    report::{Answer, Breach, Check, Report, Stage},
    time::UtcMillis,
};

/// Who reads a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever holds the receipt.
    Reporter,
    /// A member of a side who may see the report.
    Side(Side),
}

/// Whether the event may be shown to them.
///
/// The production side never sees who was told, who was skipped, or anything before a summary: the role missing from
/// such a list is the subject.
///
/// Source: security.md, "Kept out"; api.md, "Inbox".
pub fn shows(audience: Audience, event: &Event) -> bool {
    match audience {
        Audience::Reporter => shows_to_reporter(event),
        Audience::Side(Side::Union) => shows_to_union(event),
        Audience::Side(Side::Production) => event.chain == Chain::Production && shows_to_production(event),
        Audience::Side(Side::Observer) => {
            event.chain == Chain::Production
                && shows_to_production(event)
                && !matches!(event.kind, EventKind::Message { .. })
        }
    }
}

fn shows_to_reporter(event: &Event) -> bool {
    match &event.kind {
        EventKind::Recused { .. } | EventKind::NotCredibleProposed | EventKind::HolderTaken { .. } => false,
        EventKind::Message { to } => *to == Addressed::Reporter || event.by == By::Reporter,
        kind => kind.timeline().is_some(),
    }
}

fn shows_to_union(event: &Event) -> bool {
    match (&event.kind, &event.by) {
        // What one side writes to the reporter is for the reporter and that side.
        (EventKind::Message { to: Addressed::Reporter }, By::Member { side, .. }) => *side == Side::Union,
        _ => true,
    }
}

fn shows_to_production(event: &Event) -> bool {
    match &event.kind {
        EventKind::Filed { .. }
        | EventKind::NoRecipient { .. }
        | EventKind::Told { .. }
        | EventKind::VerificationAsked { .. }
        | EventKind::CannotTell
        | EventKind::Recused { .. }
        | EventKind::NotCredibleProposed
        | EventKind::Summary { .. } => false,
        EventKind::Message { to } => match (to, &event.by) {
            (Addressed::All, _) => true,
            (Addressed::Reporter, By::Member { side, .. }) => *side == Side::Production,
            (Addressed::Union | Addressed::Reporter, _) => false,
        },
        EventKind::Delivered
        | EventKind::Assigned { .. }
        | EventKind::Acknowledged { .. }
        | EventKind::HolderTaken { .. }
        | EventKind::StopWork { .. }
        | EventKind::Resumed
        | EventKind::Answered { .. }
        | EventKind::Referred { .. }
        | EventKind::AnsweredByReferral { .. }
        | EventKind::Completed { .. }
        | EventKind::Verified { .. }
        | EventKind::Rejected { .. }
        | EventKind::NotVerified { .. }
        | EventKind::SafeNow
        | EventKind::Contested { .. }
        | EventKind::CycleBegan { .. }
        | EventKind::Worse { .. }
        | EventKind::Reanchored { .. }
        | EventKind::Escalated { .. }
        | EventKind::Breached { .. }
        | EventKind::Lifted { .. }
        | EventKind::Extended { .. }
        | EventKind::Exhausted { .. }
        | EventKind::ExhaustedDay { .. }
        | EventKind::NotCredible
        | EventKind::Withdrawn { .. }
        | EventKind::Closed { .. } => true,
    }
}

/// What the report waits for and until when, as this side may know it: a check that chance alone asked for is not shown
/// to the production side, which sees the reporter's time to contest instead.
///
/// Source: domain.md, "Life of a report" (verify).
pub fn due_for(report: &Report, side: Side) -> (Option<Awaiting>, Option<UtcMillis>) {
    if let Stage::Answered(answered) = &report.stage
        && side != Side::Union
        && answered.drawn
        && matches!(answered.check, Check::Due { .. })
    {
        return (Some(Awaiting::Contest), answered.contest_until.map(|d| d.at));
    }
    (report.awaiting(), report.due_at())
}

/// Where the report stands among others on this side's board: what it awaits by the deadline that the side is shown;
/// once everybody was silent by the last one that passed, which puts it above all that are still to come. `None`: last.
///
/// Source: experience.md, "Desks".
pub fn board_at(report: &Report, side: Side) -> Option<UtcMillis> {
    match &report.stage {
        Stage::Exhausted(exhausted) => Some(exhausted.anchor),
        Stage::Filed { .. } | Stage::Open(_) | Stage::Answered(_) | Stage::Closed { .. } => due_for(report, side).1,
    }
}

/// The breaches that this side may know of: for the production side and the observers nothing before a summary exists.
pub fn breaches_for(report: &Report, side: Side) -> impl Iterator<Item = &Breach> {
    report.breaches.iter().filter(move |breach| side == Side::Union || breach.chain == Chain::Production)
}

/// The answers that this side may know of, as with [`breaches_for`].
pub fn answers_for(report: &Report, side: Side) -> impl Iterator<Item = &Answer> {
    report.answers.iter().filter(move |answer| side == Side::Union || answer.chain == Chain::Production)
}

/// Whether this report may count as "another one of the category" for a later filing: else anybody with the poster
/// could ask whether it exists.
///
/// Source: security.md, "Kept out".
pub const fn counts_for_repeated(
    report: &Report,
    names_a_subject: bool,
    somebody_kept_out: bool,
    overflow: bool,
) -> bool {
    let refuted = matches!(report.stage, Stage::Closed { outcome: Outcome::Withdrawn | Outcome::NotCredible });
    !names_a_subject && !somebody_kept_out && !overflow && !refuted && !report.retaliation
}
