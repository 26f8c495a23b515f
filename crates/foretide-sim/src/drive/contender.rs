//! The product's own policies in a backtest: the shipping controller, judged like any peer.

use std::fmt;
use std::sync::Arc;

use foretide_control::{ConfigError, ControllerConfig};
use foretide_domain::{Mode, Percent, PolicyKind, Spent};

use super::{Predict, Simulation};
use crate::backtest::{Case, Contender, Judged, Prices, Timeline};
use crate::score::Score;

/// A controller configuration with a name. It writes whatever mode the configuration has: a
/// backtest asks what it would have done.
#[derive(Clone)]
pub struct Driven {
    name: String,
    config: ControllerConfig,
    predict: Arc<Predict<'static>>,
}

impl fmt::Debug for Driven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driven")
            .field("name", &self.name)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Driven {
    /// The controller with `config`, which asks `predict` where its policy needs a model.
    ///
    /// # Errors
    /// Where a setting makes no sense.
    pub fn new(
        name: &str,
        mut config: ControllerConfig,
        predict: Arc<Predict<'static>>,
    ) -> Result<Self, ConfigError> {
        config.mode = Mode::Enforce;
        config.validate()?;
        Ok(Self {
            name: name.into(),
            config,
            predict,
        })
    }
}

impl Contender for Driven {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        let knob = match (self.config.policy, self.config.forecast.short_per_instance) {
            (PolicyKind::Forecast, None) => ("budget", self.config.forecast.budget),
            (PolicyKind::Forecast, Some(price)) => ("short_per_instance", price),
            _ => ("target", self.config.target_utilisation.get()),
        };
        vec![knob, ("interval_s", self.config.interval.as_secs_f64())]
    }

    /// Policy `forecast` has none: it follows a budget or prices.
    fn with_target(&self, target: f64) -> Option<Box<dyn Contender>> {
        if self.config.policy == PolicyKind::Forecast {
            return None;
        }
        let mut other = self.clone();
        other.config.target_utilisation = Percent::new(target)?;
        other.config.validate().ok()?;
        Some(Box::new(other))
    }

    fn run(&self, case: &Case, timeline: Option<&mut Timeline>) -> Score {
        let replayed = self.replay(case, timeline);
        replayed.map_or_else(Score::default, |it| it.score())
    }

    fn judge(&self, case: &Case, timeline: Option<&mut Timeline>) -> Judged {
        let replayed = self.replay(case, timeline);
        let controller = replayed.as_ref().map(|it| it.driver().controller());
        let prices = controller.and_then(|controller| {
            Some(Prices {
                list: controller.price_list()?,
                spent: Spent::of(&controller.week()),
            })
        });
        Judged {
            score: replayed.map_or_else(Score::default, |it| it.score()),
            label: self.name(),
            parameters: self.parameters(),
            kept: None,
            prices,
        }
    }
}

impl Driven {
    /// The simulation at the end of the case.
    fn replay<'a>(
        &'a self,
        case: &'a Case,
        mut timeline: Option<&mut Timeline>,
    ) -> Option<Simulation<'a, 'a>> {
        let predict = &*self.predict;
        // Checked when it was made, so a failure cannot come from here; the empty score is visible.
        let mut simulation = Simulation::new(case, self.config.clone(), predict, None).ok()?;
        while let Some(step) = simulation.advance(&mut |_, _| {}) {
            if let Some(timeline) = timeline.as_deref_mut() {
                timeline.observe(&step);
            }
        }
        Some(simulation)
    }
}
