//! The capacity optimiser: from the predictive curve of the load one lead time ahead to a desired
//! capacity.
//!
//! In every period it chooses the capacity `n` that minimises `n + λ · P(violation)`. The risk
//! price λ follows the violation budget. Scale-out goes by the cheaper price. Scale-in goes by the
//! dearer price, once keeping the spare instances has cost as much as relaunching them would.
//! [`CapacityOptimiser`] is everything that must survive a restart.
//!
//! Refuses: bounds and guard rails (the caller's), knowing what time it is, forecasting.

mod bank;
mod budget;
mod calibration;
mod curve;
mod live_error;
mod optimiser;
mod price;
mod price_list;
mod pricing;
mod simulated;
mod tracking;
mod types;
mod week;

pub use bank::{BankStep, BaselineBank};
pub use budget::{BudgetConfig, Standing};
pub use curve::Curve;
pub(crate) use live_error::LiveError;
pub use optimiser::{CapacityOptimiser, TRACKING_MINUTES};
pub use price::Price;
pub use price_list::{PriceList, PricePoint, Reach};
pub use pricing::{PricedPeriod, try_prices};
pub use tracking::Baseline;
pub use types::{Forecast, SizingConfig, SizingInputs, SizingOutput};
