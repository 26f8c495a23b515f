//! `GetMetricData`: queries of many groups packed into few calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use foretide_domain::{CallFailure, FailureKind, Timestamp};
use tokio::task::JoinSet;

use super::instance_metric::{InstanceMetric, InstanceStat};
use super::stat::Stat;
use crate::clients::{AwsClients, Turn};
use crate::failure::{failure, is_of_what_was_asked};

const OPERATION: &str = "GetMetricData";
/// Most queries of one call: the service's limit.
const QUERIES_PER_CALL: usize = 500;
/// Most pages of one answer. 500 queries over a day of minutes fill eight.
const PAGES_MAX: usize = 100;

/// Names a series within its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Cpu,
    CpuSamples,
    CpuPeak,
    NetworkIn,
    NetworkOut,
    Memory,
    Demand,
    /// A signal, by its place in the options.
    Signal(u32),
    /// A metric of one instance, by the instance's index in the list of ids.
    Instance(u32, InstanceMetric, InstanceStat),
    /// Mean CPU of one instance in transition, by its index in the list of ids.
    OwnCpu(u32),
    /// Its number of samples.
    OwnSamples(u32),
}

/// One series to read.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The group's name.
    pub(crate) group: Arc<str>,
    pub(crate) key: Key,
    pub(crate) namespace: String,
    pub(crate) metric: String,
    pub(crate) dimensions: Vec<(String, String)>,
    pub(crate) stat: Stat,
}

/// The span to read, in periods of `period_s` seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) period_s: u32,
    /// Whether the call gives way near the rate limit.
    pub(crate) aside: bool,
}

/// Values by series, then by start of the period in milliseconds since 1970.
pub(crate) type Values = BTreeMap<Key, BTreeMap<i64, f64>>;
type ByGroup = BTreeMap<Arc<str>, Result<Values, CallFailure>>;

impl AwsClients {
    /// Reads `queries`. Every group of a query has a result. If the service rejects a call, the
    /// call is halved until only the group at fault fails.
    pub(crate) async fn metric_data(self: &Arc<Self>, queries: Vec<Query>, span: Span) -> ByGroup {
        let mut answers: ByGroup = queries
            .iter()
            .map(|query| (Arc::clone(&query.group), Ok(Values::new())))
            .collect();
        let mut calls = JoinSet::new();
        let mut waiting = packed(&queries);
        loop {
            for batch in waiting.drain(..) {
                let clients = Arc::clone(self);
                calls.spawn(async move { (clients.pages(&batch, span).await, batch) });
            }
            match calls.join_next().await {
                None => break,
                Some(Err(_)) => {
                    let broken = failure(
                        FailureKind::Unavailable,
                        "GetMetricData: the call broke off",
                    );
                    for answer in answers.values_mut() {
                        *answer = Err(broken.clone());
                    }
                }
                Some(Ok((Ok(results), batch))) => file(&mut answers, &batch, results),
                Some(Ok((Err(error), batch))) => match halves(&error, &batch) {
                    Some(halves) => waiting.extend(halves),
                    None => fail(&mut answers, &batch, &error),
                },
            }
        }
        answers
    }

    async fn pages(
        &self,
        batch: &[Query],
        span: Span,
    ) -> Result<Vec<MetricDataResult>, CallFailure> {
        let queries: Vec<MetricDataQuery> = batch
            .iter()
            .enumerate()
            .map(|(n, query)| on_wire(n, query, span.period_s))
            .collect();
        let mut results = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            self.count(batch, span);
            let request = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_millis(span.from.as_millis()))
                .end_time(DateTime::from_millis(span.to.as_millis()))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(token);
            let answer = if span.aside {
                self.call(Turn::Aside, OPERATION, request.send()).await?
            } else {
                self.call(Turn::Cycle, OPERATION, request.send()).await?
            };
            results.extend(answer.metric_data_results.unwrap_or_default());
            token = answer.next_token;
            if token.is_none() {
                return Ok(results);
            }
        }
        let detail = format!("{OPERATION}: more than {PAGES_MAX} pages for one request");
        Err(failure(FailureKind::Malformed, detail))
    }

    /// Counts the metrics that AWS bills for the call. Several statistics of one metric count once.
    fn count(&self, batch: &[Query], span: Span) {
        for queries in batch.chunk_by(|a, b| a.group == b.group) {
            if let Some(query) = queries.first() {
                let single = |query: &&Query| matches!(query.key, Key::OwnCpu(_));
                let single = queries.iter().filter(single).count() as u64;
                let metrics = billed_metrics(queries);
                let bill = self.bill();
                bill.count_metrics(&query.group, metrics, span.aside);
                bill.count_single_instances(&query.group, single);
            }
        }
    }
}

