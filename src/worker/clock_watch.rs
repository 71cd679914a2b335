//! Compares the wall clock with one that never jumps.
//!
//! A breach cannot be taken back, so a wall clock that leapt forward must fire nothing. A machine that slept is another
//! matter: its steady clock went on, so that it shows as an outage and not as a jump.
//!
//! Source: architecture.md, "Deadlines"; domain.md, "Fairness".

use std::time::Duration;

use crate::{
    clock::Clock,
    domain::time::{Seconds, UtcMillis},
};

/// The furthest the wall clock may run ahead between two looks.
const FURTHEST: Seconds = Seconds::minutes(2);

/// Where both clocks stood at the last look.
#[derive(Debug)]
pub(super) struct ClockWatch {
    wall: UtcMillis,
    steady: Duration,
    /// How far ahead the wall clock is since it jumped, milliseconds; 0 while all is well.
    ahead: i64,
}

/// What a look showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Both went on together.
    Steady,
    /// The wall clock jumped forward by so many milliseconds.
    JumpedAhead(i64),
    /// It is still ahead.
    StillAhead,
    /// It was ahead, and was set back to where it belongs.
    CameBack,
}

impl ClockWatch {
    /// Begins to watch.
    pub(super) fn begin(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), steady: clock.steady(), ahead: 0 }
    }

    /// Takes the wall clock as it is from now on, as when somebody resumed the engine while it was ahead.
    pub(super) const fn accept(&mut self) {
        self.ahead = 0;
    }

    /// Looks at both clocks.
    pub(super) fn look(&mut self, clock: &dyn Clock) -> Seen {
        let (wall, steady) = (clock.now(), clock.steady());
        let passed = i64::try_from(steady.saturating_sub(self.steady).as_millis()).unwrap_or(i64::MAX);
        let drift = wall.since(self.wall).saturating_sub(passed);
        (self.wall, self.steady) = (wall, steady);
        if self.ahead == 0 {
            return self.first(drift);
        }
        self.ahead = self.ahead.saturating_add(drift);
        if self.ahead > FURTHEST.millis() {
            return Seen::StillAhead;
        }
        self.ahead = 0;
        Seen::CameBack
    }

    /// A jump back needs nothing: what is not due is not due, and what has fired has no deadline any more.
    const fn first(&mut self, drift: i64) -> Seen {
        if drift <= FURTHEST.millis() {
            return Seen::Steady;
        }
        self.ahead = drift;
        Seen::JumpedAhead(drift)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// Both clocks, moved by hand, each for itself.
    #[derive(Default)]
    struct Clocks {
        wall: AtomicI64,
        steady: AtomicI64,
    }

    impl Clocks {
        fn pass(&self, wall_seconds: i64, steady_seconds: i64) {
            self.wall.fetch_add(wall_seconds * 1000, Ordering::SeqCst);
            self.steady.fetch_add(steady_seconds * 1000, Ordering::SeqCst);
        }
    }

    impl Clock for Clocks {
        fn now(&self) -> UtcMillis {
            UtcMillis::new(self.wall.load(Ordering::SeqCst))
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.steady.load(Ordering::SeqCst).try_into().unwrap())
        }
    }

    #[test]
    fn a_machine_that_slept_is_no_jump() {
        let clocks = Clocks::default();
        let mut watch = ClockWatch::begin(&clocks);
        clocks.pass(8 * 3600, 8 * 3600);
        assert_eq!(watch.look(&clocks), Seen::Steady);
    }

    #[test]
    fn a_wall_clock_more_than_two_minutes_ahead_has_jumped_until_it_comes_back() {
        let clocks = Clocks::default();
        let mut watch = ClockWatch::begin(&clocks);
        clocks.pass(121, 1);
        assert_eq!(watch.look(&clocks), Seen::Steady);
        clocks.pass(3601, 1);
        assert_eq!(watch.look(&clocks), Seen::JumpedAhead(3_600_000));
        clocks.pass(10, 10);
        assert_eq!(watch.look(&clocks), Seen::StillAhead);
        clocks.pass(-3590, 10);
        assert_eq!(watch.look(&clocks), Seen::CameBack);
        clocks.pass(10, 10);
        assert_eq!(watch.look(&clocks), Seen::Steady);
    }

    #[test]
    fn a_clock_that_was_accepted_as_it_is_can_jump_again() {
        let clocks = Clocks::default();
        let mut watch = ClockWatch::begin(&clocks);
        clocks.pass(3600, 0);
        assert_eq!(watch.look(&clocks), Seen::JumpedAhead(3_600_000));
        watch.accept();
        clocks.pass(10, 10);
        assert_eq!(watch.look(&clocks), Seen::Steady);
        clocks.pass(3600, 0);
        assert_eq!(watch.look(&clocks), Seen::JumpedAhead(3_600_000));
    }

    #[test]
    fn a_jump_back_holds_nothing() {
        let clocks = Clocks::default();
        clocks.pass(7200, 0);
        let mut watch = ClockWatch::begin(&clocks);
        clocks.pass(-3600, 10);
        assert_eq!(watch.look(&clocks), Seen::Steady);
    }
}
