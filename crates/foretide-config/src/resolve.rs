//! Builds the checked configuration from layers of settings.

use std::time::Duration;

use foretide_aws::{AwsConfig, LoadMetric, READS_TARGET_GROUPS, Stat, metrics_for};
use foretide_calendar::RecurringEvent;
use foretide_control::{ControllerConfig, LoadMetric as ControllerLoad, OnSuspended};
use serde::Deserialize;

use super::event::Event;
use super::key::Key;
use super::layer::{Layers, Setting, merged, same_variable};
use super::problem::{Place, Problem, Problems};
use super::quantity::{MinutePrice, Price};
use super::raw::{
    Dimension, RawAws, RawConfig, RawDemo, RawForecast, RawGroup, RawLoad, RawRun, RawServe,
};
use super::set::set;
use super::{
    Config, DemoSettings, GroupSettings, LiveSettings, MetricsSettings, RunSettings, ServeSettings,
    built, checks, discover, notify, page, prometheus, signal,
};

/// Adds defaults to the settings and checks the result.
pub(crate) fn resolve(layers: Layers) -> Result<Config, Problems> {
    let Layers {
        settings,
        mut problems,
    } = layers;
    // Each setting was read alone, so the whole can be read; were it not, that is a problem too.
    let raw = match RawConfig::deserialize(toml::Value::Table(merged(&settings))) {
        Ok(raw) => raw,
        Err(error) => {
            problems.push(nowhere(error.message().to_owned()));
            RawConfig::default()
        }
    };
    problems.extend(price_problems(&raw, &settings));
    problems.extend(prometheus_problems(&raw, &settings));
    let signals = raw.clone();
    let config = config(raw);
    let policy = |group: &str| config.groups.get(group).map(|it| it.controller.policy);
    problems.extend(signal::problems(&signals, &policy, &settings));
    problems.extend(check(&config, &settings));
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(Problems(problems))
    }
}

fn nowhere(what: String) -> Problem {
    Problem {
        what,
        place: None,
        hint: None,
    }
}

fn config(raw: RawConfig) -> Config {
    let nothing = RawForecast::default();
    let mut defaults = group(&raw.defaults, GroupSettings::default(), &nothing);
    let (groups, inherited) = (raw.group.iter(), &raw.defaults.forecast);
    signal::apply(&mut defaults, &raw.defaults, &RawGroup::default());
    let of_group = |raw_group: &RawGroup| {
        let mut made = group(raw_group, defaults.clone(), inherited);
        signal::apply(&mut made, raw_group, &raw.defaults);
        made
    };
    Config {
        discover: discover::resolved(raw.discover),
        prometheus: prometheus::resolved(&raw.prometheus),
        aws: aws(raw.aws),
        run: run(raw.run),
        page: page::resolved(raw.page),
        model: raw.model,
        groups: groups
            .map(|(name, raw)| (name.clone(), of_group(raw)))
            .collect(),
        defaults,
        metrics: MetricsSettings {
            legacy_names: raw.metrics.legacy_names.unwrap_or_default(),
        },
        notify: notify::resolved(raw.notify),
        serve: serve(raw.serve),
        demo: demo(raw.demo),
    }
}

fn group(raw: &RawGroup, inherited: GroupSettings, prices: &RawForecast) -> GroupSettings {
    let live = live(raw, inherited.live);
    let carried = inherited.controller.load.and_then(|load| load.per_instance);
    let mut controller = controller(raw, inherited.controller, prices);
    controller.load = live.load.is_some().then(|| ControllerLoad {
        per_instance: raw.load.per_instance.or(carried),
    });
    GroupSettings { controller, live }
}

fn live(raw: &RawGroup, mut live: LiveSettings) -> LiveSettings {
    // A name is one group's: it is not inherited.
    live.asg.clone_from(&raw.asg);
    set(&mut live.reach.region, raw.region.clone().map(Some));
    set(&mut live.reach.role_arn, raw.role_arn.clone().map(Some));
    set(&mut live.collect, raw.collect);
    set(
        &mut live.monitoring,
        raw.monitoring.map(|it| Some(it.into())),
    );
    set(&mut live.memory, raw.memory);
    set(&mut live.warm_up, raw.warm_up.map(|it| Some(it.0)));
    set(&mut live.ready, raw.load.ready);
    set(&mut live.price, raw.price.clone().map(Some));
    set(&mut live.history_from, raw.history_from.clone().map(Some));
    set(&mut live.allow_policies, raw.allow_policies.clone());
    set(&mut live.allow_weights, raw.allow_weights);
    let predictor = raw.predictor.clone();
    set(&mut live.predictor, predictor.map(|it| Some(it.0)));
    let token_file = raw.predictor_token_file.clone().map(Some);
    set(&mut live.predictor_token_file, token_file);
    live.load = load(&raw.load, live.load.as_ref());
    if let Some(events) = &raw.forecast.events {
        let recurring = events.iter().filter_map(|event| match event {
            Event::Known(_) => None,
            Event::Recurring(event) => Some(RecurringEvent::clone(event)),
        });
        live.recurring = recurring.collect();
    }
    if let Some(calendars) = &raw.forecast.calendars {
        live.calendars = calendars.iter().map(|line| line.0.clone()).collect();
    }
    set(&mut live.calendar_refresh, raw.forecast.calendar_refresh);
    live
}

