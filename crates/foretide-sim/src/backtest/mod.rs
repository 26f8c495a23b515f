//! Replaying a trace under a policy: cases, single runs, sweeps of a knob, all cores.

mod case;
mod fair;
mod parallel;
mod run;
mod signal;
mod sweep;

pub(crate) use case::quantile;
pub use case::{Case, CaseError, Setup};
pub use fair::{BASELINE, Fair, FairRun, Yardstick, fair_run};
pub use parallel::in_parallel;
pub use run::{Contender, Judged, Prices, Run, Timeline};
pub use signal::CaseSignal;
pub(crate) use signal::settings as signal_settings;
pub use sweep::{AtBudget, BUDGET, SWEEP, SweepPoint, at_budget, sweep};
