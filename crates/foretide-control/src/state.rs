//! What a controller must not forget: saved after every look, restored at start.

use std::collections::VecDeque;
use std::time::Duration;

use foretide_domain::{
    Bounds, CallId, Datapoint, GroupState, Mode, Orders, Plan, Prediction, Staleness, Timestamp,
    Verdict,
};
use foretide_forecast::law::LawState;
use serde::{Deserialize, Serialize};

use crate::breaker::Breaker;
use crate::calendar::Learned;
use crate::config::ControllerConfig;
use crate::health::Health;
use crate::hours::HoursLedger;
use crate::lead_time::LeadTime;
use crate::load::PerInstance;
use crate::look::Question;
use crate::pace::Pace;
use crate::series::Series;
use crate::votes::Votes;

/// Readings of the number in service that are remembered, to judge how many instances report. Two
/// five-minute periods, their delay, and a look every ten seconds.
const READINGS: usize = 72;

/// The longest wait between two tries of a failing write.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// The longest period that EC2 publishes.
const LONGEST_PERIOD: Duration = Duration::from_secs(300);

/// Everything that a controller knows, to be kept by whoever runs it and handed back at restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedState {
    pub(crate) next_call: u64,
    pub(crate) started_at: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) looked_at: Option<Timestamp>,
    pub(crate) group: Option<Reading>,
    pub(crate) known: Option<Known>,
    pub(crate) in_service: VecDeque<(Timestamp, u32)>,
    pub(crate) series: Series,
    /// When metrics are asked for.
    #[serde(default)]
    pub(crate) pace: Pace,
    #[serde(default)]
    pub(crate) prediction: Option<Answer>,
    /// Whether the newest question to the model brought no answer.
    #[serde(default)]
    pub(crate) predictor_failing: bool,
    pub(crate) votes: Votes,
    /// What the capacity law has learned; none under other policies. What its forecast rests on is
    /// kept apart: `ForecastSnapshot`.
    pub(crate) law: Option<SavedLaw>,
    pub(crate) last_change_at: Option<Timestamp>,
    pub(crate) write: Option<PendingWrite>,
    pub(crate) failed_writes: u32,
    pub(crate) write_backoff_until: Option<Timestamp>,
    pub(crate) watched: Option<Watched>,
    pub(crate) breaker: Breaker,
    /// What an operator ordered.
    #[serde(default)]
    pub(crate) orders: Orders,
    pub(crate) lead_time: LeadTime,
    /// What one instance serves of the group's own load metric.
    pub(crate) per_instance: PerInstance,
    pub(crate) stale: bool,
    /// How late the next period was at the last look: the step, and minutes begun.
    pub(crate) late: (Staleness, u64),
    /// Capacity that a known event was found to need at the last look; 0 without one.
    #[serde(default)]
    pub(crate) scheduled: u32,
    /// The verdict on the group's health, and what it rests on.
    #[serde(default)]
    pub(crate) health: Health,
    /// Instance-hours and time in violation since the group is held in its present mode.
    #[serde(default)]
    pub(crate) hours: HoursLedger,
    /// Something happened that the next look must decide on even without a new datapoint.
    pub(crate) decide_anyway: bool,
}

/// The newest reading of the group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) at: Timestamp,
    pub(crate) group: GroupState,
}

/// The group as this controller left it: anything else is somebody else's doing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) desired: u32,
    pub(crate) bounds: Bounds,
    /// A write that may or may not have been carried out.
    pub(crate) perhaps_desired: Option<u32>,
}

/// What the model said of one datapoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) question: Question,
    pub(crate) prediction: Prediction,
}

/// The capacity law, and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedLaw {
    pub(crate) law: LawState,
    /// Start of the newest period taken in: a time, since another length of periods counts anew.
    #[serde(default)]
    pub(crate) newest_start: Option<Timestamp>,
    /// What known events have brought.
    pub(crate) learned: Learned,
}

/// A write whose answer is outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PendingWrite {
    pub(crate) call: CallId,
    pub(crate) plan: Plan,
    pub(crate) sent_at: Timestamp,
}

/// A write whose effect on the number in service is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched {
    pub(crate) desired: u32,
    pub(crate) raises: bool,
    pub(crate) since: Timestamp,
}

