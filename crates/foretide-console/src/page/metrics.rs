//! `GET /metrics` in OpenMetrics: names and base units by its conventions.
//!
//! Labels are the group, its account, and names out of fixed lists: no value of the load, no
//! message and no time becomes a label.

use std::fmt;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use foretide_domain::{Guard, HealthState, Timestamp, Verdict};
use foretide_http::Problem;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, EncodeMetric,
    NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::board::{Board, Calls, GUARDS, LEVELS, StoreHealth, System, Tally, Track, lock};
use crate::view::{GroupRow, cached};

use super::routes::App;

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Names of the outcomes that a tally counts.
const OUTCOMES: [&str; 3] = ["scale_out", "scale_in", "hold"];

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response<Body>, Problem> {
    let text = render(&app.page.board).map_err(|_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written",
        )
    })?;
    let mut response = Response::new(Body::from(text));
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(response)
}

/// All metrics of the board.
fn render(board: &Board) -> Result<String, fmt::Error> {
    let now = board.now();
    let groups: Vec<Group> = board
        .tracks()
        .iter()
        .map(|track| Group::of(track, now))
        .collect();
    let mut text = String::with_capacity(16 * 1024 + groups.len() * 6 * 1024);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot {
        groups,
        system: board.system(),
    }));
    encode(&mut text, &registry)?;
    Ok(text)
}

/// Everything as of one moment.
#[derive(Debug)]
struct Snapshot {
    groups: Vec<Group>,
    system: System,
}

/// A group as of one moment.
#[derive(Debug)]
struct Group {
    row: Arc<GroupRow>,
    tally: Tally,
    /// Of about a day, and of about a week.
    coverage: [Option<[f64; LEVELS.len()]>; 2],
    forecast: Option<[f64; LEVELS.len()]>,
    age: Option<f64>,
    overruns: Option<u64>,
    prediction: Option<f64>,
    health: Verdict,
}

impl Group {
    fn of(track: &Mutex<Track>, now: Timestamp) -> Self {
        let mut track = lock(track);
        let row = cached(&mut track, now).row;
        let figures = track
            .decision()
            .and_then(|known| known.explanation.inputs.forecast);
        let quantiles = figures.and_then(|figures| figures.quantiles);
        Self {
            tally: track.tally,
            coverage: track.coverage(),
            forecast: quantiles.map(|loads| loads.map(|load| load.get() / 100.0)),
            age: track.data_at.map(|at| now.since(at).as_secs_f64()),
            overruns: track.looked.map(|looked| looked.overruns),
            prediction: track
                .looked
                .and_then(|looked| looked.prediction)
                .map(|took| took.as_secs_f64()),
            health: track.health(now),
            row,
        }
    }

    fn labels(&self) -> [(&'static str, &str); 2] {
        let account = self.row.account.as_deref().unwrap_or_default();
        [("account", account), ("group", &self.row.name)]
    }

    fn with<'a>(&'a self, name: &'static str, value: &'a str) -> [(&'static str, &'a str); 3] {
        let [account, group] = self.labels();
        [account, group, (name, value)]
    }
}

type Gauge = (&'static str, &'static str, fn(&Group) -> Option<f64>);

