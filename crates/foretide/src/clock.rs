//! The only code that reads the clock. All other code receives the time as an argument.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use foretide_domain::Timestamp;
use foretide_runtime::Clock;

/// Measures passed time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[expect(clippy::disallowed_methods, reason = "the one adapter to the clock")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start or the last lap; restarts the measurement.
    pub(crate) fn lap(&mut self) -> Duration {
        let passed = self.0.elapsed();
        *self = Self::start();
        passed
    }
}

/// The system's time, which may be set back.
#[expect(clippy::disallowed_methods, reason = "the one adapter to the clock")]
fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn timestamp(since_epoch: Duration) -> Timestamp {
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    timestamp(since_epoch())
}

/// The system's time, but monotonic: it never goes back.
///
/// A correction forward, and the end of a suspension, are followed at once. After the system's
/// clock was set back, this clock runs at half speed until both agree, because a controller ignores
/// times before its last cycle.
#[derive(Debug)]
pub(crate) struct SteadyClock(Mutex<Shown>);

/// The last returned time, and the system's time at that moment.
#[derive(Debug)]
struct Shown {
    time: Duration,
    passed: Stopwatch,
}

impl SteadyClock {
    /// A clock that starts at the system's time.
    pub(crate) fn start() -> Self {
        Self(Mutex::new(Shown {
            time: since_epoch(),
            passed: Stopwatch::start(),
        }))
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = shown.passed.lap();
        shown.time = advanced(shown.time, passed, since_epoch());
        timestamp(shown.time)
    }
}

/// The time after `passed`, if `shown` was the last returned time and `system` is the system's
/// time.
fn advanced(shown: Duration, passed: Duration, system: Duration) -> Duration {
    system.max(shown + passed / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_clock_follows_the_system_forward_at_once() {
        assert_eq!(advanced(s(100), s(10), s(110)), s(110));
        assert_eq!(
            advanced(s(100), s(10), s(4000)),
            s(4000),
            "after a suspension"
        );
        assert_eq!(advanced(s(100), s(10), s(109)), s(109), "a small drift");
    }

    #[test]
    fn a_clock_set_back_is_waited_for_at_half_speed() {
        let (mut shown, mut system) = (s(1000), s(900));
        let mut looks = 0;
        while shown > system {
            shown = advanced(shown, s(10), system + s(10));
            system += s(10);
            looks += 1;
        }
        assert_eq!((shown, looks), (s(1100), 20));
    }
}
