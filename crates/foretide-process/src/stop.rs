//! Signals that ask the process to stop. They are recorded, so that a command can end in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foretide_terminal::{Exit, Failure};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

const INTERRUPTED: usize = 1;
const TERMINATED: usize = 2;

/// Whether a signal came. A second signal ends the process at once.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Records Ctrl-C and SIGTERM from now on.
    pub fn listen() -> Result<Self, Failure> {
        let stop = Self::default();
        let second = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for (signal, note) in [(SIGINT, INTERRUPTED), (SIGTERM, TERMINATED)] {
            flag::register_conditional_default(signal, Arc::clone(&second))
                .and_then(|_| flag::register(signal, Arc::clone(&second)))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&stop.0), note))
                .map_err(|error| {
                    Failure::new(Exit::Unavailable, "cannot listen for signals").because(&error)
                })?;
        }
        Ok(stop)
    }

    /// The failure to end with, if a signal came.
    pub fn check(&self) -> Result<(), Failure> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            INTERRUPTED => Err(Failure::silent(Exit::Interrupted)),
            _ => Err(Failure::silent(Exit::Terminated)),
        }
    }
}
