//! `GetMetricData`, `GetMetricStatistics` and `ListMetrics`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use foretide_domain::Timestamp;

use super::catalogue;
use super::put::checked_unit;
use super::shapes::{
    Datapoint, GetMetricData, GetMetricStatistics, ListMetrics, Metric, MetricData,
    MetricDataQuery, MetricDataResult, MetricStat, MetricStatistics, Metrics,
};
use super::statistics::{Statistic, align, check_period, join};
use crate::emulator::State;
use crate::epoch::Epoch;
use crate::error::ApiError;
use crate::series::StatSet;

/// The service's limits.
const QUERIES_MAX: usize = 500;
const DATAPOINTS_MAX: usize = 100_800;
const STATISTICS_DATAPOINTS_MAX: usize = 1440;
const DIMENSIONS_MAX: usize = 30;
const METRICS_PAGE: usize = 500;

pub(super) fn metric_data(
    state: &mut State,
    input: GetMetricData,
    now: Timestamp,
) -> Result<MetricData, ApiError> {
    check_queries(&input.metric_data_queries)?;
    let span = data_span(input.start_time, input.end_time)?;
    let most = input.max_datapoints.map_or(Ok(DATAPOINTS_MAX), |most| {
        let most = usize::try_from(most)
            .ok()
            .filter(|most| (1..=DATAPOINTS_MAX).contains(most));
        most.ok_or_else(|| ApiError::parameter("MaxDatapoints is not within 1..100800"))
    })?;
    let skip = offset(input.next_token.as_deref())?;
    let ascending = match input.scan_by.as_deref() {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(_) => return Err(ApiError::parameter("ScanBy is not known")),
    };
    let mut page = DataPage {
        skip,
        left: most,
        cut: false,
        results: Vec::new(),
    };
    for query in input.metric_data_queries {
        let (Some(stat), true) = (&query.metric_stat, query.return_data.unwrap_or(true)) else {
            continue;
        };
        let statistic = Statistic::parse(&stat.stat)?;
        let units = read(state, stat, span, now)?;
        let mut sets = join(units.into_values().flatten().collect(), stat.period);
        if !ascending {
            sets.reverse();
        }
        page.add(query, statistic, &sets);
    }
    Ok(MetricData {
        next_token: page.cut.then(|| (skip + most).to_string()),
        metric_data_results: page.results,
        messages: Vec::new(),
    })
}

/// A part of all datapoints of one call.
struct DataPage {
    skip: usize,
    left: usize,
    cut: bool,
    results: Vec<MetricDataResult>,
}

impl DataPage {
    fn add(&mut self, query: MetricDataQuery, statistic: Statistic, sets: &[StatSet]) {
        let skipped = self.skip.min(sets.len());
        self.skip -= skipped;
        let rest = sets.get(skipped..).unwrap_or_default();
        let taken = rest.get(..self.left.min(rest.len())).unwrap_or_default();
        self.left -= taken.len();
        let cut = taken.len() < rest.len();
        self.cut |= cut;
        if taken.is_empty() && (cut || skipped > 0) {
            return;
        }
        let name = query.metric_stat.map(|stat| stat.metric.metric_name);
        self.results.push(MetricDataResult {
            label: query.label.or(name).unwrap_or_default(),
            id: query.id,
            timestamps: taken.iter().map(|set| Epoch(set.start)).collect(),
            values: taken.iter().map(|set| statistic.of(set)).collect(),
            status_code: if cut { "PartialData" } else { "Complete" },
        });
    }
}

fn check_queries(queries: &[MetricDataQuery]) -> Result<(), ApiError> {
    if queries.is_empty() || queries.len() > QUERIES_MAX {
        let message = format!("the number of queries is not within 1..{QUERIES_MAX}");
        return Err(ApiError::validation(message));
    }
    let mut ids = BTreeSet::new();
    for (place, query) in queries.iter().enumerate() {
        let proper = query.id.starts_with(|c: char| c.is_ascii_lowercase())
            && query.id.len() <= 255
            && query
                .id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !proper || !ids.insert(query.id.as_str()) {
            let id: String = query.id.chars().take(60).collect();
            return Err(ApiError::validation(format!(
                "the id {id:?} is not valid, or given twice"
            )));
        }
        if query.metric_stat.is_none() {
            return Err(ApiError::validation(format!(
                "The parameter MetricDataQueries.member.{}.MetricStat is required.\n",
                place + 1
            )));
        }
    }
    Ok(())
}

