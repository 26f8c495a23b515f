//! An account whose groups have signals from elsewhere: one answer for both.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    CallFailure, FailureKind, GroupState, Mode, Obstacle, Plan, SignalReading, SignalValue,
    Timestamp, WriteOutcome,
};
use futures_util::future::{BoxFuture, join, join_all};

use crate::answers::Answers;
use crate::cloud::{BatchLimits, Cloud, HistoryAsk, HistoryPart, MetricsAnswer, MetricsAsk};
use crate::signal_source::{SignalPart, SignalSource};

/// A signal with its source.
#[derive(Clone)]
pub struct SourceOf {
    /// The signal's name in the configuration.
    pub signal: String,
    /// Where its values come from.
    pub source: Arc<dyn SignalSource>,
}

impl fmt::Debug for SourceOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceOf")
            .field("signal", &self.signal)
            .finish_non_exhaustive()
    }
}

/// A [`Cloud`] that adds to the metrics of its groups what their sources say. A source that does
/// not answer takes nothing from the rest of the answer: its reading has the failure. A group
/// without sources waits for none.
#[derive(Clone)]
pub struct WithSources {
    cloud: Arc<dyn Cloud>,
    /// By the group's name.
    sources: BTreeMap<String, Vec<SourceOf>>,
    /// Longest time that a question for the newest periods may take.
    limit: Duration,
}

impl fmt::Debug for WithSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithSources")
            .field("sources", &self.sources)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl WithSources {
    /// `cloud` with `sources` by the names of groups. `limit` bounds a question for the newest
    /// periods, and five times as much one for history. It should be below the deadline of a
    /// reading, so that a source that hangs does not cost the reading.
    pub fn new(
        cloud: Arc<dyn Cloud>,
        sources: BTreeMap<String, Vec<SourceOf>>,
        limit: Duration,
    ) -> Self {
        Self {
            cloud,
            sources,
            limit,
        }
    }

    /// What the sources of the group `name` say, each in its own time. `ask` puts the question.
    async fn readings<'a>(
        &'a self,
        name: &str,
        limit: Duration,
        ask: impl Fn(&'a dyn SignalSource) -> BoxFuture<'a, Result<SignalPart, CallFailure>>,
    ) -> (Vec<SignalReading>, f64) {
        let of_group = self.sources.get(name).into_iter().flatten();
        let asked = of_group.map(|one| {
            let answer = tokio::time::timeout(limit, ask(one.source.as_ref()));
            async move {
                let part = answer.await.unwrap_or_else(|_| Err(too_late(limit)));
                let usd = part.as_ref().map_or(0.0, |part| part.usd);
                (reading(&one.signal, part), usd)
            }
        });
        let (readings, usd): (Vec<_>, Vec<f64>) = join_all(asked).await.into_iter().unzip();
        (readings, usd.iter().sum())
    }
}

fn too_late(limit: Duration) -> CallFailure {
    CallFailure {
        kind: FailureKind::TimedOut,
        detail: format!("the source did not answer within {limit:?}"),
    }
}

fn reading(signal: &str, part: Result<SignalPart, CallFailure>) -> SignalReading {
    let (periods, failure) = match part {
        Ok(part) => (part.periods, None),
        Err(failure) => (Vec::new(), Some(failure)),
    };
    let values = periods.into_iter().map(|one| SignalValue {
        start: one.start,
        period: one.period,
        value: one.value,
    });
    SignalReading {
        name: signal.to_owned(),
        values: values.collect(),
        failure,
    }
}

impl Cloud for WithSources {
    fn limits(&self) -> BatchLimits {
        self.cloud.limits()
    }

    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        self.cloud.read_groups(names, now, answers)
    }

    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<MetricsAnswer>,
    ) -> BoxFuture<'a, ()> {
        let (inner, receivers) = Answers::collected(asks.len());
        let both = asks.iter().zip(receivers).enumerate();
        let each = both.map(move |(index, (ask, receiver))| async move {
            let from = ask.query.from;
            let readings = self.readings(&ask.name, self.limit, |source| {
                source.read_newest(from, now)
            });
            // Without a reply the caller says what failed.
            if let (Ok(reply), (signals, _)) = join(receiver, readings).await {
                let with = |mut answer: MetricsAnswer| {
                    answer.signals.extend(signals);
                    answer
                };
                answers.put(index, reply.map(with));
            }
        });
        let asked = async move { self.cloud.read_metrics(asks, now, &inner).await };
        Box::pin(async move {
            join(asked, join_all(each)).await;
        })
    }

    fn read_history<'a>(
        &'a self,
        ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>> {
        Box::pin(async move {
            let query = ask.query;
            let readings = self.readings(&ask.name, self.limit * 5, |source| {
                source.read_history(query)
            });
            let (part, (signals, usd)) = join(self.cloud.read_history(ask), readings).await;
            let mut part = part?;
            part.signals.extend(signals);
            part.usd += usd;
            Ok(part)
        })
    }

    fn obstacles(&self, name: &str) -> Vec<Obstacle> {
        self.cloud.obstacles(name)
    }

    fn set_desired<'a>(
        &'a self,
        name: &'a str,
        plan: Plan,
        mode: Mode,
        now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome> {
        self.cloud.set_desired(name, plan, mode, now)
    }
}
