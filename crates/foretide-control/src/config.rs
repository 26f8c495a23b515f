//! What a group's controller is told: validated once, immutable afterwards.

mod check;
mod forecast;
mod signal;

use std::time::Duration;

use foretide_domain::{Headroom, Mode, Percent, PolicyKind, TargetTracking};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use self::check::{Check, check};
pub use self::forecast::ForecastConfig;
pub use self::signal::{Carries, Combine, SignalConfig, Signals};
use crate::calendar::CalendarEvent;
use crate::lead_time::longest_forecast;
use crate::load::LoadMetric;
use crate::pace_limit::PaceLimits;

/// Settings of one group's controller.
///
/// Defaults are the original's where it has one, else argued at the field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControllerConfig {
    /// Name and version of the configuration, where it has a version. Stands in every decision.
    pub revision: Option<String>,
    /// What may be written.
    pub mode: Mode,
    /// Which policy proposes.
    pub policy: PolicyKind,
    /// Time between two looks at the group: 10 s, the original's.
    pub interval: Duration,
    /// Utilisation that a fleet of the right size has: 50 %, as target tracking is commonly set.
    pub target_utilisation: Percent,
    /// What to do while data is missing or stale.
    pub on_missing: OnMissing,
    /// What to do with a group that has, and wants, no instance.
    pub on_empty: OnEmpty,
    /// Data older than this is stale. Never less than two periods and the metric delay, so that
    /// five-minute monitoring is not stale by nature. 240 s: two one-minute points may be missing.
    pub stale_after: Duration,
    /// Time from the end of a period until CloudWatch shows it: 60 s, the least that its values
    /// need to settle.
    pub metric_delay: Duration,
    /// Share of the instances in service, 0 to 1, that must report before capacity is taken away.
    pub coverage_min: f64,
    /// Time from launch to in service, until launches of this group have been measured.
    pub lead_time: Duration,
    /// The least lead time, warm-up included, whatever was measured.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub lead_time_min: Duration,
    /// What a suspended process `AlarmNotification` means: hands off where none is stated, except
    /// for a group that was enforced with it before this setting existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<OnSuspended>,
    /// The group's own load metric, where it has one; load is that of CPU where it has none.
    pub load: Option<LoadMetric>,
    /// Further metrics that ask for capacity. Policy `classifier` does not know them.
    #[serde(default, skip_serializing_if = "Signals::is_empty")]
    pub signals: Signals,
    /// Events that are known beforehand, for policy `forecast`.
    pub calendar: Vec<CalendarEvent>,
    /// Settings of policy `classifier`.
    pub classifier: ClassifierConfig,
    /// Settings of policy `target-tracking`.
    pub target_tracking: TargetTracking,
    /// Settings of policy `forecast`.
    pub forecast: ForecastConfig,
    /// Settings of the circuit breaker.
    pub breaker: BreakerConfig,
    /// How fast desired capacity may change. Without limits in configurations of earlier versions.
    #[serde(default = "PaceLimits::unlimited")]
    pub pace: PaceLimits,
    /// The loss that the group outlasts with what is left. Policy `classifier`, which asks for one
    /// more or one less, keeps it when it scales in.
    #[serde(default)]
    pub headroom: Headroom,
    /// How many metrics of single instances may be read.
    #[serde(default)]
    pub instance_allowance: InstanceAllowance,
}

/// How many metrics of single instances may be read, while instances start, stop or stand by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceAllowance {
    /// Most in a minute: 20. A group that changes by more at once is rare.
    pub per_minute: u32,
    /// Most in a month of 730 hours: 50,000, which AWS bills with 0.50 USD.
    pub per_month: u64,
}

impl Default for InstanceAllowance {
    fn default() -> Self {
        Self {
            per_minute: 20,
            per_month: 50_000,
        }
    }
}

/// What to do while data is missing or stale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnMissing {
    /// Change nothing.
    #[default]
    Hold,
    /// Take nothing away; let what asks for more have it.
    ScaleOutOnly,
}

/// What to do while process `AlarmNotification` of the group is suspended, as deploys do so that
/// nothing scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnSuspended {
    /// Write nothing, as in a pause.
    HandsOff,
    /// Go on.
    Ignore,
}

/// What to do with a group that has, and wants, no instance.
///
/// Such a group publishes no CPU, so nothing measured can ask for its first instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// Start one instance, and never take the last one away: it is the only sensor.
    #[default]
    StartOne,
    /// Leave it to people.
    Hold,
}

