//! The original's rules with an ideal model, which reads the class off the CPU.

use super::{Policy, View};
use crate::STEP_S;

/// One instance out at once, one in after many votes, a cooldown for both.
#[derive(Clone, Debug, PartialEq)]
pub struct Original {
    /// Target utilisation, percent.
    pub target: f64,
    /// Distance from target, in percentage points, that asks for a change.
    pub band: f64,
    /// Consecutive votes that take an instance away.
    pub votes_in: u32,
    /// Seconds after a change in which there is no other.
    pub cooldown_s: u32,
}

impl Default for Original {
    fn default() -> Self {
        Self {
            target: 50.0,
            band: 10.0,
            votes_in: 30,
            cooldown_s: 300,
        }
    }
}

impl Original {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("target", self.target),
            ("band", self.band),
            ("votes_in", f64::from(self.votes_in)),
            ("cooldown_s", f64::from(self.cooldown_s)),
        ]
    }

    pub(super) fn start(&self) -> Box<dyn Policy> {
        Box::new(Scaler {
            settings: self.clone(),
            streak: 0,
            changed_s: None,
        })
    }
}

struct Scaler {
    settings: Original,
    streak: u32,
    changed_s: Option<i64>,
}

impl Scaler {
    fn cool(&self, now_s: i64) -> bool {
        let cooldown_s = i64::from(self.settings.cooldown_s);
        self.changed_s.is_none_or(|at| now_s - at >= cooldown_s)
    }

    fn change(&mut self, now_s: i64, desired: u32) -> u32 {
        self.streak = 0;
        self.changed_s = Some(now_s);
        desired
    }
}

impl Policy for Scaler {
    /// Asks without looking at the bounds, as any policy of the simulation, which clamps what it
    /// is asked: a vote in at the minimum changes nothing, and starts the cooldown all the same.
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        debug_assert_eq!(view.at_s % STEP_S, 0, "a vote is counted once a step");
        let (cpu, _) = view.newest()?;
        let Original { target, band, .. } = self.settings;
        if cpu > target + band {
            self.streak = 0;
            if self.cool(view.at_s) {
                return Some(self.change(view.at_s, view.desired.saturating_add(1)));
            }
        } else if cpu < target - band {
            self.streak = self.streak.saturating_add(1);
            if self.streak >= self.settings.votes_in && self.cool(view.at_s) {
                return Some(self.change(view.at_s, view.desired.saturating_sub(1)));
            }
        } else {
            self.streak = 0;
        }
        None
    }
}
