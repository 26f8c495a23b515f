//! What the metrics say of one group: a gauge or a counter each.

use std::sync::{Arc, Mutex};

use foretide_domain::{FORECAST_LEVELS, HealthState, Hours, SignalFigures, Timestamp, Verdict};

use crate::board::{Tally, Track, lock};
use crate::view::{GroupRow, cached};

/// A group as of one moment.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) row: Arc<GroupRow>,
    pub(super) tally: Tally,
    /// Of about a day, and of about a week.
    pub(super) coverage: [Option<[f64; FORECAST_LEVELS.len()]>; 2],
    pub(super) forecast: Option<[f64; FORECAST_LEVELS.len()]>,
    /// The signals as the newest decision saw them.
    pub(super) signals: Vec<SignalFigures>,
    pub(super) age: Option<f64>,
    pub(super) overruns: Option<u64>,
    pub(super) prediction: Option<f64>,
    pub(super) health: Verdict,
    pub(super) hours: Hours,
}

impl Group {
    pub(super) fn of(track: &Mutex<Track>, now: Timestamp) -> Self {
        let mut track = lock(track);
        let row = cached(&mut track, now).row;
        let figures = track
            .decision()
            .and_then(|known| known.explanation.inputs.forecast);
        let signals = track
            .decision()
            .map(|known| known.explanation.inputs.signals.clone());
        let quantiles = figures.and_then(|figures| figures.quantiles);
        Self {
            tally: track.tally,
            coverage: track.coverage(),
            forecast: quantiles.map(|loads| loads.map(|load| load.get() / 100.0)),
            signals: signals.unwrap_or_default(),
            age: track.data_at.map(|at| now.since(at).as_secs_f64()),
            overruns: track.looked.map(|looked| looked.overruns),
            prediction: track
                .looked
                .and_then(|looked| looked.prediction)
                .map(|took| took.as_secs_f64()),
            health: track.health(now),
            hours: track.hours(),
            row,
        }
    }

    pub(super) fn labels(&self) -> [(&'static str, &str); 2] {
        let account = self.row.account.as_deref().unwrap_or_default();
        [("account", account), ("group", &self.row.name)]
    }

    pub(super) fn with<'a>(
        &'a self,
        name: &'static str,
        value: &'a str,
    ) -> [(&'static str, &'a str); 3] {
        let [account, group] = self.labels();
        [account, group, (name, value)]
    }
}

pub(super) type Gauge = (&'static str, &'static str, fn(&Group) -> Option<f64>);

/// One value a group; what is missing is left out.
pub(super) const GAUGES: [Gauge; 28] = [
    (
        "foretide_group_desired_instances",
        "Desired capacity",
        |group| capacity(group, |known| known.desired),
    ),
    (
        "foretide_group_in_service_instances",
        "Instances that Auto Scaling has put into service, warmed up or not",
        |group| capacity(group, |known| known.in_service),
    ),
    (
        "foretide_group_pending_instances",
        "Instances that are launched and do not serve yet",
        |group| capacity(group, |known| known.pending),
    ),
    (
        "foretide_group_standby_instances",
        "Instances set aside",
        |group| capacity(group, |known| known.standby),
    ),
    (
        "foretide_group_terminating_instances",
        "Instances on their way out",
        |group| capacity(group, |known| known.terminating),
    ),
    (
        "foretide_group_min_instances",
        "Lower bound of desired capacity",
        |group| capacity(group, |known| known.min),
    ),
    (
        "foretide_group_max_instances",
        "Upper bound of desired capacity",
        |group| capacity(group, |known| known.max),
    ),
    (
        "foretide_group_at_max",
        "1 while more instances are needed than the maximum",
        |group| {
            let known = group.row.capacity.as_ref();
            flag(known.map(|_| group.health.is_in(HealthState::AtMaximum)))
        },
    ),
    (
        "foretide_group_load_instances",
        "Instances that the load keeps fully busy",
        |group| {
            group
                .row
                .load
                .load_instance_percent
                .map(|load| load / 100.0)
        },
    ),
    (
        "foretide_group_needed_instances",
        "Instances that carry the load at the objective",
        |group| group.row.load.need_instances.map(f64::from),
    ),
    (
        "foretide_group_cpu_ratio",
        "CPU utilisation of the newest period",
        |group| group.row.load.cpu_percent.map(|cpu| cpu / 100.0),
    ),
    (
        "foretide_group_forecast_ahead_seconds",
        "Time ahead that is forecast",
        |group| group.row.load.forecast_ahead_s.map(|ahead| ahead as f64),
    ),
    (
        "foretide_group_violation_ratio",
        "Share of time in violation; left out below a day of data",
        |group| group.row.budget.violation_share,
    ),
    (
        "foretide_group_violation_budget_ratio",
        "Share of time that may be in violation",
        |group| Some(group.row.budget.allowed_share),
    ),
    (
        "foretide_group_budget_spent_ratio",
        "Share of time in violation over the violation budget",
        |group| group.row.budget.spent_ratio,
    ),
    (
        "foretide_group_baseline_target_ratio",
        "Target of the fair baseline of the last 7 days; left out below a day of data",
        |group| {
            let target = group.row.hours.figures.baseline_target_percent;
            target.map(|percent| f64::from(percent) / 100.0)
        },
    ),
    (
        "foretide_group_used_over_baseline_ratio",
        "Instance-hours used over those of the fair baseline, last 7 days; left out below a day of data",
        |group| group.row.hours.figures.against_baseline,
    ),
    (
        "foretide_group_baseline_violation_ratio",
        "Share of the last 7 days that the fair baseline was in violation; left out below a day of data",
        |group| group.row.hours.figures.baseline_violation_share,
    ),
    (
        "foretide_group_baseline_keeps_budget",
        "1 if the fair baseline kept the violation budget, 0 if no target did",
        |group| flag(group.row.hours.figures.baseline_keeps_budget),
    ),
    (
        "foretide_group_data_age_seconds",
        "Time since the end of the newest period",
        |group| group.age,
    ),
    (
        "foretide_group_data_stale",
        "1 while data is too old to act on",
        |group| {
            let known = group.row.data_fresh;
            flag(known.map(|_| group.health.is_in(HealthState::DataMissing)))
        },
    ),
    (
        "foretide_group_checked_timestamp_seconds",
        "When the newest cycle ended",
        |group| group.row.checked_at_ms.map(|at| at as f64 / 1000.0),
    ),
    (
        "foretide_group_interval_seconds",
        "Time between two cycles",
        |group| Some(group.row.interval_ms as f64 / 1000.0),
    ),
    (
        "foretide_group_cycle_duration_seconds",
        "How long the newest cycle took",
        |group| group.row.cycle_took_ms.map(|took| took as f64 / 1000.0),
    ),
    (
        "foretide_group_prediction_duration_seconds",
        "How long the model took last",
        |group| group.prediction,
    ),
    (
        "foretide_group_breaker_open",
        "1 while launches fail and growth is held",
        |group| flag(Some(group.health.is_in(HealthState::LaunchesFailing))),
    ),
    (
        "foretide_group_predictor_failing",
        "1 while the predictor does not answer and capacity is held",
        |group| flag(Some(group.health.is_in(HealthState::PredictorSilent))),
    ),
    (
        "foretide_group_health_level",
        "0 ok, 1 notice, 2 warning, 3 critical",
        |group| Some(f64::from(group.health.severity() as u8)),
    ),
];