impl SavedState {
    pub(crate) fn new(config: &ControllerConfig, now: Timestamp) -> Self {
        let points = config
            .target_tracking
            .in_points
            .max(config.target_tracking.out_points);
        Self {
            next_call: 0,
            started_at: now,
            due: now,
            looked_at: None,
            group: None,
            known: None,
            in_service: VecDeque::with_capacity(READINGS),
            series: Series::new(points),
            pace: Pace::new(now),
            prediction: None,
            predictor_failing: false,
            votes: Votes::default(),
            law: None,
            last_change_at: None,
            write: None,
            failed_writes: 0,
            write_backoff_until: None,
            watched: None,
            breaker: Breaker::default(),
            orders: Orders::default(),
            lead_time: LeadTime::default(),
            per_instance: PerInstance::default(),
            stale: false,
            late: (Staleness::Fresh, 0),
            scheduled: 0,
            health: Health::default(),
            hours: HoursLedger::default(),
            decide_anyway: true,
        }
    }

    /// The newest reading of the group, and when it was made.
    pub fn reading(&self) -> Option<(Timestamp, &GroupState)> {
        self.group
            .as_ref()
            .map(|reading| (reading.at, &reading.group))
    }

    /// The newest period with data.
    pub fn newest_point(&self) -> Option<&Datapoint> {
        self.series.newest()
    }

    /// When the next look is due.
    pub fn next_look(&self) -> Timestamp {
        self.due
    }

    /// The group's health as it reads at `now`, for whoever has only the saved state.
    pub fn health(&self, now: Timestamp) -> Verdict {
        let health = &self.health;
        let newest = self.group.as_ref().map(|reading| reading.at);
        let checked_at = self.looked_at.max(newest).unwrap_or(self.started_at);
        if health.interval.is_zero() {
            return health.verdict.clone();
        }
        health.verdict.read_at(checked_at, health.interval, now)
    }

    /// What an operator ordered and still stands.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The mode in force: as ordered, else as configured.
    pub(crate) fn mode(&self, config: &ControllerConfig) -> Mode {
        self.orders
            .mode
            .as_ref()
            .map_or(config.mode, |ordered| ordered.mode)
    }

    /// Whether the answer to a write is outstanding.
    pub fn is_writing(&self) -> bool {
        self.write.is_some()
    }

    pub(crate) fn next_call(&mut self) -> CallId {
        let call = CallId(self.next_call);
        self.next_call = self.next_call.wrapping_add(1);
        call
    }

    /// Time from launch to in service, as measured or, before that, as configured.
    pub(crate) fn lead_time(&self, config: &ControllerConfig) -> Duration {
        self.lead_time.p90().unwrap_or(config.lead_time)
    }

    /// Demand that one instance serves at 100 % CPU, as configured or as learned; none where load
    /// is that of CPU.
    pub(crate) fn per_instance(&self, config: &ControllerConfig) -> Option<f64> {
        let given = config.load?.per_instance;
        given.or_else(|| self.per_instance.known())
    }

    /// What a clock ahead of time has left must not hold anything back once it is put right: what
    /// lies in the future is taken for now, what was to wait for longer than anything is waits no
    /// more.
    pub(crate) fn forget_the_future(&mut self, config: &ControllerConfig, now: Timestamp) {
        let times = [Some(&mut self.due), Some(&mut self.started_at)];
        let known = [self.last_change_at.as_mut(), self.looked_at.as_mut()];
        for at in times.into_iter().chain(known).flatten() {
            *at = (*at).min(now);
        }
        self.hours.forget_the_future(now);
        let too_far = |until: &mut Timestamp| until.since(now) > BACKOFF_MAX;
        self.write_backoff_until.take_if(too_far);
        let period = self.series.newest().map_or(LONGEST_PERIOD, |it| it.period);
        let longest = period
            .saturating_mul(2)
            .saturating_add(config.metric_delay)
            .saturating_add(config.interval);
        self.pace.forget_the_future(longest, now);
    }

    pub(crate) fn remember_in_service(&mut self, now: Timestamp, in_service: u32) {
        if self.in_service.len() == READINGS {
            self.in_service.pop_front();
        }
        self.in_service.push_back((now, in_service));
    }

    /// Instances that the newest period stands for ÷ the fewest in service within it; none where
    /// the group was not read within that period.
    pub(crate) fn coverage(&self) -> Option<f64> {
        let point = self.series.newest_load()?;
        let fewest = self
            .in_service
            .iter()
            .filter(|(at, _)| point.start <= *at && *at <= point.end())
            .map(|(_, in_service)| *in_service)
            .min()?;
        (fewest > 0).then(|| point.instances / f64::from(fewest))
    }
}
