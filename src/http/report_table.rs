//! A page of the board as a table.

use super::csv::{Table, or_empty};
use crate::app::view::{ReportItem, UnansweredView};

/// The table of a page.
pub(super) fn table(items: &[ReportItem]) -> Table<22> {
    Table {
        columns: [
            "id",
            "handle",
            "production",
            "shown_as",
            "category",
            "kind",
            "severity",
            "ongoing",
            "status",
            "level",
            "cycle",
            "awaiting",
            "due_at",
            "holder_role",
            "holder_name",
            "holder_is_me",
            "unanswered_by",
            "opened",
            "sealed",
            "altered",
            "overflow",
            "updates",
        ],
        lines: items.iter().map(line).collect(),
    }
}

fn line(item: &ReportItem) -> [String; 22] {
    let holder = item.holder.as_ref();
    [
        item.id.clone(),
        item.handle.clone(),
        item.production.clone(),
        item.shown_as.clone(),
        item.category.clone(),
        or_empty(item.kind.as_ref()),
        item.severity.clone(),
        item.ongoing.map(|ongoing| ongoing.code().to_owned()).unwrap_or_default(),
        item.status.clone(),
        item.level.to_string(),
        item.cycle.to_string(),
        or_empty(item.awaiting.as_ref()),
        or_empty(item.due_at.as_ref()),
        holder.map(|holder| holder.role.clone()).unwrap_or_default(),
        holder.and_then(|holder| holder.name.clone()).unwrap_or_default(),
        holder.map(|holder| holder.is_me.to_string()).unwrap_or_default(),
        item.unanswered_by.iter().map(missed).collect::<Vec<_>>().join("; "),
        item.opened.to_string(),
        item.sealed.to_string(),
        item.altered.to_string(),
        item.overflow.to_string(),
        item.updates.to_string(),
    ]
}

fn missed(missed: &UnansweredView) -> String {
    let UnansweredView { level, cycle, awaiting, due_at, recorded_as, .. } = missed;
    let late = missed.answered_late_at.as_ref().map(|at| format!(", answered late {at}")).unwrap_or_default();
    format!("level {level}, cycle {cycle}: {awaiting} by {due_at} ({recorded_as}{late})")
}
