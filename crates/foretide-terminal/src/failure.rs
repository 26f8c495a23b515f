//! Failures of a command: what failed, why, what to do next, and an exit code for scripts.

use std::error::Error;
use std::io;

/// Exit codes, those of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The reader of the output has gone, which is no failure: `foretide trace x | head`.
    Quiet = 0,
    /// `doctor`: Foretide works, and a finding needs attention.
    Warned = 1,
    /// `doctor`: a finding prevents Foretide from working.
    Faulty = 2,
    /// Invalid command line.
    Usage = 64,
    /// Invalid content of a file, or too little data.
    Data = 65,
    /// A file does not exist or cannot be read.
    NoInput = 66,
    /// An external resource is not available, such as a port or AWS.
    Unavailable = 69,
    /// A defect of Foretide.
    Internal = 70,
    /// A file or folder cannot be created.
    CannotCreate = 73,
    /// Reading or writing failed after it had begun: the disk may be full.
    Io = 74,
    /// Invalid configuration.
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

/// The exit codes as text for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   doctor: Foretide works, and a finding needs attention
  2   doctor: a finding prevents Foretide from working
  64  invalid command line
  65  invalid content of a file, or too little data
  66  a file does not exist or cannot be read
  69  an external resource is not available, such as a port or AWS
  70  a defect of Foretide
  73  a file or folder cannot be created
  74  reading or writing failed after it had begun
  78  invalid configuration
  130 Ctrl-C
  143 SIGTERM before the end";

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What failed; empty if no message is printed.
    pub what: String,
    /// The causes, the outermost first.
    pub causes: Vec<String>,
    /// What to do next.
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

    /// Sets what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets what to do next, unless a hint is set already.
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

    /// Ends without a message.
    pub fn silent(exit: Exit) -> Self {
        Self::new(exit, String::new())
    }

    /// A file that cannot be opened or read.
    pub fn unreadable(path: &std::path::Path, error: &io::Error) -> Self {
        Self::new(Exit::NoInput, format!("cannot read {}", path.display())).because(error)
    }
}

/// Only writing to standard output fails with a bare `io::Error`; other failures name their file.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::silent(Exit::Quiet)
        } else {
            Self::new(Exit::Io, "cannot write to standard output").because(&error)
        }
    }
}
