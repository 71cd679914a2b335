//! Makes what is shown out of what is on record.

use crate::domain::time::UtcMillis;

/// An instant as RFC 3339 in UTC, whole seconds where it is one.
pub(super) fn time(at: UtcMillis) -> String {
    jiff::Timestamp::from_millisecond(at.get()).unwrap_or(jiff::Timestamp::MAX).to_string()
}
