//! Time moved by hand, and chance that can be repeated.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use lastlooks::{
    clock::Clock,
    domain::time::{Seconds, UtcMillis},
    entropy::Entropy,
    sealing::sha256,
};

/// A clock that stands still until a story moves it.
#[derive(Debug)]
pub struct ManualClock {
    began: UtcMillis,
    now: AtomicI64,
    /// How far the wall clock was set, milliseconds.
    set: AtomicI64,
    /// How long the machine slept, milliseconds.
    asleep: AtomicI64,
    /// How often somebody asked.
    looks: AtomicU64,
}

impl ManualClock {
    /// A clock that stands at this instant.
    pub fn at(now: UtcMillis) -> Self {
        let (set, asleep, looks) = (AtomicI64::default(), AtomicI64::default(), AtomicU64::default());
        Self { began: now, now: AtomicI64::new(now.get()), set, asleep, looks }
    }

    /// How often somebody has asked what time it is.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }

    /// Moves it on.
    pub fn advance(&self, by: Seconds) {
        self.now.fetch_add(by.millis(), Ordering::SeqCst);
    }

    /// Sets the wall clock by so many seconds, forward or back, while no time passes.
    pub fn is_set_by(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
        self.set.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// The machine sleeps for so long: the wall clock goes on, and so does what counts through a suspend.
    pub fn sleeps(&self, by: Seconds) {
        self.asleep.fetch_add(by.millis(), Ordering::SeqCst);
        self.advance(by);
    }

    /// Moves it on to an instant, unless it is later already.
    pub fn at_least(&self, at: UtcMillis) {
        self.now.fetch_max(at.get(), Ordering::SeqCst);
    }

    /// Moves it to an instant that is not earlier.
    pub fn move_to(&self, at: UtcMillis) {
        let before = self.now.swap(at.get(), Ordering::SeqCst);
        assert!(before <= at.get(), "stories go forward");
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UtcMillis {
        self.looks.fetch_add(1, Ordering::SeqCst);
        UtcMillis::new(self.now.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        let asleep = u64::try_from(self.asleep.load(Ordering::SeqCst)).unwrap_or_default();
        self.steady().saturating_sub(Duration::from_millis(asleep))
    }

    fn steady(&self) -> Duration {
        let passed = self.now().since(self.began) - self.set.load(Ordering::SeqCst);
        Duration::from_millis(u64::try_from(passed).unwrap_or_default())
    }
}

/// Chance that is the same in every run with the same seed.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The chance of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            let number = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = sha256(&[&self.seed.to_be_bytes(), &number.to_be_bytes()]);
            part.copy_from_slice(&block[..part.len()]);
        }
    }
}
