//! Readers that refuse endless lines, records and documents, so that a file which is no trace
//! cannot fill the memory.

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
                return Err(no("a line is longer than 64 KiB: no trace"));
            }
            if part.ends_with(b"\n") {
                self.line = 0;
            }
        }
        Ok(read)
    }
}

/// Longest record read. Its line ends may stand in quotes, where the limit on lines does not see
/// one record; twice the longest line, since the reader reads ahead.
const LONGEST_RECORD: usize = 2 * LONGEST_LINE;

/// Passes bytes on and fails at the 128 KiB after [`RecordLimit::begin`].
#[derive(Debug)]
pub(super) struct RecordLimit<R> {
    inner: R,
    record: usize,
}

impl<R: Read> RecordLimit<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, record: 0 }
    }

    /// A record begins.
    pub(super) const fn begin(&mut self) {
        self.record = 0;
    }
}

impl<R: Read> Read for RecordLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.record += read;
        if self.record > LONGEST_RECORD {
            return Err(no("a record is longer than 128 KiB: no trace"));
        }
        Ok(read)
    }
}

/// Longest JSON read. A year of minutes has some 60 MB; in memory it is several times as much.
const LONGEST_JSON: u64 = 128 * 1024 * 1024;

/// Passes bytes on and fails at the first after 128 MiB.
#[derive(Debug)]
pub(super) struct JsonLimit<R> {
    inner: R,
    left: u64,
}

impl<R: Read> JsonLimit<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self {
            inner,
            left: LONGEST_JSON,
        }
    }
}

impl<R: Read> Read for JsonLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| no("longer than 128 MiB"))?;
        Ok(read)
    }
}

fn no(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
