//! What a command prints to, and how it warns.

use std::io::{self, Write};

/// A writer that is flushed only where something was written since.
///
/// Flushing standard output takes its lock. Where nobody reads, the thread of `foretide run` that
/// prints holds it for good, and the process, which has nothing left to flush, would not end.
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

/// Says what a person should know on standard error.
pub(crate) fn warn(what: &str) {
    // If nobody reads that either, there is nobody to tell.
    drop(writeln!(io::stderr(), "warning: {what}"));
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
