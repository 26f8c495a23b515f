//! Standard output of a command, and warnings on standard error.

use std::io::{self, Write};

use foretide_terminal::shell::visible;

/// A writer that flushes only if data was written since the last flush.
///
/// Flushing standard output takes its lock. If nobody reads the output, the printing thread of
/// `foretide run` holds the lock for ever. Without this writer, the process could then not end.
#[derive(Debug)]
pub(crate) struct Output<W> {
    inner: W,
    unflushed: bool,
}

impl<W> Output<W> {
    pub(crate) const fn new(inner: W) -> Self {
        Self {
            inner,
            unflushed: false,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unflushed = true;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.unflushed {
            self.inner.flush()?;
            self.unflushed = false;
        }
        Ok(())
    }
}

/// Prints a warning on standard error, on one line: names in it may come from outside.
pub(crate) fn warn(what: &str) {
    // If nobody reads that either, there is nobody to tell.
    drop(writeln!(io::stderr(), "warning: {}", visible(what)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts how often it is flushed.
    #[derive(Default)]
    struct Flushes(usize);

    impl Write for Flushes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0 += 1;
            Ok(())
        }
    }

    #[test]
    fn what_is_flushed_already_is_left_alone() {
        let mut out = Output::new(Flushes::default());
        out.flush().unwrap();
        assert_eq!(out.inner.0, 0);
        out.write_all(b"page").unwrap();
        out.flush().unwrap();
        out.flush().unwrap();
        assert_eq!(out.inner.0, 1);
    }
}
