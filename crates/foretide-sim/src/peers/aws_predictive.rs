//! An emulation of AWS predictive scaling: an hourly floor under target tracking.
//!
//! AWS publishes neither its model nor its weights; this stands for its kind (hourly load of past
//! days, weekdays counted apart), not for its figures.

use foretide_domain::whole_instances;

use super::target_tracking::Tracker;
use super::{Policy, TargetTracking, View};

const HOUR_S: i64 = 3600;
const HOURS_A_DAY: usize = 24;
const DAY_S: i64 = 24 * HOUR_S;

/// Target tracking over a floor from the same hours of past days.
#[derive(Clone, Debug, PartialEq)]
pub struct AwsPredictive {
    /// The target tracking under it.
    pub tracking: TargetTracking,
    /// Seconds ahead of an hour at which its floor holds.
    pub buffer_s: u32,
    /// Past days looked at.
    pub days: usize,
    /// Weight of a day over the day after it.
    pub decay: f64,
}

impl Default for AwsPredictive {
    fn default() -> Self {
        Self {
            tracking: TargetTracking::default(),
            buffer_s: 300,
            days: 14,
            decay: 0.8,
        }
    }
}

impl AwsPredictive {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        let mut parameters = self.tracking.parameters();
        parameters.extend([
            ("buffer_s", f64::from(self.buffer_s)),
            ("days", self.days as f64),
            ("decay", self.decay),
        ]);
        parameters
    }

    pub(super) fn start(&self) -> Box<dyn Policy> {
        Box::new(Predictor {
            tracker: Tracker::new(&self.tracking),
            settings: self.clone(),
            hours: Vec::new(),
            floor: None,
        })
    }
}

struct Predictor {
    settings: AwsPredictive,
    tracker: Tracker,
    /// Sum and number of loads in each hour since t = 0.
    hours: Vec<(f64, u32)>,
    /// The hour that the floor was computed for, and the floor.
    floor: Option<(usize, u32)>,
}

impl Predictor {
    fn learn(&mut self, view: &View<'_>) {
        for period in view.fresh_periods() {
            let Some(cpu) = period.cpu else { continue };
            let Ok(hour) = usize::try_from(period.start_s / HOUR_S) else {
                continue;
            };
            if self.hours.len() <= hour {
                self.hours.resize(hour + 1, (0.0, 0));
            }
            if let Some((sum, count)) = self.hours.get_mut(hour) {
                *sum += cpu * period.instances;
                *count += 1;
            }
        }
    }

    /// Mean load of the hour that lies `days` days before `hour`.
    fn load(&self, hour: usize, days: usize) -> Option<f64> {
        let &(sum, count) = self.hours.get(hour.checked_sub(days * HOURS_A_DAY)?)?;
        (count > 0).then(|| sum / f64::from(count))
    }

    fn floor(&self, hour: usize) -> u32 {
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        let (mut same_weekday, mut weeks) = (0.0, 0.0);
        for days in 1..=self.settings.days {
            if let Some(load) = self.load(hour, days) {
                sum += weight * load;
                weights += weight;
                if days % 7 == 0 {
                    same_weekday += load;
                    weeks += 1.0;
                }
            }
            weight *= self.settings.decay;
        }
        if weights <= 0.0 {
            return 0;
        }
        let daily = sum / weights;
        let expected = if weeks > 0.0 {
            0.5 * daily + 0.5 * same_weekday / weeks
        } else {
            daily
        };
        whole_instances(expected / self.settings.tracking.target)
    }
}

impl Policy for Predictor {
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        self.learn(view);
        let tracked = self.tracker.decide(view);
        if view.at_s >= DAY_S
            && let Ok(hour) =
                usize::try_from((view.at_s + i64::from(self.settings.buffer_s)) / HOUR_S)
            && self.floor.is_none_or(|(of, _)| of != hour)
        {
            self.floor = Some((hour, self.floor(hour)));
        }
        let floor = self.floor.map_or(0, |(_, floor)| floor);
        // Where the floor leaves desired capacity as it is, it has nothing to say, and what target
        // tracking asked by itself is passed on.
        let floored = tracked.unwrap_or(view.desired).max(floor);
        if floored == view.desired {
            return tracked;
        }
        Some(floored)
    }
}