/// One value a group; what is missing is left out.
const GAUGES: [Gauge; 24] = [
    (
        "foretide_group_desired_instances",
        "Desired capacity",
        |group| capacity(group, |known| known.desired),
    ),
    (
        "foretide_group_in_service_instances",
        "Instances that serve",
        |group| capacity(group, |known| known.in_service),
    ),
    (
        "foretide_group_pending_instances",
        "Instances that are starting",
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
        "foretide_group_short_ratio",
        "Share of the last day's minutes that were short",
        |group| group.row.budget.short_share,
    ),
    (
        "foretide_group_short_allowed_ratio",
        "Share of time that may be short",
        |group| Some(group.row.budget.allowed_share),
    ),
    (
        "foretide_group_budget_spent_ratio",
        "Short minutes of the last day over those it allows",
        |group| group.row.budget.spent_ratio,
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
        "foretide_group_looked_timestamp_seconds",
        "When the group was looked at last",
        |group| group.row.looked_at_ms.map(|at| at as f64 / 1000.0),
    ),
    (
        "foretide_group_interval_seconds",
        "Time between two looks",
        |group| Some(group.row.interval_ms as f64 / 1000.0),
    ),
    (
        "foretide_group_look_duration_seconds",
        "How long the last look took",
        |group| group.row.look_took_ms.map(|took| took as f64 / 1000.0),
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

type Counter = (&'static str, &'static str, fn(&Group) -> Option<u64>);

const COUNTERS: [Counter; 3] = [
    (
        "foretide_group_look_overruns",
        "Looks that took too long",
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

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (name, help, of) in GAUGES {
            gauges(&mut encoder, name, help, self.each(of))?;
        }
        for (name, help, of) in COUNTERS {
            counters(&mut encoder, name, help, self.each(of))?;
        }
        self.health(&mut encoder)?;
        self.decisions(&mut encoder)?;
        self.forecasts(&mut encoder)?;
        self.calls(&mut encoder)?;
        self.process(&mut encoder)
    }
}

impl Snapshot {
    /// A value of each group that has it, with its labels.
    fn each<V>(
        &self,
        of: fn(&Group) -> Option<V>,
    ) -> impl Iterator<Item = ([(&'static str, &str); 2], V)> {
        let groups = self.groups.iter();
        groups.filter_map(move |group| Some((group.labels(), of(group)?)))
    }

    /// One series a state: alert rules read the verdict and judge nothing.
    fn health(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let states = self.groups.iter().flat_map(|group| {
            HealthState::ALL.into_iter().map(|state| {
                let holds = f64::from(u8::from(group.health.is_in(state)));
                (group.with("state", state.name()), holds)
            })
        });
        let help = "1 while the group is in the state; several can hold";
        gauges(encoder, "foretide_group_health", help, states)?;
        let severities = self.groups.iter().flat_map(|group| {
            let conditions = group.health.conditions().iter();
            let mut worst: Vec<(HealthState, f64)> = Vec::new();
            // The worst comes first.
            for condition in conditions {
                let state = condition.state();
                if worst.iter().all(|(known, _)| *known != state) {
                    worst.push((state, f64::from(condition.severity as u8)));
                }
            }
            let worst = worst.into_iter();
            worst.map(|(state, severity)| (group.with("state", state.name()), severity))
        });
        let help = "Of the states that the group is in: 1 notice, 2 warning, 3 critical";
        gauges(encoder, "foretide_group_health_severity", help, severities)
    }

    fn decisions(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let by_outcome = self.groups.iter().flat_map(|group| {
            let counts = OUTCOMES.iter().zip(group.tally.outcomes);
            counts.map(|(outcome, count)| (group.with("outcome", outcome), count))
        });
        let help = "Decisions by what they asked for";
        counters(encoder, "foretide_group_decisions", help, by_outcome)?;
        let by_guard = self.groups.iter().flat_map(|group| {
            let counts = group.tally.bound.iter().enumerate();
            let seen = counts.filter(|(_, count)| **count > 0);
            seen.map(|(index, count)| (group.with("reason", reason(index)), *count))
        });
        let help = "Decisions by the guard rail that had the last word";
        counters(encoder, "foretide_group_decisions_bound", help, by_guard)
    }

    fn forecasts(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let loads = self.groups.iter().flat_map(|group| {
            let named = QUANTILES.iter().zip(group.forecast.into_iter().flatten());
            named.map(|(level, value)| (group.with("level", level), value))
        });
        let name = "foretide_group_forecast_load_instances";
        let help = "Instances that the load forecast keeps fully busy, by quantile";
        gauges(encoder, name, help, loads)?;
        let coverage = self.groups.iter().flat_map(|group| {
            let windows = WINDOWS.iter().zip(group.coverage);
            windows.flat_map(|(window, shares)| {
                let named = QUANTILES.iter().zip(shares.into_iter().flatten());
                named.map(|(level, value)| {
                    let [account, name, level] = group.with("level", level);
                    ([account, name, level, ("window", window)], value)
                })
            })
        });
        let name = "foretide_group_forecast_coverage_ratio";
        let help = "Share of the loads of about a day or a week at or below the quantile for them";
        gauges(encoder, name, help, coverage)
    }

    fn calls(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        type Kind = (&'static str, &'static str, fn(&Calls) -> Option<u64>);
        let kinds: [Kind; 3] = [
            ("foretide_aws_calls", "Calls of AWS", |calls| {
                Some(calls.total)
            }),
            (
                "foretide_aws_call_errors",
                "Calls of AWS that failed",
                |calls| calls.errors,
            ),
            (
                "foretide_aws_call_throttles",
                "Calls of AWS refused for now",
                |calls| calls.throttled,
            ),
        ];
        for (name, help, of) in kinds {
            let values = self.system.calls.iter().filter_map(|calls| {
                let account = ("account", calls.account.as_str());
                let operation = ("operation", calls.operation.as_str());
                Some(([account, operation], of(calls)?))
            });
            counters(encoder, name, help, values)?;
        }
        let name = "foretide_aws_bill_usd_per_month";
        let help = "What a month's calls of AWS cost at the present pace";
        gauges(encoder, name, help, alone(self.system.bill_usd_per_month))
    }

    fn process(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let name = "foretide_store_writable";
        let help = "1 while the store takes what happens; left out where none is used";
        let writable = match self.system.store {
            StoreHealth::None => None,
            StoreHealth::Writable => Some(1.0),
            StoreHealth::Failing { .. } => Some(0.0),
        };
        gauges(encoder, name, help, alone(writable))?;
        let name = "foretide_entries_missed";
        let help = "Entries that came too fast for page and metrics";
        counters(encoder, name, help, alone(Some(self.system.missed)))?;
        let name = "foretide_notifications";
        let help = "Notifications by what became of them";
        let outcomes = self.system.notifications.iter();
        let outcomes = outcomes.map(|(outcome, count)| ([("outcome", *outcome)], *count));
        counters(encoder, name, help, outcomes)?;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut metric =
            encoder.encode_descriptor("foretide_build", "The build", None, MetricType::Info)?;
        metric.encode_info(&version)
    }
}

/// [`LEVELS`] as labels.
const QUANTILES: [&str; LEVELS.len()] = ["0.5", "0.9", "0.97", "0.99", "0.996"];

/// What a group's coverage is of.
const WINDOWS: [&str; 2] = ["day", "week"];

/// Of a tally's place: none first, then the guard rails.
fn reason(index: usize) -> &'static str {
    let guard = index.checked_sub(1).and_then(|index| GUARDS.get(index));
    match guard {
        None => "none",
        Some(Guard::Bounds) => "bounds",
        Some(Guard::Suspended) => "suspended",
        Some(Guard::Freshness) => "freshness",
        Some(Guard::Coverage) => "coverage",
        Some(Guard::UpperUtilisation) => "upper_utilisation",
        Some(Guard::InstanceRefresh) => "instance_refresh",
        Some(Guard::PendingLaunches) => "pending_launches",
        Some(Guard::ProjectedUtilisation) => "projected_utilisation",
        Some(Guard::Confidence) => "confidence",
        Some(Guard::Streak) => "streak",
        Some(Guard::Cooldown) => "cooldown",
        Some(Guard::Breaker) => "breaker",
        Some(Guard::CannotWrite) => "cannot_write",
        Some(Guard::WriteInFlight) => "write_in_flight",
        Some(Guard::WriteBackoff) => "write_backoff",
        Some(Guard::Paused) => "paused",
        Some(Guard::Mode) => "mode",
        Some(Guard::Audit) => "audit",
    }
}

/// A value of the whole process, without labels.
fn alone<V>(value: Option<V>) -> impl Iterator<Item = ([(&'static str, &'static str); 0], V)> {
    value.map(|value| ([], value)).into_iter()
}

fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl Iterator<Item = (L, V)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        ConstGauge::new(value).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: impl Iterator<Item = (L, V)>,
) -> Result<(), fmt::Error> {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in values {
        let mut metric = family.encode_family(&labels)?;
        metric.encode_counter::<NoLabelSet, V, f64>(&value, None)?;
    }
    Ok(())
}
