//! The last hours of a group, minute by minute.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{BaselineNow, Bounds, Datapoint, FORECAST_LEVELS, Timestamp};

use super::sums::{PEAK_SLOTS, Peak};

/// Length of a slot: CloudWatch's shortest period of basic value.
pub(crate) const SLOT: Duration = Duration::from_secs(60);
const SLOT_MS: i64 = 60_000;
/// A forecast further ahead than this is no forecast of a boot; the farthest time that makes slots.
const AHEAD_MAX_SLOTS: i64 = 24 * 60;

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
    pub(crate) bounds: Option<(u32, u32)>,
    /// What was forecast for this minute, before it came: load at [`FORECAST_LEVELS`].
    pub(crate) forecast: Option<[f32; FORECAST_LEVELS.len()]>,
    /// Instances that target tracking ran, at each target.
    pub(crate) baseline: Option<BaselineNow>,
}

/// A ring of minutes without holes: a minute of which nothing is known is an empty slot.
///
/// Peaks follow every change, so that who asks for them passes over no minutes.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    first: i64,
    /// The oldest minute that was observed or decided on. Older ones have the load of the
    /// forecast's history alone.
    told_from: Option<i64>,
    ring: VecDeque<Slot>,
    most: usize,
    /// Of every [`PEAK_SLOTS`] minutes since 1970 that the ring has one of.
    peaks: VecDeque<Peak>,
}

