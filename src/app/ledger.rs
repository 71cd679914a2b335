//! Ledger leaves for what happens to a report.

use super::{App, error::AppError, record::Subject};
use crate::{
    domain::{event::Event, report::Report},
    storage::ledger::PendingRow,
};

impl App {
    /// The leaves of one event.
    pub(super) fn leaves(
        &self,
        _subject: &Subject,
        _event: &Event,
        _before: &Report,
    ) -> Result<Vec<PendingRow>, AppError> {
        Ok(Vec::new())
    }
}
