//! AWS target tracking on mean CPU, as the simulated world writes it down.

use foretide_domain::{Headroom, TargetTracking as Rule, Tracked};

use super::{Policy, View};

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
    /// Spare instances beyond what the target asks for. AWS has no such setting.
    pub headroom: Headroom,
}

impl Default for TargetTracking {
    fn default() -> Self {
        let rule = Rule::default();
        Self {
            target: 50.0,
            points_out: rule.out_points,
            points_in: rule.in_points,
            band_in: rule.in_band,
            headroom: Headroom::NONE,
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
        Box::new(Tracker::new(self))
    }
}

/// The rule at work.
pub(super) struct Tracker {
    target: f64,
    settings: Rule,
    headroom: Headroom,
}

impl Tracker {
    pub(super) const fn new(settings: &TargetTracking) -> Self {
        Self {
            target: settings.target,
            settings: Rule {
                out_points: settings.points_out,
                in_points: settings.points_in,
                in_band: settings.band_in,
            },
            headroom: settings.headroom,
        }
    }
}

impl Policy for Tracker {
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        // What was seen already was decided on already.
        let mut fresh = view.fresh_periods().iter();
        fresh.find(|period| period.cpu.is_some())?;
        let (_, instances) = view.newest()?;
        let points = view.points().take(self.settings.points());
        let utilisations: Vec<f64> = points.map(|(cpu, _)| cpu).collect();
        let group = Tracked {
            headroom: self.headroom,
            target: self.target,
            instances,
            desired: view.desired,
            pending: view.pending > 0,
        };
        self.settings.decide(&utilisations, group).0
    }
}