/// The number of metrics that AWS bills for `queries` of one group. Several statistics of one
/// metric count once.
pub(crate) fn billed_metrics(queries: &[Query]) -> u64 {
    let mut metrics = BTreeSet::new();
    for query in queries {
        metrics.insert((&query.namespace, &query.metric, &query.dimensions));
    }
    metrics.len() as u64
}

/// `queries`, sorted by group, packed into calls. Only a group that fills a call alone is divided,
/// because AWS bills a metric twice that is in two calls.
fn packed(queries: &[Query]) -> Vec<Vec<Query>> {
    let mut calls: Vec<Vec<Query>> = Vec::new();
    for group in queries.chunk_by(|a, b| a.group == b.group) {
        match calls.last_mut() {
            Some(call) if call.len() + group.len() <= QUERIES_PER_CALL => {
                call.extend_from_slice(group);
            }
            _ => calls.extend(group.chunks(QUERIES_PER_CALL).map(<[Query]>::to_vec)),
        }
    }
    calls
}

fn on_wire(number: usize, query: &Query, period_s: u32) -> MetricDataQuery {
    let dimensions = query
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let metric = Metric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(period_s).unwrap_or(i32::MAX))
        .stat(query.stat.as_str())
        .build();
    MetricDataQuery::builder()
        .id(format!("q{number}"))
        .metric_stat(stat)
        .build()
}

/// The two halves of `batch`, divided between groups. None if there is one group only, or `error`
/// concerns the whole request: the halves would fail in the same way.
fn halves(error: &CallFailure, batch: &[Query]) -> Option<[Vec<Query>; 2]> {
    if !is_of_what_was_asked(OPERATION, error) {
        return None;
    }
    let groups: BTreeSet<&Arc<str>> = batch.iter().map(|query| &query.group).collect();
    let pivot = Arc::clone(groups.iter().nth(groups.len() / 2)?);
    let (low, high): (Vec<Query>, Vec<Query>) =
        batch.iter().cloned().partition(|query| query.group < pivot);
    (!low.is_empty() && !high.is_empty()).then_some([low, high])
}

fn fail(answers: &mut ByGroup, batch: &[Query], error: &CallFailure) {
    for query in batch {
        answers.insert(Arc::clone(&query.group), Err(error.clone()));
    }
}

/// Adds the `results` of `batch` to the answers of their groups. Of two values with one timestamp
/// the last counts.
fn file(answers: &mut ByGroup, batch: &[Query], results: Vec<MetricDataResult>) {
    for result in results {
        let query = result
            .id()
            .and_then(|id| id.strip_prefix('q'))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| batch.get(number));
        let Some(query) = query else {
            let detail = format!("{OPERATION}: a result for a query that was not asked");
            return fail(answers, batch, &failure(FailureKind::Malformed, detail));
        };
        let Some(answer) = answers.get_mut(&query.group) else {
            continue;
        };
        if let (Err(error), true) = (check(&result), answer.is_ok()) {
            *answer = Err(error);
        }
        if let Ok(values) = answer {
            let series = values.entry(query.key).or_default();
            let stamps = result
                .timestamps()
                .iter()
                .filter_map(|at| at.to_millis().ok());
            let points = stamps.zip(result.values().iter().copied());
            series.extend(points.filter(|(_, value)| value.is_finite()));
        }
    }
}

