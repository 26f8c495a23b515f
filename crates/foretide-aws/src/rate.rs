//! The client-side rate limit: a leaky bucket that hands out the moment at which a call may go.
//!
//! It orders calls by arrival and never refuses; the caller's deadline does.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Spaces calls so that in the long run no more than so many go out a second.
#[derive(Debug)]
pub(crate) struct RateLimit {
    spacing: Duration,
    burst: Duration,
    /// When the bucket will have run empty; in the past where it is empty.
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

    /// Waits until the next call may go.
    pub(crate) async fn ready(&self) {
        let slot = self.reserve(Instant::now());
        tokio::time::sleep_until(slot).await;
    }

    /// Takes the next free slot at or after `now`.
    fn reserve(&self, now: Instant) -> Instant {
        let mut empty_at = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = empty_at.map_or(now, |at| at.max(now));
        *empty_at = Some(filled + self.spacing);
        filled.checked_sub(self.burst).unwrap_or(now).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_is_spaced() {
        let limit = RateLimit::new(10, 3);
        let start = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..6 {
            limit.ready().await;
            waits.push(start.elapsed().as_millis());
        }
        assert_eq!(waits, [0, 0, 0, 100, 200, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_fills_the_burst_up_again_and_no_further() {
        let limit = RateLimit::new(10, 2);
        for _ in 0..4 {
            limit.ready().await;
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        let start = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..3 {
            limit.ready().await;
            waits.push(start.elapsed().as_millis());
        }
        assert_eq!(waits, [0, 0, 100]);
    }
}