/// The metric of the load; a group inherits the keys that its table leaves out.
fn load(raw: &RawLoad, inherited: Option<&LoadMetric>) -> Option<LoadMetric> {
    let namespace = raw
        .namespace
        .clone()
        .or_else(|| inherited.map(|it| it.namespace.clone()));
    let metric = raw
        .metric
        .clone()
        .or_else(|| inherited.map(|it| it.metric.clone()));
    let own = raw.dimensions.as_ref().map(|dimensions| {
        let pair = |dimension: &Dimension| (dimension.0.clone(), dimension.1.clone());
        dimensions.iter().map(pair).collect()
    });
    let stat = raw
        .stat
        .as_deref()
        .map(stat)
        .or_else(|| inherited.map(|it| it.stat.clone()));
    Some(LoadMetric {
        namespace: namespace?,
        metric: metric?,
        dimensions: own
            .or_else(|| inherited.map(|it| it.dimensions.clone()))
            .unwrap_or_default(),
        stat: stat.unwrap_or(Stat::Sum),
    })
}

pub(super) fn stat(name: &str) -> Stat {
    match name {
        "Average" => Stat::Average,
        "Minimum" => Stat::Minimum,
        "Maximum" => Stat::Maximum,
        "Sum" => Stat::Sum,
        "SampleCount" => Stat::SampleCount,
        other => Stat::Other(other.to_owned()),
    }
}

fn aws(raw: RawAws) -> AwsConfig {
    let mut aws = AwsConfig {
        profile: raw.profile,
        endpoint_url: raw.endpoint_url,
        ..AwsConfig::default()
    };
    set(&mut aws.call_deadline, raw.call_deadline);
    set(&mut aws.attempt_timeout, raw.attempt_timeout);
    set(&mut aws.calls_per_second, raw.calls_per_second);
    set(&mut aws.burst, raw.burst);
    aws
}

fn run(raw: RawRun) -> RunSettings {
    let mut run = RunSettings::default();
    set(&mut run.output, raw.output);
    set(&mut run.log_format, raw.log_format);
    set(&mut run.file_mode, raw.file_mode);
    run.listen = raw.listen;
    run.token_file = raw.token_file;
    if let Some(hosts) = raw.hosts {
        run.hosts = hosts.into_iter().map(|host| host.0).collect();
    }
    set(&mut run.controls, raw.controls);
    run
}

fn controller(
    raw: &RawGroup,
    mut config: ControllerConfig,
    inherited: &RawForecast,
) -> ControllerConfig {
    set(&mut config.mode, raw.mode);
    set(&mut config.policy, raw.policy);
    set(&mut config.interval, raw.interval);
    set(&mut config.target_utilisation, raw.target_utilisation);
    set(&mut config.on_missing, raw.on_missing);
    set(&mut config.on_empty, raw.on_empty);
    set(&mut config.stale_after, raw.stale_after);
    set(&mut config.metric_delay, raw.metric_delay);
    set(&mut config.coverage_min, raw.coverage_min);
    set(&mut config.lead_time, raw.lead_time);
    set(&mut config.lead_time_min, raw.lead_time_min);
    set(
        &mut config.suspended,
        raw.suspended.map(|it| Some(OnSuspended::from(it))),
    );
    let (classifier, from) = (&mut config.classifier, &raw.classifier);
    set(&mut classifier.step_out, from.step_out);
    set(&mut classifier.step_in, from.step_in);
    set(&mut classifier.streak, from.streak);
    set(&mut classifier.streak_datapoints, from.streak_datapoints);
    set(&mut classifier.cooldown_out, from.cooldown_out);
    set(&mut classifier.cooldown_in, from.cooldown_in);
    set(&mut classifier.confidence_min, from.confidence_min);
    set(&mut classifier.upper_utilisation, from.upper_utilisation);
    let (tracking, from) = (&mut config.target_tracking, &raw.target_tracking);
    set(&mut tracking.out_points, from.out_points);
    set(&mut tracking.in_points, from.in_points);
    set(&mut tracking.in_band, from.in_band);
    set(&mut config.forecast.objective, raw.forecast.objective);
    set(&mut config.forecast.budget, raw.forecast.budget);
    set(&mut config.forecast.max_cost, raw.forecast.max_cost);
    set(&mut config.forecast.history_wait, raw.forecast.history_wait);
    set(
        &mut config.forecast.scale_in_wait,
        raw.forecast.scale_in_wait,
    );
    if let Some(events) = &raw.forecast.events {
        let known = events.iter().filter_map(|event| match event {
            Event::Known(event) => Some(event.clone()),
            Event::Recurring(_) => None,
        });
        config.calendar = known.collect();
    }
    config.forecast.short_per_instance = match prices(&raw.forecast, inherited) {
        (Some(instance), Some(violation)) => violation.over(instance),
        _ => None,
    };
    let (breaker, from) = (&mut config.breaker, &raw.breaker);
    set(&mut breaker.failed_launches, from.failed_launches);
    set(&mut breaker.pending_lead_times, from.pending_lead_times);
    set(&mut breaker.backoff, from.backoff);
    set(&mut breaker.backoff_max, from.backoff_max);
    set(&mut config.headroom, raw.headroom);
    raw.scale_out.apply(&mut config.pace);
    raw.scale_in.apply(&mut config.pace);
    let allowance = &mut config.instance_allowance;
    set(&mut allowance.per_minute, raw.instance_metrics_per_minute);
    let per_month = raw.instance_usd_per_month.map(metrics_for);
    set(&mut allowance.per_month, per_month);
    config
}

