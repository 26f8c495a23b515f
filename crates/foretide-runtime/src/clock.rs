//! The clock of events, decisions and records.

use foretide_domain::Timestamp;
use tokio::time::Instant;

/// Gives the time of events, decisions and records. Deadlines and timers follow tokio's timer
/// instead.
///
/// The clock must never go back: a controller that has run a cycle at `t` acts only on times after
/// `t`.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// A clock that starts at a given time and advances with tokio's timer.
///
/// The clock never goes back, and stands still while a paused runtime does. The clock does not
/// follow corrections of the system's clock.
#[derive(Clone, Copy, Debug)]
pub struct AnchoredClock {
    origin: Timestamp,
    since: Instant,
}

impl AnchoredClock {
    /// A clock that shows `now` at this moment.
    pub fn at(now: Timestamp) -> Self {
        Self {
            origin: now,
            since: Instant::now(),
        }
    }
}

impl Clock for AnchoredClock {
    fn now(&self) -> Timestamp {
        self.origin.plus(self.since.elapsed())
    }
}
