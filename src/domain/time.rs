//! Instants and spans: UTC milliseconds, checked arithmetic, rounding up to a step.

use serde::{Deserialize, Serialize};

/// An instant, UTC, milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcMillis(i64);

/// A length of time in whole seconds, 0 to 4,294,967,295.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl Seconds {
    /// Whole minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(minutes * 60)
    }

    /// Whole hours.
    pub const fn hours(hours: u32) -> Self {
        Self(hours * 3600)
    }

    /// Whole days of 24 hours.
    pub const fn days(days: u32) -> Self {
        Self(days * 86_400)
    }

    /// The same length in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0 as i64 * 1000
    }
}

impl UtcMillis {
    /// The instant this many milliseconds after 1970.
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This instant and a length. Stops at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus(self, length: Seconds) -> Self {
        Self(self.0.saturating_add(length.millis()))
    }

    /// This instant and milliseconds (negative: earlier). Stops at the ends of time.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to here; negative if this is the earlier one.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Rounded up to the step, in UTC; an instant on the step stays.
    ///
    /// Source: domain.md, "Exactly".
    #[must_use]
    pub const fn up(self, step: Seconds) -> Self {
        let step = step.millis();
        if step <= 0 {
            return self;
        }
        let over = self.0.rem_euclid(step);
        if over == 0 { self } else { Self(self.0.saturating_add(step - over)) }
    }

    /// The span of the step that this instant lies in, as (from, to): `to` is [`UtcMillis::up`], `from` one step earlier.
    ///
    /// Source: security.md, "What is stored about a reporter".
    pub const fn span(self, step: Seconds) -> (Self, Self) {
        let to = self.up(step);
        (Self(to.0.saturating_sub(step.millis())), to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_rounds_to_the_step_and_leaves_an_instant_on_it() {
        let minute = Seconds::minutes(1);
        assert_eq!(UtcMillis::new(60_001).up(minute), UtcMillis::new(120_000));
        assert_eq!(UtcMillis::new(60_000).up(minute), UtcMillis::new(60_000));
        assert_eq!(UtcMillis::new(-1).up(minute), UtcMillis::new(0));
    }

    #[test]
    fn arithmetic_stops_at_the_end_of_time() {
        assert_eq!(UtcMillis::new(i64::MAX).plus(Seconds(1)), UtcMillis::new(i64::MAX));
        assert_eq!(UtcMillis::new(i64::MAX).up(Seconds(7)).get(), i64::MAX);
    }

    #[test]
    fn a_span_ends_at_the_step_and_is_one_step_long() {
        let (from, to) = UtcMillis::new(65_000).span(Seconds::minutes(1));
        assert_eq!((from.get(), to.get()), (60_000, 120_000));
    }
}
