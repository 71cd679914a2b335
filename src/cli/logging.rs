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
    let lines = fmt()
        .with_env_filter(filter(level))
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(|| Lossy(io::stderr()))
        .log_internal_errors(false);
    let started = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("cannot start logging: {error}"))
}

/// Standard error, where a line that cannot be written is left out: a full disk under a log must not end the service, which
/// is what a panic about it, and the panic about that, would do.
struct Lossy<W>(W);

impl<W: io::Write> io::Write for Lossy<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        // What could not be written is lost, and there is nowhere to say so.
        let _lost = self.0.flush();
        Ok(())
    }
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
    fn a_log_that_takes_nothing_stops_nobody() {
        use std::io::Write as _;
        let mut closed = Lossy(Closed);
        closed.write_all(b"line").unwrap();
        closed.flush().unwrap();
    }

    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::FileTooLarge.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn libraries_are_never_verbose() {
        assert_eq!(filter(LogLevel::Trace).to_string(), "lastlooks=trace,warn");
        assert_eq!(filter(LogLevel::Error).to_string(), "lastlooks=error,error");
    }
}
