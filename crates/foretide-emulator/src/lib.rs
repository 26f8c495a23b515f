//! A local AWS: simulated Auto Scaling groups behind AWS's own wire protocols, on loopback only.
//!
//! Auto Scaling speaks its Query protocol (form in, XML out); `CloudWatch` speaks Smithy RPC v2
//! CBOR, as the Rust SDK does, and AWS JSON 1.0, as the AWS CLI does. Behind them stands the
//! simulated group of [`foretide_sim`], moved on by a clock that is an argument. [`Scenario`] says
//! what groups there are and what goes wrong when; [`Emulator`] is the handle that changes it while
//! it runs.
//!
//! It does as AWS does where a scaler can be hurt by it: desired capacity outside the bounds is a
//! `ValidationError`, instances are pending before they serve, points appear late or never. It
//! refuses everything else with `InvalidAction` rather than guess, checks no signature, and is no
//! judge of permissions.
//!
//! Invariant: requests are untrusted and bounded; the same scenario, clock and requests give the
//! same answers.

mod autoscaling;
mod cloudwatch;
mod emulator;
mod error;
mod fault;
mod form;
mod group;
mod http;
mod roster;
mod scenario;
mod server;

pub use emulator::Emulator;
pub use fault::{Fault, FaultKind};
pub use scenario::{
    Demand, GroupSpec, MAX_GROUPS, Metric, PolicySpec, Scenario, ScenarioError,
    ScheduledActionSpec, Scripted,
};
pub use server::{ServeError, Server};
