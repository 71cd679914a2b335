//! Copies what queries need from a report's state into the columns of its row.

use std::collections::BTreeSet;

use super::Subject;
use crate::{
    app::{context::json, error::AppError},
    domain::{
        access::board_at,
        event::Outcome,
        policy::{Level, Side},
        report::{Report, Stage},
    },
    storage::reports::{self, ReportRow},
};

/// Copies what queries need from the state into the row's columns.
pub(in crate::app) fn note_state(subject: &mut Subject) -> Result<(), AppError> {
    let (row, report) = (&mut subject.row, &subject.report);
    report.chain.code().clone_into(&mut row.chain);
    report.severity.code().clone_into(&mut row.severity);
    report.status().clone_into(&mut row.stage);
    row.awaiting = report.awaiting().map(|a| a.code().to_owned());
    row.level = i32::from(report.level().0);
    row.cycle = i32::from(report.cycle);
    row.due_at = report.due_at();
    row.wake_at = report.timer();
    row.deliver_at = match &report.stage {
        Stage::Filed { deliver_at } => Some(*deliver_at),
        Stage::Open(_) | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => None,
    };
    row.outcome = match &report.stage {
        Stage::Closed { outcome } => Some(outcome.code().to_owned()),
        Stage::Filed { .. } | Stage::Open(_) | Stage::Answered(_) | Stage::Exhausted(_) => None,
    };
    note_places(row, report);
    row.holder = report.holder.as_ref().map(|(member, _)| *member);
    row.unanswered = report.is_unanswered();
    row.open = report.is_open();
    if matches!(report.stage, Stage::Closed { outcome: Outcome::Withdrawn | Outcome::NotCredible }) {
        row.counts_for_repeated = false;
    }
    row.state = json(report)?;
    Ok(())
}

/// Where it stands on the boards, and whose levels were told: what is told stays told, so the highest one says enough.
/// Whoever sits at a lower level that was passed over is sorted out when the row is read.
fn note_places(row: &mut ReportRow, report: &Report) {
    let highest = |told: &BTreeSet<Level>| told.last().map_or(0, |level| i32::from(level.0));
    row.told_production = if report.observers_told { reports::OBSERVERS } else { highest(&report.reached) };
    row.told_union = highest(&report.union_reached);
    row.board_at = board_at(report, Side::Production);
    row.board_at_union = board_at(report, Side::Union);
}
