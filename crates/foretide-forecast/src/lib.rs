//! Forecasts of a group's load over its lead time, and the capacity optimiser that rests on them.
//!
//! [`History`] keeps observed load with its gaps, [`FeatureState`] reads 59 features from it,
//! [`fit`] grows five quantile forests on them, [`sizing`] turns the forecast into a capacity.
//!
//! Invariant: everything is a pure function of its arguments, seeds included. Nothing here reads
//! a clock, does I/O, spawns, or knows who measured the load.

pub mod gbm;
pub mod normal;
pub mod sizing;

mod features;
mod fitted;
mod forecaster;
mod generate;
mod generic;
mod grid;
mod history;
mod outlook;
mod outlook_accuracy;
mod priced;
mod ring;
mod rolling;
mod scores;

pub use features::{FEATURES, FLOOR, FeatureRow, FeatureState};
pub use fitted::{FIRST_FIT_DAYS, FitError, FitParams, Fitted, TrainingSet, fit, fit_set};
pub use forecaster::{Forecaster, ModelSource};
pub use generate::generated_load;
pub use generic::{GENERIC_LEADS, GenericError, decode, encode, generic, train_generic};
pub use grid::{Grid, GridError, Period};
pub use history::{History, LoadPoint, SATURATED_FACTOR};
pub use outlook::{OUTLOOK_LEVELS, OutlookHour, outlook};
pub use outlook_accuracy::{OutlookAccuracy, outlook_accuracy};
pub use priced::{price_list, price_list_from};
pub use rolling::{Rolling, rolling};
pub use scores::{Accuracy, Matured, Scores, is_rising, pinball};
