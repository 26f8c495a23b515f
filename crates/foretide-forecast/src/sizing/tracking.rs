//! Target tracking: the fallback that decides in the first hour, and the baseline that a group is
//! compared with.

use std::collections::VecDeque;

use foretide_domain::{Headroom, TargetTracking, Tracked, TrackingRun};
use serde::{Deserialize, Serialize};

use super::price::INSTANCES_MAX;
use super::simulated::SimulatedGroup;

/// Published utilisation of the newest periods, and the rule on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracking {
    target: f64,
    #[serde(default)]
    settings: TargetTracking,
    /// The newest last.
    cpu: VecDeque<f64>,
}

impl Tracking {
    pub(crate) const fn new(target: f64, settings: TargetTracking) -> Self {
        Self {
            target,
            settings,
            cpu: VecDeque::new(),
        }
    }

    /// The baseline under the same rule, begun at `desired` instances.
    pub(crate) fn baseline(&self, desired: u32) -> Baseline {
        Baseline::new(self.target, self.settings, desired)
    }

    /// Goes by another target and other settings from now on.
    pub(crate) fn aim_at(&mut self, target: f64, settings: TargetTracking) {
        self.target = target;
        self.settings = settings;
    }

    pub(crate) fn observe(&mut self, cpu: f64) {
        self.cpu.push_back(cpu);
        while self.cpu.len() > self.settings.points() {
            self.cpu.pop_front();
        }
    }

    /// The capacity that target tracking would set, and what it counted. `instances_seen` is the
    /// newest period's mean in service.
    pub(crate) fn wanted(
        &self,
        instances_seen: f64,
        desired: u32,
        pending: bool,
        headroom: Headroom,
    ) -> (u32, TrackingRun) {
        let newest_first: Vec<f64> = self.cpu.iter().rev().copied().collect();
        let group = Tracked {
            target: self.target,
            instances: instances_seen,
            desired,
            pending,
            headroom,
        };
        let (wanted, run) = self.settings.decide(&newest_first, group);
        let wanted = wanted.map_or(desired, |wanted| wanted.min(INSTANCES_MAX));
        (wanted, run)
    }
}

/// The baseline: a simulated group under target tracking that is fed the observed load. It shows
/// the instances and violations that the reactive rule would have had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    tracking: Tracking,
    #[serde(flatten)]
    group: SimulatedGroup,
}

impl Baseline {
    /// A group of `desired` instances in service. `target` is the utilisation aimed at, in percent.
    pub fn new(target: f64, settings: TargetTracking, desired: u32) -> Self {
        Self {
            tracking: Tracking::new(target, settings),
            group: SimulatedGroup::new(desired),
        }
    }

    /// Instances in service or launching.
    pub const fn running(&self) -> u32 {
        self.group.desired()
    }

    /// Periods without data: launches under way arrive, nothing is decided.
    pub fn pass_over(&mut self, missed: u32) {
        self.group.pass_over(missed);
    }

    /// Goes by another target and other settings from now on.
    pub fn aim_at(&mut self, target: f64, settings: TargetTracking) {
        self.tracking.aim_at(target, settings);
    }

    /// One period at `load`, in instance-percent; returns instances in service and whether
    /// utilisation exceeded `objective`, in percent. A launch serves `lead` periods later. `bounds`
    /// are those of the group.
    pub fn step(
        &mut self,
        load: f64,
        objective: f64,
        lead: u64,
        bounds: (u32, u32),
    ) -> (u32, bool) {
        let in_service = self.group.serve();
        let demanded = load / f64::from(in_service);
        self.tracking.observe(demanded.min(100.0));
        let (desired, pending) = (self.group.desired(), self.group.is_launching());
        let (wanted, _) =
            self.tracking
                .wanted(f64::from(in_service), desired, pending, Headroom::NONE);
        self.group.set(wanted, lead, bounds);
        (in_service, demanded > objective)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tracking() -> Tracking {
        let settings = TargetTracking {
            out_points: 3,
            in_points: 15,
            in_band: 0.9,
        };
        Tracking::new(50.0, settings)
    }

    #[test]
    fn settings_changed_hold_for_the_fallback_and_the_baseline_alike() {
        let slow = TargetTracking {
            out_points: 9,
            ..TargetTracking::default()
        };
        let mut fallback = tracking();
        fallback.aim_at(50.0, slow);
        let mut baseline = fallback.baseline(4);
        let (mut decided, mut served) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            fallback.observe(100.0);
            decided.push(fallback.wanted(4.0, 4, false, Headroom::NONE).0);
            served.push(baseline.step(400.0, 80.0, 5, (1, 100)).0);
        }
        assert_eq!(decided[7..9], [4, 8], "the ninth period above the target");
        assert_eq!(served[12..14], [4, 8], "and five periods of launch");
    }

    #[test]
    fn the_baseline_follows_a_step_after_its_lead_and_comes_back() {
        let mut baseline = tracking().baseline(4);
        let mut seen = Vec::new();
        for t in 0..60 {
            let load = if (10..30).contains(&t) { 400.0 } else { 200.0 };
            seen.push(baseline.step(load, 80.0, 5, (1, 100)).0);
        }
        assert_eq!(seen[16], 4, "three periods to see it, five to launch");
        assert_eq!(seen[17], 8);
        assert_eq!(seen[44], 8, "fifteen periods below");
        assert_eq!(seen[45], 4);
    }

    #[test]
    fn the_baseline_keeps_to_the_bounds_of_the_group() {
        let mut baseline = tracking().baseline(4);
        let mut seen = |load: f64| {
            (0..60)
                .map(|_| baseline.step(load, 80.0, 5, (3, 6)).0)
                .last()
        };
        assert_eq!(seen(2_000.0), Some(6));
        assert_eq!(seen(10.0), Some(3));
    }
}
