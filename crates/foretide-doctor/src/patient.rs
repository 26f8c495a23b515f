//! The checks of one group: reads facts of the group and makes findings.

use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{AwsClients, Collector, GroupReading, MetricsAsk};
use foretide_config::{Config, GroupSettings};
use foretide_domain::{Datapoint, MetricsQuery, Mode, Plan, Timestamp};
use foretide_runtime::GroupKey;
use foretide_store::Reader;
use foretide_terminal::Failure;
use foretide_terminal::shell::Command;

use crate::finding::Finding;
use crate::{group, here, metrics, permissions, predictor, targets, writers};

/// Length of the load that is read: the longest that `foretide run` reads back.
const LOAD_SPAN: Duration = Duration::from_hours(3);
/// Length of the observed load that is read from the store: as long as for a forecast.
const KEPT_SPAN: Duration = Duration::from_hours(14 * 24);
/// Length of the launches that are read.
const LAUNCH_SPAN: Duration = Duration::from_hours(24);

/// One group to check.
#[derive(Debug)]
pub struct Patient<'a> {
    /// Name of the Auto Scaling group.
    pub name: &'a str,
    /// Settings of the group.
    pub settings: &'a GroupSettings,
    /// The whole configuration.
    pub config: &'a Config,
    /// Label of the account.
    pub label: &'a str,
    /// Connection to the account.
    pub clients: &'a Arc<AwsClients>,
    /// The command that checks the group again.
    pub doctor: Command,
}

