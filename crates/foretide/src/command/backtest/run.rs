//! The runs of a backtest: every policy on every trace, at its own target and at each target of a
//! sweep.

use foretide_sim::{
    Case, Contender, Judged, Peer, Static, SweepPoint, Timeline, at_budget, in_parallel,
};

use crate::clock::Stopwatch;
use foretide_report::{
    Curve, CurvePoint, PolicyFigures, SCHEMA_VERSION, SetupFigures, Summary, TimelineOf,
    TraceFigures,
};

use super::plan::Plan;

/// One run: a policy on a trace, at its own target or at a target of the sweep.
struct Job<'p> {
    trace: usize,
    policy: usize,
    case: &'p Case,
    name: &'p str,
    contender: &'p dyn Contender,
    target: Option<f64>,
}

impl Job<'_> {
    /// Whether the other run has the same policy and the same trace.
    fn is_with(&self, other: &Self) -> bool {
        (self.trace, self.policy) == (other.trace, other.policy)
    }
}

/// The results of one run.
struct Done {
    judged: Judged,
    timeline: Option<Timeline>,
    wall_s: f64,
}

/// Progress after a run has finished.
pub(crate) struct Ended<'p> {
    /// Runs that have finished.
    pub(crate) done: usize,
    /// All runs.
    pub(crate) all: usize,
    /// Trace and policy, if this was the last run of this policy on this trace.
    pub(crate) through: Option<(&'p str, &'p str)>,
}

/// Figures and timelines of a whole backtest.
pub(crate) struct Results {
    pub(crate) summary: Summary,
    pub(crate) timelines: Vec<TimelineOf>,
}

/// Runs all runs on all cores. Calls `progress` after each run.
pub(crate) fn run(
    plan: &Plan,
    command: String,
    with_timelines: bool,
    mut progress: impl FnMut(&Ended<'_>),
) -> Results {
    let jobs = jobs(plan);
    let mut running: Vec<&Job<'_>> = jobs.iter().collect();
    let done = in_parallel(
        &jobs,
        |job| run_one(job, with_timelines),
        |index| {
            let Some(ended) = jobs.get(index) else { return };
            running.retain(|job| !std::ptr::eq(*job, ended));
            let goes_on = running.iter().any(|job| job.is_with(ended));
            progress(&Ended {
                done: jobs.len() - running.len(),
                all: jobs.len(),
                through: (!goes_on).then(|| (ended.case.trace().name(), ended.name)),
            });
        },
    );
    gather(plan, command, &jobs, done)
}

fn jobs(plan: &Plan) -> Vec<Job<'_>> {
    let mut jobs = Vec::new();
    for (trace, case) in plan.cases.iter().enumerate() {
        for (policy, (name, contender)) in plan.contenders.iter().enumerate() {
            let contender = contender.as_ref();
            jobs.push(Job {
                trace,
                policy,
                case,
                name,
                contender,
                target: None,
            });
            for &target in &plan.targets {
                if contender.with_target(target).is_some() {
                    jobs.push(Job {
                        trace,
                        policy,
                        case,
                        name,
                        contender,
                        target: Some(target),
                    });
                }
            }
        }
    }
    jobs
}

fn run_one(job: &Job<'_>, with_timelines: bool) -> Done {
    let mut watch = Stopwatch::start();
    let mut timeline = (with_timelines && job.target.is_none()).then(Timeline::default);
    let turned = job
        .target
        .and_then(|target| job.contender.with_target(target));
    let contender = turned.as_deref().unwrap_or(job.contender);
    let judged = contender.judge(job.case, timeline.as_mut());
    Done {
        judged,
        timeline,
        wall_s: watch.lap().as_secs_f64(),
    }
}

fn gather(plan: &Plan, command: String, jobs: &[Job<'_>], done: Vec<Done>) -> Results {
    let mut timelines = Vec::new();
    let mut traces: Vec<TraceFigures> = plan.cases.iter().map(empty_trace).collect();
    let mut sweeps: Vec<(usize, usize, SweepPoint)> = Vec::new();
    for (job, done) in jobs.iter().zip(done) {
        let Some(figures) = traces.get_mut(job.trace) else {
            continue;
        };
        if let Some(target) = job.target {
            sweeps.push((
                job.trace,
                job.policy,
                SweepPoint {
                    target,
                    score: done.judged.score,
                },
            ));
            continue;
        }
        let name = job.name.to_owned();
        if let Some(timeline) = done.timeline {
            let start = job.case.trace().start();
            timelines.push(TimelineOf {
                trace: job.trace,
                policy: name.clone(),
                start,
                timeline,
            });
        }
        let wall_s = plan.timings.then_some(done.wall_s);
        let price = plan.price_usd_per_hour;
        let policy = PolicyFigures::new(name, done.judged, price, wall_s);
        figures.policies.push(policy);
    }
    for (trace, figures) in traces.iter_mut().enumerate() {
        figures.curves = curves(plan, trace, &sweeps);
        figures.judge(plan.yardstick, plan.headroom);
    }
    let summary = Summary {
        schema_version: SCHEMA_VERSION,
        foretide_version: env!("CARGO_PKG_VERSION"),
        command,
        violation_budget: plan.budget,
        violation_price_ratio: plan.yardstick.price_ratio(),
        price_usd_per_hour: plan.price_usd_per_hour,
        traces,
    };
    Results { summary, timelines }
}

fn empty_trace(case: &Case) -> TraceFigures {
    TraceFigures {
        name: case.trace().name().to_owned(),
        setup: SetupFigures::new(case),
        optimum_hours: case.optimum_hours(),
        verdict: None,
        suggestion: None,
        policies: Vec::new(),
        curves: Vec::new(),
    }
}

fn curves(plan: &Plan, trace: usize, sweeps: &[(usize, usize, SweepPoint)]) -> Vec<Curve> {
    let Some(case) = plan.cases.get(trace) else {
        return Vec::new();
    };
    let static_cost = Peer::Static(Static::default()).run(case, None).cost_ratio;
    let mut curves = Vec::new();
    for (policy, (name, _)) in plan.contenders.iter().enumerate() {
        let points: Vec<SweepPoint> = sweeps
            .iter()
            .filter(|(of_trace, of_policy, _)| (*of_trace, *of_policy) == (trace, policy))
            .map(|(_, _, point)| *point)
            .collect();
        if points.is_empty() {
            continue;
        }
        let at = at_budget(&points, plan.budget, static_cost);
        curves.push(Curve {
            name: name.clone(),
            cost_ratio_at_budget: at.cost_ratio.is_finite().then_some(at.cost_ratio),
            is_static: at.is_static,
            points: points.iter().map(CurvePoint::from).collect(),
        });
    }
    curves
}
