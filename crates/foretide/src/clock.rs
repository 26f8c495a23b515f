//! The only place that reads the clock. Everything else is told the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use foretide_domain::Timestamp;

/// Measures time that passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at nothing.
    #[expect(clippy::disallowed_methods, reason = "the one adapter to the clock")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since it was started or lapped last, which starts it anew.
    pub(crate) fn lap(&mut self) -> Duration {
        let passed = self.0.elapsed();
        *self = Self::start();
        passed
    }
}

/// The time now, as the system has it.
#[expect(clippy::disallowed_methods, reason = "the one adapter to the clock")]
pub(crate) fn now() -> Timestamp {
    let now = SystemTime::now();
    // A clock before 1970 is wrong in any case; it then stands still there.
    let passed = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().plus(passed)
}
