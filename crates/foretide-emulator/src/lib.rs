//! A local AWS: simulated Auto Scaling groups behind AWS's wire protocols, on loopback only.
//!
//! Auto Scaling and Elastic Load Balancing speak the Query protocol: form in, XML out. `CloudWatch`
//! speaks Smithy RPC v2 CBOR, like the Rust SDK, AWS JSON 1.0, and Query, like AWS CLI and boto3
//! before 2025. Behind all of them is the simulated group of [`foretide_sim`], advanced by a clock
//! that is an argument. A [`Scenario`] lists groups and faults. The [`Emulator`] is the handle that
//! changes both at run time.
//!
//! The emulator copies AWS where a scaler could be hurt: desired capacity outside the bounds is a
//! `ValidationError`, instances are pending before they serve, points appear late or never. It
//! refuses all other operations with `InvalidAction`, and parameters that it does not implement
//! with an error that names them, instead of guessing. It checks neither signatures nor
//! permissions. Groups and metrics are the same in every region; ARNs and zones show the region of
//! the request.
//!
//! Invariants: requests are untrusted and bounded; the same scenario, clock and requests give the
//! same answers.

mod actors;
mod at_work;
mod autoscaling;
mod check;
mod cloudwatch;
mod cron;
mod custom;
mod emulator;
mod epoch;
mod error;
mod fault;
mod group;
mod hook;
mod http;
#[cfg(test)]
mod lives;
mod load_balancing;
mod policy;
mod query;
mod refresh;
mod roster;
mod scenario;
mod schedule;
mod series;
mod server;
mod target_health;
mod targets;

pub use actors::{Acts, Change, PolicySpec, ScheduledActionSpec};
pub use emulator::Emulator;
pub use fault::{Fault, FaultKind};
pub use foretide_sim::{Crash, Credits};
pub use scenario::{Demand, GroupSpec, MAX_GROUPS, Metric, Scenario, ScenarioError, Scripted};
pub use server::{ServeError, Server};
pub use targets::TargetGroupSpec;

/// The account of every ARN: the one of AWS's documentation.
pub(crate) const ACCOUNT: &str = "123456789012";
