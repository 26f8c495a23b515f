//! The last hours of a group, minute by minute.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{Bounds, Datapoint, Timestamp};

use super::accuracy::LEVELS;

/// Length of a slot: CloudWatch's shortest period of basic value.
pub(crate) const SLOT: Duration = Duration::from_secs(60);
const SLOT_MS: i64 = 60_000;
/// A forecast further ahead than this is no forecast of a boot; the farthest time that makes slots.
const AHEAD_MAX_SLOTS: i64 = 24 * 60;

/// What other ways of scaling would hold at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counterfactual {
    /// Instances that reactive target tracking would pay for.
    pub tracking: Option<u32>,
    /// Instances that perfect foresight would pay for.
    pub optimum: Option<u32>,
}

/// One minute of a group; what is not known is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slot {
    /// CPU, percent.
    pub(crate) cpu: Option<f32>,
    /// Load, in instance-percent.
    pub(crate) load: Option<f32>,
    /// The last known of the minute.
    pub(crate) desired: Option<u32>,
    pub(crate) in_service: Option<u32>,
    pub(crate) pending: Option<u32>,
    pub(crate) terminating: Option<u32>,
    pub(crate) bounds: Option<(u32, u32)>,
    /// What was forecast for this minute, before it came: load at [`LEVELS`].
    pub(crate) forecast: Option<[f32; LEVELS.len()]>,
    pub(crate) tracking: Option<u32>,
    pub(crate) optimum: Option<u32>,
}

impl Slot {
    /// Instances that are paid for.
    pub(crate) fn paid(&self) -> Option<u32> {
        let serving = self.in_service?;
        Some(serving + self.pending.unwrap_or(0) + self.terminating.unwrap_or(0))
    }
}

/// A ring of minutes without holes: a minute of which nothing is known is an empty slot.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    first: i64,
    ring: VecDeque<Slot>,
    most: usize,
}

impl Slots {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            first: 0,
            ring: VecDeque::new(),
            most: most.max(1),
        }
    }

    /// The slot that `at` lies in, made where it is not there; none for a time too old to keep or
    /// too far ahead of what is kept.
    pub(crate) fn at_mut(&mut self, at: Timestamp) -> Option<&mut Slot> {
        let minute = minute(at);
        if self.ring.is_empty() {
            self.first = minute;
        }
        let end = self.first + len(&self.ring);
        if minute < self.first {
            // What is older than the first is taken while there is room: history is told late.
            let missing = self.first - minute;
            if missing + len(&self.ring) > i64::try_from(self.most).unwrap_or(i64::MAX) {
                return None;
            }
            (0..missing).for_each(|_| self.ring.push_front(Slot::default()));
            self.first = minute;
        } else if minute - end > i64::try_from(self.most).unwrap_or(i64::MAX) {
            // After so long a silence nothing of what is kept would stay.
            self.ring.clear();
            self.first = minute;
        }
        while self.first + len(&self.ring) <= minute {
            self.ring.push_back(Slot::default());
        }
        while self.ring.len() > self.most {
            self.ring.pop_front();
            self.first += 1;
        }
        let index = usize::try_from(minute - self.first).ok()?;
        self.ring.get_mut(index)
    }

    /// Takes in a period: its figures hold for every minute of it. Tells whether it is news.
    pub(crate) fn observe(&mut self, point: &Datapoint) -> bool {
        let minutes = (point.period.as_secs() / SLOT.as_secs()).clamp(1, 60);
        let mut new = false;
        for minute in 0..minutes {
            let at = point
                .start
                .plus(Duration::from_secs(minute * SLOT.as_secs()));
            let Some(slot) = self.at_mut(at) else {
                continue;
            };
            new |= slot.load.is_none();
            slot.cpu = point.cpu.map(|cpu| single(cpu.get()));
            slot.load = point.load().map(|load| single(load.get()));
        }
        new
    }

    /// Notes what is forecast for the minute of `at`.
    pub(crate) fn foresee(&mut self, at: Timestamp, quantiles: [f64; LEVELS.len()]) {
        let newest = self.first + len(&self.ring);
        if self.ring.is_empty() || minute(at) - newest > AHEAD_MAX_SLOTS {
            return;
        }
        if let Some(slot) = self.at_mut(at) {
            slot.forecast = Some(quantiles.map(single));
        }
    }

    /// Notes the group's capacity at `at`.
    pub(crate) fn capacity(
        &mut self,
        at: Timestamp,
        (desired, in_service, pending, terminating): (u32, u32, u32, u32),
        bounds: Bounds,
    ) {
        if let Some(slot) = self.at_mut(at) {
            slot.desired = Some(desired);
            slot.in_service = Some(in_service);
            slot.pending = Some(pending);
            slot.terminating = Some(terminating);
            slot.bounds = Some((bounds.min(), bounds.max()));
        }
    }

    /// Notes what others would hold at `at`.
    pub(crate) fn counterfactual(&mut self, at: Timestamp, other: Counterfactual) {
        if let Some(slot) = self.at_mut(at) {
            slot.tracking = other.tracking.or(slot.tracking);
            slot.optimum = other.optimum.or(slot.optimum);
        }
    }

    /// The slot that `at` lies in.
    pub(crate) fn get(&self, at: Timestamp) -> Option<&Slot> {
        let index = usize::try_from(minute(at) - self.first).ok()?;
        self.ring.get(index)
    }

    /// Slots that are kept, at most.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// When the oldest slot starts.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        (!self.ring.is_empty()).then(|| start(self.first))
    }

    /// Slots with their start, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &Slot)> {
        let first = self.first;
        self.ring.iter().enumerate().map(move |(index, slot)| {
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            (start(first.saturating_add(index)), slot)
        })
    }

    /// Slots that start within `from..to`.
    pub(crate) fn within(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &Slot)> {
        let skip = usize::try_from(minute(from) - self.first).unwrap_or(0);
        let take = usize::try_from(minute(to).saturating_sub(self.first) + 1).unwrap_or(0);
        let take = take.saturating_sub(skip);
        let first = self.first;
        let slots = self.ring.iter().enumerate().skip(skip).take(take);
        slots.map(move |(index, slot)| {
            let index = i64::try_from(index).unwrap_or(i64::MAX);
            (start(first.saturating_add(index)), slot)
        })
    }
}

