//! What a controller knows of the group's signals: newest values, what an instance carries, and
//! what each capacity optimiser has learnt.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use foretide_domain::{
    CallFailure, Datapoint, SignalReading, SignalStanding, SignalValue, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::config::{Carries, ControllerConfig, SignalConfig};
use crate::load::PerInstance;
use crate::policy::forecast::SavedOptimiser;

/// The signals' side of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignalSides {
    /// By name. Only configured signals have one.
    of: BTreeMap<String, SignalSide>,
    /// Whether the spare instances beyond what CPU asks for have paid for their end.
    pub(crate) cpu_paid: bool,
    /// The signal that bound the newest decision; none before the first.
    pub(crate) bound: Option<String>,
}

/// One signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SignalSide {
    /// What its loads were made with. With another, history and optimiser begin anew.
    pub(crate) scale: Scale,
    /// The newest values, the oldest first, each period once.
    series: VecDeque<Seen>,
    /// What one instance carries at 100 % CPU, as learnt.
    per_instance: PerInstance,
    /// Its capacity optimiser, under policy `forecast`.
    pub(crate) optimiser: Option<SavedOptimiser>,
    /// Whether the spare instances beyond what it asks for have paid for their end.
    pub(crate) paid: bool,
    /// Why its source did not answer the newest reading; none where it did.
    pub(crate) failure: Option<CallFailure>,
    /// How far it was judged in the newest cycle.
    pub(crate) standing: SignalStanding,
}

/// A value, with the instances that it fell on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) value: SignalValue,
    pub(crate) instances: f64,
}

/// What turns a value into a load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scale {
    carries: Carries,
    /// Utilisation that the policy aims at, percent.
    aim: f64,
}

impl Scale {
    pub(crate) fn of(signal: &SignalConfig, config: &ControllerConfig) -> Self {
        Self {
            carries: signal.carries,
            aim: config.aim().get(),
        }
    }
}

