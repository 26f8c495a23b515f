//! A reader that refuses endless lines, so that a file which is no CSV cannot fill the memory.

use std::io::{self, Read};

/// Longest line read. A trace row has some hundred bytes; a metrics export some thousand.
const LONGEST_LINE: usize = 64 * 1024;

/// Passes bytes on and fails at a line of more than 64 KiB.
#[derive(Debug)]
pub(super) struct LineLimit<R> {
    inner: R,
    line: usize,
}

impl<R: Read> LineLimit<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, line: 0 }
    }

    /// The reader itself, from where it stands.
    pub(super) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for LineLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line += part.len();
            if self.line > LONGEST_LINE {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a line is longer than 64 KiB: no trace",
                ));
            }
            if part.ends_with(b"\n") {
                self.line = 0;
            }
        }
        Ok(read)
    }
}
