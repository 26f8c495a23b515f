//! A fit of the forecast, made away from the controller.

use foretide_forecast::sizing::{PriceList, SizingConfig};
use foretide_forecast::{FitError, FitParams, Fitted, History, fit, price_list};

/// Seed of the trees: the one that the published figures were measured with.
const SEED: u64 = 1;

/// A fit to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct FitJob {
    history: History,
    /// What a price list is made with; none if none is due.
    pricing: Option<PriceListJob>,
}

/// What a price list depends on beside the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PriceListJob {
    pub(crate) config: SizingConfig,
    /// Least and most desired capacity.
    pub(crate) bounds: (u32, u32),
}

/// What a fit made.
#[derive(Clone, Debug, PartialEq)]
pub struct FitMade {
    pub(crate) fitted: Fitted,
    pub(crate) prices: Option<PriceList>,
}

/// How a fit ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FitOutcome {
    /// It is not known: a journal says that a fit ended and does not hold the model.
    #[default]
    NotKept,
    /// A model was made.
    Made(Box<FitMade>),
    /// There is none, and why.
    Failed(FitError),
}

impl FitJob {
    pub(crate) const fn new(history: History, pricing: Option<PriceListJob>) -> Self {
        Self { history, pricing }
    }

    /// Fits, and makes the price list if one is due. A fit takes about a third of a second for 14
    /// days of one-minute periods, a price list three times that. Fails where the history is too
    /// short or the fit answers no numbers.
    pub fn run(&self) -> FitOutcome {
        match fit(&self.history, &FitParams::default(), SEED) {
            Ok(fitted) => FitOutcome::Made(Box::new(FitMade {
                fitted,
                prices: self.prices(),
            })),
            Err(error) => FitOutcome::Failed(error),
        }
    }

    /// The price list; none if none is due, or the history is too short for one.
    pub(crate) fn prices(&self) -> Option<PriceList> {
        let PriceListJob { config, bounds } = self.pricing.as_ref()?;
        let made = price_list(&self.history, config, *bounds, &FitParams::default(), SEED);
        made.ok().flatten()
    }
}