/// Settings of policy `classifier`: the original's rules and its guard rails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassifierConfig {
    /// Instances added at once: 1, the original's.
    pub step_out: u32,
    /// Instances removed at once: 1, the original's.
    pub step_in: u32,
    /// Looks in a row at which the model's answer must ask for less: 30, the original's, which are
    /// five minutes. An answer votes once, for its datapoint, so that within them as many votes are
    /// needed as datapoints fit in: five of one-minute data.
    pub streak: u32,
    /// Votes that are needed at least. Five minutes hold one five-minute datapoint; fewer than
    /// three are one incident.
    pub streak_datapoints: u32,
    /// Time after a change before capacity is raised: 300 s, the original's.
    pub cooldown_out: Duration,
    /// Time after a change before capacity is lowered: 300 s, the original's.
    pub cooldown_in: Duration,
    /// Probability, 0 to 1, below which a class counts as `hold`. The best of three classes has at
    /// least 1/3; below one half the model prefers the other two together.
    pub confidence_min: f64,
    /// CPU at or above which capacity grows whatever the model says. At 90 % the mean of a minute
    /// hides saturated seconds.
    pub upper_utilisation: Percent,
}

/// Settings of the circuit breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerConfig {
    /// Launches that fail one after the other before it opens.
    pub failed_launches: u32,
    /// It also opens when an instance has been pending for this many lead times.
    pub pending_lead_times: u32,
    /// Time until capacity may be raised again; doubles with every failure after that.
    pub backoff: Duration,
    /// The longest such time.
    pub backoff_max: Duration,
}

impl ControllerConfig {
    /// The longest lead time that policy `forecast` looks ahead by, with periods of this length.
    pub const fn longest_forecast(&self, period: Duration) -> Duration {
        longest_forecast(period)
    }
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self {
            revision: None,
            mode: Mode::Observe,
            policy: PolicyKind::Forecast,
            interval: Duration::from_secs(10),
            target_utilisation: percent(50.0),
            on_missing: OnMissing::Hold,
            on_empty: OnEmpty::StartOne,
            stale_after: Duration::from_secs(240),
            metric_delay: Duration::from_secs(60),
            coverage_min: 0.8,
            lead_time: Duration::from_secs(180),
            lead_time_min: Duration::ZERO,
            suspended: None,
            load: None,
            signals: Signals::default(),
            calendar: Vec::new(),
            classifier: ClassifierConfig::default(),
            target_tracking: TargetTracking::default(),
            forecast: ForecastConfig::default(),
            breaker: BreakerConfig::default(),
            pace: PaceLimits::default(),
            headroom: Headroom::NONE,
            instance_allowance: InstanceAllowance::default(),
        }
    }
}

impl Default for ClassifierConfig {
    fn default() -> Self {
        Self {
            step_out: 1,
            step_in: 1,
            streak: 30,
            streak_datapoints: 3,
            cooldown_out: Duration::from_secs(300),
            cooldown_in: Duration::from_secs(300),
            confidence_min: 0.5,
            upper_utilisation: percent(90.0),
        }
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failed_launches: 3,
            pending_lead_times: 3,
            backoff: Duration::from_secs(300),
            backoff_max: Duration::from_secs(3600),
        }
    }
}

fn percent(value: f64) -> Percent {
    Percent::new(value).unwrap_or_default()
}

/// A setting that makes no sense, by the name that the configuration file uses for it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{key}` {why}")]
pub struct ConfigError {
    /// The setting.
    pub key: &'static str,
    /// What is wrong with it, and what is allowed.
    pub why: &'static str,
}

impl ControllerConfig {
    /// Checks every setting that its type leaves open.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let tables = [
            self.group_checks(),
            self.classifier.checks(self.target_utilisation),
            tracking_checks(&self.target_tracking),
            self.forecast.checks(),
            self.signals.checks(),
            self.breaker.checks(),
            self.pace.checks(),
        ];
        match tables.into_iter().flatten().find(|check| !check.holds) {
            Some(Check { key, why, .. }) => Err(ConfigError { key, why }),
            None => Ok(()),
        }
    }

    fn group_checks(&self) -> Vec<Check> {
        vec![
            check("interval", self.interval >= SECOND, "must be at least 1s"),
            check(
                "target_utilisation",
                is_utilisation(self.target_utilisation),
                "must be above 0% and at most 100%",
            ),
            check(
                "headroom",
                !matches!(self.headroom, Headroom::ZoneOf(0 | 1)),
                "must name at least 2 zones: with one, nothing is left of it",
            ),
            check(
                "stale_after",
                self.stale_after >= SECOND,
                "must be at least 1s",
            ),
            check(
                "coverage_min",
                is_share(self.coverage_min),
                "must be from 0% to 100%",
            ),
            check("lead_time", self.lead_time >= SECOND, "must be at least 1s"),
            check(
                "load.per_instance",
                self.load
                    .and_then(|load| load.per_instance)
                    .is_none_or(|load| load.is_finite() && load > 0.0),
                "must be above 0",
            ),
            check(
                "calendar",
                self.calendar.iter().all(|event| !event.lasts.is_zero()),
                "must hold events that last longer than 0s",
            ),
        ]
    }
}