impl Slots {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            first: 0,
            told_from: None,
            ring: VecDeque::new(),
            most: most.max(1),
            peaks: VecDeque::new(),
        }
    }

    /// Changes the slot that `at` lies in, made where it is not there; nothing for a time too old
    /// to keep or too far ahead of what is kept.
    fn change(&mut self, at: Timestamp, change: impl FnOnce(&mut Slot)) {
        let Some(index) = self.make(minute(at)) else {
            return;
        };
        let Some(slot) = self.ring.get_mut(index) else {
            return;
        };
        let before = *slot;
        change(slot);
        if *slot != before {
            self.find_peak(minute(at));
        }
    }

    /// Changes the slot of `at` by an observation or a decision.
    fn tell(&mut self, at: Timestamp, change: impl FnOnce(&mut Slot)) {
        self.change(at, change);
        let told = minute(at);
        self.told_from = Some(self.told_from.map_or(told, |from| from.min(told)));
    }

    /// Takes the load of a period from the history of the forecast, where none is known.
    pub(crate) fn remember(&mut self, start: Timestamp, period: Duration, load: f32) {
        for at in minutes(start, period) {
            self.change(at, |slot| slot.load = slot.load.or(Some(load)));
        }
    }

    /// The place of a minute's slot.
    fn make(&mut self, minute: i64) -> Option<usize> {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        if self.ring.is_empty() {
            self.first = minute;
        }
        let end = self.first + len(&self.ring);
        if minute < self.first {
            // What is older than the first is taken while there is room: history is told late.
            if self.first - minute + len(&self.ring) > most {
                return None;
            }
            while minute < self.first {
                self.prepend();
            }
        } else if minute - end > most {
            // After so long a silence nothing of what is kept would stay.
            self.ring.clear();
            self.peaks.clear();
            self.first = minute;
        }
        while self.first + len(&self.ring) <= minute {
            self.append();
        }
        while self.ring.len() > self.most {
            self.drop_first();
        }
        usize::try_from(minute - self.first).ok()
    }

    fn append(&mut self) {
        let minute = self.first + len(&self.ring);
        if self.ring.is_empty() || minute.rem_euclid(PEAK_SLOTS) == 0 {
            self.peaks.push_back(Peak::default());
        }
        self.ring.push_back(Slot::default());
    }

    fn prepend(&mut self) {
        if self.first.rem_euclid(PEAK_SLOTS) == 0 {
            self.peaks.push_front(Peak::default());
        }
        self.first -= 1;
        self.ring.push_front(Slot::default());
    }

    fn drop_first(&mut self) {
        if self.ring.pop_front().is_none() {
            return;
        }
        self.first += 1;
        if self.first.rem_euclid(PEAK_SLOTS) == 0 {
            self.peaks.pop_front();
        } else {
            self.find_peak(self.first);
        }
    }

    /// Finds anew the peak that a minute counts for.
    fn find_peak(&mut self, minute: i64) {
        let nth = minute.div_euclid(PEAK_SLOTS);
        let from = usize::try_from(nth * PEAK_SLOTS - self.first).unwrap_or(0);
        let to = usize::try_from((nth + 1) * PEAK_SLOTS - self.first).unwrap_or(0);
        let found = Peak::of(self.ring.range(from..to.min(self.ring.len())));
        let index = usize::try_from(nth - self.first.div_euclid(PEAK_SLOTS)).ok();
        if let Some(peak) = index.and_then(|index| self.peaks.get_mut(index)) {
            *peak = found;
        }
    }

    /// The newest peaks, at most so many, the oldest first.
    pub(crate) fn peaks(&self, most: usize) -> impl Iterator<Item = &Peak> {
        self.peaks
            .iter()
            .skip(self.peaks.len().saturating_sub(most))
    }

    /// Takes in a period: its figures hold for every minute of it.
    pub(crate) fn observe(&mut self, point: &Datapoint) {
        for at in minutes(point.start, point.period) {
            self.tell(at, |slot| {
                slot.cpu = point.cpu.map(|cpu| single(cpu.get()));
                slot.load = point.load().map(|load| single(load.get()));
            });
        }
    }

    /// Notes what is forecast for the minute of `at`.
    pub(crate) fn foresee(&mut self, at: Timestamp, quantiles: [f64; FORECAST_LEVELS.len()]) {
        let newest = self.first + len(&self.ring);
        if self.ring.is_empty() || minute(at) - newest > AHEAD_MAX_SLOTS {
            return;
        }
        self.tell(at, |slot| slot.forecast = Some(quantiles.map(single)));
    }

    /// Notes the group's capacity at `at`.
    pub(crate) fn capacity(
        &mut self,
        at: Timestamp,
        (desired, in_service, pending): (u32, u32, u32),
        bounds: Bounds,
    ) {
        self.tell(at, |slot| {
            slot.desired = Some(desired);
            slot.in_service = Some(in_service);
            slot.pending = Some(pending);
            slot.bounds = Some((bounds.min(), bounds.max()));
        });
    }

    /// Notes what target tracking runs at `at`.
    pub(crate) fn baseline(&mut self, at: Timestamp, running: BaselineNow) {
        self.tell(at, |slot| slot.baseline = Some(running));
    }

    /// The slots up to the minute of `at`, included.
    #[must_use]
    pub(crate) fn until(&self, at: Timestamp) -> Self {
        let mut until = self.clone();
        let last = usize::try_from(minute(at) - self.first + 1).unwrap_or(0);
        until.ring.truncate(last);
        let last_peak = minute(at).div_euclid(PEAK_SLOTS) - self.first.div_euclid(PEAK_SLOTS) + 1;
        until
            .peaks
            .truncate(usize::try_from(last_peak).unwrap_or(0));
        if !until.ring.is_empty() {
            until.find_peak(until.first + len(&until.ring) - 1);
        }
        until
    }

    /// The end of the newest minute with CPU.
    pub(crate) fn data_until(&self) -> Option<Timestamp> {
        let newest = self.iter().rev().find(|(_, slot)| slot.cpu.is_some());
        newest.map(|(at, _)| at.plus(SLOT))
    }

    /// When the oldest slot starts.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        (!self.ring.is_empty()).then(|| start(self.first))
    }

    /// Start of the oldest minute held that was observed or decided on.
    pub(crate) fn told_from(&self) -> Option<Timestamp> {
        let told = self.told_from.filter(|_| !self.ring.is_empty())?;
        Some(start(told.max(self.first)))
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

/// The minutes of a period.
fn minutes(start: Timestamp, period: Duration) -> impl Iterator<Item = Timestamp> {
    let minutes = (period.as_secs() / SLOT.as_secs()).clamp(1, 60);
    (0..minutes).map(move |minute| start.plus(Duration::from_secs(minute * SLOT.as_secs())))
}

/// Half the memory; a chart and a share need no more than seven digits.
pub(super) fn single(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "to the nearest single")]
    let single = value as f32;
    single
}

