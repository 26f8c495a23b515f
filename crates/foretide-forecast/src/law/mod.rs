//! The capacity law: from a predictive curve of the load one lead time ahead to a desired capacity.
//!
//! In every period the capacity is chosen that minimises `n + λ · P(short)`; the price λ follows
//! the violation budget; out by the cheaper price, in by the dearer one and only when the
//! surplus has paid for undoing it. [`LawState`] is everything that must survive a restart.
//!
//! Refuses: bounds and guard rails (the caller's), knowing what time it is, forecasting.

mod budget;
mod curve;
mod ledger;
mod live_error;
mod price;
mod state;
mod tracking;
mod types;

pub use budget::{BudgetConfig, Standing};
pub use curve::Curve;
pub(crate) use live_error::LiveError;
pub use price::Price;
pub use state::{LawState, TRACKING_MINUTES};
pub use tracking::Baseline;
pub use types::{Forecast, LawConfig, LawInputs, LawOutput};
