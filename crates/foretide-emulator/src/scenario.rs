//! Scenarios: groups, their demand, and faults.
//!
//! A scenario is data; the reader of a file chooses the format. [`Scenario::check`] refuses
//! impossible scenarios before anything runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foretide_sim::{Crash, Credits, Trace};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::actors::{Change, PolicySpec, ScheduledActionSpec};
use crate::fault::Fault;
use crate::targets::TargetGroupSpec;

/// Most groups of one emulator. A group costs a few kilobytes, and a microsecond a step.
pub const MAX_GROUPS: usize = 10_000;
/// Longest history before the start, in seconds: the 15 days for which `CloudWatch` keeps minutes.
pub(crate) const MAX_HISTORY_S: u32 = 15 * 86_400;
/// Largest capacity of a group, so that one answer stays bounded.
pub(crate) const MAX_CAPACITY: u32 = 5000;

/// Default of [`GroupSpec::scale_in_s`]. In ten published activities of EC2 Auto Scaling, of 2016
/// to 2026, the instance left service 1 to 29 s after desired capacity was lowered, half of them
/// within 10 s. The longest of them, in whole steps.
const SCALE_IN_S: u32 = 30;

/// Groups and faults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the keys of a scenario")]
pub struct Scenario {
    /// The groups.
    #[serde(default)]
    pub groups: Vec<GroupSpec>,
    /// The faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What groups that clients create are like. Their name, bounds and desired capacity are those
    /// of the call. With `boot_s = 0` a group does at once what a call asks for.
    #[serde(default)]
    pub created: GroupSpec,
}

/// A group, or `count` equal groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "a table with the keys of a group"
)]
pub struct GroupSpec {
    /// The group's name.
    pub name: String,
    /// Number of equal groups. Above 1 their names are `name-0001` and so on.
    pub count: u32,
    /// Smallest desired capacity.
    pub min: u32,
    /// Largest desired capacity.
    pub max: u32,
    /// Desired capacity at the start of the history, all in service.
    pub desired: u32,
    /// The group's demand.
    pub demand: Demand,
    /// Load that one instance serves at 100 % CPU. With the default, 100, demand is in percent of
    /// an instance.
    pub unit: f64,
    /// Factor by which demand runs faster than the clock. Delays of AWS are not scaled.
    pub speed: f64,
    /// Seconds from launch to service.
    pub boot_s: u32,
    /// Seconds from the end of a period until its values are visible.
    pub delay_s: u32,
    /// Seconds of a period: 60 with detailed monitoring, 300 with basic monitoring.
    pub period_s: u32,
    /// Seconds simulated before the start, for past points.
    pub history_s: u32,
    /// Seconds from a lowered desired capacity until AWS takes the instances out of service. Until
    /// then they serve.
    pub scale_in_s: u32,
    /// Seconds for which an instance shows as terminating.
    pub terminate_s: u32,
    /// Share of launches that fail, 0 to 1.
    pub launch_failure: f64,
    /// Seed for choosing the launches that fail.
    pub seed: u64,
    /// Whether the `CloudWatch` agent publishes memory, aggregated on the group.
    pub memory: bool,
    /// Seconds of the group's default cooldown, which `HonorCooldown` respects.
    pub cooldown_s: u32,
    /// Suspended processes.
    pub suspended: Vec<String>,
    /// Scaling policies.
    pub policies: Vec<PolicySpec>,
    /// Scheduled actions.
    pub scheduled_actions: Vec<ScheduledActionSpec>,
    /// Instances in the warm pool; none for no pool. The emulator shows the pool; launches are not
    /// faster.
    pub warm_pool: Option<u32>,
    /// Whether an instance refresh is shown as under way.
    pub refreshing: bool,
    /// The AWS service that operates the group, if any: changes by others are refused.
    pub operator: Option<String>,
    /// Capacity units of each instance, 1 to 999; none for a group without weights. Minimum,
    /// maximum and desired capacity are in these units.
    pub weight: Option<u32>,
    /// Seconds for which an instance in service warms up: it reports CPU and serves nothing.
    pub warm_up_s: u32,
    /// CPU of an instance that warms up, in percent.
    pub warm_up_cpu: f64,
    /// CPU of a pending instance, in percent; none if a pending instance does not report.
    pub pending_cpu: Option<f64>,
    /// Seconds for which a terminating instance drains: it reports CPU and serves nothing.
    pub drain_s: u32,
    /// CPU of an instance that drains or waits for its termination hook, in percent.
    pub drain_cpu: f64,
    /// Seconds that the lifecycle hook of launches takes, after the boot.
    pub launch_hook_s: u32,
    /// Seconds that the lifecycle hook of terminations takes, after draining.
    pub termination_hook_s: u32,
    /// Share of launches that hang, 0 to 1.
    pub hang: f64,
    /// Instances that die some time after they came into service.
    pub crash: Option<Crash>,
    /// Seconds of saturation after which an instance fails its health check.
    pub health_kill_s: Option<u32>,
    /// CPU credits of each instance.
    pub credits: Option<Credits>,
    /// Whether the instances in service are protected from scale-in.
    pub protected: bool,
    /// Instances that an operator moves into standby at the start. Desired capacity falls with
    /// each.
    pub standby: u32,
    /// Instances that fail their health check at the start.
    pub unhealthy: u32,
    /// Seconds of the group's default instance warm-up, if it has one. The emulator only shows
    /// them.
    pub default_instance_warmup: Option<u32>,
    /// Target groups of the group.
    pub target_groups: Vec<TargetGroupSpec>,
    /// Names of classic load balancers, and ARNs of target groups of VPC Lattice. The emulator only
    /// shows them.
    pub classic_load_balancers: Vec<String>,
    /// See `classic_load_balancers`.
    pub lattice_target_groups: Vec<String>,
    /// Tags of the group.
    pub tags: BTreeMap<String, String>,
    /// What changes while the emulator runs.
    pub changes: Vec<Change>,
    /// Points that replace the simulated ones.
    pub scripted: Vec<Scripted>,
}

