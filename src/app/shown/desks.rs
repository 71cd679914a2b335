//! What a member is shown of a report, as far as their side may know.
//!
//! Source: security.md, "Kept out"; domain.md, "Fairness".

use super::{answers, levels, messages, outcome, shown_to, time, timeline, unanswered, unanswered_together};
use crate::{
    app::{
        form::{SharedPart, UnionPart},
        opened::Opened,
        record::Subject,
        sight::{Reader, Sight},
        view::{HolderView, ReportItem, ReportView, UnansweredView},
    },
    domain::{
        access::{self, Act, Together, due_for},
        catalogue::Chain,
        event::{Awaiting, Event, Telling},
        policy::{Level, Side},
        report::{Report, Stage},
        time::UtcMillis,
    },
    sealing::kind::UnitKind,
};

/// The parts of a filing that a reader could open.
#[derive(Debug, Default)]
pub(in crate::app) struct Filing {
    /// For both sides.
    pub(in crate::app) shared: Option<SharedPart>,
    /// For the union side.
    pub(in crate::app) union: Option<UnionPart>,
    /// The union's summary.
    pub(in crate::app) summary: Option<String>,
    /// A part is not what its author signed.
    pub(in crate::app) altered: bool,
}

impl Filing {
    /// The parts among what was opened, as far as the view reaches.
    pub(in crate::app) fn among(opened: &[Opened], sight: &Sight) -> Self {
        let parts = sight.view.parts;
        let of = |kind: UnitKind| opened.iter().find(|unit| unit.kind == kind.code());
        let shared = of(UnitKind::Shared).filter(|_| parts.shared);
        let union = of(UnitKind::Union).filter(|_| parts.union);
        let summary = of(UnitKind::Summary).filter(|_| parts.summary);
        let found = [shared, union, summary];
        Self {
            shared: shared.and_then(Opened::part),
            union: union.and_then(Opened::part),
            summary: summary.and_then(Opened::text),
            altered: found.iter().flatten().any(|unit| unit.said.is_none()),
        }
    }

    /// Something of it is in the answer.
    pub(in crate::app) const fn is_open(&self) -> bool {
        self.shared.is_some() || self.union.is_some() || self.summary.is_some() || self.altered
    }
}

/// What is awaited and until when, as this side may know it.
pub(in crate::app) fn awaited(report: &Report, side: Side) -> (Option<Awaiting>, Option<UtcMillis>) {
    due_for(report, side)
}

/// The breaches that this side may know of: for the production side nothing before a summary exists.
pub(in crate::app) fn unanswered_for(subject: &Subject, side: Side) -> Vec<UnansweredView> {
    match side {
        Side::Union => unanswered(subject, &[Chain::Production, Chain::Union]),
        Side::Production | Side::Observer => match Together::seen_by(side, &subject.policy) {
            Some(together) => unanswered_together(subject, together),
            None => unanswered(subject, &[Chain::Production]),
        },
    }
}

/// The level whose clock runs, else the highest entered, under the number that this side sees.
pub(in crate::app) fn level_for(subject: &Subject, side: Side) -> Level {
    let (report, level) = (&subject.report, subject.report.level());
    let together = Together::seen_by(side, &subject.policy);
    together.map_or(level, |together| together.shown(report, report.cycle, level))
}

/// The events that this side may know of, as it sees them.
pub(in crate::app) fn events_for(subject: &Subject, sight: &Sight, events: &[(i32, Event)]) -> Vec<(i32, Event)> {
    let shown = shown_to(sight.audience(), events);
    let Some(together) = Together::seen_by(sight.side(), &subject.policy) else { return shown };
    let seen = |(seq, event): (i32, Event)| Some((seq, together.event(&subject.report, &event)?));
    shown.into_iter().filter_map(seen).collect()
}

fn holder(subject: &Subject, sight: &Sight) -> Option<HolderView> {
    let (member, role) = subject.report.holder.as_ref()?;
    let name = subject.production.seats_of(*member).next().map(|seat| seat.name.clone());
    Some(HolderView { role: role.clone(), name, is_me: *member == sight.member })
}

