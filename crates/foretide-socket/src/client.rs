//! The client: sends one request and waits for its answer.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::message::{Answer, LINE_MAX, Request};

/// Longest wait for an answer: the server itself waits 30 s for a group.
const PATIENCE: Duration = Duration::from_secs(40);

/// Why a request has no answer.
#[derive(Debug, Error)]
pub enum SendError {
    /// Nobody listens.
    #[error("no `foretide run` listens on {}", path.display())]
    NotRunning {
        /// Path of the socket.
        path: PathBuf,
    },
    /// The socket is another user's.
    #[error("{} may be opened by the user of `foretide run` alone", path.display())]
    Denied {
        /// Path of the socket.
        path: PathBuf,
    },
    /// The connection broke off. Whether the order is in force is not known.
    #[error(
        "the connection to {} broke off, so whether the order is in force is not known",
        path.display()
    )]
    Broken {
        /// Path of the socket.
        path: PathBuf,
        /// The cause.
        #[source]
        error: io::Error,
    },
    /// The answer is of no known form.
    #[error(
        "the answer on {} is of no known form: another version of Foretide runs",
        path.display()
    )]
    Malformed {
        /// Path of the socket.
        path: PathBuf,
    },
}

/// Sends `request` to the socket at `path` and returns the answer.
///
/// # Errors
/// There was no answer, or none that can be read.
pub fn send(path: &Path, request: &Request) -> Result<Answer, SendError> {
    let at = || path.to_path_buf();
    let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => SendError::Denied { path: at() },
        _ => SendError::NotRunning { path: at() },
    })?;
    let line =
        exchange(stream, request).map_err(|error| SendError::Broken { path: at(), error })?;
    serde_json::from_str(&line).map_err(|_| SendError::Malformed { path: at() })
}

fn exchange(mut stream: UnixStream, request: &Request) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream.take(LINE_MAX)).read_line(&mut answer)?;
    Ok(answer)
}
