//! How many due reports share a transaction.

use std::time::Duration;

/// A transaction lasts at least this long if there is enough to do …
const SHORT: Duration = Duration::from_millis(25);
/// … and at most this long, because on SQLite everybody who writes waits for it.
///
/// Source: architecture.md, "Deadlines".
const LONG: Duration = Duration::from_millis(50);
const MOST: usize = 2048;

/// The size of the next set, which follows the time that the last one took.
#[derive(Debug)]
pub(super) struct BatchSize(usize);

impl BatchSize {
    /// A size that is short on any machine.
    pub(super) const fn first() -> Self {
        Self(32)
    }

    /// Reports in the next set, 1..=2048.
    pub(super) const fn get(&self) -> usize {
        self.0
    }

    /// Learns from a set. One that was not full shows nothing about a larger one.
    pub(super) fn learn(&mut self, took: Duration, was_full: bool) {
        if took > LONG {
            self.0 = (self.0 / 2).max(1);
        } else if was_full && took < SHORT {
            self.0 = (self.0 * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_grows_while_it_is_short_and_shrinks_when_it_is_long() {
        let mut size = BatchSize::first();
        size.learn(Duration::from_millis(5), true);
        assert_eq!(size.get(), 64);
        size.learn(Duration::from_millis(5), false);
        size.learn(Duration::from_millis(40), true);
        assert_eq!(size.get(), 64);
        size.learn(Duration::from_millis(51), true);
        assert_eq!(size.get(), 32);
    }

    #[test]
    fn a_set_has_at_least_one_report_and_never_more_than_2048() {
        let mut size = BatchSize::first();
        (0..20).for_each(|_| size.learn(Duration::from_secs(1), true));
        assert_eq!(size.get(), 1);
        (0..20).for_each(|_| size.learn(Duration::ZERO, true));
        assert_eq!(size.get(), 2048);
    }
}