#[cfg(test)]
mod tests {
    use foretide_domain::Percent;
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        start(minute)
    }

    fn slots(most: usize) -> Slots {
        Slots::new(most)
    }

    impl Slots {
        fn get(&self, at: Timestamp) -> Option<&Slot> {
            let index = usize::try_from(super::minute(at) - self.first).ok()?;
            self.ring.get(index)
        }
    }

    /// Whether the minute was taken.
    fn mark(slots: &mut Slots, minute: i64) -> bool {
        slots.change(at(minute), |slot| slot.desired = Some(1));
        slots.get(at(minute)).is_some()
    }

    #[test]
    fn a_minute_of_silence_is_a_slot_that_knows_nothing() {
        let mut slots = slots(10);
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
        let mut slots = slots(3);
        (0..5).for_each(|minute| assert!(mark(&mut slots, minute)));
        assert_eq!(slots.start(), Some(at(2)));
        assert!(!mark(&mut slots, 1));
        assert!(mark(&mut slots, 100_000));
        assert_eq!(slots.start(), Some(at(100_000)));
        assert_eq!(slots.iter().count(), 1);
    }

    #[test]
    fn history_told_late_is_put_before_the_first() {
        let mut slots = slots(5);
        assert!(mark(&mut slots, 10) && mark(&mut slots, 7));
        assert_eq!(slots.start(), Some(at(7)));
        assert!(!mark(&mut slots, 5));
        let within: Vec<_> = slots.within(at(8), at(10)).map(|(at, _)| at).collect();
        assert_eq!(within, [at(8), at(9), at(10)]);
    }

    #[test]
    fn a_load_of_the_past_fills_what_is_not_known_and_tells_of_nothing_else() {
        let mut slots = slots(10);
        slots.tell(at(8), |slot| slot.load = Some(50.0));
        let minute_long = Duration::from_secs(60);
        (2..=8).for_each(|minute| slots.remember(at(minute), minute_long, 75.0));
        assert_eq!(slots.get(at(8)).unwrap().load, Some(50.0));
        let expected = Slot {
            load: Some(75.0),
            ..Slot::default()
        };
        assert_eq!(slots.get(at(2)), Some(&expected));
        assert_eq!(slots.start(), Some(at(2)));
        assert_eq!(slots.told_from(), Some(at(8)));
        slots.remember(at(-20), minute_long, 75.0);
        assert_eq!(slots.start(), Some(at(2)), "what does not fit is not taken");
    }

    /// Something that is told of a group.
    #[derive(Clone, Debug)]
    enum Told {
        Observed(Option<f64>, u64),
        Capacity(u32, u32),
        Baseline(u32),
    }

    fn told() -> impl Strategy<Value = Told> {
        prop_oneof![
            (prop::option::of(0.0..100.0), 1..9_u64).prop_map(|(cpu, m)| Told::Observed(cpu, m)),
            (0..9_u32, 0..9_u32).prop_map(|(serving, pending)| Told::Capacity(serving, pending)),
            (0..9_u32).prop_map(Told::Baseline),
        ]
    }

    fn tell(slots: &mut Slots, minute: i64, told: &Told) {
        let at = at(minute);
        match *told {
            Told::Observed(cpu, minutes) => slots.observe(&Datapoint {
                start: at,
                period: Duration::from_secs(60 * minutes),
                cpu: cpu.and_then(Percent::new),
                instances: 3.0,
                network_in: None,
                network_out: None,
                memory: None,
                demand: None,
                unaccounted: None,
            }),
            Told::Capacity(serving, pending) => {
                let capacity = (serving + pending, serving, pending);
                slots.capacity(at, capacity, Bounds::new(0, 20).unwrap());
            }
            Told::Baseline(configured) => slots.baseline(
                at,
                BaselineNow {
                    configured,
                    bank: None,
                },
            ),
        }
    }

    /// Minutes from one thing told to the next: mostly on, at times back, at times days ahead.
    fn strides() -> impl Strategy<Value = i64> {
        prop_oneof![6 => 0..3_i64, 2 => -40..40_i64, 1 => 700..1500_i64, 1 => 1500..6000_i64]
    }

    proptest! {
        /// Whatever is told, in whatever order: as if all minutes were passed over anew.
        #[test]
        fn peaks_that_follow_are_those_made_anew(
            most in prop_oneof![1..40_usize, 1430..1450_usize, 2880..2881_usize],
            from in -30..30_i64,
            story in prop::collection::vec((strides(), told()), 1..80),
        ) {
            let mut slots = slots(most);
            let mut minute = from;
            for (stride, told) in story {
                minute += stride;
                tell(&mut slots, minute, &told);
            }
            let mut peaks: Vec<(i64, Vec<&Slot>)> = Vec::new();
            for (at, slot) in slots.iter() {
                let nth = super::minute(at).div_euclid(PEAK_SLOTS);
                match peaks.last_mut() {
                    Some((last, slots)) if *last == nth => slots.push(slot),
                    _ => peaks.push((nth, vec![slot])),
                }
            }
            let peaks = peaks.into_iter().map(|(_, slots)| Peak::of(slots.into_iter()));
            let peaks: Vec<Peak> = peaks.collect();
            let followed: Vec<Peak> = slots.peaks(usize::MAX).copied().collect();
            prop_assert_eq!(followed, peaks);
        }
    }
}
