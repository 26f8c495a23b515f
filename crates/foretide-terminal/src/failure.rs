//! Failures as a person meets them: what, why, what to do next, and an exit code for scripts.

use std::error::Error;
use std::io;

/// Exit codes, those of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nobody reads the output any more, which is no failure: `foretide trace x | head`.
    Quiet = 0,
    /// `doctor`: Foretide works, and something wants attention.
    Warned = 1,
    /// `doctor`: something keeps Foretide from its work.
    Faulty = 2,
    /// The command line makes no sense.
    Usage = 64,
    /// A file's content makes no sense.
    Data = 65,
    /// A file is not there or cannot be read.
    NoInput = 66,
    /// Something outside, such as a port, is not to be had.
    Unavailable = 69,
    /// Foretide is at fault.
    Internal = 70,
    /// A file or folder cannot be made.
    CannotCreate = 73,
    /// Writing failed underway: the disk may be full.
    Io = 74,
    /// The configuration makes no sense.
    Config = 78,
    /// Ctrl-C, as a shell reports it.
    Interrupted = 130,
    /// SIGTERM before the end, as a shell reports it.
    Terminated = 143,
}

impl Exit {
    /// The code that the process ends with.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// What the help says of the codes.
pub const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   doctor: it works, and something wants attention
  2   doctor: something keeps Foretide from its work
  64  the command line makes no sense
  65  a file's content makes no sense
  66  a file is not there or cannot be read
  69  something outside, such as a port, is not to be had
  70  Foretide is at fault
  73  a file or folder cannot be made
  74  reading or writing failed underway
  78  the configuration makes no sense
  130 Ctrl-C
  143 SIGTERM before the end";

/// Why a command did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Failure {
    /// The code to end with.
    pub exit: Exit,
    /// What failed; empty where nothing is to be said.
    pub what: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// The next thing to try.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure that no other error caused.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// A failure that `error` describes.
    pub fn of(exit: Exit, error: &dyn Error) -> Self {
        Self::new(exit, error.to_string()).because_of(error.source())
    }

    /// Adds `cause` and its own causes.
    pub fn because(self, cause: &dyn Error) -> Self {
        self.because_of(Some(cause))
    }

    fn because_of(mut self, mut cause: Option<&dyn Error>) -> Self {
        while let Some(error) = cause {
            self.causes.push(error.to_string());
            cause = error.source();
        }
        self
    }

    /// Adds the next thing to try.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, where nothing nearer to the cause is known.
    pub fn or_hint(self, hint: impl Into<String>) -> Self {
        if self.hint.is_some() {
            return self;
        }
        self.hint(hint)
    }

    /// What failed and why, for a log.
    pub fn in_one_line(&self) -> String {
        let parts = std::iter::once(&self.what).chain(&self.causes);
        let parts: Vec<String> = parts
            .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        parts.join(": ")
    }

    /// Ends without a word.
    pub fn silent(exit: Exit) -> Self {
        Self::new(exit, String::new())
    }

    /// A file that cannot be opened or read.
    pub fn unreadable(path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Exit::NoInput, format!("cannot read {}", path.display())).because(error)
    }
}

/// Only writing to standard output fails with a bare `io::Error`; all else says which file.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::silent(Exit::Quiet)
        } else {
            Self::new(Exit::Io, "cannot write to standard output").because(&error)
        }
    }
}
