//! Instants as they stand in promises and sentences.

use jiff::Timestamp;

use crate::domain::time::UtcMillis;

/// RFC 3339, UTC, whole seconds: `2021-10-16T16:55:00Z`.
pub fn shown(at: UtcMillis) -> String {
    let seconds = at.get().div_euclid(1000);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The instant that this text stands for; `None` for any other spelling.
pub(super) fn parsed(text: &str) -> Option<UtcMillis> {
    let at = UtcMillis::new(text.parse::<Timestamp>().ok()?.as_millisecond());
    (shown(at) == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_one_spelling() {
        let at = UtcMillis::new(1_634_403_300_999);
        assert_eq!(shown(at), "2021-10-16T16:55:00Z");
        assert_eq!(parsed("2021-10-16T16:55:00Z"), Some(UtcMillis::new(1_634_403_300_000)));
        for other in ["2021-10-16T16:55:00.5Z", "2021-10-16T16:55:00+00:00", "2021-10-16 16:55:00Z", "now", ""] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }
}
