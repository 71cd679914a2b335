//! Housekeeping, at least hourly: what is only kept for a while goes, and deleted text leaves the disk.

use crate::{
    app::{App, error::AppError},
    domain::time::Seconds,
};

/// Between two rounds.
///
/// Source: security.md, "What is stored about a reporter": a truncating checkpoint at least hourly.
pub(super) const ROUND: Seconds = Seconds::minutes(30);
/// Until the next try after a round that failed.
pub(super) const AFTER_FAILURE: Seconds = Seconds::minutes(1);

/// One round.
///
/// # Errors
/// [`AppError::Unavailable`]; the next round makes up for it.
pub(super) async fn round(app: &App) -> Result<(), AppError> {
    app.keep_up().await
}
