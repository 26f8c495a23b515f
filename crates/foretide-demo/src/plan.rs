//! Plan of a demo: load, group, settings, model.

use std::path::PathBuf;

use foretide_classifier::Model;
use foretide_console::Price;
use foretide_control::ControllerConfig;
use foretide_domain::{CallFailure, FailureKind, Features, Prediction};
use foretide_sim::{FairRun, Peer, TargetTracking, fair_run};

use crate::load::Load;

/// Everything that a demo needs, checked before it begins.
#[derive(Debug)]
pub struct Plan {
    /// Name of the group.
    pub group: String,
    /// The load on the simulated group.
    pub load: Load,
    /// The controller's settings.
    pub config: ControllerConfig,
    /// Price of an instance-hour.
    pub price: Option<Price>,
    /// Folder of the records.
    pub records: PathBuf,
    /// The model that policy `classifier` asks.
    pub model: Model,
}

impl Plan {
    /// The model as a function of features, for the simulation.
    pub(crate) fn predict(
        &self,
    ) -> impl Fn(&Features) -> Result<Prediction, CallFailure> + Send + Sync + '_ {
        |features| {
            self.model.predict(features).map_err(|error| CallFailure {
                kind: FailureKind::Rejected,
                detail: error.to_string(),
            })
        }
    }

    /// The fair baseline on the same load: target tracking at the target that was cheapest within
    /// the violation budget. None cannot be: target tracking has a target to change.
    pub(crate) fn baseline(&self) -> Option<FairRun> {
        fair_run(
            &self.tracking(),
            &self.load.case,
            self.config.forecast.budget,
        )
    }

    /// Target tracking as configured: what scaled the group in the past, and the baseline's rule.
    pub(crate) fn tracking(&self) -> Peer {
        let settings = &self.config.target_tracking;
        Peer::TargetTracking(TargetTracking {
            target: self.config.target_utilisation.get(),
            points_out: settings.out_points,
            points_in: settings.in_points,
            band_in: settings.in_band,
            headroom: self.config.headroom,
        })
    }

    /// Length of what is shown, in days.
    pub(crate) fn days(&self) -> f64 {
        self.load.case.scored_s() as f64 / 86_400.0
    }

    /// What a demo shows, in one sentence for a person who has never seen it.
    pub(crate) fn sentence(&self) -> String {
        let Load { words, case, .. } = &self.load;
        let history = match case.setup().warmup_days {
            0 => "without history".to_owned(),
            days => format!("with {} of history", count(f64::from(days), "day")),
        };
        format!(
            "A simulated group of web servers that take {} to boot, under {} of {words} and \
             {history}: Foretide (policy {}) decides how many run, and target tracking is simulated on the \
             same load for comparison.",
            boot(case.setup().boot.typical_s()),
            count(self.days(), "day"),
            self.config.policy,
        )
    }
}

/// `3 min`, or `90 s`.
fn boot(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (minutes @ 1.., 0) => format!("{minutes} min"),
        _ => format!("{seconds} s"),
    }
}

/// `2 days`, `1 day`, `1.5 days`.
fn count(number: f64, of: &str) -> String {
    let tenths = format!("{number:.1}");
    match tenths.strip_suffix(".0") {
        Some("1") => format!("1 {of}"),
        Some(whole) => format!("{whole} {of}s"),
        None => format!("{tenths} {of}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counts_read_as_one_says_them() {
        assert_eq!(
            (boot(180), boot(90), boot(0)),
            ("3 min".into(), "90 s".into(), "0 s".into())
        );
        let days = [1.0, 2.0, 1.52].map(|days| count(days, "day"));
        assert_eq!(days, ["1 day", "2 days", "1.5 days"]);
    }
}
