//! The only file that asks the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::UtcMillis;

/// Where a use case gets the time from. It asks once per use case.
pub trait Clock: Send + Sync {
    /// Wall-clock time, UTC, in milliseconds.
    fn now(&self) -> UtcMillis;
    /// Time since an arbitrary start that never jumps; compared with [`Clock::now`] to find jumps of the wall clock.
    fn monotonic(&self) -> Duration;

    /// As [`Clock::monotonic`], and it goes on while the machine sleeps: with it a suspend can be told from a jump of the
    /// wall clock. Where a system has no such clock, a suspend looks like a jump.
    fn steady(&self) -> Duration {
        self.monotonic()
    }
}

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[expect(clippy::disallowed_methods, reason = "this file is the one that asks the time")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this file is the one that asks the time")]
    fn now(&self) -> UtcMillis {
        // A clock before 1970 reads as 1970: the engine then holds, which is what a broken clock should cause.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UtcMillis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn steady(&self) -> Duration {
        of_system(rustix::time::ClockId::Boottime)
    }

    #[cfg(any(target_os = "macos", target_os = "ios"))]
    fn steady(&self) -> Duration {
        of_system(rustix::time::ClockId::Monotonic)
    }
}

/// A clock of the system that goes on in suspend, since the machine started.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "ios"))]
fn of_system(id: rustix::time::ClockId) -> Duration {
    let at = rustix::time::clock_gettime(id);
    // Neither part is ever negative for these clocks.
    Duration::new(u64::try_from(at.tv_sec).unwrap_or_default(), u32::try_from(at.tv_nsec).unwrap_or_default())
}
