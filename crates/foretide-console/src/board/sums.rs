//! What the minutes of a day come to, and the peaks of a small chart: kept up with every change of
//! a minute, since a thousand rows are made in a second.

use foretide_domain::whole_instances;

use super::slots::{SLOT, Slot};

/// What a budget and a cost are counted over.
pub(crate) const DAY_SLOTS: usize = 24 * 60;
/// Minutes that a peak is of.
pub(crate) const PEAK_SLOTS: i64 = 12;
/// The fewest whole instances that carry `load` at the objective, both in percent.
pub(crate) fn instances_for(load: f64, objective: f64) -> u32 {
    whole_instances(load / objective)
}

/// Sums over minutes. They are whole numbers, so what was added can be taken away without a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Minutes with CPU.
    pub(crate) minutes: usize,
    /// Those of them above the objective.
    pub(crate) short: usize,
    pub(crate) paid: Instances,
    /// What target tracking would pay for.
    pub(crate) tracking: Instances,
    /// What was paid for in the minutes in which target tracking's is known.
    pub(crate) beside: Instances,
    /// What perfect foresight would pay for.
    pub(crate) optimum: Instances,
    /// What was paid for in the minutes in which the optimum is known.
    pub(crate) beside_optimum: Instances,
}

impl Sums {
    /// Those of one minute, judged by an objective in percent.
    fn of(slot: &Slot, objective: f64) -> Self {
        let held = slot.paid();
        let beside = held.filter(|_| slot.tracking.is_some());
        let need = || Some(instances_for(f64::from(slot.load?), objective));
        let optimum = held.and_then(|_| slot.optimum.or_else(need));
        Self {
            minutes: usize::from(slot.cpu.is_some()),
            short: usize::from(slot.cpu.is_some_and(|cpu| f64::from(cpu) > objective)),
            paid: Instances::of(held),
            tracking: Instances::of(held.and(slot.tracking)),
            beside: Instances::of(beside),
            optimum: Instances::of(optimum),
            beside_optimum: Instances::of(held.filter(|_| optimum.is_some())),
        }
    }

    pub(crate) fn add(&mut self, slot: &Slot, objective: f64) {
        let other = Self::of(slot, objective);
        self.minutes += other.minutes;
        self.short += other.short;
        self.paid.add(other.paid);
        self.tracking.add(other.tracking);
        self.beside.add(other.beside);
        self.optimum.add(other.optimum);
        self.beside_optimum.add(other.beside_optimum);
    }

    /// Takes away what was added for the same slot by the same objective.
    pub(crate) fn remove(&mut self, slot: &Slot, objective: f64) {
        let other = Self::of(slot, objective);
        self.minutes -= other.minutes;
        self.short -= other.short;
        self.paid.remove(other.paid);
        self.tracking.remove(other.tracking);
        self.beside.remove(other.beside);
        self.optimum.remove(other.optimum);
        self.beside_optimum.remove(other.beside_optimum);
    }
}

/// Instances over minutes in which they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Instances {
    sum: u64,
    minutes: u64,
}

impl Instances {
    fn of(instances: Option<u32>) -> Self {
        Self {
            sum: instances.map_or(0, u64::from),
            minutes: u64::from(instances.is_some()),
        }
    }

    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.minutes += other.minutes;
    }

    fn remove(&mut self, other: Self) {
        self.sum -= other.sum;
        self.minutes -= other.minutes;
    }

    /// Instance-hours; none where no minute is known.
    pub(crate) fn instance_hours(self) -> Option<f64> {
        (self.minutes > 0).then(|| self.sum as f64 * SLOT.as_secs_f64() / 3600.0)
    }

    /// Hours in which they are known.
    pub(crate) fn hours(self) -> f64 {
        self.minutes as f64 * SLOT.as_secs_f64() / 3600.0
    }
}

/// The most of some minutes that follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    /// In instance-percent.
    pub(crate) load: Option<f32>,
    pub(crate) in_service: Option<u32>,
}

impl Peak {
    pub(crate) fn of<'a>(slots: impl Iterator<Item = &'a Slot>) -> Self {
        slots.fold(Self::default(), |peak, slot| Self {
            load: match (peak.load, slot.load) {
                (Some(known), Some(load)) => Some(known.max(load)),
                (known, load) => known.or(load),
            },
            in_service: peak.in_service.max(slot.in_service),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quarter of the day without load: what was paid for in it is compared with nothing.
    #[test]
    fn what_is_compared_is_counted_over_the_same_minutes() {
        let known = Slot {
            load: Some(120.0),
            in_service: Some(3),
            ..Slot::default()
        };
        let unknown = Slot {
            load: None,
            ..known
        };
        let mut day = Sums::default();
        for slot in [known, known, known, unknown] {
            day.add(&slot, 60.0);
        }
        let hours = |instances: Instances| 60.0 * instances.instance_hours().unwrap();
        assert!((hours(day.paid) - 12.0).abs() < 1e-9);
        assert!((hours(day.beside_optimum) - 9.0).abs() < 1e-9);
        assert!((hours(day.optimum) - 6.0).abs() < 1e-9);
        assert_eq!(day.beside.instance_hours(), None);
    }
}
