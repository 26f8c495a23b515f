//! AWS step scaling: two alarms on mean CPU, steps by the size of the breach.
//!
//! The shape is that of the user guide's example: an alarm above the target whose steps add 10, 20
//! and 30 % of capacity by 10 points of breach each, and one below a lower threshold that takes
//! 10 % away; at least one instance a step, added capacity rounded up, removed rounded down.

use foretide_domain::whole_instances;

use super::{Policy, View};

/// Steps by the size of the breach.
#[derive(Clone, Debug, PartialEq)]
pub struct StepScaling {
    /// CPU above which the upper alarm counts, percent.
    pub target: f64,
    /// Points below `target` at which the lower alarm counts.
    pub band_in: f64,
    /// Points in a row that raise either alarm.
    pub points_out: usize,
    /// Points in a row that raise the lower alarm.
    pub points_in: usize,
    /// Width of one step, in percentage points of CPU.
    pub step_width: f64,
    /// Share of capacity that each step adds (one for the first, two for the second, ...).
    pub step_share: f64,
    /// Most steps at once.
    pub steps: u32,
    /// Seconds in which instances just launched are not added to again: the estimated warm-up.
    pub warmup_s: u32,
}

impl Default for StepScaling {
    fn default() -> Self {
        Self {
            target: 50.0,
            band_in: 20.0,
            points_out: 3,
            points_in: 15,
            step_width: 10.0,
            step_share: 0.1,
            steps: 3,
            warmup_s: 300,
        }
    }
}

impl StepScaling {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("target", self.target),
            ("band_in", self.band_in),
            ("points_out", self.points_out as f64),
            ("points_in", self.points_in as f64),
            ("step_width", self.step_width),
            ("step_share", self.step_share),
            ("steps", f64::from(self.steps)),
            ("warmup_s", f64::from(self.warmup_s)),
        ]
    }

    pub(super) fn start(&self) -> Box<dyn Policy> {
        Box::new(Stepper {
            settings: self.clone(),
            above: 0,
            below: 0,
            grown: None,
        })
    }
}

struct Stepper {
    settings: StepScaling,
    above: usize,
    below: usize,
    /// When it grew last, and the capacity that steps within the warm-up are taken of.
    grown: Option<(i64, u32)>,
}

impl Stepper {
    fn count(&mut self, cpu: f64) {
        let StepScaling {
            target, band_in, ..
        } = self.settings;
        self.above = if cpu > target { self.above + 1 } else { 0 };
        self.below = if cpu < target - band_in {
            self.below + 1
        } else {
            0
        };
    }

    /// Capacity before the growth that is still warming up, as AWS counts a step within a warm-up.
    fn warm(&self, view: &View<'_>) -> u32 {
        let warmup_s = i64::from(self.settings.warmup_s);
        match self.grown {
            Some((at, capacity)) if view.at_s - at < warmup_s => capacity,
            _ => view.desired,
        }
    }

    fn out(&mut self, view: &View<'_>, cpu: f64) -> Option<u32> {
        let settings = &self.settings;
        let breach = (cpu - settings.target) / settings.step_width.max(f64::MIN_POSITIVE);
        let steps = whole_instances(breach).clamp(1, settings.steps.max(1));
        let warm = self.warm(view);
        let added =
            whole_instances(f64::from(warm) * settings.step_share * f64::from(steps)).max(1);
        let want = warm.saturating_add(added);
        if want <= view.desired {
            return None;
        }
        if self.grown.is_none_or(|(_, capacity)| capacity != warm) || warm == view.desired {
            self.grown = Some((view.at_s, warm));
        }
        Some(want)
    }
}

impl Policy for Stepper {
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        let mut newest = None;
        for cpu in view.fresh_periods().iter().filter_map(|period| period.cpu) {
            self.count(cpu);
            newest = Some(cpu);
        }
        let cpu = newest?;
        if self.above >= self.settings.points_out.max(1) {
            return self.out(view, cpu);
        }
        if self.below >= self.settings.points_in.max(1) && view.pending == 0 {
            let share = f64::from(view.desired) * self.settings.step_share;
            let removed = whole_instances(share.floor()).max(1);
            return Some(view.desired.saturating_sub(removed));
        }
        None
    }
}
