//! Own capacity and the baseline's, and the time in violation of each, over the last seven days.

use std::collections::VecDeque;

use foretide_domain::Counterfactual;
use serde::{Deserialize, Serialize};

/// Length of a part. The oldest part is forgotten whole.
const PART_MINUTES: f64 = 360.0;
/// Whole parts of seven days.
const PARTS: usize = 28;
/// Before half a day, one burst decides what costs look like.
const TOLD_MINUTES: f64 = 720.0;

/// Sums over up to seven days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Week {
    /// The newest last.
    parts: VecDeque<Part>,
}

/// Sums over six hours: minutes, instance-minutes, and minutes in violation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Part {
    minutes: f64,
    own: f64,
    own_short: f64,
    tracking: f64,
    tracking_short: f64,
}

impl Week {
    /// Adds `minutes`: capacity and share of time in violation, own and the baseline's.
    pub(crate) fn add(&mut self, minutes: f64, own: (f64, f64), baseline: (f64, f64)) {
        if self
            .parts
            .back()
            .is_none_or(|part| part.minutes >= PART_MINUTES)
        {
            self.parts.push_back(Part::default());
            while self.parts.len() > PARTS {
                self.parts.pop_front();
            }
        }
        if let Some(part) = self.parts.back_mut() {
            part.minutes += minutes;
            part.own += minutes * own.0;
            part.own_short += minutes * own.1;
            part.tracking += minutes * baseline.0;
            part.tracking_short += minutes * baseline.1;
        }
    }

    fn sum(&self) -> Part {
        let mut sum = Part::default();
        for part in &self.parts {
            sum.minutes += part.minutes;
            sum.own += part.own;
            sum.own_short += part.own_short;
            sum.tracking += part.tracking;
            sum.tracking_short += part.tracking_short;
        }
        sum
    }

    /// The sums, where they span enough time to say something.
    fn told(&self) -> Option<Part> {
        Some(self.sum()).filter(|sum| sum.minutes >= TOLD_MINUTES)
    }

    /// Own cost over the baseline's.
    pub(crate) fn cost_ratio(&self) -> Option<f64> {
        let sum = self.told().filter(|sum| sum.tracking > 0.0)?;
        Some(sum.own / sum.tracking)
    }

    /// Share of the time in violation.
    pub(crate) fn violation_share(&self) -> Option<f64> {
        let sum = self.told()?;
        Some(sum.own_short / sum.minutes)
    }

    /// Means over the time that there is; zeros before half a day.
    pub(crate) fn means(&self) -> Counterfactual {
        let Some(sum) = self.told() else {
            return Counterfactual::default();
        };
        Counterfactual {
            own: sum.own / sum.minutes,
            own_short: sum.own_short / sum.minutes,
            tracking: sum.tracking / sum.minutes,
            tracking_short: sum.tracking_short / sum.minutes,
        }
    }
}
