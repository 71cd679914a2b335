//! Time that threads spent on a core, as Linux counts it. Nothing elsewhere: then shares are left out.

use std::{collections::BTreeMap, fs, time::Duration};

/// Time on a core, by what it was spent for.
pub(crate) type Shares = BTreeMap<&'static str, Duration>;

/// Time that the calling thread spent on a core so far.
pub(crate) fn of_this_thread() -> Duration {
    on_core("/proc/thread-self/schedstat").unwrap_or_default()
}

/// Time that the threads of this process spent on a core so far, and everything else on this machine.
pub(crate) fn of_everything() -> Shares {
    let mut shares = Shares::new();
    let mut ours = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let file = |name: &str| task.path().join(name).display().to_string();
        let (Ok(name), Some(spent)) = (fs::read_to_string(file("comm")), on_core(&file("schedstat"))) else { continue };
        *shares.entry(purpose(name.trim())).or_default() += spent;
        ours += spent;
    }
    if let Some(all) = busy() {
        shares.insert("elsewhere on this machine", all.saturating_sub(ours));
    }
    shares
}

/// What was spent between two countings.
pub(crate) fn between(before: &Shares, after: &Shares) -> Shares {
    let spent = |(name, to): (&&'static str, &Duration)| {
        (*name, to.saturating_sub(before.get(name).copied().unwrap_or_default()))
    };
    after.iter().map(spent).collect()
}

fn on_core(path: &str) -> Option<Duration> {
    let text = fs::read_to_string(path).ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn purpose(thread: &str) -> &'static str {
    let begins = |start: &str| thread.starts_with(start);
    if begins("actix") {
        "HTTP and sealing"
    } else if begins("writer") {
        "writing"
    } else if begins("reader") {
        "reading"
    } else if begins("client") {
        "clients"
    } else {
        "other threads"
    }
}

/// Time that all cores were busy since the start of the machine.
fn busy() -> Option<Duration> {
    /// `USER_HZ`, the same on every Linux.
    const TICKS_A_SECOND: f64 = 100.0;
    let text = fs::read_to_string("/proc/stat").ok()?;
    let mut fields = text.lines().next()?.split_ascii_whitespace().skip(1).map(str::parse::<f64>);
    let mut field = || fields.next().and_then(Result::ok);
    let (user, nice, system) = (field()?, field()?, field()?);
    let _idle_and_waiting = (field()?, field()?);
    let interrupts = field()? + field()?;
    Some(Duration::from_secs_f64((user + nice + system + interrupts) / TICKS_A_SECOND))
}
