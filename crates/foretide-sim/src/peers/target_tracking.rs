//! AWS target tracking on mean CPU, as the simulated world writes it down.

use super::{Policy, View};
use crate::optimum::ceil_count;

/// Proportional scaling behind a fast alarm for out and a slow one for in.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetTracking {
    /// Target utilisation, percent.
    pub target: f64,
    /// Points in a row above target that scale out. AWS publishes no constant; 3 is what its alarms
    /// are created with.
    pub points_out: usize,
    /// Points in a row below the band that scale in; 15 for the same reason.
    pub points_in: usize,
    /// Share of the target below which points count for scaling in.
    pub band_in: f64,
}

impl Default for TargetTracking {
    fn default() -> Self {
        Self {
            target: 50.0,
            points_out: 3,
            points_in: 15,
            band_in: 0.9,
        }
    }
}

impl TargetTracking {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("target", self.target),
            ("points_out", self.points_out as f64),
            ("points_in", self.points_in as f64),
            ("band_in", self.band_in),
        ]
    }

    pub(super) fn start(&self) -> Box<dyn Policy> {
        Box::new(Tracker::new(self.clone()))
    }
}

/// The law at work: counts runs of points, so that a step costs the same however long they are.
pub(super) struct Tracker {
    settings: TargetTracking,
    above: usize,
    below: usize,
}

impl Tracker {
    pub(super) const fn new(settings: TargetTracking) -> Self {
        Self {
            settings,
            above: 0,
            below: 0,
        }
    }

    fn count(&mut self, cpu: f64) {
        let TargetTracking {
            target, band_in, ..
        } = self.settings;
        self.above = if cpu > target { self.above + 1 } else { 0 };
        self.below = if cpu < band_in * target {
            self.below + 1
        } else {
            0
        };
    }
}

impl Policy for Tracker {
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        let mut seen = false;
        for cpu in view.fresh_periods().iter().filter_map(|period| period.cpu) {
            self.count(cpu);
            seen = true;
        }
        let (cpu, instances) = view.newest().filter(|_| seen)?;
        let settings = &self.settings;
        if self.above >= settings.points_out.max(1) {
            let want = ceil_count(instances * cpu / settings.target);
            return Some(view.desired.max(want));
        }
        if self.below >= settings.points_in.max(1) && view.pending == 0 {
            let lately = view.points().take(settings.points_in.max(1));
            let most = lately.map(|(cpu, _)| cpu).fold(0.0, f64::max);
            let want = ceil_count(instances * most / settings.target);
            return Some(view.desired.min(want));
        }
        None
    }
}
