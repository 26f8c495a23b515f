//! What policy `forecast` reads of the past: part by part, beside the looks, until it is there.
//!
//! Decisions never wait for it. A part that cannot be read is asked for again, less and less often.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{CallId, Datapoint, HistoryQuery, Timestamp};

use crate::protocol::Effect;

/// Days of history that a group without any asks for. `CloudWatch` keeps one-minute periods for 15;
/// what is read last must not have gone before it is read.
pub(crate) const HISTORY: Duration = Duration::from_secs(14 * 24 * 3600);
/// Periods of one part: two days of minutes, which four series fill with 11,520 values, a ninth of
/// what one answer of `GetMetricData` may hold.
const PART_PERIODS: u32 = 2880;
/// Wait before a part that could not be read is asked for again; doubles with every failure.
const RETRY: Duration = Duration::from_secs(60);
/// The longest such wait.
const RETRY_MAX: Duration = Duration::from_secs(3600);
const DOUBLINGS_MAX: u32 = 6;

/// Parts of the past: still to be read, and read but not taken in yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backfill {
    wanted: VecDeque<HistoryQuery>,
    /// Parts that were wanted since nothing was.
    parts: u32,
    call: Option<CallId>,
    not_before: Option<Timestamp>,
    failures: u32,
    read: Vec<Datapoint>,
    /// Whether something was read that has not been taken in.
    fresh: bool,
}

impl Backfill {
    /// Asks for the periods of `query`, the newest first.
    pub(crate) fn want(&mut self, query: HistoryQuery) {
        if self.wanted.is_empty() {
            self.parts = 0;
        }
        let part = query.period.saturating_mul(PART_PERIODS);
        let mut to = query.to;
        while to > query.from && !part.is_zero() {
            let from = to.minus(part).max(query.from);
            self.wanted.push_back(HistoryQuery { from, to, ..query });
            self.parts = self.parts.saturating_add(1);
            to = from;
        }
    }

    /// The next part to ask for, where one is to be asked for now.
    pub(crate) fn ask(&mut self, now: Timestamp, call: impl FnOnce() -> CallId) -> Option<Effect> {
        let waits = self.call.is_some() || self.not_before.is_some_and(|at| now < at);
        let query = self.wanted.front().filter(|_| !waits)?;
        let call = call();
        self.call = Some(call);
        let query = *query;
        Some(Effect::ReadHistory { call, query })
    }

    /// Takes the answer to `call`; whether it was the one awaited.
    pub(crate) fn answered(&mut self, call: CallId, points: Vec<Datapoint>) -> bool {
        if self.call.take_if(|waiting| *waiting == call).is_none() {
            return false;
        }
        self.wanted.pop_front();
        self.read.extend(points);
        self.failures = 0;
        self.not_before = None;
        self.fresh = true;
        true
    }

    /// `call` failed; whether it was the one awaited.
    pub(crate) fn failed(&mut self, call: CallId, now: Timestamp) -> bool {
        if self.call.take_if(|waiting| *waiting == call).is_none() {
            return false;
        }
        let wait = RETRY.saturating_mul(1 << self.failures.min(DOUBLINGS_MAX));
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now.plus(wait.min(RETRY_MAX)));
        true
    }

    /// Parts that were read, and parts in all, while any is still to be read.
    pub(crate) fn progress(&self) -> Option<(u32, u32)> {
        let left = u32::try_from(self.wanted.len()).unwrap_or(u32::MAX);
        (left > 0).then(|| (self.parts.saturating_sub(left), self.parts))
    }

    /// Whether parts are still to be read.
    pub(crate) fn is_reading(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether what is still to be read reaches back to `from`.
    pub(crate) fn reaches(&self, from: Timestamp) -> bool {
        self.wanted.iter().any(|query| query.from <= from)
    }

    /// Whether all that was asked for is there and not taken in.
    pub(crate) fn is_complete(&self) -> bool {
        self.fresh && !self.is_reading()
    }

    /// What was read, to be taken in.
    pub(crate) fn take(&mut self) -> Vec<Datapoint> {
        self.fresh = false;
        std::mem::take(&mut self.read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(minute * 60)
    }

    fn wanted(from: i64, to: i64) -> Backfill {
        let mut backfill = Backfill::default();
        backfill.want(HistoryQuery {
            from: at(from),
            to: at(to),
            period: Duration::from_secs(60),
        });
        backfill
    }

    #[test]
    fn two_weeks_are_seven_parts_the_newest_first_and_one_is_asked_at_a_time() {
        let days = 14 * 1440;
        let mut backfill = wanted(0, days);
        let mut spans = Vec::new();
        for number in 0.. {
            let call = CallId(number);
            let Some(Effect::ReadHistory { query, .. }) = backfill.ask(at(days), || call) else {
                break;
            };
            assert!(
                backfill.ask(at(days), || CallId(99)).is_none(),
                "one at a time"
            );
            assert!(!backfill.is_complete());
            spans.push((query.from, query.to));
            assert!(backfill.answered(call, Vec::new()));
        }
        assert_eq!(spans.len(), 7);
        assert_eq!(spans.first(), Some(&(at(days - 2880), at(days))));
        assert_eq!(spans.last(), Some(&(at(0), at(2880))));
        assert!(
            spans.windows(2).all(|pair| pair[1].1 == pair[0].0),
            "without gaps"
        );
        assert!(backfill.is_complete());
        backfill.take();
        assert!(!backfill.is_complete(), "taken in once");
    }

    #[test]
    fn a_part_that_fails_is_asked_for_again_less_and_less_often() {
        let mut backfill = wanted(0, 10);
        let mut now = at(0);
        let mut waits = Vec::new();
        for number in 0..9 {
            let call = CallId(number);
            assert!(backfill.ask(now, || call).is_some());
            assert!(backfill.failed(call, now));
            assert!(backfill.ask(now, || CallId(99)).is_none());
            let mut wait = 0;
            while backfill.not_before.is_some_and(|until| now < until) {
                now = now.plus(Duration::from_secs(60));
                wait += 1;
            }
            waits.push(wait);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(!backfill.answered(CallId(3), Vec::new()), "given up");
    }
}
