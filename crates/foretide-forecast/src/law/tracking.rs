//! Target tracking: what decides in the first hour, and the counterfactual that the law is held
//! against.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::price::instances;

const ABOVE_PERIODS: usize = 3;
const BELOW_PERIODS: usize = 15;
const BELOW_SHARE: f64 = 0.9;

/// Published utilisation of the newest periods, and the rule on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracking {
    target: f64,
    cpu: VecDeque<f64>,
}

impl Tracking {
    pub(crate) fn new(target: f64) -> Self {
        Self {
            target,
            cpu: VecDeque::with_capacity(BELOW_PERIODS + 1),
        }
    }

    /// Aims at another target from now on.
    pub(crate) fn aim_at(&mut self, target: f64) {
        self.target = target;
    }

    pub(crate) fn observe(&mut self, cpu: f64) {
        self.cpu.push_back(cpu);
        if self.cpu.len() > BELOW_PERIODS {
            self.cpu.pop_front();
        }
    }

    /// Three periods above the target: out by the newest; fifteen below nine tenths of it and
    /// nothing pending: in by the highest. `instances_seen` is the newest period's mean in service.
    pub(crate) fn wanted(&self, instances_seen: f64, desired: u32, pending: bool) -> u32 {
        let newest = self.cpu.back().copied().unwrap_or(0.0);
        let above = self.cpu.iter().rev().take(ABOVE_PERIODS);
        if self.cpu.len() >= ABOVE_PERIODS && above.into_iter().all(|c| *c > self.target) {
            return desired.max(instances(instances_seen * newest / self.target));
        }
        let highest = self.cpu.iter().copied().fold(0.0, f64::max);
        let below = highest < BELOW_SHARE * self.target;
        if self.cpu.len() >= BELOW_PERIODS && below && !pending {
            return desired.min(instances(instances_seen * highest / self.target));
        }
        desired
    }
}

/// A group under target tracking that is fed the observed load: cost and violations that the
/// reactive rule would have had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shadow {
    tracking: Tracking,
    desired: u32,
    in_service: u32,
    /// Launches under way: period of arrival, instances.
    coming: VecDeque<(u64, u32)>,
    period: u64,
}

impl Shadow {
    pub(crate) fn new(target: f64, desired: u32) -> Self {
        Self {
            tracking: Tracking::new(target),
            desired,
            in_service: desired.max(1),
            coming: VecDeque::new(),
            period: 0,
        }
    }

    /// Periods without data: what is launched comes, nothing is decided.
    pub(crate) fn pass_over(&mut self, missed: u32) {
        self.period += u64::from(missed);
    }

    /// Aims at another target from now on.
    pub(crate) fn aim_at(&mut self, target: f64) {
        self.tracking.aim_at(target);
    }

    /// One period at `load`; returns instances in service and whether utilisation exceeded
    /// `objective`. A launch serves `lead` periods later. `bounds` are those of the group.
    pub(crate) fn step(
        &mut self,
        load: f64,
        objective: f64,
        lead: u64,
        bounds: (u32, u32),
    ) -> (u32, bool) {
        while let Some(&(at, count)) = self.coming.front()
            && at <= self.period
        {
            self.in_service += count;
            self.coming.pop_front();
        }
        let in_service = self.in_service;
        let demanded = load / f64::from(in_service);
        self.tracking.observe(demanded.min(100.0));
        let pending = !self.coming.is_empty();
        let wanted = self
            .tracking
            .wanted(f64::from(in_service), self.desired, pending)
            .min(bounds.1)
            .max(bounds.0.max(1));
        if wanted > self.desired {
            self.coming
                .push_back((self.period + lead.max(1), wanted - self.desired));
        } else if wanted < self.desired {
            self.in_service = wanted;
        }
        self.desired = wanted;
        self.period += 1;
        (in_service, demanded > objective)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shadow_follows_a_step_after_its_lead_and_comes_back() {
        let mut shadow = Shadow::new(50.0, 4);
        let mut seen = Vec::new();
        for t in 0..60 {
            let load = if (10..30).contains(&t) { 400.0 } else { 200.0 };
            seen.push(shadow.step(load, 80.0, 5, (1, 100)).0);
        }
        assert_eq!(seen[16], 4, "three periods to see it, five to launch");
        assert_eq!(seen[17], 8);
        assert_eq!(seen[44], 8, "fifteen periods below");
        assert_eq!(seen[45], 4);
    }

    #[test]
    fn the_shadow_keeps_to_the_bounds_of_the_group() {
        let mut shadow = Shadow::new(50.0, 4);
        let mut seen = |load: f64| (0..60).map(|_| shadow.step(load, 80.0, 5, (3, 6)).0).last();
        assert_eq!(seen(2_000.0), Some(6));
        assert_eq!(seen(10.0), Some(3));
    }
}
