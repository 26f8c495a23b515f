//! The signals of each group: merged, checked, and handed to controller and collector.

use std::collections::BTreeMap;
use std::time::Duration;

use foretide_aws::{LoadMetric, SignalMetric};
use foretide_control::{Carries, Combine, Signals};
use foretide_domain::{CPU_SIGNAL, PolicyKind};
use foretide_prometheus::{InvalidQuery, PromQuery};

use super::GroupSettings;
use super::key::Key;
use super::layer::Setting;
use super::problem::Problem;
use super::quantity::Span;
use super::raw::{Dimension, RawConfig, RawGroup};
use super::raw_signal::{RawCombine, RawPreset, RawSignal};
use super::resolve::stat;
use super::source::SourceSettings;

/// Most signals of a group: each is a metric of every reading, and half a megabyte of history.
const SIGNALS_MAX: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// The query to ask; none while it, or the server, is not named.
fn of_prometheus(signal: &RawSignal, name: &str) -> Option<SourceSettings> {
    Some(SourceSettings {
        signal: name.to_owned(),
        server: signal
            .server
            .clone()
            .filter(|_| signal.is_of_prometheus())?,
        query: query(signal)?.ok()?,
    })
}

fn query(signal: &RawSignal) -> Option<Result<PromQuery, InvalidQuery>> {
    let period = signal.period.map_or(MINUTE, |period| period.0);
    Some(PromQuery::new(signal.query.as_deref()?, period))
}

/// The metric to read; none while it is not named.
fn of_cloudwatch(signal: &RawSignal, name: &str) -> Option<SignalMetric> {
    if signal.is_of_prometheus() {
        return None;
    }
    let (namespace, metric, statistic) = signal.named();
    let dimensions = signal.dimensions.iter().flatten();
    let pair = |dimension: &Dimension| (dimension.0.clone(), dimension.1.clone());
    Some(SignalMetric {
        name: name.to_owned(),
        metric: LoadMetric {
            namespace: namespace?.to_owned(),
            metric: metric?.to_owned(),
            dimensions: dimensions.map(pair).collect(),
            stat: stat(statistic),
        },
        of_group: signal.is_of_group(),
        period: signal.period.map_or(MINUTE, |period| period.0),
    })
}

/// The signals of `raw`, whose keys that are left out come from `inherited`.
fn merged(
    raw: &BTreeMap<String, RawSignal>,
    inherited: &BTreeMap<String, RawSignal>,
) -> BTreeMap<String, RawSignal> {
    let names = raw.keys().chain(inherited.keys());
    let nothing = RawSignal::default();
    let signal = |name: &String| {
        let own = raw.get(name).unwrap_or(&nothing);
        (name.clone(), own.over(inherited.get(name)))
    };
    let all: BTreeMap<String, RawSignal> = names.map(signal).collect();
    all.into_iter()
        .filter(|(_, signal)| signal.enabled.unwrap_or(true))
        .collect()
}

/// Sets the signals of a group, by name.
pub(super) fn apply(settings: &mut GroupSettings, raw: &RawGroup, inherited: &RawGroup) {
    let signals = merged(&raw.signal, &inherited.signal);
    let combine = match raw.combine.or(inherited.combine) {
        Some(RawCombine::Weighted) => Combine::Weighted,
        Some(RawCombine::Max) | None => Combine::Max,
    };
    let list = signals.iter().map(|(name, it)| it.of_controller(name));
    settings.controller.signals = Signals {
        list: list.collect(),
        combine,
    };
    let metrics = signals
        .iter()
        .filter_map(|(name, it)| of_cloudwatch(it, name));
    settings.live.signals = metrics.collect();
    let queries = signals
        .iter()
        .filter_map(|(name, it)| of_prometheus(it, name));
    settings.live.sources = queries.collect();
}

