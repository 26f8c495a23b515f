//! `foretide pull`: a group's CloudWatch history as a trace file.

mod args;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{
    Collect, CollectSettings, Collector, HistorySpan, LoadMetric, MetricOptions, MetricsAsk,
    Monitoring, Retention, USD_PER_METRIC_REQUESTED, history_spans,
};
use foretide_config::{LiveSettings, Span};
use foretide_connect::{Connection, check_credentials, connect};
use foretide_domain::{
    CallFailure, FailureKind, GroupState, HistoryQuery, MetricsQuery, Timestamp,
};
use foretide_files::{Head, Partial, outbound_of_process, trace_rows};
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::clock;

use super::{Context, input};

pub(crate) use args::{DAYS_KEPT, PullArgs};

/// Age below which periods are left out: their values still change while samples arrive.
const UNSETTLED: Duration = Duration::from_mins(5);
/// Length of the newest history from which basic or detailed monitoring is detected. Without the
/// monitoring, sample counts cannot be converted to instances. Three hours are also the longest
/// that `foretide run` reads back.
const PROBE: Duration = Duration::from_hours(3);
/// Metrics that the probe requests besides a load metric: CPU and two of the network.
const PROBE_METRICS: usize = 3;

/// The group as AWS describes it.
pub(crate) struct Found {
    pub(crate) state: GroupState,
    pub(crate) monitoring: Monitoring,
}

/// Runs it.
pub(crate) fn run(
    args: &PullArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    found(args, flags, context).map(drop)
}

/// Runs it. Returns the group as AWS describes it.
pub(crate) fn found(
    args: &PullArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<Found, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Exit::Unavailable, "cannot start the connection").because(&error)
        })?;
    runtime.block_on(pull(args, flags, context))
}

