//! One instance: its state, its times, and its own CPU in each period.

use std::collections::VecDeque;

use super::life::Life;

/// Periods of its own that an instance remembers: the 15 days for which CloudWatch keeps minutes.
const PARTS_KEPT: usize = 15 * 1440;

/// State of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// Launched, not yet in service.
    Pending,
    /// In service; reports CPU and does not serve yet.
    Warming,
    /// In service and serving.
    Serving,
    /// In service; its load balancer sends it nothing.
    Unrouted,
    /// Taken out of service by an operator: runs, reports, serves nothing.
    Standby,
    /// Died, and the group still counts it as in service.
    Crashed,
    /// Terminating: reports and serves nothing.
    Draining,
    /// No longer running.
    Gone,
}

/// Why an instance left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// Desired capacity fell.
    ScaledIn,
    /// Desired capacity fell while the instance was pending.
    Cancelled,
    /// The launch failed.
    LaunchFailed,
    /// The instance died.
    Crashed,
    /// The instance failed its health check.
    Unhealthy,
    /// Somebody terminated this instance.
    Terminated,
}

impl Departure {
    /// Whether the group lost the instance without a change of desired capacity.
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Crashed | Self::Unhealthy | Self::Terminated)
    }
}

/// An instance as [`super::World::instances`] lists it. Times are seconds since t = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Number of the instance. Those of t = 0 come first, then each launch.
    pub ordinal: u64,
    /// Launched at.
    pub launched_s: i64,
    /// In service at; none before.
    pub in_service_s: Option<i64>,
    /// Serves from; none before the instance is in service.
    pub serves_from_s: Option<i64>,
    /// The present state.
    pub state: InstanceState,
    /// When the termination began, or the instance died; none before.
    pub leaving_s: Option<i64>,
    /// When the instance stopped running; none before.
    pub gone_s: Option<i64>,
    /// Why the instance left; none before.
    pub departure: Option<Departure>,
    /// Whether the group regards the instance as healthy.
    pub healthy: bool,
    /// Whether the instance is protected from scale-in.
    pub protected: bool,
}

/// What one instance reports of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OwnCpu {
    /// Mean CPU over the time in which the instance reported, in percent.
    pub cpu: f64,
    /// Share of the period in which the instance reported, above 0, at most 1.
    pub share: f64,
}

/// Sums of the period under way, over its steps up to now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SoFar {
    /// Start of the period.
    pub(super) start_s: i64,
    /// Sum of the serving instances' CPU, one value a step.
    pub(super) cpu: f64,
    /// Steps in which something served.
    pub(super) steps: u32,
}

/// An instance's own sums over the period under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    cpu: f64,
    steps: u32,
}

/// An instance's own part of a closed period.
#[derive(Clone, Copy, Debug)]
struct Part {
    start_s: i64,
    cpu: f64,
    steps: u32,
}

/// An instance inside the fleet.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) view: Instance,
    /// When the state changes by itself; the largest number for never.
    pub(super) next_s: i64,
    /// When the instance dies; the largest number for never.
    pub(super) crash_s: i64,
    /// Seconds in service after which the instance dies, as drawn at its launch.
    pub(super) dies_after_s: Option<i64>,
    /// Whether the launch fails when its boot ends.
    pub(super) fails: bool,
    /// CPU-minutes left.
    pub(super) minutes: f64,
    /// Own sums of the period under way. None for an instance that has served since the period's
    /// start, since the group's sums are the instance's sums then.
    meter: Option<Meter>,
    /// Periods in which the instance differed from those that served throughout.
    parts: VecDeque<Part>,
}

impl Member {
    pub(super) fn new(ordinal: u64, launched_s: i64) -> Self {
        Self {
            view: Instance {
                ordinal,
                launched_s,
                in_service_s: None,
                serves_from_s: None,
                state: InstanceState::Pending,
                leaving_s: None,
                gone_s: None,
                departure: None,
                healthy: true,
                protected: false,
            },
            next_s: i64::MAX,
            crash_s: i64::MAX,
            dies_after_s: None,
            fails: false,
            minutes: 0.0,
            meter: None,
            parts: VecDeque::new(),
        }
    }

    /// When something happens to the instance by itself.
    pub(super) fn due_s(&self) -> i64 {
        self.next_s.min(self.crash_s)
    }

    /// Changes the state, with own sums for the rest of the period.
    pub(super) fn turn(&mut self, state: InstanceState, so_far: &SoFar) {
        if self.meter.is_none() {
            let served = self.view.state == InstanceState::Serving;
            self.meter = Some(if served {
                Meter {
                    cpu: so_far.cpu,
                    steps: so_far.steps,
                }
            } else {
                Meter::default()
            });
        }
        self.view.state = state;
    }

    /// Begins own sums, for an instance that reports otherwise than the serving ones do.
    pub(super) fn measure(&mut self) {
        self.meter.get_or_insert_default();
    }

    pub(super) const fn is_measured(&self) -> bool {
        self.meter.is_some()
    }

    /// Adds a step at `cpu` percent.
    pub(super) fn add(&mut self, cpu: f64) {
        let meter = self.meter.get_or_insert_default();
        meter.cpu += cpu;
        meter.steps += 1;
    }

    /// Closes the own part of the period at `start_s`. Returns its mean CPU, if the instance
    /// reported.
    pub(super) fn close(&mut self, start_s: i64) -> Option<f64> {
        let meter = self.meter.take().filter(|meter| meter.steps > 0)?;
        let cpu = meter.cpu / f64::from(meter.steps);
        if self.parts.len() == PARTS_KEPT {
            self.parts.pop_front();
        }
        self.parts.push_back(Part {
            start_s,
            cpu,
            steps: meter.steps,
        });
        Some(cpu)
    }

    /// The own mean CPU of the closed period at `start_s`, and the steps reported. `served` is the
    /// mean CPU of the serving instances, which holds for an instance that served throughout.
    pub(super) fn part(
        &self,
        (start_s, end_s): (i64, i64),
        served: Option<f64>,
    ) -> Option<(f64, Option<u32>)> {
        let place = self.parts.partition_point(|part| part.start_s < start_s);
        if let Some(part) = self.parts.get(place).filter(|part| part.start_s == start_s) {
            return Some((part.cpu, Some(part.steps)));
        }
        let from = self.view.serves_from_s.is_some_and(|from| from <= start_s);
        let stayed = self.view.leaving_s.is_none_or(|left| left >= end_s);
        let cpu = served.filter(|_| from && stayed)?;
        Some((cpu, None))
    }

    /// Own CPU in percent, of an instance that reports and serves nothing; none for others.
    pub(super) fn idle_cpu(&self, life: &Life) -> Option<f64> {
        match self.view.state {
            InstanceState::Pending => life.pending_cpu,
            InstanceState::Warming => Some(life.warm_up_cpu),
            InstanceState::Unrouted | InstanceState::Standby => Some(0.0),
            InstanceState::Draining => Some(life.drain_cpu),
            InstanceState::Serving | InstanceState::Crashed | InstanceState::Gone => None,
        }
    }
}