/// What is wrong with the signals of all groups, each where it stands. `policy` is that of a group.
pub(super) fn problems(
    raw: &RawConfig,
    policy: &dyn Fn(&str) -> Option<PolicyKind>,
    settings: &[Setting],
) -> Vec<Problem> {
    let nothing = BTreeMap::new();
    let defaults = &raw.defaults.signal;
    let mut problems = Vec::new();
    of_table(
        &Key::from(["defaults"]),
        (defaults, &nothing),
        None,
        (raw, settings),
        &mut problems,
    );
    for (name, group) in &raw.group {
        let table = Key::from(["group", name]);
        let policy = policy(name);
        of_table(
            &table,
            (&group.signal, defaults),
            policy,
            (raw, settings),
            &mut problems,
        );
    }
    problems
}

fn of_table(
    table: &Key,
    (raw, inherited): (&BTreeMap<String, RawSignal>, &BTreeMap<String, RawSignal>),
    policy: Option<PolicyKind>,
    (config, settings): (&RawConfig, &[Setting]),
    problems: &mut Vec<Problem>,
) {
    let all = merged(raw, inherited);
    let servers: Vec<&str> = config.prometheus.keys().map(String::as_str).collect();
    let place = |name: &str| {
        let below = |setting: &&Setting| match setting.key.parts() {
            [first, rest @ ..] if first == "defaults" => {
                rest.starts_with(&["signal".into(), name.into()])
            }
            [first, group, rest @ ..] if first == "group" => {
                table.parts().last() == Some(group)
                    && rest.starts_with(&["signal".into(), name.into()])
            }
            _ => false,
        };
        settings
            .iter()
            .rev()
            .find(below)
            .map(|setting| setting.place.clone())
    };
    let mut say = |name: &str, why: &str, hint: Option<&str>| {
        problems.push(Problem {
            what: format!("`{table}.signal.{name}` {why}"),
            place: place(name),
            hint: hint.map(|it| format!("hint: {it}")),
        });
    };
    for (name, signal) in &all {
        // What is inherited is said once, where it stands.
        let own = raw.contains_key(name);
        if own && let Some((why, hint)) = wrong(name, signal) {
            say(name, why, hint);
        } else if own && let Some((why, hint)) = wrong_query(signal, &servers) {
            say(name, &why, hint.as_deref());
        }
        if policy == Some(PolicyKind::Classifier) {
            let why = "is not known to policy `classifier`, whose model has nine features";
            let hint = "set policy = \"forecast\" or \"target-tracking\", or enabled = false";
            say(name, why, Some(hint));
        }
    }
    if let Some(name) = all.keys().nth(SIGNALS_MAX) {
        say(
            name,
            "is the eleventh signal of the group: at most 10 are read",
            None,
        );
    }
}

/// What is wrong with a signal, and what to do.
fn wrong(name: &str, signal: &RawSignal) -> Option<(&'static str, Option<&'static str>)> {
    let (namespace, metric, _) = signal.named();
    let no_dimension = signal.dimensions.as_ref().is_none_or(Vec::is_empty);
    let of_one = matches!(
        signal.preset,
        Some(RawPreset::AlbRequests | RawPreset::AlbLatency | RawPreset::SqsBacklog)
    );
    Some(match () {
        () if name == CPU_SIGNAL => (
            "has the name of the signal that every group has",
            Some("give it another name"),
        ),
        () if signal.is_of_prometheus() => {
            return wrong_source(signal).or_else(|| measured(signal));
        }
        () if signal.query.is_some() || signal.server.is_some() => (
            "has server or query, which are for source = \"prometheus\"",
            Some("set source = \"prometheus\", or leave them out"),
        ),
        () if namespace.is_none() || metric.is_none() => (
            "names no metric",
            Some("set namespace and metric, or a preset"),
        ),
        () if of_one && no_dimension => (
            "needs dimensions beside its preset",
            Some("dimensions = [\"LoadBalancer=app/…\"], or [\"QueueName=…\"] for sqs-backlog"),
        ),
        () => return measured(signal),
    })
}