async fn pull(
    args: &PullArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<Found, Failure> {
    if args.out.is_dir() {
        let what = format!("--out {}: is a folder", args.out.display());
        return Err(Failure::new(Exit::Usage, what).hint("name the trace file: --out load.csv"));
    }
    let period = period(args.days, args.step)?;
    let (sources, _) = input::sources(flags)?;
    let mut config = input::load(&sources)?;
    config.aws.outbound = outbound_of_process()?;
    // A group that is not configured is an Auto Scaling group of that name.
    let group = config.groups.get(&args.group).unwrap_or(&config.defaults);
    let collect = collect(&args.group, &group.live);
    let connection = connect(&config.aws, &group.live.reach).await?;
    let now = clock::now();
    let load = collect.metrics.load.as_ref();
    let value = load.map_or_else(|| "load in instance-percent".into(), metric_in_words);
    let region = connection.clients.region();
    let head = Head::new(&collect.group, region, value, args.days, period, now);
    let mut partial = Partial::open(&args.out, head)?;
    let parts = history_spans(partial.until(), now.minus(UNSETTLED), period);
    tell(&connection, &collect, &partial, &parts, context)?;
    context.out.flush()?;
    check_credentials(&connection).await?;
    let (source, found) = match Source::probe(&connection, collect, now).await {
        Ok(probed) => probed,
        Err(failure) => {
            partial.leave();
            return Err(failure);
        }
    };
    for part in parts {
        let added = source.read(part, period, &mut partial).await?;
        writeln!(context.out, "  until {}: {added} rows", part.to)?;
        context.out.flush()?;
    }
    finish(&args.out, partial, &source, context)?;
    Ok(found)
}

fn metric_in_words(load: &LoadMetric) -> String {
    let dimensions = load.dimensions.iter();
    let dimensions: Vec<_> = dimensions
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let stat = load.stat.as_str();
    format!(
        "{stat} of {} {} ({})",
        load.namespace,
        load.metric,
        dimensions.join(", ")
    )
}

/// The length of periods: `step`, or the shortest that CloudWatch keeps for so many days.
fn period(days: u32, step: Option<Span>) -> Result<Duration, Failure> {
    let span = Duration::from_hours(24) * days;
    let kept = Retention::finest(span).map_or(Duration::from_hours(1), |kept| kept.period);
    let Some(Span(step)) = step else {
        return Ok(kept);
    };
    if step < kept {
        let what = format!("--step: CloudWatch does not keep such short periods for {days} days");
        let tiers = Retention::ALL.map(|one| {
            format!(
                "{} s for {} days",
                one.period.as_secs(),
                one.kept.as_secs() / 86_400
            )
        });
        let hint = format!("CloudWatch keeps periods of {}", tiers.join(", "));
        return Err(Failure::new(Exit::Usage, what).hint(hint));
    }
    let fits = step.subsec_nanos() == 0
        && step.as_secs().is_multiple_of(kept.as_secs())
        && (24 * 3600_u64).is_multiple_of(step.as_secs());
    if fits {
        Ok(step)
    } else {
        let what = format!(
            "--step: expected a multiple of {} s that divides a day",
            kept.as_secs()
        );
        Err(Failure::new(Exit::Usage, what))
    }
}

/// Settings to read history: always by group, and only the metrics that a trace needs.
fn collect(name: &str, live: &LiveSettings) -> CollectSettings {
    let settings = live.collect_settings(name);
    CollectSettings {
        metrics: MetricOptions {
            collect: Collect::Group,
            memory: false,
            ..settings.metrics
        },
        ..settings
    }
}

/// Prints the group, the periods, the value and the price, before the first request.
fn tell(
    connection: &Connection,
    collect: &CollectSettings,
    partial: &Partial,
    parts: &[HistorySpan],
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let head = partial.head();
    let loads = usize::from(collect.metrics.load.is_some());
    let metrics = PROBE_METRICS + loads + parts.len() * (1 + loads);
    let usd = metrics as f64 * USD_PER_METRIC_REQUESTED;
    for warning in connection.clients.warnings() {
        writeln!(context.out, "warning     {warning}")?;
    }
    write!(
        context.out,
        "group       {} in {}, {} days in periods of {} s
            (CloudWatch keeps 1 min periods for 15 days, 5 min for 63 days, 1 h for 455 days)
value       {}
cost        {metrics} CloudWatch metrics to request, {usd:.5} USD
",
        head.group, head.region, head.days, head.step_s, head.value
    )?;
    if partial.resumed() {
        let (until, path) = (partial.until(), partial.path().display());
        writeln!(
            context.out,
            "resumed     {path} has all rows before {until}"
        )?;
    }
    Ok(())
}

/// One group's history, with the facts that are needed to read it.
struct Source {
    collector: Collector,
    group: String,
    with_load: bool,
}

impl Source {
    async fn probe(
        connection: &Connection,
        collect: CollectSettings,
        now: Timestamp,
    ) -> Result<(Self, Found), Failure> {
        let (group, with_load) = (collect.group.clone(), collect.metrics.load.is_some());
        let name: Arc<str> = group.as_str().into();
        let collector = Collector::new(Arc::clone(&connection.clients), vec![collect]);
        let mut states = collector
            .read_groups(std::slice::from_ref(&name), now)
            .await;
        let state = match states.remove(&name) {
            Some(Ok(state)) => state,
            Some(Err(failure)) => return Err(failed(&failure)),
            None => return Err(unread(&group)),
        };
        let ask = MetricsAsk {
            name: Arc::clone(&name),
            query: MetricsQuery {
                from: now.minus(PROBE),
                instance_metrics: 0,
            },
        };
        let mut readings = collector.read_metrics(&[ask], now).await;
        let monitoring = match readings.remove(&name) {
            Some(Ok(reading)) => reading.monitoring,
            Some(Err(failure)) => return Err(failed(&failure)),
            None => None,
        };
        let Some(monitoring) = monitoring else {
            let what = format!("group `{group}` published no CPU in the last three hours");
            return Err(Failure::new(Exit::Unavailable, what).hint(
                "without datapoints, the period of the metrics is unknown: set monitoring = \
                 \"detailed\" (1 min) or \"basic\" (5 min)",
            ));
        };
        let source = Self {
            collector,
            group,
            with_load,
        };
        Ok((source, Found { state, monitoring }))
    }

    /// Reads one part and appends it to the file. Returns the number of rows.
    async fn read(
        &self,
        part: HistorySpan,
        period: Duration,
        partial: &mut Partial,
    ) -> Result<usize, Failure> {
        let query = HistoryQuery {
            from: part.from,
            to: part.to,
            period,
        };
        let reading = self.collector.read_history(&self.group, query);
        let points = reading.await.map_err(|failure| failed(&failure))?.points;
        let rows = trace_rows(&points, self.with_load);
        partial.append(&rows, part.to)?;
        Ok(rows.lines().count())
    }
}

fn finish(
    out: &Path,
    partial: Partial,
    source: &Source,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let bill = source.collector.clients().bill().snapshot();
    let metrics = bill
        .metrics_requested
        .get(&source.group)
        .copied()
        .unwrap_or(0);
    let group = partial.head().group.clone();
    let rows = partial.finish(out)?;
    if rows == 0 {
        let what = format!("CloudWatch has no metrics of group `{group}` in that time");
        return Err(Failure::new(Exit::Data, what).hint("--days DAYS sets how far back to read"));
    }
    writeln!(
        context.out,
        "{rows} rows in {}; {metrics} metrics requested, {:.5} USD",
        out.display(),
        bill.usd(&source.group)
    )?;
    Ok(())
}

/// Hint for a pull that was interrupted.
const AGAIN: &str = "run the same command again: it continues where this one stopped";

/// The failure if AWS's answer lacks the group.
fn unread(group: &str) -> Failure {
    let what = format!("AWS did not answer for group `{group}`");
    Failure::new(Exit::Unavailable, what).hint(AGAIN)
}

/// The error message and hint for a call that failed.
pub(crate) fn failed(failure: &CallFailure) -> Failure {
    let hint = match failure.kind {
        FailureKind::Malformed => {
            "endpoint_url below [aws], AWS_ENDPOINT_URL and HTTPS_PROXY say where calls go; unset, \
             they go to AWS"
        }
        FailureKind::NotFound => "is it in this region and account? Keys: region, role_arn",
        FailureKind::Denied => "docs/iam.json lists the permissions that are needed",
        _ => AGAIN,
    };
    Failure::new(Exit::Unavailable, failure.to_string()).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_the_finest_kept_or_a_coarser_one_that_divides_a_day() {
        let step = |days, text: &str| {
            let step = (!text.is_empty()).then(|| text.parse().unwrap());
            period(days, step).map(|period| period.as_secs()).ok()
        };
        assert_eq!(
            [14, 15, 16, 63, 64, 455].map(|days| step(days, "")),
            [
                Some(60),
                Some(60),
                Some(300),
                Some(300),
                Some(3600),
                Some(3600)
            ]
        );
        assert_eq!(step(14, "15m"), Some(900));
        assert_eq!(step(63, "1h"), Some(3600));
        for (days, text) in [
            (16, "1m"),
            (64, "5m"),
            (14, "90s"),
            (14, "7m"),
            (14, "2d"),
            (1, "0s"),
        ] {
            assert_eq!(step(days, text), None, "{days} {text}");
        }
    }
}
