//! The time that carries meaning.

use foretide_domain::Timestamp;
use tokio::time::Instant;

/// Tells the time of events, decisions and records. Deadlines and waiting follow tokio's timer.
///
/// It must never go back: a controller that has looked at `t` waits for what comes after `t`.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// A clock that was right when it was made and goes on with tokio's timer.
///
/// It never goes back, and stands still with a paused runtime. It does not follow a correction of
/// the system's clock.
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
