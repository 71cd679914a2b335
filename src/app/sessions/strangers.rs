//! How failed sign-ins slow a name down, and what is remembered of names that have no account.
//!
//! Threat: if only accounts slowed down, four wrong passwords would tell who has one. So names without an account slow
//! down too. That is kept in memory alone: they have no row, and nothing is lost if it is forgotten.
//!
//! Source: security.md, "Accounts".

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    app::error::AppError,
    auth::slow_down::{Failures, LONGEST},
    domain::time::{Seconds, UtcMillis},
    sealing::sha256,
};

/// Names that are remembered at most; with more, all of them start anew.
const REMEMBERED: usize = 10_000;

/// How often a name failed, and when the next try counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slow {
    /// Failures in a row.
    pub(super) count: u32,
    /// When the next try is allowed.
    pub(super) until: UtcMillis,
}

impl Slow {
    /// One more failure. The end of the wait stands in for the last failure: at most half a minute later, by which
    /// forgetting comes later too.
    pub(super) fn one_more(before: Option<Self>, now: UtcMillis) -> Self {
        let before = before.map(|slow| Failures { count: slow.count, last: slow.until });
        let failed = Failures::one_more(before, now);
        Self { count: failed.count, until: now.plus(failed.wait(now).unwrap_or(Seconds(0))) }
    }
}

/// Refuses a try that comes before the end of the wait.
///
/// # Errors
/// [`AppError::SlowDown`] with 1 to 30 seconds.
pub(super) fn refuse_if_too_soon(slow: Option<Slow>, now: UtcMillis) -> Result<(), AppError> {
    let left = slow.map_or(0, |slow| slow.until.since(now));
    if left <= 0 {
        return Ok(());
    }
    // A clock that was put back must not make anybody wait longer than the longest wait.
    let seconds = u32::try_from((left + 999) / 1000).unwrap_or(LONGEST.0);
    Err(AppError::SlowDown { retry_after_seconds: seconds.min(LONGEST.0) })
}

/// Failed sign-ins under names that have no account, by SHA-256 of the name.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<HashMap<[u8; 32], Slow>>);

impl Strangers {
    pub(super) fn slow(&self, email: &str) -> Option<Slow> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&sha256(&[email.as_bytes()])).copied()
    }

    pub(super) fn count(&self, email: &str, now: UtcMillis) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let name = sha256(&[email.as_bytes()]);
        let failed = Slow::one_more(known.get(&name).copied(), now);
        known.insert(name, failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis::new(1_000_000);

    #[test]
    fn the_fourth_failure_of_a_name_without_an_account_has_to_wait_and_nobody_waits_longer_than_half_a_minute() {
        let strangers = Strangers::default();
        for _ in 0..3 {
            strangers.count("a@b.org", NOW);
            assert!(refuse_if_too_soon(strangers.slow("a@b.org"), NOW).is_ok());
        }
        for _ in 0..20 {
            strangers.count("a@b.org", NOW);
        }
        let refusal = refuse_if_too_soon(strangers.slow("a@b.org"), NOW).unwrap_err();
        assert!(matches!(refusal, AppError::SlowDown { retry_after_seconds: 30 }), "{refusal}");
        assert!(refuse_if_too_soon(strangers.slow("a@b.org"), NOW.plus(Seconds(30))).is_ok());
        assert!(refuse_if_too_soon(strangers.slow("c@d.org"), NOW).is_ok());
    }

    #[test]
    fn an_hour_after_the_wait_all_is_forgotten() {
        let slow = Slow { count: 20, until: NOW };
        assert_eq!(Slow::one_more(Some(slow), NOW.plus(Seconds::hours(1))).count, 1);
        assert_eq!(Slow::one_more(Some(slow), NOW.plus(Seconds(30))).count, 21);
    }

    #[test]
    fn a_clock_that_was_put_back_makes_nobody_wait_longer() {
        let slow = Slow { count: 20, until: NOW };
        let refusal = refuse_if_too_soon(Some(slow), UtcMillis::new(0)).unwrap_err();
        assert!(matches!(refusal, AppError::SlowDown { retry_after_seconds: 30 }), "{refusal}");
    }
}