/// What is wrong with how the values of a signal become a load.
fn measured(signal: &RawSignal) -> Option<(&'static str, Option<&'static str>)> {
    let positive = |value: Option<f64>| value.is_none_or(|it| it.is_finite() && it > 0.0);
    let backlog = (signal.acceptable_latency, signal.message_time);
    let is_backlog = signal.preset == Some(RawPreset::SqsBacklog);
    let measures = [
        signal.per_instance.is_some(),
        signal.target.is_some(),
        backlog.0.is_some(),
    ];
    let period = signal.period.map_or(60, |it| it.0.as_secs());
    Some(match () {
        () if measures.into_iter().filter(|it| *it).count() > 1 => (
            "has more than one of per_instance, target and acceptable_latency",
            Some("a total of the group has per_instance, a mean per instance has target"),
        ),
        () if backlog.0.is_some() != backlog.1.is_some() => {
            ("needs acceptable_latency and message_time together", None)
        }
        () if backlog.0.is_some() && !is_backlog => (
            "has acceptable_latency and message_time, which are for preset sqs-backlog",
            Some("set per_instance"),
        ),
        () if is_backlog && !measures.contains(&true) => (
            "needs acceptable_latency and message_time, or per_instance: a queue that is empty \
             teaches nothing",
            None,
        ),
        () if !is_long(backlog.0) || !is_long(backlog.1) => ("must have times above 0s", None),
        () if !(positive(signal.per_instance) && positive(signal.target)) => {
            ("must have per_instance or target above 0", None)
        }
        () if !positive(signal.weight) => ("must have a weight above 0", None),
        () if period != 60 && period != 300 => ("must have the period 60s or 300s", None),
        () if signal.carries() == Carries::Thresholds && signal.out_above.is_none() => (
            "needs out_above: it has thresholds alone",
            Some("out_above = 0.5 asks for more while p90 is above half a second"),
        ),
        () if signal
            .in_below
            .zip(signal.out_above)
            .is_some_and(|(low, high)| low > high) =>
        {
            ("must have in_below at most as high as out_above", None)
        }
        () => return None,
    })
}

/// What is wrong with the keys of a signal of Prometheus.
fn wrong_source(signal: &RawSignal) -> Option<(&'static str, Option<&'static str>)> {
    let of_cloudwatch = [
        signal.preset.is_some(),
        signal.namespace.is_some(),
        signal.metric.is_some(),
        signal.dimensions.is_some(),
        signal.stat.is_some(),
    ];
    Some(match () {
        () if of_cloudwatch.contains(&true) => (
            "has keys of CloudWatch beside source = \"prometheus\"",
            Some("leave out preset, namespace, metric, dimensions and stat"),
        ),
        () if signal.query.is_none() => (
            "needs a query",
            Some("query = 'sum(rate(http_requests_total{job=\"web\"}[1m]))'"),
        ),
        () if signal.server.is_none() => (
            "needs a server",
            Some("server = \"main\", and a table [prometheus.main] with its url"),
        ),
        () => return None,
    })
}

/// What is wrong with the query of a signal of Prometheus, or with its server.
fn wrong_query(signal: &RawSignal, servers: &[&str]) -> Option<(String, Option<String>)> {
    if !signal.is_of_prometheus() {
        return None;
    }
    let server = signal.server.as_deref()?;
    if !servers.contains(&server) {
        let known = servers.join(", ");
        let hint = if servers.is_empty() {
            format!("add a table [prometheus.{server}] with its url")
        } else {
            format!("known servers: {known}")
        };
        let why = format!(
            "names the server `{}`, which has no table",
            server.escape_debug()
        );
        return Some((why, Some(hint)));
    }
    let error = query(signal)?.err()?;
    Some((format!("has a query that cannot be asked: {error}"), None))
}

fn is_long(span: Option<Span>) -> bool {
    span.is_none_or(|span| !span.0.is_zero())
}
