//! A fit of the forecast, made away from the controller.

use foretide_forecast::{FitError, FitParams, Fitted, History, fit};

/// Seed of the trees: the one that the published figures were measured with.
const SEED: u64 = 1;

/// A fit to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct FitJob {
    history: History,
}

/// How a fit ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FitOutcome {
    /// It is not known: a journal says that a fit ended and does not hold the model.
    #[default]
    NotKept,
    /// A model was made.
    Made(Box<Fitted>),
    /// There is none, and why.
    Failed(FitError),
}

impl FitJob {
    pub(crate) const fn new(history: History) -> Self {
        Self { history }
    }

    /// Fits. Takes about a third of a second for 14 days of one-minute periods. Fails where the
    /// history is too short or the fit answers no numbers.
    pub fn run(&self) -> FitOutcome {
        match fit(&self.history, &FitParams::default(), SEED) {
            Ok(fitted) => FitOutcome::Made(Box::new(fitted)),
            Err(error) => FitOutcome::Failed(error),
        }
    }
}