impl SignalSides {
    /// Whether no signal was ever configured: then nothing is stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Notes the signal that bound a decision.
    pub(crate) fn note_bound(&mut self, bound: Option<String>) {
        if bound.is_some() {
            self.bound = bound;
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&SignalSide> {
        self.of.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut SignalSide> {
        self.of.get_mut(name)
    }

    /// Has a side for each configured signal, and for no other. Returns the signals whose history
    /// has to begin anew, because their loads were made with other settings.
    pub(crate) fn follow(&mut self, config: &ControllerConfig) -> Vec<String> {
        let signals = &config.signals.list;
        if signals.is_empty() {
            *self = Self::default();
            return Vec::new();
        }
        self.of
            .retain(|name, _| signals.iter().any(|it| it.name == *name));
        let mut anew = Vec::new();
        for signal in signals {
            let scale = Scale::of(signal, config);
            let side = self.of.entry(signal.name.clone());
            let side = side.or_insert_with(|| SignalSide::new(scale));
            if side.scale != scale {
                side.scale = scale;
                side.optimiser = None;
                side.paid = false;
                anew.push(signal.name.clone());
            }
            side.shorten(kept(config));
        }
        anew
    }

    /// Takes in what a reading says of the signals. `points` are the datapoints of the same
    /// reading, `serving` the instances that serve now. Returns whether a value is new, or another
    /// one than before.
    pub(crate) fn take(
        &mut self,
        readings: &[SignalReading],
        newest: &dyn Fn(Timestamp) -> Option<Datapoint>,
        serving: u32,
        config: &ControllerConfig,
        now: Timestamp,
    ) -> bool {
        let mut changed = false;
        for reading in readings {
            let Some(side) = self.of.get_mut(&reading.name) else {
                continue;
            };
            side.failure.clone_from(&reading.failure);
            let mut values: Vec<SignalValue> = closed(&reading.values, now).collect();
            values.sort_by_key(|value| value.start);
            for value in values {
                let point = newest(value.start);
                let instances = point.map(|it| it.instances).filter(|it| *it > 0.0);
                let instances = instances.unwrap_or_else(|| f64::from(serving));
                changed |= side.insert(Seen { value, instances }, kept(config));
                if let Some(point) = point {
                    let demand = Some(value.value);
                    side.per_instance.observe(&Datapoint { demand, ..point });
                }
            }
        }
        changed
    }

    /// Start of the oldest value that may still change or is still to come; none without signals.
    pub(crate) fn read_from(&self, now: Timestamp) -> Option<Timestamp> {
        let from = |side: &SignalSide| match side.series.back() {
            Some(seen) => seen.value.start.minus(seen.value.period.saturating_mul(2)),
            None => now.minus(READ_BACK_MAX),
        };
        let oldest = self.of.values().map(from).min()?;
        Some(oldest.max(now.minus(READ_BACK_MAX)))
    }
}

/// The values of closed periods that make sense.
pub(crate) fn closed(
    values: &[SignalValue],
    now: Timestamp,
) -> impl Iterator<Item = SignalValue> + '_ {
    let makes_sense = move |it: &SignalValue| {
        it.value.is_finite() && it.value >= 0.0 && !it.period.is_zero() && it.end() <= now
    };
    values.iter().copied().filter(makes_sense)
}

/// A signal that was away is read back so far in a cycle; what is older comes as history.
const READ_BACK_MAX: Duration = Duration::from_secs(1800);

/// Values that are kept: as many as thresholds and target tracking look back.
fn kept(config: &ControllerConfig) -> usize {
    config.target_tracking.points()
}

impl SignalSide {
    fn new(scale: Scale) -> Self {
        Self {
            scale,
            series: VecDeque::new(),
            per_instance: PerInstance::default(),
            optimiser: None,
            paid: false,
            failure: None,
            standing: SignalStanding::Missing,
        }
    }

    fn shorten(&mut self, kept: usize) {
        while self.series.len() > kept {
            self.series.pop_front();
        }
    }

    /// Whether the value is new or another one.
    fn insert(&mut self, seen: Seen, kept: usize) -> bool {
        let start = seen.value.start;
        let place = self.series.partition_point(|it| it.value.start < start);
        let is_old = place == 0 && self.series.len() >= kept;
        match self
            .series
            .get_mut(place)
            .filter(|it| it.value.start == start)
        {
            Some(known) if known.value == seen.value => return false,
            Some(known) => *known = seen,
            None if is_old => return false,
            None => self.series.insert(place, seen),
        }
        self.shorten(kept);
        true
    }

    /// The values known, the newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Seen> {
        self.series.iter().rev()
    }

    /// Share of the periods from the oldest value kept to the newest that have a value; none before
    /// the second.
    pub(crate) fn coverage(&self) -> Option<f64> {
        let (oldest, newest) = (self.series.front()?.value, self.series.back()?.value);
        let span = newest.start.since(oldest.start).as_secs_f64();
        let periods = span / newest.period.as_secs_f64() + 1.0;
        (span > 0.0).then(|| (self.series.len() as f64 / periods).min(1.0))
    }

    /// What one instance carries at 100 %; none where it is not learnt yet, and for a mean.
    pub(crate) fn per_instance(&self) -> Option<f64> {
        match self.scale.carries {
            Carries::PerInstance(at_aim) => Some(100.0 * at_aim / self.scale.aim),
            Carries::Learnt => self.per_instance.known(),
            Carries::Target(_) | Carries::Thresholds => None,
        }
    }

    /// The load of `value` on `instances`, in instance-percent; none where it has none, or it is
    /// not known yet.
    pub(crate) fn load(&self, value: f64, instances: f64) -> Option<f64> {
        match self.scale.carries {
            Carries::PerInstance(_) | Carries::Learnt => Some(100.0 * value / self.per_instance()?),
            Carries::Target(mean) => Some(value * instances * self.scale.aim / mean),
            Carries::Thresholds => None,
        }
    }

    /// The value as a datapoint that shows its load, and nothing else.
    pub(crate) fn datapoint(&self, seen: &Seen) -> Option<Datapoint> {
        let load = self.load(seen.value.value, seen.instances)?;
        Some(Datapoint {
            start: seen.value.start,
            period: seen.value.period,
            instances: seen.instances,
            demand: Some(load / 100.0),
            ..Datapoint::default()
        })
    }
}
