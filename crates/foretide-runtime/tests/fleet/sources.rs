//! Signals from elsewhere beside the metrics of an account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    CallFailure, FailureKind, HistoryQuery, MetricsQuery, SignalReading, Timestamp,
};
use foretide_runtime::{
    Answers, BoxFuture, Cloud, MetricsAnswer, MetricsAsk, SignalPart, SignalPeriod, SignalSource,
    SourceOf, WithSources,
};

use crate::fakes::{Does, FakeCloud, Log, failure};

/// Answers with one value, after a time.
struct Fake(Does);

impl SignalSource for Fake {
    fn read_newest(
        &self,
        from: Timestamp,
        _: Timestamp,
    ) -> BoxFuture<'_, Result<SignalPart, CallFailure>> {
        Box::pin(async move {
            match self.0 {
                Does::Fail(kind) => return Err(failure(kind)),
                Does::Hang => std::future::pending::<()>().await,
                Does::After(span) => tokio::time::sleep(span).await,
                Does::Answer => {}
            }
            let period = SignalPeriod {
                start: from,
                period: Duration::from_secs(60),
                value: 7.0,
            };
            Ok(SignalPart {
                periods: vec![period],
                usd: 0.0,
            })
        })
    }

    fn read_history(&self, query: HistoryQuery) -> BoxFuture<'_, Result<SignalPart, CallFailure>> {
        self.read_newest(query.from, query.to)
    }
}

fn sources(of: &[(&str, &[(&str, Does)])]) -> BTreeMap<String, Vec<SourceOf>> {
    let group = |(name, signals): &(&str, &[(&str, Does)])| {
        let signals = signals.iter().map(|(signal, does)| SourceOf {
            signal: (*signal).to_owned(),
            source: Arc::new(Fake(*does)),
        });
        ((*name).to_owned(), signals.collect())
    };
    of.iter().map(group).collect()
}

/// The answers of one reading of the groups, and how long it took.
async fn read(cloud: &WithSources, names: &[&str]) -> (Vec<MetricsAnswer>, Duration) {
    let asks: Vec<MetricsAsk> = names
        .iter()
        .map(|name| MetricsAsk {
            name: (*name).into(),
            query: MetricsQuery {
                from: Timestamp::from_seconds(600),
                instance_metrics: 0,
            },
        })
        .collect();
    let (answers, receivers) = Answers::collected(asks.len());
    let began = tokio::time::Instant::now();
    cloud
        .read_metrics(&asks, Timestamp::from_seconds(720), &answers)
        .await;
    let took = began.elapsed();
    let mut replies = Vec::new();
    for receiver in receivers {
        replies.push(receiver.await.unwrap().unwrap());
    }
    (replies, took)
}

fn of<'a>(answer: &'a MetricsAnswer, name: &str) -> &'a SignalReading {
    answer.signals.iter().find(|it| it.name == name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_or_fails_costs_neither_cpu_nor_the_other_signals() {
    let cloud = FakeCloud::with(&["web", "api"], &Log::default());
    let signals = [
        ("good", Does::After(Duration::from_secs(1))),
        ("denied", Does::Fail(FailureKind::Denied)),
        ("hangs", Does::Hang),
    ];
    let limit = Duration::from_secs(3);
    let cloud = WithSources::new(Arc::new(cloud), sources(&[("web", &signals)]), limit);
    let (answers, took) = read(&cloud, &["web", "api"]).await;
    assert_eq!(took, limit);
    let [web, api] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(!web.points.is_empty() && !api.points.is_empty());
    assert!((of(web, "good").values[0].value - 7.0).abs() < 1e-9);
    let kind = |name| of(web, name).failure.as_ref().map(|it| it.kind);
    assert_eq!(kind("good"), None);
    assert_eq!(kind("denied"), Some(FailureKind::Denied));
    assert_eq!(kind("hangs"), Some(FailureKind::TimedOut));
    assert!(of(web, "hangs").values.is_empty());
    assert!(api.signals.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_group_without_sources_waits_for_none() {
    let cloud = FakeCloud::with(&["web", "api"], &Log::default());
    let slow = [("slow", Does::After(Duration::from_secs(2)))];
    let limit = Duration::from_secs(3);
    let cloud = WithSources::new(Arc::new(cloud), sources(&[("web", &slow)]), limit);
    let asks = ["web", "api"].map(|name| MetricsAsk {
        name: name.into(),
        query: MetricsQuery {
            from: Timestamp::from_seconds(600),
            instance_metrics: 0,
        },
    });
    let (answers, receivers) = Answers::collected(2);
    let now = Timestamp::from_seconds(720);
    let mut receivers = receivers.into_iter();
    let (web, api) = (receivers.next().unwrap(), receivers.next().unwrap());
    let first = async {
        api.await.unwrap().unwrap();
        tokio::time::Instant::now()
    };
    let second = async {
        web.await.unwrap().unwrap();
        tokio::time::Instant::now()
    };
    let call = cloud.read_metrics(&asks, now, &answers);
    let ((), api_at, web_at) = tokio::join!(call, first, second);
    assert_eq!(web_at - api_at, Duration::from_secs(2));
}