/// Opened in this cycle. Whose clock runs sees only their own levels: which other level looked is for the union side.
fn was_opened(report: &Report, sight: &Sight) -> bool {
    let own = sight.side() == report.clock_side() || sight.side() != Side::Union;
    let at = |level: u8| report.told.contains_key(&format!("{level}/{}", Telling::Opened.code()));
    if own { sight.levels.iter().any(|level| at(level.0)) } else { (1..=9).any(at) }
}

/// A row of the board.
pub(in crate::app) fn item(subject: &Subject, sight: &Sight, reader: &Reader<'_>, filing: &Filing) -> ReportItem {
    let (report, row) = (&subject.report, &subject.row);
    let (awaiting, due_at) = awaited(report, sight.side());
    ReportItem {
        id: row.id.to_string(),
        handle: row.handle.clone(),
        production: row.production_id.to_string(),
        shown_as: subject.production.shown_as().to_owned(),
        category: row.category.clone(),
        kind: filing.shared.as_ref().and_then(|part| part.kind.clone()),
        severity: report.severity.code().to_owned(),
        ongoing: filing.shared.as_ref().map(|part| part.ongoing),
        status: report.status().to_owned(),
        level: level_for(subject, sight.side()).0,
        cycle: report.cycle,
        awaiting: awaiting.map(|a| a.code().to_owned()),
        due_at: due_at.map(time),
        holder: holder(subject, sight),
        unanswered_by: unanswered_for(subject, sight.side()),
        opened: was_opened(report, sight),
        sealed: reader.keys.is_none() || (sight.view.parts.shared && !filing.is_open()),
        altered: filing.altered,
        overflow: row.overflow && sight.side() == Side::Union,
        updates: report.seen.by(sight.side()),
    }
}

/// Everything of one report that a member is shown.
pub(in crate::app) fn report(
    subject: &Subject,
    sight: &Sight,
    reader: &Reader<'_>,
    (events, opened, filing): (&[(i32, Event)], &[Opened], Filing),
    also_reported: Vec<String>,
) -> ReportView {
    let events = events_for(subject, sight, events);
    let report = &subject.report;
    let item = item(subject, sight, reader, &filing);
    ReportView {
        id: item.id,
        handle: item.handle,
        production: item.production,
        shown_as: item.shown_as,
        category: item.category,
        kind: item.kind,
        severity: item.severity,
        ongoing: item.ongoing,
        status: item.status,
        level: item.level,
        cycle: item.cycle,
        awaiting: item.awaiting,
        due_at: item.due_at,
        answer_due_at: answer_due_at(report).map(time),
        holder: item.holder,
        unanswered_by: item.unanswered_by,
        opened: item.opened,
        sealed: item.sealed,
        altered: item.altered,
        overflow: item.overflow,
        updates: item.updates,
        outcome: outcome(report).map(|o| o.code().to_owned()),
        stopped: report.stopped.as_ref().map(|s| s.may_restart_role.clone()),
        shared: filing.shared,
        union: filing.union,
        summary: filing.summary,
        answers: answers(&events, opened),
        messages: messages(&events, opened),
        timeline: timeline(&events, opened),
        promise: None,
        photos: Vec::new(),
        levels: levels(subject),
        acts: acts(report, sight),
        also_reported,
    }
}

/// When the answer is due, while a clock runs.
pub(in crate::app) const fn answer_due_at(report: &Report) -> Option<UtcMillis> {
    match &report.stage {
        Stage::Open(open) => Some(open.answer_by.at),
        Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => None,
    }
}

fn acts(report: &Report, sight: &Sight) -> Vec<String> {
    access::acts(report, &sight.view, &sight.viewer()).into_iter().map(|act| act_code(act).to_owned()).collect()
}

const fn act_code(act: Act) -> &'static str {
    match act {
        Act::Acknowledge => "acknowledge",
        Act::TakeOver => "take_over",
        Act::Answer => "answer",
        Act::StopWork => "stop_work",
        Act::Resume => "resume",
        Act::Verify => "verify",
        Act::Escalate => "escalate",
        Act::Summarise => "summarise",
        Act::NotCredible => "not_credible",
        Act::Write => "write",
        Act::Recuse => "recuse",
    }
}
