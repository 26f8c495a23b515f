//! The runtime's `Cloud` trait for a collector.

use std::sync::Arc;

use foretide_domain::{CallFailure, GroupState, Mode, Obstacle, Plan, Timestamp, WriteOutcome};
use foretide_runtime::{
    Answers, BoxFuture, Cloud, HistoryAsk, HistoryPart, MetricsAnswer, MetricsAsk,
};

use crate::collector::Collector;

impl Cloud for Collector {
    /// Reads the groups. A task beside this call reads slow facts that are due.
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let put = |group: &Arc<str>, state: Result<GroupState, _>| {
                for (index, _) in names.iter().enumerate().filter(|(_, name)| *name == group) {
                    answers.put(index, state.clone());
                }
            };
            self.read_each_group(names, now, &put).await;
            if let Some(reading) = self.facts_reading(now) {
                tokio::spawn(reading);
            }
        })
    }

    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<MetricsAnswer>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let mut readings = Collector::read_metrics(self, asks, now).await;
            for (index, ask) in asks.iter().enumerate() {
                if let Some(reading) = readings.remove(&ask.name) {
                    let answer = reading.map(|reading| MetricsAnswer {
                        points: reading.points,
                        instance_metrics: reading.instance_metrics,
                        signals: reading.signals,
                    });
                    answers.put(index, answer);
                }
            }
        })
    }

    /// Reads a part of the history in one call. The rate limit lets calls of cycles go first.
    fn read_history<'a>(
        &'a self,
        ask: &'a HistoryAsk,
    ) -> BoxFuture<'a, Result<HistoryPart, CallFailure>> {
        Box::pin(async move {
            let (reading, usd) = self.read_past(ask, true).await?;
            Ok(HistoryPart {
                points: reading.points,
                signals: reading.signals,
                usd,
            })
        })
    }

    fn obstacles(&self, name: &str) -> Vec<Obstacle> {
        self.with(name, |watched| watched.obstacles())
            .unwrap_or_else(|| vec![Obstacle::Unknown])
    }

    fn set_desired<'a>(
        &'a self,
        name: &'a str,
        plan: Plan,
        mode: Mode,
        _now: Timestamp,
    ) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(Collector::set_desired(self, name, plan, mode))
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bounds, SuspendedProcesses};

    use super::*;
    use crate::AwsClients;
    use crate::config::AwsConfig;
    use crate::facts::{ScalingPolicyFact, SlowFacts};
    use crate::group::GroupReading;
    use crate::metrics::MetricOptions;
    use crate::targets::Ready;
    use crate::traffic::TrafficSources;
    use crate::watched::CollectSettings;

    /// A collector of the group `web` that reaches nobody.
    async fn collector() -> Collector {
        let config = AwsConfig {
            region: Some("eu-west-1".into()),
            endpoint_url: Some("http://127.0.0.1:9".into()),
            ..AwsConfig::default()
        };
        let settings = CollectSettings {
            group: "web".into(),
            metrics: MetricOptions::default(),
            warm_up: None,
            ready: Ready::default(),
        };
        let clients = Arc::new(AwsClients::connect(&config).await.unwrap());
        Collector::new(clients, vec![settings])
    }

    #[tokio::test]
    async fn what_speaks_against_writing_is_unknown_until_it_was_read() {
        let collector = collector().await;
        assert_eq!(collector.obstacles("web"), [Obstacle::Unknown]);
        assert_eq!(collector.obstacles("other"), [Obstacle::Unknown]);
        let policy = |name: &str, enabled| ScalingPolicyFact {
            name: name.into(),
            kind: "TargetTrackingScaling".into(),
            enabled,
            forecast_only: false,
        };
        let facts = SlowFacts {
            policies: vec![policy("on", true), policy("off", false)],
            ..SlowFacts::default()
        };
        let reading = GroupReading {
            bounds: Bounds::new(1, 5).unwrap(),
            desired: 1,
            instances: Vec::new(),
            suspended: SuspendedProcesses::default(),
            warm_pool: false,
            weighted: true,
            operator: None,
            default_warm_up: None,
            zones: 3,
            traffic: TrafficSources::default(),
        };
        collector.know("web", reading, facts);
        let named = Obstacle::Policy { name: "on".into() };
        assert_eq!(collector.obstacles("web"), [named, Obstacle::Weights]);
    }
}
