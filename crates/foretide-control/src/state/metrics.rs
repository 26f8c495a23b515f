//! What a controller knows of the group's metrics: datapoints, when to read, how old they are.

use std::time::Duration;

use foretide_domain::{Alarm, Datapoint, FailureKind, MetricsQuery, Staleness, Timestamp};

use crate::config::ControllerConfig;
use crate::facts::stale_limit;
use crate::load::{PerInstance, measured};
use crate::pace::Pace;
use crate::policy;
use crate::series::{Arrival, Series};
use crate::staleness::staleness;

use super::instance_reads::InstanceReads;

/// Points read at start, so that a restarted controller knows the points of the one before it.
const HISTORY: Duration = Duration::from_secs(2 * 3600);
/// Periods read again with every new one: their values may still have changed.
const REREAD_PERIODS: u32 = 2;
/// The longest period that EC2 publishes.
const LONGEST_PERIOD: Duration = Duration::from_secs(300);

/// The metrics' side of the state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metrics {
    /// The newest datapoints.
    pub(crate) series: Series,
    /// When metrics are read next, and the budget of readings.
    pub(crate) pace: Pace,
    /// What was read of single instances.
    pub(crate) instance_reads: InstanceReads,
    /// Demand of the load metric that one instance serves at 100 % CPU, as learnt.
    pub(super) per_instance: PerInstance,
    /// Whether data was stale in the newest cycle.
    pub(crate) stale: bool,
    /// How late the next period was in the newest cycle: the step, and minutes begun.
    pub(super) late: (Staleness, u64),
}

impl Metrics {
    /// No metrics yet; they are read at once.
    pub(super) fn new(config: &ControllerConfig, now: Timestamp) -> Self {
        Self {
            series: empty_series(config),
            pace: Pace::new(now),
            instance_reads: InstanceReads::default(),
            per_instance: PerInstance::default(),
            stale: false,
            late: (Staleness::Fresh, 0),
        }
    }

    /// Keeps as many datapoints as these settings need.
    pub(crate) fn resize(&mut self, config: &ControllerConfig) {
        self.series = self.series.clone().resized_as(&empty_series(config));
    }

    /// Demand that one instance serves at 100 % CPU, as configured or as learnt; none where load is
    /// that of CPU.
    pub(crate) fn per_instance(&self, config: &ControllerConfig) -> Option<f64> {
        let given = config.load?.per_instance;
        given.or_else(|| self.per_instance.known())
    }

    /// Whether the serving instances were saturated in the newest period with load.
    pub(crate) fn is_saturated(&self, config: &ControllerConfig) -> bool {
        let newest = self.series.newest_load();
        let measured = newest.and_then(|point| measured(point, self.per_instance(config)));
        measured.is_some_and(|it| it.saturated || it.utilisation >= 100.0)
    }

    /// What to read next. What may be read of single instances counts as read until the answer.
    pub(crate) fn query(&mut self, config: &ControllerConfig, now: Timestamp) -> MetricsQuery {
        let from = match self.series.newest() {
            Some(point) => point.start.minus(point.period * REREAD_PERIODS),
            None => now.minus(HISTORY),
        };
        MetricsQuery {
            from,
            instance_metrics: self.instance_reads.grant(config.instance_allowance, now),
        }
    }

    /// Takes in the datapoints of closed periods. Returns those that are new or have another value.
    pub(crate) fn take(
        &mut self,
        points: &[Datapoint],
        config: &ControllerConfig,
        now: Timestamp,
    ) -> Vec<Datapoint> {
        let is_valid = |point: &&Datapoint| {
            point.end() <= now && !point.period.is_zero() && point.instances.is_finite()
        };
        let mut observed = Vec::new();
        for point in points.iter().filter(is_valid) {
            if self.series.insert(*point) != Arrival::Nothing {
                observed.push(*point);
            }
        }
        if config.load.is_some() {
            let closed = points.iter().filter(|point| point.end() <= now);
            closed.for_each(|point| self.per_instance.observe(point));
        }
        observed
    }

    /// A reading was answered and its datapoints are taken in; `before` is the start of the newest
    /// period before it. Returns the delay of `CloudWatch` to tell a person of, once it is longer
    /// than configured.
    pub(crate) fn answered(
        &mut self,
        before: Option<Timestamp>,
        config: &ControllerConfig,
        now: Timestamp,
    ) -> Option<Duration> {
        let newest = self.series.newest();
        let is_new = newest.is_some_and(|point| before.is_none_or(|before| point.start > before));
        self.pace.answered(newest, is_new, config, now)
    }

    /// A reading failed.
    pub(crate) fn failed(&mut self, why: FailureKind, config: &ControllerConfig, now: Timestamp) {
        self.instance_reads.failed(why);
        self.pace.failed(self.series.newest(), config, now);
    }

    /// Whether the newest data is too old to act on. Where there is none, its age is the time since
    /// the controller started.
    pub(crate) fn is_stale(
        &self,
        config: &ControllerConfig,
        started_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        match self.series.newest_load() {
            Some(point) => now.since(point.end()) > stale_limit(config, point.period),
            None => now.since(started_at) > stale_limit(config, Duration::ZERO),
        }
    }

    /// Remembers whether data is stale. Returns an alarm where that has changed.
    pub(crate) fn note_stale(&mut self, stale: bool) -> Option<Alarm> {
        let before = std::mem::replace(&mut self.stale, stale);
        match (before, stale) {
            (false, true) => Some(Alarm::DataStale),
            (true, false) => Some(Alarm::DataFresh),
            _ => None,
        }
    }

    /// How far the newest data is trusted, and by how much the next period is overdue.
    pub(crate) fn lateness(
        &self,
        config: &ControllerConfig,
        now: Timestamp,
    ) -> (Staleness, Duration) {
        let newest = self.series.newest_load();
        newest.map_or_else(Default::default, |point| {
            let forecasts = policy::of(config).forecasts();
            staleness(config, forecasts, point.period, now.since(point.end()))
        })
    }

    /// Whether the next period is late, and later than in the cycle before by a step or a minute
    /// begun.
    pub(crate) fn note_lateness(&mut self, config: &ControllerConfig, now: Timestamp) -> bool {
        let (step, late) = self.lateness(config, now);
        let late = (step, late.as_secs().div_ceil(60));
        let before = std::mem::replace(&mut self.late, late);
        late != before && step != Staleness::Fresh
    }

    /// A clock that was ahead of time must not keep metrics from being read.
    pub(super) fn forget_the_future(&mut self, config: &ControllerConfig, now: Timestamp) {
        let period = self.series.newest().map_or(LONGEST_PERIOD, |it| it.period);
        let longest = period
            .saturating_mul(2)
            .saturating_add(config.metric_delay)
            .saturating_add(config.interval);
        self.pace.forget_the_future(longest, now);
    }
}

/// A series as long as target tracking looks back.
fn empty_series(config: &ControllerConfig) -> Series {
    let settings = &config.target_tracking;
    Series::new(settings.in_points.max(settings.out_points))
}
