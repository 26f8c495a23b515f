//! Content of files: a model, a token, a trace.

use std::io::{self, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use foretide_classifier::Model;
use foretide_http::{BasicAuth, Token};
use foretide_sim::{CaseError, ReadOptions, Trace, TraceError, read_trace};
use foretide_terminal::shell::Command;
use foretide_terminal::{Exit, Failure};

use crate::open::{self, MODEL, PASSWORD, TOKEN, TRACE};

/// The model of the file `path`, or the built-in model if `path` is none.
pub fn model(path: Option<&Path>) -> Result<Model, Failure> {
    let Some(path) = path else {
        return Model::built_in().map_err(|error| Failure::of(Exit::Internal, &error));
    };
    let bytes = open::bytes(path, MODEL)
        .map_err(|failure| failure.or_hint("`foretide train --out FILE` makes a model file"))?;
    Model::from_bytes(&bytes).map_err(|error| {
        let what = format!("{} is no model that can be used", path.display());
        Failure::new(Exit::Data, what).because(&error).hint(
            "`foretide train --out FILE` makes a model file; without one the built-in is used",
        )
    })
}

/// A token file that other users may write, with the command that fixes its permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The problem in words.
    pub what: String,
    /// The command that fixes the problem.
    pub fix: String,
}

/// Why the problem matters.
pub const EXPOSED_WHY: &str = "whoever writes that file chooses the token";

/// Checks whether users other than the owner may write a token file. None if they may not, or if
/// the file's metadata cannot be read: reading the file then reports the cause.
pub fn exposed(path: &Path) -> Option<Exposed> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & OTHERS_WRITE != 0).then(|| Exposed {
        what: format!(
            "others than its owner may write {} (mode {:04o})",
            path.display(),
            mode & 0o7777
        ),
        fix: Command::of("chmod go-w").path(path).to_string(),
    })
}

/// Permission bits of group and others to write.
const OTHERS_WRITE: u32 = 0o022;

/// The token in a file, without white space around it.
pub fn token(path: &Path) -> Result<Token, Failure> {
    let text = open::text(path, TOKEN)?;
    Token::new(text.trim()).map_err(|error| {
        let what = format!("{} holds no token that can be used", path.display());
        Failure::new(Exit::Config, what).because(&error).hint(
            Command::of("openssl rand -hex 32")
                .into_file(path)
                .to_string(),
        )
    })
}

/// The name `user` with the password in a file. A line break at the end of the file does not count;
/// other white space does.
///
/// # Errors
/// The file cannot be read, or one of the two cannot be sent.
pub fn basic_auth(user: &str, path: &Path) -> Result<BasicAuth, Failure> {
    let text = open::text(path, PASSWORD)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    BasicAuth::new(user, password).map_err(|error| {
        let what = format!("{} holds no password that can be used", path.display());
        Failure::new(Exit::Config, what)
            .because(&error)
            .hint("put the password alone into the file, on one line")
    })
}

/// Hint for commands that have no flag for the load that one instance serves.
pub const NO_UNIT: &str =
    "a trace whose load is above 0 for more than a hundredth of its time tells it";

/// The failure for a trace that cannot be simulated: the trace or a flag is wrong.
pub fn no_case(error: &CaseError, hint: &str) -> Failure {
    let exit = match error {
        CaseError::BadSetting { .. } => Exit::Usage,
        CaseError::NoUnit { .. }
        | CaseError::NothingScored { .. }
        | CaseError::OtherTimes { .. } => Exit::Data,
    };
    Failure::of(exit, error).hint(hint)
}

/// Reads a trace file.
pub fn trace(path: &Path, options: &ReadOptions) -> Result<Trace, Failure> {
    let file = open::open(path, TRACE)?;
    let name = path.display().to_string();
    read_trace(&name, BufReader::new(file), options).map_err(|error| {
        let exit = match error {
            // Read it was, but what stands there is no text, or has no lines.
            TraceError::Unreadable { ref source, .. }
                if source.kind() != io::ErrorKind::InvalidData =>
            {
                Exit::NoInput
            }
            _ => Exit::Data,
        };
        let failure = Failure::of(exit, &error);
        match error {
            TraceError::NoColumn { .. } | TraceError::SeveralSeries { .. } => {
                failure.hint("--column NAME picks the column")
            }
            TraceError::Repeated { .. } => failure.hint(
                "--repeated sum adds them (parts of one load, such as one a zone), mean averages \
                 them, first drops all but the first (copies)",
            ),
            TraceError::NoZone { .. } => failure.hint(
                "--time-zone UTC or --time-zone Europe/Berlin names it; a graph of the CloudWatch \
                 console has the times of the zone that it showed",
            ),
            TraceError::NoSuchTime { .. } => {
                failure.hint("is it another zone? --time-zone ZONE names it")
            }
            TraceError::TwoTimes { .. } => {
                failure.hint("sort the rows by time, or export them in UTC")
            }
            TraceError::NoTrace { .. } => {
                failure.hint("cells are parted by commas; of the AWS CLI take --output json")
            }
            TraceError::NoDatapoints { .. } => failure.hint(
                "do --start-time and --end-time, the region and the dimensions fit the metric?",
            ),
            _ => failure,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_a_bounded_file_and_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let read = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            basic_auth("user", &path)
        };
        for content in [" open sesame", " open sesame\n", " open sesame\r\n"] {
            let secret = foretide_http::Credentials::Basic(read(content.as_bytes()).unwrap());
            assert_eq!(secret.hidden_in("[ open sesame]"), "[(secret)]");
        }
        let long = vec![b'a'; usize::try_from(PASSWORD.bytes_max + 1).unwrap()];
        for (content, exit) in [
            (&b""[..], Exit::Config),
            (b"one\ntwo\n", Exit::Config),
            (b"\xff", Exit::Config),
            (&long, Exit::Config),
        ] {
            let failure = read(content).unwrap_err();
            assert_eq!(failure.exit, exit, "{failure:?}");
            assert!(!format!("{failure:?}").contains("two"), "{failure:?}");
        }
    }
}
