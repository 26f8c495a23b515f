//! Signals: further metrics that ask for capacity beside CPU.
//!
//! Each signal has its own values, staleness and, under policy `forecast`, its own history, model
//! and capacity optimiser. Its values become a load in instance-percent, so that forecaster,
//! optimiser and target tracking are those of CPU. The capacities that CPU and the signals ask for
//! become one by `Combine`. A signal without a fresh value asks for nothing, and nothing is taken
//! away while it is missing.

mod asks;
mod feed;
mod figures;
mod forecasts;
mod judge;
mod judged;

pub(crate) use asks::propose;
pub(crate) use figures::{figures, forecast_of};
pub(crate) use forecasts::SignalForecasts;
pub(crate) use judged::Judged;

/// Demand that one instance serves at 100 %, in the unit of a signal's datapoints: busy instances.
pub(crate) const PER_INSTANCE: f64 = 1.0;
