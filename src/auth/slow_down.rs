//! Failed sign-ins slow an account down. They never lock it: somebody with a deadline must always get in.
//!
//! Source: security.md, "Accounts".

use crate::domain::time::{Seconds, UtcMillis};

/// The longest that anybody is asked to wait.
pub const LONGEST: Seconds = Seconds(30);
/// After this long without a failure all is forgotten.
pub const FORGOTTEN_AFTER: Seconds = Seconds::hours(1);
/// Failures that cost nothing: people mistype.
const FREE: u32 = 3;

/// What is stored of an account's failed sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many in a row.
    pub count: u32,
    /// The last of them.
    pub last: UtcMillis,
}

impl Failures {
    /// One more failure, after what is stored so far. A success stores nothing instead.
    #[must_use]
    pub fn one_more(before: Option<Self>, now: UtcMillis) -> Self {
        let count = before.filter(|failures| !failures.is_forgotten(now)).map_or(0, |failures| failures.count);
        Self { count: count.saturating_add(1), last: now }
    }

    /// How long the next try must still wait: 1..=30 whole seconds, `None` if it need not. 429 with Retry-After.
    pub fn wait(&self, now: UtcMillis) -> Option<Seconds> {
        if self.is_forgotten(now) {
            return None;
        }
        let left = self.last.plus(self.delay()).since(now);
        if left <= 0 {
            return None;
        }
        // A clock that was put back must not make anybody wait longer than the longest wait.
        let seconds = u32::try_from(left.div_euclid(1000) + i64::from(left % 1000 > 0)).unwrap_or(LONGEST.0);
        Some(Seconds(seconds.min(LONGEST.0)))
    }

    /// Nothing for the first three, then 1, 2, 4, 8, 16, 30 seconds.
    fn delay(&self) -> Seconds {
        match self.count.checked_sub(FREE + 1) {
            None => Seconds(0),
            Some(doublings) => {
                Seconds(1u32.checked_shl(doublings).filter(|s| *s != 0).map_or(LONGEST.0, |s| s.min(LONGEST.0)))
            }
        }
    }

    fn is_forgotten(&self, now: UtcMillis) -> bool {
        now.since(self.last) >= FORGOTTEN_AFTER.millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis::new(1_800_000_000_000);

    fn after(count: u32) -> Failures {
        (0..count).fold(None, |before, _| Some(Failures::one_more(before, NOW))).unwrap()
    }

    #[test]
    fn three_failures_are_free_and_then_the_wait_doubles_up_to_30_seconds() {
        let waits: Vec<_> = (1..=10).map(|count| after(count).wait(NOW).map_or(0, |wait| wait.0)).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn no_number_of_failures_locks_an_account() {
        for count in [31, 36, 1000, u32::MAX] {
            let failures = Failures { count, last: NOW };
            assert_eq!(failures.wait(NOW), Some(LONGEST), "{count}");
            assert_eq!(failures.wait(NOW.plus(LONGEST)), None, "{count}");
        }
        assert_eq!(Failures::one_more(Some(Failures { count: u32::MAX, last: NOW }), NOW).count, u32::MAX);
    }

    #[test]
    fn the_wait_shrinks_to_its_end_and_is_told_in_whole_seconds() {
        let failures = after(6);
        assert_eq!(failures.wait(NOW.plus_millis(1)), Some(Seconds(4)));
        assert_eq!(failures.wait(NOW.plus_millis(3999)), Some(Seconds(1)));
        assert_eq!(failures.wait(NOW.plus_millis(4000)), None);
    }

    #[test]
    fn an_hour_without_failure_forgets_them() {
        let later = NOW.plus(FORGOTTEN_AFTER);
        assert_eq!(Failures::one_more(Some(after(9)), later), Failures { count: 1, last: later });
        assert_eq!(Failures::one_more(Some(after(9)), later.plus_millis(-1)).count, 10);
    }

    #[test]
    fn a_clock_put_back_makes_nobody_wait_longer() {
        assert_eq!(after(9).wait(NOW.plus_millis(-86_400_000)), Some(LONGEST));
    }
}
