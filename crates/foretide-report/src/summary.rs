//! `summary.json`: every figure of a backtest, for machines. Shares are fractions of 1.

use std::collections::BTreeMap;

use foretide_sim::{BASELINE, Case, Judged, SweepPoint};
use serde::Serialize;

use crate::prices::PriceFigures;
use crate::verdict::Suggestion;

/// Version of the format. Raised when a field changes its meaning or is removed; new fields do not
/// raise the version.
pub const SCHEMA_VERSION: u32 = 2;

/// A whole backtest.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of the format.
    pub schema_version: u32,
    /// Version of the program.
    pub foretide_version: &'static str,
    /// The command that repeats the backtest.
    pub command: String,
    /// Violation share at which policies are compared.
    pub violation_budget: f64,
    /// What a missing instance costs over one that is there, where prices are stated: policies are
    /// judged by them. Null where the violation budget is what they are judged by.
    pub violation_price_ratio: Option<f64>,
    /// Price of one instance-hour.
    pub price_usd_per_hour: f64,
    /// Figures of each trace.
    pub traces: Vec<TraceFigures>,
}

/// Figures of one trace.
#[derive(Clone, Debug, Serialize)]
pub struct TraceFigures {
    /// Its name.
    pub name: String,
    /// The simulated group.
    pub setup: SetupFigures,
    /// Fewest instance-hours without violation and with perfect foresight.
    pub optimum_hours: f64,
    /// What the figures say of Foretide's policy, in sentences; null if no such policy ran.
    pub verdict: Option<String>,
    /// Settings that the figures support; null with less than a day of scored data.
    pub suggestion: Option<Suggestion>,
    /// Figures of each policy.
    pub policies: Vec<PolicyFigures>,
    /// Results of the sweep, for each policy with a target.
    pub curves: Vec<Curve>,
}

/// The simulated group.
#[derive(Clone, Debug, Serialize)]
pub struct SetupFigures {
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub unit: f64,
    /// Least desired capacity.
    pub min: u32,
    /// Most desired capacity.
    pub max: u32,
    /// Typical time from launch to service.
    pub boot_s: u32,
    /// Time from the end of a period until it is visible, seconds.
    pub delay_s: u32,
    /// Length of a metric period, seconds.
    pub period_s: u32,
    /// Utilisation above which time is a violation, 0 to 1.
    pub slo_utilisation: f64,
    /// Share of launches that fail, 0 to 1.
    pub launch_failure_share: f64,
    /// Days at the start that are not scored.
    pub warmup_days: u32,
    /// Seed of boot times and launch failures.
    pub seed: u64,
    /// Step of the trace.
    pub step_s: u32,
    /// Days simulated, warm-up included.
    pub days: f64,
    /// Time of the first simulated step, RFC 3339.
    pub from: String,
}

/// One policy on one trace.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyFigures {
    /// Its name on the command line.
    pub name: String,
    /// Its name in tables: `target tracking at 65 %` for the fair baseline, else the same.
    pub label: String,
    /// For the fair baseline, whether it kept the violation budget; if not, no target did. Null
    /// for others.
    pub keeps_budget: Option<bool>,
    /// Its settings.
    pub parameters: BTreeMap<&'static str, f64>,
    /// Instance-hours paid for.
    pub instance_hours: f64,
    /// Instance-hours ÷ optimum; null where the optimum is 0.
    pub cost_ratio: Option<f64>,
    /// Price of the instance-hours, US dollars.
    pub cost_usd: f64,
    /// Share of time above the objective, 0 to 1.
    pub violation_share: f64,
    /// Instance-hours that were missing to keep the objective.
    pub missing_instance_hours: f64,
    /// Share of the load that was not served, 0 to 1.
    pub unserved_share: f64,
    /// Changes of desired capacity.
    pub actions: u64,
    /// Missing instances in percent of the needed instances, averaged over time.
    pub theta_u: f64,
    /// Spare instances in percent of the needed instances, averaged over time.
    pub theta_o: f64,
    /// Time with missing instances, percent.
    pub tau_u: f64,
    /// Time with spare instances, percent.
    pub tau_o: f64,
    /// Time in which capacity and need move differently, percent.
    pub instability: f64,
    /// Changes of capacity minus changes of need, per hour.
    pub jitter: f64,
    /// Duration of the run, seconds; null without `--timings`. No other figure differs between two
    /// runs of the same command.
    pub wall_s: Option<f64>,
    /// What violation shares would have cost in the newest week; null where capacity follows no
    /// violation budget, and with less than three days of history.
    pub price_list: Option<PriceFigures>,
}

/// One policy at each target of the sweep.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// Its name.
    pub name: String,
    /// Cost ratio at the violation budget. If no target meets the budget, the cost ratio of static
    /// peak capacity.
    pub cost_ratio_at_budget: Option<f64>,
    /// Whether the cost ratio is that of static peak capacity.
    pub is_static: bool,
    /// Figures of each target.
    pub points: Vec<CurvePoint>,
}

/// One target of the sweep.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CurvePoint {
    /// Target utilisation, percent.
    pub target: f64,
    /// Instance-hours ÷ optimum.
    pub cost_ratio: f64,
    /// Share of time above the objective, 0 to 1.
    pub violation_share: f64,
    /// Instance-hours paid for.
    pub instance_hours: f64,
    /// Changes of desired capacity.
    pub actions: u64,
}

impl PolicyFigures {
    /// The figures of one run.
    pub fn new(name: String, judged: Judged, price_usd_per_hour: f64, wall_s: Option<f64>) -> Self {
        let Judged {
            score,
            label,
            parameters,
            kept,
            prices,
        } = judged;
        Self {
            // Other policies are called what the command line calls them, settings included.
            label: if name == BASELINE {
                label
            } else {
                name.clone()
            },
            name,
            keeps_budget: kept,
            parameters: parameters.into_iter().collect(),
            instance_hours: score.instance_hours,
            cost_ratio: score.cost_ratio.is_finite().then_some(score.cost_ratio),
            cost_usd: score.cost(price_usd_per_hour),
            violation_share: score.violation_share,
            missing_instance_hours: score.missing_hours,
            unserved_share: score.unserved_share,
            actions: score.actions,
            theta_u: score.theta_u,
            theta_o: score.theta_o,
            tau_u: score.tau_u,
            tau_o: score.tau_o,
            instability: score.instability,
            jitter: score.jitter,
            wall_s,
            price_list: prices.map(|list| PriceFigures::new(&list, Some(price_usd_per_hour))),
        }
    }
}

impl PolicyFigures {
    /// The policy's name without settings.
    pub(crate) fn policy(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }
}

impl SetupFigures {
    /// The setup of a case.
    pub fn new(case: &Case) -> Self {
        let setup = case.setup();
        let trace = case.trace();
        Self {
            unit: case.unit(),
            min: setup.bounds.min(),
            max: setup.bounds.max(),
            boot_s: setup.boot.typical_s(),
            delay_s: setup.delay_s,
            period_s: setup.period_s,
            slo_utilisation: setup.slo_utilisation,
            launch_failure_share: setup.launch_failure,
            warmup_days: setup.warmup_days,
            seed: setup.seed,
            step_s: trace.step_s(),
            days: trace.span_s() as f64 / 86_400.0,
            from: trace.start().to_string(),
        }
    }
}

impl From<&SweepPoint> for CurvePoint {
    fn from(point: &SweepPoint) -> Self {
        Self {
            target: point.target,
            cost_ratio: point.score.cost_ratio,
            violation_share: point.score.violation_share,
            instance_hours: point.score.instance_hours,
            actions: point.score.actions,
        }
    }
}
