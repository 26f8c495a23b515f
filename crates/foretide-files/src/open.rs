//! The only code that opens files which a user names.
//!
//! Reads regular files only, up to the limit of their kind. A pipe has no end, a device may have
//! none, and opening a pipe waits for its other end. Both are therefore refused before they are
//! opened. The exception is a pipe at [`STDIN`]: a user who names that path wants the pipe. The
//! limit applies to the pipe too.

use std::error::Error;
use std::fmt;
use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use foretide_terminal::{Exit, Failure};

/// Flags for `open`: never wait, and never make a terminal the controlling terminal.
pub const NEVER_WAIT: i32 = libc::O_NONBLOCK | libc::O_NOCTTY;
/// Path of standard input.
const STDIN: &str = "/dev/stdin";

/// A kind of file: its name, its largest length, and the exit code if its content is invalid.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Name of the kind, such as "configuration".
    pub name: &'static str,
    /// Largest length in bytes.
    pub bytes_max: u64,
    /// Exit code if the content is invalid or too long.
    pub wrong: Exit,
}

/// Largest length of files written by hand, 1 MiB. A table of the configuration has about 500
/// bytes, so the limit allows two thousand groups.
const WRITTEN_MAX: u64 = 1 << 20;

/// The configuration file.
pub const CONFIGURATION: Kind = Kind {
    name: "configuration",
    bytes_max: WRITTEN_MAX,
    wrong: Exit::Config,
};
/// A file with a bearer token.
pub const TOKEN: Kind = Kind {
    name: "token",
    bytes_max: WRITTEN_MAX,
    wrong: Exit::Config,
};
/// A file with a password.
pub const PASSWORD: Kind = Kind {
    name: "password",
    bytes_max: WRITTEN_MAX,
    wrong: Exit::Config,
};
/// A file with the address of a webhook.
pub const WEBHOOK_ADDRESS: Kind = Kind {
    name: "address of a webhook",
    bytes_max: WRITTEN_MAX,
    wrong: Exit::Config,
};
/// Certificate authorities: 16 MiB. All authorities of an operating system have about 0.3 MiB.
pub const AUTHORITIES: Kind = Kind {
    name: "file of certificate authorities",
    bytes_max: 16 << 20,
    wrong: Exit::Config,
};
/// A calendar: 4 MiB, the limit of its reader.
pub const CALENDAR: Kind = Kind {
    name: "calendar",
    bytes_max: 4 << 20,
    wrong: Exit::Data,
};
/// A scenario of the emulator.
pub const SCENARIO: Kind = Kind {
    name: "scenario",
    bytes_max: WRITTEN_MAX,
    wrong: Exit::Data,
};
/// A model file: 128 MiB, the limit of the model itself.
pub const MODEL: Kind = Kind {
    name: "model",
    bytes_max: foretide_classifier::MODEL_BYTES_MAX as u64,
    wrong: Exit::Data,
};
/// A trace: 256 MiB. The longest supported series has 5.3 million rows of about 40 bytes.
pub const TRACE: Kind = Kind {
    name: "trace",
    bytes_max: 256 << 20,
    wrong: Exit::Data,
};
/// Labelled rows for training: 1 GiB, five million rows of up to 200 bytes.
pub const LABELLED_ROWS: Kind = Kind {
    name: "file of labelled rows",
    bytes_max: 1 << 30,
    wrong: Exit::Data,
};

/// An opened file. Reading fails beyond the largest length of its kind.
#[derive(Debug)]
pub struct Given {
    file: File,
    left: u64,
    bytes_max: u64,
}

/// A file is longer than its kind allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    bytes_max: u64,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "over {} MiB", self.bytes_max >> 20)
    }
}

impl Error for TooLong {}

impl Read for Given {
    /// # Errors
    /// [`TooLong`] beyond the largest length, as [`io::ErrorKind::InvalidData`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let bytes_max = self.bytes_max;
        let left = self.left.checked_sub(read as u64);
        self.left =
            left.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, TooLong { bytes_max }))?;
        Ok(read)
    }
}

/// Opens the file `path` for reading. Never waits.
///
/// # Errors
/// [`Exit::NoInput`] if the file cannot be opened or is no regular file; the kind's own exit code
/// if the file is too long.
pub fn open(path: &Path, kind: Kind) -> Result<Given, Failure> {
    let unreadable = |error: io::Error| Failure::unreadable(path, &error);
    // Before it is opened: to open a device may set it going.
    let named = fs::metadata(path).map_err(unreadable)?.file_type();
    is_readable(path, named)?;
    let opened = if named.is_fifo() {
        // Standard input is open already; a second opening might wait.
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(NEVER_WAIT).open(path)
    };
    let file = opened.map_err(unreadable)?;
    // And after: another file may have taken the name.
    let found = file.metadata().map_err(unreadable)?;
    is_readable(path, found.file_type())?;
    let bytes_max = kind.bytes_max;
    if found.len() > bytes_max {
        return Err(no(path, kind, &TooLong { bytes_max }.to_string()));
    }
    Ok(Given {
        file,
        left: bytes_max,
        bytes_max,
    })
}

/// The whole content of a file.
///
/// # Errors
/// As [`open`]; also if reading fails.
pub fn bytes(path: &Path, kind: Kind) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match open(path, kind)?.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) if is_too_long(&error) => Err(no(path, kind, &error.to_string())),
        Err(error) => Err(Failure::unreadable(path, &error)),
    }
}

/// The whole content of a file as text.
///
/// # Errors
/// As [`bytes`]; also the kind's own exit code if the content is not UTF-8.
pub fn text(path: &Path, kind: Kind) -> Result<String, Failure> {
    String::from_utf8(bytes(path, kind)?).map_err(|_| no(path, kind, "not UTF-8"))
}

/// Checks that a file may be read: a regular file, or a pipe at `/dev/stdin`.
pub fn is_readable(path: &Path, found: FileType) -> Result<(), Failure> {
    if found.is_file() || (found.is_fifo() && path == Path::new(STDIN)) {
        return Ok(());
    }
    let is = if found.is_dir() {
        "a directory"
    } else if found.is_fifo() {
        "a pipe"
    } else if found.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    let what = format!("cannot read {}: it is {is}, not a file", path.display());
    let failure = Failure::new(Exit::NoInput, what);
    Err(if found.is_fifo() {
        failure.hint(format!("write it to a file first, or pipe it into {STDIN}"))
    } else {
        failure
    })
}

fn is_too_long(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<TooLong>())
}

fn no(path: &Path, kind: Kind, why: &str) -> Failure {
    Failure::new(
        kind.wrong,
        format!("{} is no {}: {why}", path.display(), kind.name),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const SMALL: Kind = Kind {
        name: "note",
        bytes_max: 1 << 20,
        wrong: Exit::Data,
    };

    #[test]
    fn a_file_that_grows_while_it_is_read_is_cut_off_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        fs::write(&path, vec![b'a'; 1 << 20]).unwrap();
        let mut given = open(&path, SMALL).unwrap();
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"b")
            .unwrap();
        let error = given.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(is_too_long(&error), "{error}");
        assert_eq!(
            open(&path, SMALL).unwrap_err().what,
            format!("{} is no note: over 1 MiB", path.display())
        );
    }

    #[test]
    fn a_file_of_the_longest_length_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        fs::write(&path, vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(bytes(&path, SMALL).unwrap().len() as u64, SMALL.bytes_max);
    }
}