impl Patient<'_> {
    /// The findings at `now`. `credentials` is the result of the search for credentials. If
    /// `prove_write`, sets desired capacity to its present value.
    pub async fn examine(
        &self,
        credentials: Result<(), Failure>,
        prove_write: bool,
        now: Timestamp,
    ) -> Vec<Finding> {
        let clients = self.clients;
        let region = Finding::fine("region", clients.region());
        if let Err(failure) = credentials {
            let why = "without them nothing is read or written";
            let finding = Finding::fault("credentials", failure.in_one_line(), why);
            let fix = failure.hint.unwrap_or_default();
            return vec![region, finding.fix(fix)];
        }
        let mut found = vec![region, Finding::fine("credentials", "found")];
        let reading = clients.read_group(self.name).await;
        let why = "without the group's state nothing is decided";
        found.push(permissions::read(
            "DescribeAutoScalingGroups",
            &reading,
            true,
            why,
        ));
        found.push(here::clock(clients.clock_ahead_s()));
        let Ok(reading) = reading else {
            return found;
        };
        found.extend(group::suspended(self.name, &reading));
        found.extend(group::protected(&reading));
        found.extend(group::headroom(self.settings, &reading));
        found.extend(group::unhealthy(&reading));
        found.push(group::weights(self.settings, &reading));
        found.extend(targets::check(clients, self.settings, &reading).await);
        found.extend(self.others(&reading, now).await);
        found.extend(self.launches(&reading, now).await);
        found.extend(self.load(&reading, now).await);
        found.extend(predictor::check(self.settings, self.config.outbound()).await);
        found.push(self.write(&reading, prove_write).await);
        found
    }

    /// Findings on other writers and on running activities.
    async fn others(&self, reading: &GroupReading, now: Timestamp) -> Vec<Finding> {
        let clients = self.clients;
        let answers = clients.ask_each_fact(self.name, reading.warm_pool).await;
        let why = "who else sets capacity is not known, and then nothing is ever written";
        let mut found = vec![
            permissions::read("DescribePolicies", &answers.policies, true, why),
            permissions::read(
                "DescribeScheduledActions",
                &answers.scheduled_actions,
                true,
                why,
            ),
            permissions::read(
                "DescribeInstanceRefreshes",
                &answers.refreshing,
                false,
                "an instance refresh may be under way at any time, and then capacity is never lowered",
            ),
        ];
        if let Ok(policies) = &answers.policies {
            found.extend(writers::policies(self.name, self.settings, policies));
        }
        if let Ok(actions) = &answers.scheduled_actions {
            let (bounds, settings) = (reading.bounds, self.settings);
            found.extend(writers::scheduled(
                self.name, settings, bounds, actions, now,
            ));
        }
        if answers.refreshing == Ok(true) {
            let why = "capacity is not lowered until it has ended";
            found.push(Finding::note(
                "refresh",
                "an instance refresh is under way",
                why,
            ));
        }
        match &answers.warm_pool {
            None => found.push(Finding::fine("warm pool", "none")),
            Some(Ok(count)) => {
                found.push(Finding::fine(
                    "warm pool",
                    format!("{count} instances wait in it"),
                ));
            }
            Some(failed) => found.push(permissions::read(
                "DescribeWarmPool",
                failed,
                false,
                "how many instances wait in it is not known",
            )),
        }
        found
    }

    async fn launches(&self, reading: &GroupReading, now: Timestamp) -> Vec<Finding> {
        let since = now.minus(LAUNCH_SPAN);
        let launches = self.clients.read_launches(self.name, since).await;
        let why = "launch times are guessed from when instances are first seen";
        let mut found = vec![permissions::read(
            "DescribeScalingActivities",
            &launches,
            false,
            why,
        )];
        if let Ok(launches) = launches {
            let ended: Vec<_> = launches
                .iter()
                .filter_map(foretide_aws::LaunchActivity::launch)
                .collect();
            found.push(group::launches(self.name, self.settings, &ended));
            found.push(group::reach(self.settings, reading, &ended));
        }
        found
    }

    /// Reads metrics as one cycle of `foretide run` does.
    async fn load(&self, reading: &GroupReading, now: Timestamp) -> Vec<Finding> {
        let clients = self.clients;
        let mut collect = self.settings.live.collect_settings(self.name);
        collect.group = self.name.to_owned();
        let collector = Collector::new(Arc::clone(clients), vec![collect]);
        let name: Arc<str> = self.name.into();
        let before = clients.bill().snapshot().total_calls();
        collector
            .read_groups(std::slice::from_ref(&name), now)
            .await;
        let from = now.minus(LOAD_SPAN);
        let ask = MetricsAsk {
            name: Arc::clone(&name),
            query: MetricsQuery {
                from,
                instance_metrics: self.settings.controller.instance_allowance.per_minute,
            },
        };
        let answer = collector.read_metrics(&[ask], now).await.remove(&name);
        let calls = clients.bill().snapshot().total_calls() - before;
        let interval = self.settings.controller.interval;
        let mut found = vec![here::pace(
            calls,
            interval,
            self.config.aws.calls_per_second,
        )];
        let Some(answer) = answer else {
            return found;
        };
        let why = "without load nothing is decided: capacity is held";
        found.push(permissions::read("GetMetricData", &answer, true, why));
        if let Ok(metrics) = answer {
            found.extend(metrics::check(self.settings, reading, &metrics, now));
            let mut points = self.kept(now);
            points.extend(metrics.points);
            found.push(group::bounds(
                self.name,
                &self.doctor,
                self.settings,
                reading,
                &points,
            ));
        }
        found
    }

    /// The load that `foretide run` observed; empty if there is no store here.
    fn kept(&self, now: Timestamp) -> Vec<Datapoint> {
        let key = GroupKey::new(self.label, self.name);
        let kept = Reader::open(&self.config.run.store());
        kept.and_then(|reader| reader.observations(&key, now.minus(KEPT_SPAN), now))
            .unwrap_or_default()
    }

    /// Sets desired capacity to its present value, if `prove_write`.
    async fn write(&self, reading: &GroupReading, prove: bool) -> Finding {
        if !prove {
            return permissions::write(self.name, self.doctor.clone(), None);
        }
        let plan = Plan {
            desired: reading.desired,
            expected_desired: reading.desired,
            expected_bounds: reading.bounds,
        };
        let clients = self.clients;
        let outcome = clients.set_desired(self.name, plan, Mode::Enforce).await;
        permissions::write(self.name, self.doctor.clone(), Some(&outcome))
    }
}
