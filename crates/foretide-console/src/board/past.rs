//! The load of the last two weeks, ten minutes a value: what the chart shows of the time before the
//! minutes that are kept.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::Timestamp;

/// Minutes of a value. Two weeks on a chart of 1,200 points are 17 minutes a point.
const STEP_MINUTES: i64 = 10;
const STEP_MS: i64 = STEP_MINUTES * 60_000;
/// A period that is longer counts for its first hour, as in the minutes.
const LONGEST: Duration = Duration::from_secs(3599);
/// Two weeks: as much as policy `forecast` reads of the past at its start. 8 KB a group.
const STEPS_MAX: usize = 14 * 144;

/// The highest load of every ten minutes, in instance-percent; none where none is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    first: i64,
    /// NaN is none: half the memory of an option.
    loads: VecDeque<f32>,
}

impl Past {
    /// Takes in the load of a period.
    pub(crate) fn take(&mut self, start: Timestamp, period: Duration, load: f32) {
        let within = period.saturating_sub(Duration::from_millis(1));
        let last = start.plus(within.min(LONGEST));
        for step in step(start)..=step(last) {
            let Some(held) = self.make(step) else {
                continue;
            };
            // The greater of a number and NaN is the number.
            *held = held.max(load);
        }
    }

    /// Takes from `other` what is known there alone.
    pub(crate) fn fill(&mut self, other: &Self) {
        for (step, load) in (other.first..).zip(&other.loads) {
            if let Some(held) = self.make(step).filter(|held| held.is_nan()) {
                *held = *load;
            }
        }
    }

    /// The place of ten minutes, made where it is not there; none where they are too old.
    fn make(&mut self, step: i64) -> Option<&mut f32> {
        let most = i64::try_from(STEPS_MAX).unwrap_or(i64::MAX);
        if self.loads.is_empty() || step - self.end() >= most {
            self.loads.clear();
            self.first = step;
        }
        if self.end() - step > most {
            return None;
        }
        while step < self.first {
            self.first -= 1;
            self.loads.push_front(f32::NAN);
        }
        while self.end() <= step {
            self.loads.push_back(f32::NAN);
        }
        while self.loads.len() > STEPS_MAX {
            self.first += 1;
            self.loads.pop_front();
        }
        self.loads.get_mut(usize::try_from(step - self.first).ok()?)
    }

    fn end(&self) -> i64 {
        self.first + i64::try_from(self.loads.len()).unwrap_or(i64::MAX)
    }

    /// The load of the ten minutes that `at` lies in.
    pub(crate) fn load(&self, at: Timestamp) -> Option<f32> {
        let index = usize::try_from(step(at) - self.first).ok()?;
        self.loads.get(index).copied().filter(|load| !load.is_nan())
    }

    /// Start of the oldest load and end of the newest.
    pub(crate) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let is_known = |load: &f32| !load.is_nan();
        let before = self.loads.iter().position(is_known)?;
        let start = self.first + i64::try_from(before).unwrap_or(i64::MAX);
        Some((begin(start), begin(self.end())))
    }
}

fn step(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(STEP_MS)
}

fn begin(step: i64) -> Timestamp {
    Timestamp::from_millis(step.saturating_mul(STEP_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_seconds(60 * minute)
    }

    #[test]
    fn the_highest_load_of_ten_minutes_stands_and_a_gap_stays_a_gap() {
        let mut past = Past::default();
        for (minute, load) in [(3, 50.0), (4, 70.0), (9, 60.0), (25, 10.0)] {
            past.take(at(minute), MINUTE, load);
        }
        let loads: Vec<_> = [0, 9, 10, 19, 20, 30].map(|m| past.load(at(m))).to_vec();
        let expected = [Some(70.0), Some(70.0), None, None, Some(10.0), None];
        assert_eq!(loads, expected);
        assert_eq!(past.span(), Some((at(0), at(30))));
    }

    #[test]
    fn two_weeks_are_kept_whatever_comes() {
        let mut past = Past::default();
        for minute in 0..30 * 1440 {
            past.take(at(minute), MINUTE, 1.0);
        }
        assert_eq!(past.loads.len(), STEPS_MAX);
        assert_eq!(past.span(), Some((at(16 * 1440), at(30 * 1440))));
        past.take(at(0), MINUTE, 1.0);
        assert_eq!(past.span(), Some((at(16 * 1440), at(30 * 1440))), "too old");
        past.take(at(60 * 1440), MINUTE, 1.0);
        assert_eq!(past.loads.len(), 1, "after a silence of a month");
        past.take(at(60 * 1440 - 14 * 1440 + 10), MINUTE, 2.0);
        assert_eq!(past.loads.len(), STEPS_MAX, "the past may be told late");
        past.take(Timestamp::from_millis(i64::MIN), MINUTE, 1.0);
        past.take(Timestamp::from_millis(i64::MAX), MINUTE, 1.0);
        assert!(past.loads.len() <= STEPS_MAX);
    }

    #[test]
    fn what_was_observed_is_not_replaced_by_history() {
        let mut past = Past::default();
        past.take(at(20), MINUTE, 100.0);
        let mut history = Past::default();
        for minute in 0..40 {
            history.take(at(minute), MINUTE, 150.0);
        }
        past.fill(&history);
        let loads: Vec<_> = [0, 10, 20, 30].map(|m| past.load(at(m))).to_vec();
        assert_eq!(loads, [Some(150.0), Some(150.0), Some(100.0), Some(150.0)]);
    }
}
