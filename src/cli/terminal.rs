//! Standard output, which may be closed by whoever reads it.

use std::io::{self, ErrorKind, Write};

/// Writes on, and remembers whether the reader went away.
#[derive(Debug)]
pub struct Terminal<W> {
    inner: W,
    is_closed: bool,
}

impl<W: Write> Terminal<W> {
    /// This output.
    pub const fn new(inner: W) -> Self {
        Self { inner, is_closed: false }
    }

    /// The reader went away: nothing that was written since was read.
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn note<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        self.is_closed |= done.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        done
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.inner.write(bytes);
        self.note(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.inner.flush();
        self.note(done)
    }
}
