//! The client-side rate limit: a leaky bucket that gives each call its moment to go.
//!
//! The limit orders calls by arrival, and refuses calls that would wait too long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Spaces calls so that their mean number a second stays below a limit.
#[derive(Debug)]
pub(crate) struct RateLimit {
    spacing: Duration,
    burst: Duration,
    /// Moment at which the bucket is empty; in the past if the bucket is empty now.
    empty_at: Mutex<Option<Instant>>,
}

impl RateLimit {
    pub(crate) fn new(calls_per_second: u32, burst: u32) -> Self {
        let spacing = Duration::from_secs(1) / calls_per_second.max(1);
        Self {
            spacing,
            burst: spacing * burst.saturating_sub(1),
            empty_at: Mutex::new(None),
        }
    }

    /// Waits until the next call may go. If the wait would exceed `patience`, returns false at once
    /// and takes no slot: calls that nobody waits for any more must not delay the calls behind
    /// them.
    pub(crate) async fn ready(&self, patience: Duration) -> bool {
        self.wait(patience, self.burst).await
    }

    /// Like [`Self::ready`], for calls beside the cycles. Such calls leave half of the burst free,
    /// so that a long row of them delays no cycle.
    pub(crate) async fn ready_aside(&self, patience: Duration) -> bool {
        self.wait(patience, self.burst / 2).await
    }

    async fn wait(&self, patience: Duration, burst: Duration) -> bool {
        match self.reserve(Instant::now(), patience, burst) {
            Some(slot) => {
                tokio::time::sleep_until(slot).await;
                true
            }
            None => false,
        }
    }

    /// Takes the next free slot at or after `now`; none if the slot is further away than
    /// `patience`.
    fn reserve(&self, now: Instant, patience: Duration, burst: Duration) -> Option<Instant> {
        let mut empty_at = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = empty_at.map_or(now, |at| at.max(now));
        let slot = filled.checked_sub(burst).unwrap_or(now).max(now);
        if slot.duration_since(now) > patience {
            return None;
        }
        *empty_at = Some(filled + self.spacing);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds until each of `calls` calls that arrive at `now` may go.
    fn waits(limit: &RateLimit, now: Instant, calls: usize) -> Vec<u128> {
        let slots =
            std::iter::repeat_with(|| limit.reserve(now, Duration::from_mins(1), limit.burst));
        slots
            .take(calls)
            .map(|slot| (slot.unwrap() - now).as_millis())
            .collect()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_is_spaced() {
        let limit = RateLimit::new(10, 3);
        assert_eq!(waits(&limit, Instant::now(), 6), [0, 0, 0, 100, 200, 300]);
    }

    #[test]
    fn a_pause_fills_the_burst_up_again_and_no_further() {
        let limit = RateLimit::new(10, 2);
        let start = Instant::now();
        assert_eq!(waits(&limit, start, 4), [0, 0, 100, 200]);
        let later = start + Duration::from_mins(1);
        assert_eq!(waits(&limit, later, 3), [0, 0, 100]);
    }

    #[test]
    fn who_would_wait_too_long_is_refused_and_holds_nobody_up() {
        let limit = RateLimit::new(10, 1);
        let (now, patience) = (Instant::now(), Duration::from_millis(250));
        let granted = |calls| {
            (0..calls)
                .filter(|_| limit.reserve(now, patience, limit.burst).is_some())
                .count()
        };
        assert_eq!(granted(1000), 3);
        let slot = limit
            .reserve(now, Duration::from_secs(5), limit.burst)
            .unwrap();
        assert_eq!((slot - now).as_millis(), 300);
    }

    #[test]
    fn calls_aside_leave_half_of_the_burst_to_the_others() {
        let limit = RateLimit::new(10, 21);
        let now = Instant::now();
        let aside = |patience| limit.reserve(now, patience, limit.burst / 2).is_some();
        let sent = std::iter::repeat_with(|| aside(Duration::ZERO));
        assert_eq!(sent.take_while(|sent| *sent).count(), 11);
        assert_eq!(waits(&limit, now, 11)[9..], [0, 100]);
        assert!(!aside(Duration::from_millis(500)));
    }
}
