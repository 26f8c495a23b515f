//! The signals that a running autoscaler listens to: SIGHUP reloads, Ctrl-C and SIGTERM stop.

use foretide_terminal::{Exit, Failure};
use tokio::signal::unix::{self, SignalKind, signal};

/// Request of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Reload the configuration.
    Reload,
    /// Stop.
    Stop {
        /// Whether the signal was Ctrl-C.
        interrupted: bool,
    },
}

/// Listens for signals.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hang_up: unix::Signal,
}

impl Signals {
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Exit::Unavailable, "cannot listen for signals").because(&error)
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Stop { interrupted: true },
            _ = self.terminate.recv() => Signal::Stop { interrupted: false },
            _ = self.hang_up.recv() => Signal::Reload,
        }
    }

    /// Waits for a signal that stops the process.
    pub(super) async fn stop(&mut self) {
        while self.next().await == Signal::Reload {}
    }
}