/// The points that `stat` asks for, by unit.
fn read(
    state: &mut State,
    stat: &MetricStat,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<BTreeMap<String, Vec<StatSet>>, ApiError> {
    let period = check_period(stat.period)?;
    if stat.metric.dimensions.len() > DIMENSIONS_MAX {
        return Err(ApiError::validation("more than 30 dimensions"));
    }
    let unit = checked_unit(stat.unit.as_deref())?;
    let span = (align(from, period), to);
    Ok(catalogue::series(state, &stat.metric, unit, span, now))
}

pub(super) fn metric_statistics(
    state: &mut State,
    input: &GetMetricStatistics,
    now: Timestamp,
) -> Result<MetricStatistics, ApiError> {
    let statistics: Vec<Statistic> = input
        .statistics
        .iter()
        .map(|name| Statistic::parse(name))
        .collect::<Result<_, _>>()?;
    if statistics.is_empty() {
        return Err(ApiError::new(
            400,
            "InvalidParameterCombination",
            "Must specify either Statistics or ExtendedStatistics",
        ));
    }
    let stat = MetricStat {
        metric: Metric {
            namespace: input.namespace.clone(),
            metric_name: input.metric_name.clone(),
            dimensions: input.dimensions.clone(),
        },
        period: input.period,
        stat: String::new(),
        unit: input.unit.clone(),
    };
    let span = statistics_span(input.start_time, input.end_time)?;
    let units = read(state, &stat, span, now)?.into_iter();
    let units = units.map(|(unit, sets)| (unit, join(sets, stat.period)));
    let sets: Vec<(String, StatSet)> = units
        .flat_map(|(unit, sets)| sets.into_iter().map(move |set| (unit.clone(), set)))
        .collect();
    if sets.len() > STATISTICS_DATAPOINTS_MAX {
        let message = "the request asks for more than 1440 datapoints";
        return Err(ApiError::new(400, "InvalidParameterCombination", message));
    }
    let datapoint = |(unit, set): (String, StatSet)| {
        let of = |one| statistics.contains(&one).then(|| Statistic::of(one, &set));
        Datapoint {
            timestamp: Epoch(set.start),
            average: of(Statistic::Average),
            sum: of(Statistic::Sum),
            minimum: of(Statistic::Minimum),
            maximum: of(Statistic::Maximum),
            sample_count: of(Statistic::SampleCount),
            unit,
        }
    };
    Ok(MetricStatistics {
        label: input.metric_name.clone(),
        datapoints: sets.into_iter().map(datapoint).collect(),
    })
}

pub(super) fn list_metrics(
    state: &mut State,
    input: &ListMetrics,
    now: Timestamp,
) -> Result<Metrics, ApiError> {
    let matches = |metric: &Metric| {
        input
            .namespace
            .as_ref()
            .is_none_or(|namespace| *namespace == metric.namespace)
            && input
                .metric_name
                .as_ref()
                .is_none_or(|name| *name == metric.metric_name)
            && input.dimensions.iter().all(|filter| {
                metric.dimensions.iter().any(|dimension| {
                    dimension.name == filter.name
                        && filter
                            .value
                            .as_ref()
                            .is_none_or(|value| *value == dimension.value)
                })
            })
    };
    let start = offset(input.next_token.as_deref())?;
    let since = match input.recently_active.as_deref() {
        None => None,
        Some("PT3H") => Some(now.minus(Duration::from_hours(3))),
        Some(_) => return Err(ApiError::parameter("RecentlyActive is not PT3H")),
    };
    let mut metrics = catalogue::list(state, since, now);
    metrics.retain(matches);
    let more = metrics.len() > start.saturating_add(METRICS_PAGE);
    Ok(Metrics {
        metrics: metrics.into_iter().skip(start).take(METRICS_PAGE).collect(),
        next_token: more.then(|| (start + METRICS_PAGE).to_string()),
    })
}

/// The span of a `GetMetricData`, which counts in whole seconds.
fn data_span(start: Epoch, end: Epoch) -> Result<(Timestamp, Timestamp), ApiError> {
    let message = match start.0.as_seconds().cmp(&end.0.as_seconds()) {
        Ordering::Less => return Ok((start.0, end.0)),
        Ordering::Equal => "The parameter StartTime must not equal parameter EndTime.",
        Ordering::Greater => "The parameter EndTime must be greater than StartTime.",
    };
    Err(ApiError::validation(message))
}

/// The span of a `GetMetricStatistics`.
fn statistics_span(start: Epoch, end: Epoch) -> Result<(Timestamp, Timestamp), ApiError> {
    if start.0 < end.0 {
        return Ok((start.0, end.0));
    }
    let message = "The parameter StartTime must be less than the parameter EndTime.";
    Err(ApiError::parameter(message))
}

/// The start of a page. A token is the number of items before the page.
fn offset(token: Option<&str>) -> Result<usize, ApiError> {
    let Some(token) = token else {
        return Ok(0);
    };
    let offset = token.parse().ok().filter(|offset| *offset < usize::MAX / 2);
    offset.ok_or_else(|| {
        ApiError::new(
            400,
            "InvalidNextToken",
            "Request parameter NextToken is invalid",
        )
    })
}
