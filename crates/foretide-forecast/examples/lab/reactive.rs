//! Target tracking on the same world, to compare with.

use std::collections::VecDeque;

use crate::world::{Policy, Published};

pub(crate) struct TargetTracking {
    target: f64,
    cpu: VecDeque<f64>,
}

impl TargetTracking {
    pub(crate) fn new(target: f64) -> Self {
        Self {
            target,
            cpu: VecDeque::new(),
        }
    }
}

impl Policy for TargetTracking {
    fn decide(&mut self, newest: Published, desired: u32, pending: bool) -> Option<u32> {
        self.cpu.push_back(newest.cpu);
        if self.cpu.len() > 15 {
            self.cpu.pop_front();
        }
        let wanted = |cpu: f64| (newest.instances * cpu / self.target - 1e-9).ceil() as u32;
        if self.cpu.len() >= 3 && self.cpu.iter().rev().take(3).all(|c| *c > self.target) {
            return Some(desired.max(wanted(newest.cpu)));
        }
        let below = self.cpu.iter().all(|c| *c < 0.9 * self.target);
        (self.cpu.len() == 15 && below && !pending)
            .then(|| desired.min(wanted(self.cpu.iter().copied().fold(0.0, f64::max))))
    }
}
