//! The connection as the runtime reaches it.

use std::sync::Arc;

use foretide_domain::{Datapoint, GroupState, Mode, Plan, Timestamp, WriteOutcome};
use foretide_runtime::{Answers, BoxFuture, Cloud, MetricsAsk, Obstacle};

use crate::collector::Collector;

impl Cloud for Collector {
    /// Reads the groups; slow facts that are due are read beside it, by a task of its own.
    fn read_groups<'a>(
        &'a self,
        names: &'a [Arc<str>],
        now: Timestamp,
        answers: &'a Answers<GroupState>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let groups: Vec<String> = names.iter().map(ToString::to_string).collect();
            let put = |group: &str, state: Result<GroupState, _>| {
                for (index, _) in names
                    .iter()
                    .enumerate()
                    .filter(|(_, name)| ***name == *group)
                {
                    answers.put(index, state.clone());
                }
            };
            self.read_each_group(&groups, now, &put).await;
            if let Some(reading) = self.facts_reading(now) {
                tokio::spawn(reading);
            }
        })
    }

    fn read_metrics<'a>(
        &'a self,
        asks: &'a [MetricsAsk],
        now: Timestamp,
        answers: &'a Answers<Vec<Datapoint>>,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let queries: Vec<_> = asks
                .iter()
                .map(|ask| (ask.name.to_string(), ask.query))
                .collect();
            let mut readings = Collector::read_metrics(self, &queries, now).await;
            for (index, (group, _)) in queries.iter().enumerate() {
                if let Some(reading) = readings.remove(group) {
                    answers.put(index, reading.map(|reading| reading.points));
                }
            }
        })
    }

    fn obstacles(&self, name: &str) -> Vec<Obstacle> {
        let (Some(Ok(facts)), Some(reading)) = (self.facts(name), self.reading(name)) else {
            return vec![Obstacle::Unknown];
        };
        let policy = |policy: &crate::ScalingPolicyFact| Obstacle::Policy {
            name: policy.name.clone(),
        };
        let mut obstacles: Vec<Obstacle> = facts.competing_policies().map(policy).collect();
        obstacles.extend(reading.weighted.then_some(Obstacle::Weights));
        obstacles
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