fn capacity(group: &Group, of: fn(&crate::view::Capacity) -> u32) -> Option<f64> {
    group
        .row
        .capacity
        .as_ref()
        .map(|known| f64::from(of(known)))
}

fn flag(holds: Option<bool>) -> Option<f64> {
    holds.map(|holds| f64::from(u8::from(holds)))
}

/// Old names of metrics with the new ones. Without the old ones, dashboards made for the version
/// before would go blank at the upgrade.
pub(super) const RENAMED: [(&str, &str); 5] = [
    (
        "foretide_group_looked_timestamp_seconds",
        "foretide_group_checked_timestamp_seconds",
    ),
    (
        "foretide_group_look_duration_seconds",
        "foretide_group_cycle_duration_seconds",
    ),
    (
        "foretide_group_look_overruns",
        "foretide_group_cycle_overruns",
    ),
    (
        "foretide_group_short_ratio",
        "foretide_group_violation_ratio",
    ),
    (
        "foretide_group_short_allowed_ratio",
        "foretide_group_violation_budget_ratio",
    ),
];

pub(super) type Counter = (&'static str, &'static str, fn(&Group) -> Option<u64>);

/// Those of hours begin anew when the mode changes.
pub(super) const COUNTERS: [Counter; 9] = [
    (
        "foretide_group_known_seconds",
        "Seconds with data in the present mode; instance-seconds and violation seconds are counted over them",
        |group| Some(group.hours.known_s),
    ),
    (
        "foretide_group_used_instance_seconds",
        "Instance-seconds that the group ran, in service or pending",
        |group| Some(group.hours.used_instance_s),
    ),
    (
        "foretide_group_baseline_instance_seconds",
        "Instance-seconds that target tracking at the configured target would have run on the same load",
        |group| Some(group.hours.baseline_instance_s),
    ),
    (
        "foretide_group_optimum_instance_seconds",
        "Instance-seconds of the fewest instances that keep the load at the objective",
        |group| Some(group.hours.optimum_instance_s),
    ),
    (
        "foretide_group_violation_seconds",
        "Time above the objective",
        |group| Some(group.hours.violation_s),
    ),
    (
        "foretide_group_baseline_violation_seconds",
        "Time that target tracking at the configured target would have been above the objective",
        |group| Some(group.hours.baseline_violation_s),
    ),
    (
        "foretide_group_cycle_overruns",
        "Cycles that took longer than the interval",
        |group| group.overruns,
    ),
    (
        "foretide_group_write_failures",
        "Writes that failed",
        |group| Some(group.tally.writes_failed),
    ),
    (
        "foretide_group_call_failures",
        "Readings and predictions that failed",
        |group| Some(group.tally.calls_failed),
    ),
];