impl Default for GroupSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            count: 1,
            min: 1,
            max: 10,
            desired: 2,
            demand: Demand::Constant(100.0),
            unit: 100.0,
            speed: 1.0,
            boot_s: 180,
            delay_s: 60,
            period_s: 60,
            history_s: 0,
            scale_in_s: SCALE_IN_S,
            terminate_s: 30,
            launch_failure: 0.0,
            seed: 1,
            memory: false,
            cooldown_s: 300,
            suspended: Vec::new(),
            policies: Vec::new(),
            scheduled_actions: Vec::new(),
            warm_pool: None,
            refreshing: false,
            operator: None,
            weight: None,
            warm_up_s: 0,
            warm_up_cpu: 100.0,
            pending_cpu: None,
            drain_s: 0,
            drain_cpu: 0.0,
            launch_hook_s: 0,
            termination_hook_s: 0,
            hang: 0.0,
            crash: None,
            health_kill_s: None,
            credits: None,
            protected: false,
            standby: 0,
            unhealthy: 0,
            default_instance_warmup: None,
            target_groups: Vec::new(),
            classic_load_balancers: Vec::new(),
            lattice_target_groups: Vec::new(),
            tags: BTreeMap::new(),
            changes: Vec::new(),
            scripted: Vec::new(),
        }
    }
}

/// The demand of a group over time, in seconds since its history began times its speed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// Always the same demand.
    Constant(f64),
    /// A demand from each second on. The first demand holds from the beginning.
    Steps(Vec<(i64, f64)>),
    /// `mean · (1 + amplitude · sin)`, which starts at the mean and rises.
    Wave {
        /// Mean demand.
        mean: f64,
        /// Amplitude as a share of the mean, 0 to 1.
        amplitude: f64,
        /// Seconds of one wave.
        period_s: u32,
    },
    /// A trace from its beginning, repeated.
    #[serde(skip)]
    Trace(Arc<Trace>),
}

impl Demand {
    /// The demand at second `at_s`.
    pub(crate) fn at(&self, at_s: i64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Steps(steps) => {
                let reached = steps.iter().take_while(|(from, _)| *from <= at_s).last();
                reached.or(steps.first()).map_or(0.0, |(_, value)| *value)
            }
            Self::Wave {
                mean,
                amplitude,
                period_s,
            } => {
                let turn = at_s as f64 / f64::from((*period_s).max(1));
                mean * (1.0 + amplitude * (turn * std::f64::consts::TAU).sin())
            }
            Self::Trace(trace) => {
                let cells = trace.demand().len().max(1) as u64;
                let cell = at_s.max(0).unsigned_abs() / u64::from(trace.step_s().max(1)) % cells;
                let cell = usize::try_from(cell).unwrap_or(0);
                trace.demand().get(cell).copied().unwrap_or(0.0)
            }
        }
    }
}

/// Points that replace the simulated ones for a time. If several apply, the last one counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a table with the keys of a scripted answer"
)]
pub struct Scripted {
    /// The metric; none for all metrics.
    #[serde(default)]
    pub metric: Option<Metric>,
    /// Seconds after the emulator's start (negative: before) at which the first replaced period
    /// starts.
    pub from_s: i64,
    /// Seconds after the emulator's start before which the last replaced period starts.
    pub until_s: i64,
    /// The value of one instance: a percentage, or bytes, packets or requests in the period. None
    /// leaves the value unchanged.
    #[serde(default)]
    pub value: Option<f64>,
    /// Whether the points are missing.
    #[serde(default)]
    pub missing: bool,
    /// Seconds by which the points become visible later.
    #[serde(default)]
    pub late_s: u32,
}

