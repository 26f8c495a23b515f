//! Prints the lines of the log on standard output, also if they cannot be stored. A thread of its
//! own prints, so that a reader that stops reading delays nothing.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use foretide_runtime::Entry;
use foretide_store::{Level, LogFormat, LogLine, Narrator};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

pub(super) use crate::output::warn;

/// Longest wait for the last lines at the end.
const LAST_LINES: Duration = Duration::from_millis(250);

/// The thread that prints.
#[derive(Debug)]
pub(super) struct Printing(mpsc::Receiver<()>);

impl Printing {
    /// Waits until all lines are printed, for a bounded time.
    pub(super) fn finish(self) {
        // Whether it has ended or nobody reads: there is no more to wait for.
        self.0.recv_timeout(LAST_LINES).ok();
    }
}

/// Prints the entries of `live` until its end; if `quiet`, warnings only.
pub(super) fn print(
    mut live: broadcast::Receiver<Arc<Entry>>,
    format: LogFormat,
    quiet: bool,
) -> Printing {
    let (ended, wait) = mpsc::channel();
    thread::spawn(move || {
        let mut narrator = Narrator::default();
        loop {
            match live.blocking_recv() {
                Ok(entry) => {
                    let lines = narrator.lines(&entry);
                    let wanted = lines
                        .iter()
                        .filter(|line| !quiet || line.level != Level::Info);
                    if wanted.map(|line| put(line, format)).any(|put| put.is_err()) {
                        break;
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    warn(&format!("{missed} entries are not printed: output is slow"));
                }
                Err(RecvError::Closed) => break,
            }
        }
        drop(ended);
    });
    Printing(wait)
}

fn put(line: &LogLine, format: LogFormat) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match format {
        LogFormat::Text => writeln!(out, "{line}"),
        LogFormat::Json => writeln!(out, "{}", line.to_json()),
    }
}
