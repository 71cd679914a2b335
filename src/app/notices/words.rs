//! Facts for the words of a notice, made when it is sent: from the row, the report as it is then, and what the reader
//! may know.
//!
//! Source: domain.md, "Notices"; experience.md, "Mail"; security.md, "What is stored about a reporter".

use super::{report::ReportBody, steps::steps};
use crate::{
    app::{Production, Seat, record::Subject},
    domain::{
        access::{Act as Allowed, permit},
        catalogue::{Chain, Severity},
        event::Awaiting,
        notice::NoticeKind,
        policy::{Level, Side},
        report::{Report, Stage},
        time::UtcMillis,
    },
    notify::facts::{self, Act, Due, HowSoon, NoticeFacts, Reader, ReportFacts, Who},
};

/// What the mail to one seat says, but for its person or report and its link.
pub(in crate::app) fn facts_for(
    kind: NoticeKind,
    production: &Production,
    seat: &Seat,
    desk_url: String,
    now: UtcMillis,
) -> NoticeFacts {
    NoticeFacts {
        kind,
        shown_as: production.shown_as().to_owned(),
        reader: reader_of(seat.side),
        reader_roles: seat.roles.clone(),
        now,
        time_zone: production.settings.time_zone.clone(),
        report: None,
        person: None,
        outage: None,
        link: None,
        desk_url,
        ledger: None,
    }
}

/// How a side reads.
pub(in crate::app) const fn reader_of(side: Side) -> Reader {
    match side {
        Side::Production => Reader::Production,
        Side::Union => Reader::Union,
        Side::Observer => Reader::Observer,
    }
}

/// What a mail to this seat says of the report, as it is now.
pub(in crate::app) fn report_facts(kind: NoticeKind, subject: &Subject, body: &ReportBody, seat: &Seat) -> ReportFacts {
    let report = &subject.report;
    ReportFacts {
        how_soon: match report.severity {
            Severity::Immediate => HowSoon::RightNow,
            Severity::NextSetup => HowSoon::BeforeNextSetup,
            Severity::NextCall => HowSoon::BeforeNextCall,
            Severity::Concern => HowSoon::NotSoon,
        },
        handle: subject.row.handle.clone(),
        chain: match report.chain {
            Chain::Production => facts::Chain::Production,
            Chain::Union => facts::Chain::Union,
        },
        due: due(kind, report, body, seat),
        was_due: was_due(kind, report, body),
        level: if kind == NoticeKind::Breach { body.level } else { None },
        by_role: body.by_role.clone(),
        steps: steps(subject, seat.side),
    }
}

/// The deadline by which this seat may acknowledge now, by link; none where it may not.
///
/// Source: security.md, "Accounts" (mail links).
pub(in crate::app) fn may_acknowledge_until(subject: &Subject, seat: &Seat, now: UtcMillis) -> Option<UtcMillis> {
    let Stage::Open(open) = &subject.report.stage else { return None };
    let sight = subject.sight(seat.member)?;
    let may = permit(&subject.report, &sight.view, &sight.viewer(), Allowed::Acknowledge).is_ok();
    (may && now < open.due_at()).then(|| open.due_at())
}

/// What is awaited, and of whom: as it is now where the clock of the event still runs, else as it was then, so that a
/// mail that is late says what was due.
fn due(kind: NoticeKind, report: &Report, body: &ReportBody, seat: &Seat) -> Option<Due> {
    let (awaiting, at, levels) = match &report.stage {
        Stage::Open(open) if is_of_no_clock(kind, body) || is_current(kind, body, report, &open.levels) => {
            (report.awaiting()?, open.due_at(), open.levels.clone())
        }
        Stage::Answered(answered) if is_about_answer(body) => {
            let promised = answered.plan.as_ref().map(|plan| plan.level);
            (report.awaiting()?, report.due_at()?, promised.into_iter().collect())
        }
        Stage::Open(_) | Stage::Answered(_) | Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => {
            (body.awaiting?, body.due_at?, body.level.map(Level).into_iter().collect())
        }
    };
    let who = whose(awaiting, report, &levels, seat);
    // Told early: they may act, and owe nothing while the clock of another step runs.
    let is_early = kind == NoticeKind::LevelEntered && seat.side == report.clock_side() && who != Who::You;
    (!is_early).then_some(Due { act: act(awaiting)?, who, at })
}

/// Told of a level that was skipped: what matters to the reader is the clock that runs instead.
fn is_of_no_clock(kind: NoticeKind, body: &ReportBody) -> bool {
    kind == NoticeKind::LevelEntered && body.due_at.is_none()
}

/// The clock that the event is about is the one that runs now.
fn is_current(kind: NoticeKind, body: &ReportBody, report: &Report, running: &[Level]) -> bool {
    let entered = kind == NoticeKind::LevelEntered;
    let passed = body.level.is_some_and(|level| Some(Level(level)) <= report.highest && !runs(running, level));
    body.cycle == report.cycle && !(entered && passed)
}

fn runs(running: &[Level], level: u8) -> bool {
    running.contains(&Level(level))
}

const fn is_about_answer(body: &ReportBody) -> bool {
    matches!(body.awaiting, Some(Awaiting::Completion | Awaiting::Verification | Awaiting::Contest))
}

fn whose(awaiting: Awaiting, report: &Report, levels: &[Level], seat: &Seat) -> Who {
    if awaiting == Awaiting::Verification {
        return if seat.side == Side::Union { Who::You } else { Who::Union };
    }
    let side = report.clock_side();
    let mine = seat.side == side && seat.level.is_some_and(|level| levels.contains(&level));
    match side {
        Side::Production | Side::Union if mine => Who::You,
        Side::Production | Side::Observer => Who::Production,
        Side::Union => Who::Union,
    }
}

/// Only these are acts of somebody who reads mails; the contest is the reporter's.
const fn act(awaiting: Awaiting) -> Option<Act> {
    match awaiting {
        Awaiting::Acknowledgement => Some(Act::Reply),
        Awaiting::Answer => Some(Act::Answer),
        Awaiting::Completion => Some(Act::Completion),
        Awaiting::Verification => Some(Act::Check),
        Awaiting::Delivery | Awaiting::Contest => None,
    }
}

/// The deadline before: of an answer that came late, or of a check that was passed on.
fn was_due(kind: NoticeKind, report: &Report, body: &ReportBody) -> Option<UtcMillis> {
    if kind == NoticeKind::VerificationAsked {
        return body.was_due;
    }
    if kind != NoticeKind::Answered {
        return None;
    }
    let late = report.unanswered_by().filter(|b| b.answered_late_at.is_some() && b.cycle == body.cycle);
    late.filter(|b| Some(b.level.0) == body.level).map(|b| b.due_at).last()
}