fn len(slots: &VecDeque<Slot>) -> i64 {
    i64::try_from(slots.len()).unwrap_or(i64::MAX)
}

fn minute(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(SLOT_MS)
}

fn start(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute.saturating_mul(SLOT_MS))
}

/// Half the memory; a chart and a share need no more than seven digits.
fn single(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "to the nearest single")]
    let single = value as f32;
    single
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        start(minute)
    }

    fn mark(slots: &mut Slots, minute: i64) -> bool {
        slots
            .at_mut(at(minute))
            .map(|slot| slot.desired = Some(1))
            .is_some()
    }

    #[test]
    fn a_minute_of_silence_is_a_slot_that_knows_nothing() {
        let mut slots = Slots::new(10);
        assert!(mark(&mut slots, 5) && mark(&mut slots, 7));
        let known: Vec<_> = slots.iter().map(|(_, slot)| slot.desired).collect();
        assert_eq!(known, [Some(1), None, Some(1)]);
        assert_eq!(slots.start(), Some(at(5)));
        assert_eq!(slots.get(at(6)), Some(&Slot::default()));
        assert_eq!(slots.get(at(4)), None);
        assert_eq!(slots.get(at(8)), None);
    }

    #[test]
    fn the_oldest_make_room_and_what_is_too_old_is_not_taken() {
        let mut slots = Slots::new(3);
        (0..5).for_each(|minute| assert!(mark(&mut slots, minute)));
        assert_eq!(slots.start(), Some(at(2)));
        assert!(!mark(&mut slots, 1));
        assert!(mark(&mut slots, 100_000));
        assert_eq!(slots.start(), Some(at(100_000)));
        assert_eq!(slots.iter().count(), 1);
    }

    #[test]
    fn history_told_late_is_put_before_the_first() {
        let mut slots = Slots::new(5);
        assert!(mark(&mut slots, 10) && mark(&mut slots, 7));
        assert_eq!(slots.start(), Some(at(7)));
        assert!(!mark(&mut slots, 5));
        let within: Vec<_> = slots.within(at(8), at(10)).map(|(at, _)| at).collect();
        assert_eq!(within, [at(8), at(9), at(10)]);
    }
}
