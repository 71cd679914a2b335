//! Outbox rows for what happens to a report. They hold facts only: never a word of the report, a category, or a link.

use serde::{Deserialize, Serialize};

use crate::{
    app::{App, context::json, error::AppError, record::Subject},
    domain::{
        audience::{Notice, audience},
        event::{Awaiting, By, Event, EventKind},
        ids::{EventId, NoticeId},
        notice::NoticeKind,
        report::Report,
        time::UtcMillis,
    },
    storage::{beside, outbox::NoticeRow},
};

/// The one channel there is.
const MAIL: &[u8] = b"mail";

/// What a mail about a report is made from, together with the report as it is when the mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct ReportBody {
    /// The level that the event is about.
    pub level: Option<u8>,
    /// The level the reader sits at; none for observers.
    pub reader_level: Option<u8>,
    /// The cycle it happened in.
    pub cycle: u16,
    /// What is awaited after it.
    pub awaiting: Option<Awaiting>,
    /// By when.
    pub due_at: Option<UtcMillis>,
    /// The deadline that was missed before it.
    pub was_due: Option<UtcMillis>,
    /// Role of whoever acted.
    pub by_role: Option<String>,
    /// The span of the event: what the delivery keeps instead of a time.
    pub span_seconds: u32,
}

/// The rows for one event.
pub(in crate::app) fn rows(
    app: &App,
    subject: &Subject,
    id: EventId,
    event: &Event,
    before: &Report,
) -> Result<Vec<NoticeRow>, AppError> {
    let notices = audience(event, before, &subject.report, &subject.people.seats);
    notices.iter().map(|notice| row(app, subject, id, event, before, notice)).collect()
}

fn row(
    app: &App,
    subject: &Subject,
    id: EventId,
    event: &Event,
    before: &Report,
    notice: &Notice,
) -> Result<NoticeRow, AppError> {
    let report = &subject.report;
    let due_at = due_of(event, report);
    let step = subject.policy.step(report.row());
    let body = ReportBody {
        level: event.kind.level().map(|l| l.0),
        reader_level: notice.level.map(|l| l.0),
        cycle: report.cycle,
        awaiting: if due_at.is_some() { awaited_of(event, report) } else { None },
        due_at,
        was_due: was_due(event, before),
        by_role: match &event.by {
            By::Member { role, .. } => Some(role.clone()),
            By::Service | By::Reporter => None,
        },
        span_seconds: step.0,
    };
    let key = app.inner.keys.notice.mac(&[id.as_bytes(), notice.member.as_bytes(), MAIL]);
    Ok(NoticeRow {
        // A part of the key, so that a second row for it has the same id.
        id: NoticeId::new(beside(subject.row.id, &key)),
        key: key.into(),
        kind: notice.kind.as_str().to_owned(),
        report_id: Some(subject.row.id),
        member_id: Some(notice.member),
        invitation_id: None,
        production_id: Some(subject.row.production_id),
        email: None,
        body: json(&body)?,
        due_at,
        // The start of the span: a row that waits must not show the exact second of a filing.
        next_attempt_at: event.at.from,
        leased_until: None,
        attempts: 0,
        state: "waiting".to_owned(),
    })
}

fn due_of(event: &Event, report: &Report) -> Option<UtcMillis> {
    if let EventKind::Assigned { acknowledge_by, answer_by, acknowledged, .. } = &event.kind {
        return Some(if *acknowledged { *answer_by } else { *acknowledge_by });
    }
    if let EventKind::VerificationAsked { due_at, .. } = &event.kind {
        return Some(*due_at);
    }
    // A level that is skipped has no clock; the one that ran before it is over.
    if matches!(event.kind, EventKind::NoRecipient { .. }) { None } else { report.due_at() }
}

fn awaited_of(event: &Event, report: &Report) -> Option<Awaiting> {
    if let EventKind::Assigned { acknowledged, .. } = &event.kind {
        return Some(if *acknowledged { Awaiting::Answer } else { Awaiting::Acknowledgement });
    }
    if matches!(event.kind, EventKind::VerificationAsked { .. }) {
        return Some(Awaiting::Verification);
    }
    report.awaiting()
}

/// The deadline that passed: of a breach, or of a check that is passed on.
fn was_due(event: &Event, before: &Report) -> Option<UtcMillis> {
    if let EventKind::Breached { due_at, .. } = &event.kind {
        return Some(*due_at);
    }
    if matches!(event.kind, EventKind::VerificationAsked { .. }) { before.due_at() } else { None }
}

/// The kind that a row names.
pub(in crate::app) fn kind_of(row: &NoticeRow) -> Result<NoticeKind, AppError> {
    row.kind.parse().map_err(AppError::internal)
}
