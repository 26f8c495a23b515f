//! A simulated group by whole minutes: exact for boots and periods that are whole minutes, since
//! nothing changes within one then.

use std::collections::VecDeque;

pub(crate) struct Setup {
    pub(crate) boot: i64,
    pub(crate) step: i64,
    pub(crate) unit: f64,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// A published period.
#[derive(Clone, Copy)]
pub(crate) struct Published {
    pub(crate) period: i64,
    pub(crate) cpu: f64,
    pub(crate) instances: f64,
}

pub(crate) trait Policy {
    fn decide(&mut self, newest: Published, desired: u32, pending: bool) -> Option<u32>;
}

#[derive(Default, Clone, Debug)]
pub(crate) struct Score {
    pub(crate) instance_minutes: f64,
    pub(crate) optimum_minutes: f64,
    pub(crate) violation: f64,
    pub(crate) actions: f64,
    /// Of each minute that counts: instances that exist, and whether they are too few.
    pub(crate) minutes: Vec<(u32, bool)>,
}

impl Score {
    pub(crate) fn cost_ratio(&self) -> f64 {
        self.instance_minutes / self.optimum_minutes
    }
}

/// Runs `policy` on demand by the minute; what starts at `score_from` counts.
pub(crate) fn run(
    demand: &[f64],
    setup: &Setup,
    score_from: i64,
    policy: &mut dyn Policy,
) -> Score {
    let start = 2_u32.clamp(setup.min, setup.max);
    let mut desired = start;
    let mut serving: VecDeque<i64> = (0..start).map(|_| 0).collect();
    let mut pending: VecDeque<i64> = VecDeque::new();
    let mut seen: Vec<(f64, f64)> = Vec::with_capacity(demand.len());
    let mut score = Score::default();
    let mut short = 0.0;
    let mut noted = Vec::new();
    let mut bill = |launched: i64, ended: i64| {
        let ended = ended.max(launched + 1);
        score.instance_minutes += (ended - launched.max(score_from)).max(0) as f64;
    };
    for (m, &load) in (0_i64..).zip(demand) {
        while pending.front().is_some_and(|l| l + setup.boot <= m) {
            serving.extend(pending.pop_front());
        }
        if m % setup.step == 1 % setup.step && m > setup.step {
            let period = (m - 1) / setup.step - 1;
            let span = &seen[(period * setup.step) as usize..((period + 1) * setup.step) as usize];
            let n = span.len() as f64;
            let newest = Published {
                period,
                cpu: span.iter().map(|s| s.0).sum::<f64>() / n,
                instances: span.iter().map(|s| s.1).sum::<f64>() / n,
            };
            if let Some(to) = policy.decide(newest, desired, !pending.is_empty()) {
                let to = to.clamp(setup.min, setup.max);
                if to != desired && m >= score_from {
                    score.actions += 1.0;
                }
                desired = to;
            }
        }
        let exists = (serving.len() + pending.len()) as u32;
        for _ in exists..desired {
            pending.push_back(m);
        }
        for _ in desired..exists {
            if let Some(launched) = pending.pop_back().or_else(|| serving.pop_front()) {
                bill(launched, m);
            }
        }
        let capacity = serving.len() as f64 * setup.unit;
        seen.push(((load / capacity * 100.0).min(100.0), serving.len() as f64));
        if m >= score_from {
            let violates = load > 0.8 * capacity;
            short += f64::from(u8::from(violates));
            noted.push(((serving.len() + pending.len()) as u32, violates));
        }
    }
    let end = demand.len() as i64;
    serving
        .into_iter()
        .chain(pending)
        .for_each(|l| bill(l, end));
    score.minutes = noted;
    score.violation = short / (end - score_from) as f64;
    score.optimum_minutes = optimum(&demand[score_from as usize..], setup);
    score
}

fn optimum(demand: &[f64], setup: &Setup) -> f64 {
    let need: Vec<u32> = demand
        .iter()
        .map(|d| ((d / (0.8 * setup.unit) - 1e-9).ceil() as u32).clamp(setup.min, setup.max))
        .collect();
    let mut total = 0.0;
    let highest = need.iter().copied().max().unwrap_or(0);
    let mut last_on: Vec<Option<i64>> = vec![None; highest as usize + 1];
    for (t, n) in (0_i64..).zip(&need) {
        for last in &mut last_on[1..=*n as usize] {
            if let Some(last) = last {
                total += (t - *last - 1).min(setup.boot) as f64;
            }
            total += 1.0;
            *last = Some(t);
        }
    }
    total
}

/// The `q` quantile, linear between order statistics.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    let at = q * (v.len() - 1) as f64;
    let (low, share) = (at.floor() as usize, at - at.floor());
    v[low] + share * (v[(low + 1).min(v.len() - 1)] - v[low])
}
