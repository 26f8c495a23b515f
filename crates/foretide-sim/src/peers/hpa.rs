//! The law of Kubernetes' horizontal pod autoscaler, on mean CPU.

use foretide_domain::whole_instances;

use super::recent::RecentMax;
use super::{Policy, View};

/// Proportional scaling with a dead band and a stabilisation window for scaling in.
#[derive(Clone, Debug, PartialEq)]
pub struct Hpa {
    /// Target utilisation, percent.
    pub target: f64,
    /// Distance of utilisation ÷ target from 1 within which nothing changes.
    pub tolerance: f64,
    /// Seconds over which the largest number wanted counts for scaling in.
    pub stabilisation_s: u32,
}

impl Default for Hpa {
    fn default() -> Self {
        Self {
            target: 50.0,
            tolerance: 0.1,
            stabilisation_s: 300,
        }
    }
}

impl Hpa {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("target", self.target),
            ("tolerance", self.tolerance),
            ("stabilisation_s", f64::from(self.stabilisation_s)),
        ]
    }

    pub(super) fn start(&self) -> Box<dyn Policy> {
        Box::new(Scaler {
            settings: self.clone(),
            recent: RecentMax::default(),
        })
    }
}

struct Scaler {
    settings: Hpa,
    recent: RecentMax,
}

impl Policy for Scaler {
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        let (cpu, instances) = view.newest()?;
        let ratio = cpu / self.settings.target;
        let want = if (ratio - 1.0).abs() <= self.settings.tolerance {
            view.desired
        } else {
            whole_instances(instances * ratio)
        };
        let window_s = i64::from(self.settings.stabilisation_s);
        let most = self.recent.push(view.at_s, want, window_s);
        Some(if want > view.desired {
            want
        } else {
            view.desired.min(most)
        })
    }
}
