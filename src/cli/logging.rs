//! Where log lines go: standard error, as text or as JSON.

use std::io;

use anyhow::anyhow;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, LogLevel};

/// Starts logging for the whole process.
///
/// Only our own lines follow `level`. Libraries stay at `warn` however verbose ours are: at their verbose levels some print
/// addresses and headers of clients, which must never be in a log.
///
/// # Errors
/// If logging was started before.
pub fn start(format: LogFormat, level: LogLevel) -> anyhow::Result<()> {
    let lines = fmt().with_env_filter(filter(level)).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("cannot start logging: {error}"))
}

fn filter(level: LogLevel) -> EnvFilter {
    let others = match level {
        LogLevel::Error => "error",
        LogLevel::Warn | LogLevel::Info | LogLevel::Debug | LogLevel::Trace => "warn",
    };
    EnvFilter::new(format!("{others},lastlooks={}", level.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_never_verbose() {
        assert_eq!(filter(LogLevel::Trace).to_string(), "lastlooks=trace,warn");
        assert_eq!(filter(LogLevel::Error).to_string(), "lastlooks=error,error");
    }
}
