//! `GET /metrics` in OpenMetrics: names and base units by its conventions.
//!
//! Labels are the group, its account, and names out of fixed lists: no value of the load, no
//! message and no time becomes a label.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use foretide_domain::{FORECAST_LEVELS, Guard, HealthState};
use foretide_http::Problem;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::board::{Board, Calls, GUARDS, StoreHealth, System};

use super::group_metrics::{COUNTERS, GAUGES, Group, RENAMED};

use super::app::App;
use super::encoding::{counters, gauges};
use super::signal_metrics;

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Names of the outcomes that a tally counts.
const OUTCOMES: [&str; 3] = ["scale_out", "scale_in", "hold"];

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<Response<Body>, Problem> {
    let text = render(&app.page.board, app.page.legacy_names).map_err(|_| {
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
fn render(board: &Board, legacy_names: bool) -> Result<String, fmt::Error> {
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
        legacy_names,
    }));
    encode(&mut text, &registry)?;
    Ok(text)
}

/// Everything as of one moment.
#[derive(Debug)]
struct Snapshot {
    groups: Vec<Group>,
    system: System,
    legacy_names: bool,
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for (name, help, of) in GAUGES {
            for name in self.names(name) {
                gauges(&mut encoder, name, help, self.each(of))?;
            }
        }
        for (name, help, of) in COUNTERS {
            for name in self.names(name) {
                counters(&mut encoder, name, help, self.each(of))?;
            }
        }
        self.health(&mut encoder)?;
        self.decisions(&mut encoder)?;
        self.forecasts(&mut encoder)?;
        signal_metrics::encode(&self.groups, &mut encoder)?;
        self.calls(&mut encoder)?;
        self.process(&mut encoder)
    }
}

impl Snapshot {
    /// The name of a metric, and the old one where it is asked for.
    fn names(&self, name: &'static str) -> impl Iterator<Item = &'static str> {
        let old = RENAMED
            .iter()
            .filter(move |(_, new)| self.legacy_names && *new == name);
        std::iter::once(name).chain(old.map(|(old, _)| *old))
    }

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
        let help = "Severity of each health state that the group is in: 0 not in it, 1 notice, 2 warning, 3 critical";
        gauges(encoder, "foretide_group_health_severity", help, severities)
    }

    fn decisions(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let by_outcome = self.groups.iter().flat_map(|group| {
            let counts = OUTCOMES.iter().zip(group.tally.outcomes);
            counts.map(|(outcome, count)| (group.with("outcome", outcome), count))
        });
        let help = "Decisions by result: scale out, scale in, hold";
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
        let levels = FORECAST_LEVELS.map(|level| level.to_string());
        let loads = self.groups.iter().flat_map(|group| {
            let named = levels.iter().zip(group.forecast.into_iter().flatten());
            named.map(|(level, value)| (group.with("level", level), value))
        });
        let name = "foretide_group_forecast_load_instances";
        let help = "Instances that the load forecast keeps fully busy, by quantile";
        gauges(encoder, name, help, loads)?;
        let coverage = self.groups.iter().flat_map(|group| {
            let windows = WINDOWS.iter().zip(group.coverage);
            windows.flat_map(|(window, shares)| {
                let named = levels.iter().zip(shares.into_iter().flatten());
                named.map(|(level, value)| {
                    let [account, name, level] = group.with("level", level);
                    ([account, name, level, ("window", window)], value)
                })
            })
        });
        let name = "foretide_group_forecast_coverage_ratio";
        let help = "Share of measured loads that were at or below the forecast quantile; ideal is the level itself";
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
        let help = "Records that came faster than page and metrics could take them; metrics may be incomplete";
        counters(encoder, name, help, alone(Some(self.system.missed)))?;
        let name = "foretide_notifications";
        let help = "Notifications by result";
        let outcomes = self.system.notifications.iter();
        let outcomes = outcomes.map(|(outcome, count)| ([("outcome", *outcome)], *count));
        counters(encoder, name, help, outcomes)?;
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let mut metric =
            encoder.encode_descriptor("foretide_build", "The build", None, MetricType::Info)?;
        metric.encode_info(&version)
    }
}

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
        Some(Guard::HistoryUnread) => "history_unread",
        Some(Guard::HistoryUnused) => "history_unused",
        Some(Guard::EarlyDeaths) => "early_deaths",
        Some(Guard::LoadDropped) => "load_dropped",
        Some(Guard::Coverage) => "coverage",
        Some(Guard::UpperUtilisation) => "upper_utilisation",
        Some(Guard::InstanceRefresh) => "instance_refresh",
        Some(Guard::PendingLaunches) => "pending_launches",
        Some(Guard::SignalMissing) => "signal_missing",
        Some(Guard::ProjectedUtilisation) => "projected_utilisation",
        Some(Guard::Confidence) => "confidence",
        Some(Guard::Streak) => "streak",
        Some(Guard::Cooldown) => "cooldown",
        Some(Guard::Stabilisation) => "stabilisation",
        Some(Guard::ScaleOutPace) => "scale_out_pace",
        Some(Guard::ScaleInPace) => "scale_in_pace",
        Some(Guard::Breaker) => "breaker",
        Some(Guard::CannotWrite) => "cannot_write",
        Some(Guard::WriteInFlight) => "write_in_flight",
        Some(Guard::WriteBackoff) => "write_backoff",
        Some(Guard::HandsOff) => "hands_off",
        Some(Guard::Paused) => "paused",
        Some(Guard::Mode) => "mode",
        Some(Guard::Audit) => "audit",
    }
}

/// A value of the whole process, without labels.
fn alone<V>(value: Option<V>) -> impl Iterator<Item = ([(&'static str, &'static str); 0], V)> {
    value.map(|value| ([], value)).into_iter()
}