impl ClassifierConfig {
    /// Votes that a scale-in needs of data in periods of `period`: as many as datapoints fit into
    /// the time of a full streak of looks `interval` apart, at most one a look.
    pub(crate) fn votes_needed(&self, interval: Duration, period: Duration) -> u32 {
        let span = interval.saturating_mul(self.streak).as_millis();
        let fit = span.div_ceil(period.as_millis().max(1));
        let fit = u32::try_from(fit).unwrap_or(u32::MAX);
        fit.min(self.streak).max(self.streak_datapoints)
    }

    fn checks(&self, target: Percent) -> Vec<Check> {
        let upper = self.upper_utilisation;
        vec![
            check(
                "classifier.step_out",
                self.step_out > 0,
                "must be at least 1",
            ),
            check("classifier.step_in", self.step_in > 0, "must be at least 1"),
            check("classifier.streak", self.streak > 0, "must be at least 1"),
            check(
                "classifier.confidence_min",
                is_share(self.confidence_min),
                "must be from 0% to 100%",
            ),
            check(
                "classifier.upper_utilisation",
                is_utilisation(upper) && upper > target,
                "must be above target_utilisation and at most 100%",
            ),
        ]
    }
}

fn tracking_checks(settings: &TargetTracking) -> Vec<Check> {
    let points = 1..=MAX_POINTS;
    vec![
        check(
            "target_tracking.out_points",
            points.contains(&settings.out_points),
            "must be from 1 to 1000",
        ),
        check(
            "target_tracking.in_points",
            points.contains(&settings.in_points),
            "must be from 1 to 1000",
        ),
        check(
            "target_tracking.in_band",
            is_share(settings.in_band) && settings.in_band > 0.0,
            "must be above 0% and at most 100%",
        ),
    ]
}

impl BreakerConfig {
    /// Time after which a pending instance hangs.
    pub(crate) fn patience(&self, lead_time: Duration) -> Duration {
        lead_time.saturating_mul(self.pending_lead_times)
    }

    fn checks(&self) -> Vec<Check> {
        vec![
            check(
                "breaker.failed_launches",
                self.failed_launches > 0,
                "must be at least 1",
            ),
            check(
                "breaker.pending_lead_times",
                self.pending_lead_times > 0,
                "must be at least 1",
            ),
            check(
                "breaker.backoff",
                self.backoff >= SECOND,
                "must be at least 1s",
            ),
            check(
                "breaker.backoff_max",
                self.backoff_max >= self.backoff,
                "must be at least breaker.backoff",
            ),
        ]
    }
}

fn is_utilisation(percent: Percent) -> bool {
    percent.get() > 0.0 && percent.get() <= 100.0
}

fn is_share(share: f64) -> bool {
    (0.0..=1.0).contains(&share)
}

const SECOND: Duration = Duration::from_secs(1);
/// The window of points is kept in memory for every group, so it has an end.
const MAX_POINTS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_are_needed_for_the_datapoints_of_five_minutes() {
        let classifier = ClassifierConfig::default();
        let needed = |interval, period| {
            let seconds = Duration::from_secs;
            classifier.votes_needed(seconds(interval), seconds(period))
        };
        assert_eq!(needed(10, 60), 5);
        assert_eq!(needed(10, 300), 3, "at least three");
        assert_eq!(needed(10, 10), 30, "a datapoint a look, as in the original");
        assert_eq!(needed(300, 60), 30, "at most one a look");
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(ControllerConfig::default().validate(), Ok(()));
    }

    #[test]
    fn an_upper_bound_below_the_target_is_refused_by_name() {
        let mut config = ControllerConfig::default();
        config.classifier.upper_utilisation = percent(40.0);
        let error = config.validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`classifier.upper_utilisation` must be above target_utilisation and at most 100%"
        );
    }

    #[test]
    fn shares_and_counts_out_of_range_are_refused() {
        let broken: [fn(&mut ControllerConfig); 4] = [
            |c| c.coverage_min = 1.5,
            |c| c.classifier.confidence_min = f64::NAN,
            |c| c.target_tracking.in_points = 0,
            |c| c.breaker.backoff_max = Duration::ZERO,
        ];
        for break_it in broken {
            let mut config = ControllerConfig::default();
            break_it(&mut config);
            assert!(config.validate().is_err(), "{config:?}");
        }
    }
}
