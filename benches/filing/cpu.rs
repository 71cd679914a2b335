//! Time that threads spent on a core, as Linux counts it. Nothing elsewhere: then shares are left out.

use std::{collections::BTreeMap, fs, time::Duration};

/// Time on a core, by what it was spent for.
pub(crate) type Shares = BTreeMap<&'static str, Duration>;

/// What has nothing to do with the filing: other programs on this machine.
pub(crate) const ELSEWHERE: &str = "elsewhere on this machine";
/// The load generator.
pub(crate) const CLIENTS: &str = "clients";
/// The processes of a database server of our own.
const DATABASE: &str = "database server";

/// Time that the calling thread spent on a core so far.
pub(crate) fn of_this_thread() -> Duration {
    on_core("/proc/thread-self/schedstat").unwrap_or_default()
}

/// Time on a core so far: of the threads of this process, of the children of `server`, and of all the rest.
pub(crate) fn of_everything(server: Option<u32>) -> Shares {
    let mut shares = Shares::new();
    let mut ours = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let file = |name: &str| task.path().join(name).display().to_string();
        let (Ok(name), Some(spent)) = (fs::read_to_string(file("comm")), on_core(&file("schedstat"))) else { continue };
        *shares.entry(purpose(name.trim())).or_default() += spent;
        ours += spent;
    }
    if let Some(server) = server {
        let spent = children(server).filter_map(|child| on_core(&format!("/proc/{child}/schedstat"))).sum();
        shares.insert(DATABASE, spent);
        ours += spent;
    }
    if let Some(all) = busy() {
        shares.insert(ELSEWHERE, all.saturating_sub(ours));
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

/// The processes whose parent is this one.
fn children(parent: u32) -> impl Iterator<Item = u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(move |id: &u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        line.and_then(|id| id.trim().parse().ok()) == Some(parent)
    })
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
        CLIENTS
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