/// The metrics that a group publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// `AWS/EC2 CPUUtilization`.
    Cpu,
    /// `AWS/EC2 NetworkIn`.
    NetworkIn,
    /// `AWS/EC2 NetworkOut`.
    NetworkOut,
    /// `AWS/EC2 DiskReadBytes`.
    DiskRead,
    /// `AWS/EC2 DiskWriteBytes`.
    DiskWrite,
    /// `AWS/EC2 NetworkPacketsIn`.
    PacketsIn,
    /// `AWS/EC2 NetworkPacketsOut`.
    PacketsOut,
    /// `CWAgent mem_used_percent`.
    Memory,
    /// `AWS/AutoScaling GroupInServiceInstances`.
    InService,
    /// `AWS/ApplicationELB RequestCount`: the group's demand.
    Requests,
}

/// Why a scenario cannot be emulated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScenarioError {
    /// There are too many groups.
    #[error("{count} groups are more than the {MAX_GROUPS} that one emulator runs: name fewer")]
    TooManyGroups {
        /// Number of groups.
        count: usize,
    },
    /// AWS would refuse the name, or two groups have it.
    #[error("`{name}` is no name of a group: empty, too long, with a colon, or given twice")]
    Name {
        /// The name.
        name: String,
    },
    /// A value is out of range.
    #[error("group `{group}`: {what}")]
    Value {
        /// The group.
        group: String,
        /// The value, and its range.
        what: &'static str,
    },
}

impl Scenario {
    /// A scenario of one group without faults.
    pub fn of(group: GroupSpec) -> Self {
        Self {
            groups: vec![group],
            ..Self::default()
        }
    }

    /// Checks the scenario. Returns one specification for each single group.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self) -> Result<Vec<GroupSpec>, ScenarioError> {
        self.created.check()?;
        let counts = self.groups.iter().map(|spec| spec.count as usize);
        let count = counts.fold(0_usize, usize::saturating_add);
        if count > MAX_GROUPS {
            return Err(ScenarioError::TooManyGroups { count });
        }
        let mut names = BTreeSet::new();
        let mut single = Vec::with_capacity(count);
        for spec in &self.groups {
            spec.check()?;
            for number in 1..=spec.count {
                let name = match spec.count {
                    1 => spec.name.clone(),
                    _ => format!("{}-{number:04}", spec.name),
                };
                let proper = (1..=255).contains(&name.len()) && !name.contains([':', '\n']);
                if !proper || !names.insert(name.clone()) {
                    return Err(ScenarioError::Name { name });
                }
                single.push(GroupSpec {
                    name,
                    count: 1,
                    ..spec.clone()
                });
            }
        }
        Ok(single)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GroupSpec {
        GroupSpec {
            name: "web".into(),
            ..GroupSpec::default()
        }
    }

    #[test]
    fn a_file_names_only_what_differs() {
        let text = r#"
            [[groups]]
            name = "web"
            count = 2
            demand = { steps = [[0, 180.0], [600, 20.0]] }
            scripted = [{ metric = "cpu", from_s = -300, until_s = 0, value = 90.0 }]

            [[faults]]
            kind = "throttle"
            operations = ["GetMetricData"]
            count = 3
        "#;
        let scenario: Scenario = toml::from_str(text).unwrap();
        let names: Vec<_> = scenario
            .check()
            .unwrap()
            .into_iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(names, ["web-0001", "web-0002"]);
        let unknown = toml::from_str::<Scenario>("[[groups]]\nname = 'a'\ntypo = 1").unwrap_err();
        assert!(unknown.to_string().contains("typo"));
    }

    #[test]
    fn what_cannot_be_simulated_is_refused_by_name() {
        let refused = |spec: GroupSpec| Scenario::of(spec).check().unwrap_err().to_string();
        assert_eq!(
            refused(GroupSpec {
                desired: 11,
                ..spec()
            }),
            "group `web`: desired is outside min and max"
        );
        assert!(
            refused(GroupSpec {
                unit: f64::NAN,
                ..spec()
            })
            .contains("unit")
        );
        assert!(
            refused(GroupSpec {
                count: 10_001,
                ..spec()
            })
            .contains("10001")
        );
        assert!(
            refused(GroupSpec {
                name: String::new(),
                ..spec()
            })
            .contains("no name")
        );
        let twice = Scenario {
            groups: vec![spec(), spec()],
            ..Scenario::default()
        };
        assert!(twice.check().is_err());
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the values are exact")]
    fn demand_follows_its_description() {
        let steps = Demand::Steps(vec![(10, 1.0), (20, 2.0)]);
        assert_eq!(
            [0, 10, 19, 20, 99].map(|s| steps.at(s)),
            [1.0, 1.0, 1.0, 2.0, 2.0]
        );
        let trace = Trace::new(
            "t",
            foretide_domain::Timestamp::default(),
            60,
            vec![1.0, 2.0],
        )
        .unwrap();
        let trace = Demand::Trace(Arc::new(trace));
        assert_eq!(
            [0, 59, 60, 120, 180].map(|s| trace.at(s)),
            [1.0, 1.0, 2.0, 1.0, 2.0]
        );
    }
}
