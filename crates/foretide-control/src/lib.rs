//! The control cycle: policies propose a capacity, guard rails bind it, an audit checks the plan.
//!
//! [`Controller::handle`] takes an event and the time and answers effects. It is synchronous and
//! pure: it does no I/O, reads no clock and draws no random number, so that the live service, the
//! simulator and a replay decide by the same code.
//!
//! Invariant: every [`Effect::SetDesired`] has passed
//! [`audit`](fn@audit).

mod audit;
mod backfill;
mod breaker;
mod calendar;
mod config;
mod controller;
mod decide;
mod facts;
mod features;
mod forecasting;
#[cfg(test)]
mod golden;
mod group_reading;
mod guard;
mod hands_off;
mod health;
mod hours;
mod lead_time;
mod learning;
mod load;
mod load_drop;
mod look;
mod ordered;
mod outlook;
mod pace;
mod pace_limit;
mod policy;
mod protocol;
mod safe_start;
mod series;
mod settle;
mod signals;
mod staleness;
mod state;
mod votes;

pub use audit::{AuditInput, AuditedSignal, AuditedStart, audit};
pub use calendar::{CalendarEvent, EventSpan, LocalTime, Occurs, SCHEDULED_KEPT, Uplift};
pub use config::{
    BreakerConfig, Carries, ClassifierConfig, Combine, ConfigError, ControllerConfig,
    ForecastConfig, InstanceAllowance, OnEmpty, OnMissing, OnSuspended, SignalConfig, Signals,
};
pub use controller::Controller;
pub use lead_time::LeadTime;
pub use load::LoadMetric;
pub use pace::METRICS_EVERY;
pub use pace_limit::{AtMost, PaceLimit, PaceLimits};
pub use protocol::{
    ControlLoop, Effect, Event, FitJob, FitMade, FitOutcome, ForecastSnapshot, LatestForecast,
    Outside, Snapshot,
};
pub use state::SavedState;
