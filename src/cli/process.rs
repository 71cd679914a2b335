//! What is done to the process before anything else: it must not leave what it holds on a disk or in a log.

use std::{
    io::{self, Write as _},
    panic,
};

/// Turns core dumps off, and lets a panic say where it happened and nothing else.
///
/// Threat: a core dump holds reports and keys in the clear; the payload of a panic may hold what was being read.
///
/// # Errors
/// If the system does not let the process give up core dumps.
///
/// Source: security.md, "What is stored about a reporter".
pub fn harden() -> anyhow::Result<()> {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        if tracing::dispatcher::has_been_set() {
            tracing::error!(place, "panic");
        } else {
            // `eprintln!` would panic in here where standard error is closed or full, and that ends the process.
            let _lost = writeln!(io::stderr(), "lastlooks: panic at {place}");
        }
    }));
    core_dumps_off()
}

#[cfg(unix)]
fn core_dumps_off() -> anyhow::Result<()> {
    use anyhow::Context as _;
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).context("cannot turn core dumps off")
}

#[cfg(not(unix))]
fn core_dumps_off() -> anyhow::Result<()> {
    Ok(())
}