/// The prices that apply: a group's own budget replaces inherited prices.
fn prices<'a>(
    raw: &'a RawForecast,
    inherited: &'a RawForecast,
) -> (Option<&'a Price>, Option<&'a MinutePrice>) {
    if raw.budget.is_some() {
        return (raw.instance_price.as_ref(), raw.violation_price.as_ref());
    }
    (
        raw.instance_price
            .as_ref()
            .or(inherited.instance_price.as_ref()),
        raw.violation_price
            .as_ref()
            .or(inherited.violation_price.as_ref()),
    )
}

/// Refuses prices together with a budget, and one price without the other.
fn price_problems(raw: &RawConfig, settings: &[Setting]) -> Vec<Problem> {
    let nothing = RawForecast::default();
    let inherited = &raw.defaults.forecast;
    let groups = raw.group.iter();
    let tables = groups
        .map(|(name, group)| (Key::from(["group", name]), &group.forecast, inherited))
        .chain([(Key::from(["defaults"]), inherited, &nothing)]);
    let mut problems = Vec::new();
    for (table, forecast, inherited) in tables {
        let stated = forecast.instance_price.is_some() || forecast.violation_price.is_some();
        let mut say = |key: &str, why: String| {
            problems.push(senseless(&[&table], key, &why, settings));
        };
        match prices(forecast, inherited) {
            _ if stated && forecast.budget.is_some() => say(
                "forecast.budget",
                format!(
                    "cannot be combined with `{table}.forecast.instance_price` and \
                     `{table}.forecast.violation_price`: remove the budget, or the prices"
                ),
            ),
            (Some(instance), Some(violation)) if violation.over(instance).is_none() => say(
                "forecast.violation_price",
                format!("and `{table}.forecast.instance_price` must be above 0 in one currency"),
            ),
            (Some(_), None) if stated => say(
                "forecast.instance_price",
                format!("needs `{table}.forecast.violation_price` beside it"),
            ),
            (None, Some(_)) if stated => say(
                "forecast.violation_price",
                format!("needs `{table}.forecast.instance_price` beside it"),
            ),
            _ => {}
        }
    }
    problems
}

/// Refuses servers that cannot be called, or told apart.
fn prometheus_problems(raw: &RawConfig, settings: &[Setting]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, server) in &raw.prometheus {
        let table = Key::from(["prometheus", name]);
        for (key, why) in prometheus::checks(server) {
            let mut problem = senseless(&[&table], key, &why, settings);
            // A key that is missing has no place; its table has one.
            let opened = settings.iter().find(|setting| setting.key == table);
            let place = problem.place.take();
            problem.place = place.or_else(|| opened.map(|setting| setting.place.clone()));
            problems.push(problem);
        }
        let mut others = raw.prometheus.keys();
        let twin = others.find(|other| name < *other && same_variable(name, other));
        if let Some(twin) = twin {
            problems.push(nowhere(format!(
                "Prometheus servers `{name}` and `{twin}` cannot be told apart in environment \
                 variables"
            )));
        }
    }
    problems
}

fn serve(raw: RawServe) -> ServeSettings {
    let mut serve = ServeSettings::default();
    set(&mut serve.listen, raw.listen);
    serve.token_file = raw.token_file;
    set(&mut serve.allow_remote, raw.allow_remote);
    if let Some(hosts) = raw.hosts {
        serve.hosts = hosts.into_iter().map(|host| host.0).collect();
    }
    set(&mut serve.max_connections, raw.max_connections);
    set(&mut serve.connections_per_peer, raw.connections_per_peer);
    set(
        &mut serve.trusted_proxies,
        raw.trusted_proxies.map(page::networks),
    );
    set(&mut serve.header_timeout, raw.header_timeout);
    set(&mut serve.body_timeout, raw.body_timeout);
    set(&mut serve.shutdown_grace, raw.shutdown_grace);
    serve
}

