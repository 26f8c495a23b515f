//! A simulated group, period by period: launches serve one lead later, terminations at once.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Instances of a simulated group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SimulatedGroup {
    desired: u32,
    in_service: u32,
    /// Launches under way: period of arrival, instances.
    coming: VecDeque<(u64, u32)>,
    period: u64,
}

impl SimulatedGroup {
    /// A group of `desired` instances in service, at least one.
    pub(crate) fn new(desired: u32) -> Self {
        Self {
            desired,
            in_service: desired.max(1),
            coming: VecDeque::new(),
            period: 0,
        }
    }

    /// Instances in service or launching.
    pub(crate) const fn desired(&self) -> u32 {
        self.desired
    }

    /// Whether launches are under way.
    pub(crate) fn is_launching(&self) -> bool {
        !self.coming.is_empty()
    }

    /// Periods in which nothing is decided.
    pub(crate) fn pass_over(&mut self, missed: u32) {
        self.period += u64::from(missed);
    }

    /// Launches that are due arrive. Returns the instances in service.
    pub(crate) fn serve(&mut self) -> u32 {
        while let Some(&(at, count)) = self.coming.front()
            && at <= self.period
        {
            self.in_service += count;
            self.coming.pop_front();
        }
        self.in_service
    }

    /// Sets desired capacity within `bounds` and ends the period. A launch serves `lead` periods
    /// later.
    pub(crate) fn set(&mut self, wanted: u32, lead: u64, bounds: (u32, u32)) {
        let wanted = wanted.min(bounds.1).max(bounds.0.max(1));
        if wanted > self.desired {
            let more = wanted - self.desired;
            self.coming.push_back((self.period + lead.max(1), more));
        } else if wanted < self.desired {
            self.take_away(self.desired - wanted);
        }
        self.desired = wanted;
        self.period += 1;
    }

    /// Launches under way are given up first, the newest first.
    fn take_away(&mut self, mut less: u32) {
        while less > 0
            && let Some((_, count)) = self.coming.back_mut()
        {
            let given_up = less.min(*count);
            *count -= given_up;
            less -= given_up;
            if *count == 0 {
                self.coming.pop_back();
            }
        }
        self.in_service = self.in_service.saturating_sub(less).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_serve_a_lead_later_and_are_given_up_first() {
        let mut group = SimulatedGroup::new(4);
        let mut served = Vec::new();
        for wanted in [10, 10, 7, 7, 7, 3] {
            served.push(group.serve());
            group.set(wanted, 3, (1, 100));
        }
        assert_eq!(
            served,
            [4, 4, 4, 7, 7, 7],
            "six were launched and three given up"
        );
        assert_eq!((group.serve(), group.desired()), (3, 3));
        assert!(!group.is_launching());
    }
}
