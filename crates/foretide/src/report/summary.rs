//! `summary.json`: every figure of a backtest, for machines. Shares are fractions of 1.

use std::collections::BTreeMap;

use foretide_sim::{Case, Score, SweepPoint};
use serde::Serialize;

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// A whole backtest.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) schema_version: u32,
    /// Version of the program that made it.
    pub(crate) foretide_version: &'static str,
    /// The command that makes it again.
    pub(crate) command: String,
    /// Violation share at which swept policies are compared.
    pub(crate) violation_budget: f64,
    /// Price of one instance-hour.
    pub(crate) price_usd_per_hour: f64,
    pub(crate) traces: Vec<TraceFigures>,
}

/// One trace with everything that was run on it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TraceFigures {
    pub(crate) name: String,
    pub(crate) setup: SetupFigures,
    /// Fewest instance-hours without violation and with perfect foresight.
    pub(crate) optimum_hours: f64,
    pub(crate) policies: Vec<PolicyFigures>,
    /// Policies whose knob was turned.
    pub(crate) curves: Vec<Curve>,
}

/// The simulated group.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SetupFigures {
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub(crate) unit: f64,
    pub(crate) min: u32,
    pub(crate) max: u32,
    /// Typical time from launch to service.
    pub(crate) boot_s: u32,
    pub(crate) delay_s: u32,
    pub(crate) period_s: u32,
    pub(crate) slo_utilisation: f64,
    pub(crate) launch_failure_share: f64,
    pub(crate) warmup_days: u32,
    pub(crate) seed: u64,
    /// Step of the trace.
    pub(crate) step_s: u32,
    /// Days run, warm-up included.
    pub(crate) days: f64,
    /// First row of what was run, RFC 3339.
    pub(crate) from: String,
}

/// One policy on one trace.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PolicyFigures {
    pub(crate) name: String,
    pub(crate) parameters: BTreeMap<&'static str, f64>,
    pub(crate) instance_hours: f64,
    /// Instance-hours ÷ optimum; null where the optimum is 0.
    pub(crate) cost_ratio: Option<f64>,
    pub(crate) cost_usd: f64,
    pub(crate) violation_share: f64,
    pub(crate) unserved_share: f64,
    pub(crate) actions: u64,
    pub(crate) theta_u: f64,
    pub(crate) theta_o: f64,
    pub(crate) tau_u: f64,
    pub(crate) tau_o: f64,
    pub(crate) instability: f64,
    pub(crate) jitter: f64,
    /// Time that the run took; null unless asked for, since it is the only figure that another run
    /// of the same command changes.
    pub(crate) wall_s: Option<f64>,
}

/// A policy at many settings of its knob.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Curve {
    pub(crate) name: String,
    /// Cost ratio at the violation budget; where no setting meets it, that of static peak capacity.
    pub(crate) cost_ratio_at_budget: Option<f64>,
    /// Whether static peak capacity stands in.
    pub(crate) is_static: bool,
    pub(crate) points: Vec<CurvePoint>,
}

/// One setting of the knob.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct CurvePoint {
    /// Target utilisation, percent.
    pub(crate) target: f64,
    pub(crate) cost_ratio: f64,
    pub(crate) violation_share: f64,
    pub(crate) instance_hours: f64,
    pub(crate) actions: u64,
}

impl PolicyFigures {
    /// The figures of one run.
    pub(crate) fn new(
        name: String,
        parameters: Vec<(&'static str, f64)>,
        score: &Score,
        price_usd_per_hour: f64,
        wall_s: Option<f64>,
    ) -> Self {
        Self {
            name,
            parameters: parameters.into_iter().collect(),
            instance_hours: score.instance_hours,
            cost_ratio: score.cost_ratio.is_finite().then_some(score.cost_ratio),
            cost_usd: score.cost(price_usd_per_hour),
            violation_share: score.violation_share,
            unserved_share: score.unserved_share,
            actions: score.actions,
            theta_u: score.theta_u,
            theta_o: score.theta_o,
            tau_u: score.tau_u,
            tau_o: score.tau_o,
            instability: score.instability,
            jitter: score.jitter,
            wall_s,
        }
    }
}

impl SetupFigures {
    /// The setup of a case.
    pub(crate) fn new(case: &Case) -> Self {
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
