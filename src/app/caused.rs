//! The rows that events cause: themselves, notices, ledger leaves.

use super::{App, context::json, error::AppError, ledger::Stored, notices::report as report_notices, record::Subject};
use crate::{
    domain::{
        event::{By, Event, EventKind},
        ids::{EventId, ReportId},
        lifecycle::apply,
    },
    sealing::server::{ServerKey, Written},
    storage::{
        Bytes, Tx,
        ledger::{self, PendingRow},
        outbox::{self, NoticeRow},
        report_parts::{self, EventRow},
        reports::ReportRow,
    },
};

/// Rows that events cause, before they are written.
#[derive(Debug, Default)]
pub(super) struct Caused {
    /// The events themselves.
    pub(super) events: Vec<EventRow>,
    /// Whom they are told to.
    pub(super) notices: Vec<NoticeRow>,
    /// What they leave in the ledger.
    pub(super) leaves: Vec<PendingRow>,
}

impl Caused {
    /// These, and then those.
    pub(super) fn append(&mut self, mut other: Self) {
        self.events.append(&mut other.events);
        self.notices.append(&mut other.notices);
        self.leaves.append(&mut other.leaves);
    }

    /// Writes them.
    pub(super) fn write(self, tx: &mut Tx) -> Result<(), AppError> {
        report_parts::append_events(tx, &self.events)?;
        outbox::enqueue(tx, &self.notices)?;
        ledger::add_pending(tx, &self.leaves)?;
        Ok(())
    }
}

impl App {
    /// Events with what each causes, gathered so that the rows of many reports are written at once; the subject is left
    /// in the state after the last one.
    pub(super) fn gather(
        &self,
        tx: &mut Tx,
        subject: &mut Subject,
        events: &[Event],
        caused: &mut Caused,
    ) -> Result<(), AppError> {
        self.gather_beside(&mut Stored::In(tx), subject, events, caused)
    }

    /// As [`App::gather`], for a report of which nothing is stored yet: so it needs no database.
    pub(super) fn gather_first(&self, subject: &mut Subject, events: &[Event]) -> Result<Caused, AppError> {
        let mut caused = Caused::default();
        self.gather_beside(&mut Stored::Nothing, subject, events, &mut caused)?;
        Ok(caused)
    }

    fn gather_beside(
        &self,
        stored: &mut Stored<'_>,
        subject: &mut Subject,
        events: &[Event],
        caused: &mut Caused,
    ) -> Result<(), AppError> {
        for event in events {
            let after = apply(subject.report.clone(), event);
            let before = std::mem::replace(&mut subject.report, after);
            let seq = before.counted.values().sum::<u32>();
            let id = EventId::new(self.inner.entropy.bytes());
            caused.events.push(event_row(&self.inner.keys.written, subject.row.id, (seq, id), event)?);
            caused.notices.extend(report_notices::rows(self, subject, id, event, &before)?);
            note_delivery(&mut subject.row, event);
            let seq = i32::try_from(seq).map_err(AppError::internal)?;
            caused.leaves.extend(self.leaves(stored, subject, event, seq)?);
            begin_ledger(subject, event);
        }
        Ok(())
    }
}

fn event_row(
    key: &ServerKey<Written>,
    report_id: ReportId,
    (seq, id): (u32, EventId),
    event: &Event,
) -> Result<EventRow, AppError> {
    let (member_id, role) = match &event.by {
        By::Member { member, role, .. } => (Some(*member), Some(role.clone())),
        By::Service | By::Reporter => (None, None),
    };
    let mut row = EventRow {
        report_id,
        seq: i32::try_from(seq).map_err(AppError::internal)?,
        id,
        at_from: event.at.from,
        at_to: event.at.to,
        kind: event.kind.code().to_owned(),
        chain: event.chain.code().to_owned(),
        level: event.kind.level().map_or(0, |l| i32::from(l.0)),
        cycle: i32::from(event.cycle),
        n: i32::try_from(event.n).map_err(AppError::internal)?,
        member_id,
        role,
        body: json(event)?,
        mac: Bytes([0; 32]),
    };
    row.mac = Bytes(mac_of(key, &row));
    Ok(row)
}

/// The keyed hash of everything else in an event's row. Each part has its length before it, so that no byte can move from
/// one to the next. A stolen database shows nothing by it; without the root secret nobody makes one for another row.
pub(super) fn mac_of(key: &ServerKey<Written>, row: &EventRow) -> [u8; 32] {
    let numbers = [row.seq, row.level, row.cycle, row.n].map(i32::to_be_bytes).concat();
    let times = [row.at_from, row.at_to].map(|at| at.get().to_be_bytes()).concat();
    let member = row.member_id.map_or(Vec::new(), |member| member.as_bytes().to_vec());
    // An absent role is not an empty one.
    let role = row.role.as_ref().map_or(Vec::new(), |role| [b"=", role.as_bytes()].concat());
    let parts: [&[u8]; 9] = [
        row.report_id.as_bytes(),
        row.id.as_bytes(),
        &numbers,
        &times,
        row.kind.as_bytes(),
        row.chain.as_bytes(),
        &member,
        &role,
        row.body.as_bytes(),
    ];
    let lengths = parts.map(|part| (part.len() as u64).to_be_bytes());
    let framed: Vec<&[u8]> = lengths.iter().zip(parts).flat_map(|(length, part)| [length.as_slice(), part]).collect();
    key.mac(&framed)
}

/// A chain that starts with a union summary has an L of its own, and its leaves begin anew: what came before is not for
/// the production side to find.
///
/// Source: ledger.md, "Entries".
fn begin_ledger(subject: &mut Subject, event: &Event) {
    if matches!(event.kind, EventKind::Summary { .. })
        && let Some(key) = subject.next_ledger_key.take()
    {
        subject.row.ledger_key = key;
        subject.row.prev_entry = None;
    }
}

fn note_delivery(row: &mut ReportRow, event: &Event) {
    if matches!(event.kind, EventKind::Delivered) {
        row.delivered_from = Some(event.at.from);
        row.delivered_to = Some(event.at.to);
    }
}
