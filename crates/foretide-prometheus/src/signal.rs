//! The periods of one query, from one or several range queries.

use std::time::Duration;

use foretide_domain::{CallFailure, HistoryQuery, Timestamp};
use foretide_runtime::{BoxFuture, SignalPart, SignalPeriod, SignalSource};
use http::StatusCode;

use crate::answer::{Series, rounded_millis};
use crate::error::{Problem, QueryError};
use crate::grid::{POINTS_MAX, Part, parts, up_to_grid};
use crate::query::PromQuery;
use crate::quote::quoted;
use crate::server::Prometheus;

/// Most characters of the query in an error.
const QUERY_MAX: usize = 160;
/// How far back a query without a value in the newest periods is searched for its series. A target
/// that is down for longer is an error, as a wrong name is.
const SEARCHED: Duration = Duration::from_hours(1);

/// A signal: one query on one server.
#[derive(Clone, Debug)]
pub struct PrometheusSignal {
    server: Prometheus,
    query: PromQuery,
}

impl PrometheusSignal {
    pub(crate) const fn new(server: Prometheus, query: PromQuery) -> Self {
        Self { server, query }
    }

    /// The query.
    pub const fn query(&self) -> &PromQuery {
        &self.query
    }

    /// Reads the periods that start at or after `from` and are closed at `now`; see
    /// [`SignalSource::read_newest`]. A query without a series in the last hour is an error.
    ///
    /// # Errors
    /// What the server did not answer.
    pub async fn newest(&self, from: Timestamp, now: Timestamp) -> Result<SignalPart, QueryError> {
        let closed = now.minus(self.query.delay());
        let read = async {
            let asked = parts(from, closed, self.query.period())?;
            let (periods, found) = self.read(&asked).await?;
            if !found && !asked.is_empty() {
                self.check_series(closed).await?;
            }
            Ok(periods)
        };
        self.part(read.await)
    }

    /// Reads a part of the past; see [`SignalSource::read_history`].
    ///
    /// # Errors
    /// What the server did not answer.
    pub async fn history(&self, query: HistoryQuery) -> Result<SignalPart, QueryError> {
        let read = async {
            let period = crate::grid::millis(query.period);
            // The last period starts before `to`, wherever it ends.
            let end = Timestamp::from_millis(up_to_grid(query.to.as_millis(), period));
            let (periods, _) = self.read(&parts(query.from, end, query.period)?).await?;
            Ok(periods)
        };
        self.part(read.await)
    }

    fn part(&self, read: Result<Vec<SignalPeriod>, Problem>) -> Result<SignalPart, QueryError> {
        match read {
            Ok(periods) => Ok(SignalPart { periods, usd: 0.0 }),
            Err(problem) => Err(QueryError {
                server: self.server.origin(),
                query: quoted(self.query.text(), QUERY_MAX),
                problem,
            }),
        }
    }

    /// The periods of all `asked`, one request after the other, and whether there was a series.
    async fn read(&self, asked: &[Part]) -> Result<(Vec<SignalPeriod>, bool), Problem> {
        let (mut periods, mut found) = (Vec::new(), false);
        for part in asked {
            let text = self.query.text();
            let Some(mut values) = self.server.query_range(text, part).await? else {
                continue;
            };
            found = true;
            values.retain(|_, value| value.is_finite());
            if !values.is_empty() {
                let times = self.own_times(part).await?;
                periods.extend(of_their_period(&values, times.as_ref(), part));
            }
        }
        Ok((periods, found))
    }

    /// The own times of the samples, seconds since the epoch. None where the query is a scalar
    /// expression, which has no samples.
    ///
    /// Prometheus fills up to five minutes without a sample with the last one. So does a query of
    /// the present: a value says nothing about its age. `timestamp()` of a selector is the sample's
    /// own time; of any other expression it is the time of the evaluation, where `lookback_delta`
    /// alone tells old samples from new ones.
    async fn own_times(&self, part: &Part) -> Result<Option<Series>, Problem> {
        let text = self.query.own_times();
        match self.server.query_range(&text, part).await {
            Ok(times) => Ok(Some(times.unwrap_or_default())),
            // The same query without `timestamp()` was taken a moment ago.
            Err(Problem::Refused { status, .. }) if status == StatusCode::BAD_REQUEST => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Checks that the query has a series at all.
    async fn check_series(&self, closed: Timestamp) -> Result<(), Problem> {
        let period = self.query.period();
        let most = u32::try_from(POINTS_MAX).unwrap_or(u32::MAX);
        let span = SEARCHED.max(period).min(period * most);
        for part in parts(closed.minus(span), closed, period)? {
            let text = self.query.text();
            if self.server.query_range(text, &part).await?.is_some() {
                return Ok(());
            }
        }
        Err(Problem::NoSeries(span))
    }
}

/// The periods of the finite `values` whose sample is from within the period.
fn of_their_period<'a>(
    values: &'a Series,
    times: Option<&'a Series>,
    part: &Part,
) -> impl Iterator<Item = SignalPeriod> + 'a {
    let length = part.period;
    let is_own = move |end: i64| {
        let Some(times) = times else { return true };
        let at = times.get(&end).copied().and_then(rounded_millis);
        at.is_some_and(|at| (end - length + 1..=end).contains(&at))
    };
    let own = values.iter().filter(move |(end, _)| is_own(**end));
    own.map(move |(&end, &value)| SignalPeriod {
        start: Timestamp::from_millis(end - length),
        period: Duration::from_millis(length.unsigned_abs()),
        value,
    })
}

impl SignalSource for PrometheusSignal {
    fn read_newest(
        &self,
        from: Timestamp,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SignalPart, CallFailure>> {
        Box::pin(async move { Ok(self.newest(from, now).await?) })
    }

    fn read_history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<SignalPart, CallFailure>> {
        Box::pin(async move { Ok(self.history(query).await?) })
    }
}