fn demo(raw: RawDemo) -> DemoSettings {
    let mut demo = DemoSettings::default();
    set(&mut demo.seed, raw.seed);
    set(&mut demo.days, raw.days);
    set(&mut demo.capacity_min, raw.capacity_min);
    set(&mut demo.capacity_max, raw.capacity_max);
    set(&mut demo.boot, raw.boot);
    set(&mut demo.slo_utilisation, raw.slo_utilisation);
    demo.price = raw.price;
    demo
}

/// Shortest and longest time between two readings of a calendar.
const REFRESH: std::ops::RangeInclusive<Duration> =
    Duration::from_mins(1)..=Duration::from_hours(24);

/// Checks that concern several settings, or values that the type allows.
fn check(config: &Config, settings: &[Setting]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let defaults = Key::from(["defaults"]);
    let inherited = config.defaults.controller.validate().err();
    if let Some(error) = &inherited {
        problems.push(senseless(&[&defaults], error.key, error.why, settings));
    }
    for (name, group) in &config.groups {
        let table = Key::from(["group", name]);
        match group.controller.validate() {
            // Said once already, where it stands.
            Err(error) if inherited.as_ref() != Some(&error) => {
                let tables = [&table, &defaults];
                problems.push(senseless(&tables, error.key, error.why, settings));
            }
            _ => {}
        }
        if !REFRESH.contains(&group.live.calendar_refresh) {
            let tables = [&table, &defaults];
            let (key, why) = ("forecast.calendar_refresh", "must be from 1m to 1d");
            problems.push(senseless(&tables, key, why, settings));
        }
        let twin = config
            .groups
            .keys()
            .find(|other| same_variable(name, other));
        if let Some(twin) = twin.filter(|twin| name < *twin) {
            problems.push(nowhere(format!(
                "groups `{name}` and `{twin}` cannot be told apart in environment variables"
            )));
        }
    }
    for (table, first) in checks::twins(config) {
        let why = format!("is the Auto Scaling group of `group.{first}`: one table for each");
        let table = Key::from(["group", table]);
        problems.push(senseless(&[&table], "asg", &why, settings));
    }
    problems.extend(load_checks(settings));
    problems.extend(built::ready(settings, READS_TARGET_GROUPS));
    for (table, broken) in [
        ("discover", discover::checks(&config.discover)),
        ("aws", checks::aws(&config.aws)),
        ("demo", checks::demo(&config.demo)),
        ("run", checks::run(&config.run)),
        ("page", page::checks(&config.page)),
        ("serve", checks::serve(&config.serve)),
        ("notify", notify::checks(&config.notify)),
    ] {
        let table = Key::from([table]);
        for (key, why) in broken {
            problems.push(senseless(&[&table], key, &why, settings));
        }
    }
    problems
}

/// Refuses an incomplete metric of the load.
fn load_checks(settings: &[Setting]) -> Vec<Problem> {
    let tables = settings.iter().filter_map(|setting| {
        let (key, way) = setting.key.parts().split_last()?;
        let is_load = way.last().is_some_and(|table| table == "load");
        is_load.then_some((way, key.as_str(), setting))
    });
    let mut problems = Vec::new();
    for (way, key, setting) in tables {
        let named = |wanted: &str| {
            settings.iter().any(|other| {
                let inherited = ["defaults", "load", wanted];
                other.key.parts().split_last().is_some_and(|(last, table)| {
                    (table == way && last == wanted) || other.key.parts() == inherited
                })
            })
        };
        for (one, other) in [("metric", "namespace"), ("namespace", "metric")] {
            if key == one && !named(other) {
                let what = format!("`{}` needs `{other}` beside it", setting.key);
                problems.push(Problem::new(what, setting.place.clone()));
            }
        }
    }
    problems
}

/// A problem with `key` of the first of `tables`. Its place is the first of `tables` that sets the
/// key.
fn senseless(tables: &[&Key], key: &str, why: &str, settings: &[Setting]) -> Problem {
    let below = |table: &Key| {
        key.split('.')
            .fold(table.clone(), |key, part| key.child(part))
    };
    let place_of = |key: &Key| -> Option<Place> {
        let made = settings.iter().rev().find(|setting| setting.key == *key);
        made.map(|setting| setting.place.clone())
    };
    let named = tables.first().map(|table| below(table)).unwrap_or_default();
    let place = tables.iter().find_map(|table| place_of(&below(table)));
    Problem {
        what: format!("`{named}` {why}"),
        place,
        hint: None,
    }
}