fn check(result: &MetricDataResult) -> Result<(), CallFailure> {
    if result.timestamps().len() != result.values().len() {
        let detail = format!("{OPERATION}: a result has not as many values as timestamps");
        return Err(failure(FailureKind::Malformed, detail));
    }
    let kind = match result.status_code() {
        Some(StatusCode::InternalError) => FailureKind::Unavailable,
        Some(StatusCode::Forbidden) => FailureKind::Denied,
        _ => return Ok(()),
    };
    Err(failure(
        kind,
        format!("{OPERATION}: the service failed on one of the metrics"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(group: &str, key: Key) -> Query {
        Query {
            group: group.into(),
            key,
            namespace: "AWS/EC2".into(),
            metric: "CPUUtilization".into(),
            dimensions: Vec::new(),
            stat: Stat::Average,
        }
    }

    fn answers(batch: &[Query], results: Vec<MetricDataResult>) -> ByGroup {
        let mut answers = batch
            .iter()
            .map(|query| (Arc::clone(&query.group), Ok(Values::new())))
            .collect();
        file(&mut answers, batch, results);
        answers
    }

    fn result(id: &str, points: &[(i64, f64)]) -> MetricDataResult {
        MetricDataResult::builder()
            .id(id)
            .set_timestamps(Some(
                points.iter().map(|p| DateTime::from_secs(p.0)).collect(),
            ))
            .set_values(Some(points.iter().map(|p| p.1).collect()))
            .build()
    }

    #[test]
    fn pages_are_joined_and_repeats_of_a_timestamp_count_once() {
        let batch = [query("a", Key::Cpu)];
        let pages = vec![
            result("q0", &[(60, 1.0), (120, 2.0)]),
            result("q0", &[(120, 3.0)]),
        ];
        let answers = answers(&batch, pages);
        let values = answers["a"].as_ref().unwrap();
        assert_eq!(
            values[&Key::Cpu],
            BTreeMap::from([(60_000, 1.0), (120_000, 3.0)])
        );
    }

    #[test]
    fn a_fault_in_one_result_fails_its_group_alone() {
        let batch = [query("a", Key::Cpu), query("b", Key::Cpu)];
        let lopsided = MetricDataResult::builder().id("q0").values(1.0).build();
        let answers = answers(&batch, vec![lopsided, result("q1", &[(60, 1.0)])]);
        assert_eq!(
            answers["a"].as_ref().unwrap_err().kind,
            FailureKind::Malformed
        );
        assert!(answers["b"].is_ok());
    }

    #[test]
    fn an_answer_to_nothing_asked_fails_the_whole_call() {
        let batch = [query("a", Key::Cpu)];
        assert!(answers(&batch, vec![result("q7", &[])])["a"].is_err());
    }

    #[test]
    fn a_group_is_only_divided_where_it_fills_a_call_alone() {
        let many = |group: &str, count| vec![query(group, Key::Cpu); count];
        let sizes = |queries: Vec<Query>| packed(&queries).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes([many("a", 300), many("b", 300)].concat()), [300, 300]);
        assert_eq!(sizes([many("a", 300), many("b", 200)].concat()), [500]);
        assert_eq!(
            sizes([many("a", 1), many("b", 700), many("c", 9)].concat()),
            [1, 500, 209]
        );
    }

    #[test]
    fn a_rejected_call_is_halved_between_groups_and_only_then() {
        let rejected = failure(FailureKind::Rejected, "GetMetricData: ValidationError: no");
        let batch = [
            query("a", Key::Cpu),
            query("a", Key::Memory),
            query("b", Key::Cpu),
        ];
        let [low, high] = halves(&rejected, &batch).unwrap();
        assert_eq!((low.len(), high.len()), (2, 1));
        assert!(halves(&rejected, &low).is_none());
        assert!(halves(&failure(FailureKind::Throttled, ""), &batch).is_none());
        let general = failure(FailureKind::Rejected, "GetMetricData: OneOfTomorrow");
        assert!(halves(&general, &batch).is_none());
    }
}
