//! Plan of a demo: load, group, settings, model.

use std::path::PathBuf;

use foretide_classifier::Model;
use foretide_console::Price;
use foretide_control::ControllerConfig;
use foretide_domain::{CallFailure, FailureKind, Features, Prediction};
use foretide_sim::{Case, FairRun, Peer, fair_run};

/// Everything that a demo needs, checked before it begins.
#[derive(Debug)]
pub struct Plan {
    /// Name of the group.
    pub group: String,
    /// The load in words.
    pub load: String,
    /// The load on the simulated group.
    pub case: Case,
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
        let settings = &self.config.target_tracking;
        let peer = Peer::TargetTracking(foretide_sim::TargetTracking {
            target: self.config.target_utilisation.get(),
            points_out: settings.out_points,
            points_in: settings.in_points,
            band_in: settings.in_band,
        });
        fair_run(&peer, &self.case, self.config.forecast.budget)
    }
}
