//! The one door of a controller: every input is an [`Event`], every output an [`Effect`].
//!
//! [`ControlLoop`] carries effects out and hands events in, in the same order wherever a controller
//! runs: in the service, the simulator, a replay and in tests. [`Outside`] is what differs.

mod control_loop;
mod effect;
mod event;
mod fit;
mod snapshot;

pub use control_loop::{ControlLoop, Outside};
pub use effect::Effect;
pub use event::Event;
pub(crate) use fit::PriceListJob;
pub use fit::{FitJob, FitMade, FitOutcome};
pub use snapshot::{ForecastSnapshot, LatestForecast, Snapshot};
