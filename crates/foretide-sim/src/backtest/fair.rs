//! The fair baseline of a backtest: target tracking at the target that was cheapest within the
//! violation budget over the scored part, in hindsight.

use std::fmt;
use std::sync::Arc;

use foretide_control::{ConfigError, ControllerConfig, ForecastConfig};
use foretide_domain::{BANK_TARGETS, Figures, PolicyKind, fairest};

use super::sweep::{SweepPoint, sweep};
use super::{Case, Contender, Judged, Timeline};
use crate::Score;
use crate::drive::{Driven, Predict};

/// Name of the fair baseline on a command line and in files.
pub const BASELINE: &str = "baseline";

/// What policies are judged by, and the baseline is chosen by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Yardstick {
    /// A violation budget, 0 to 1: the fewest instance-hours of those that kept it.
    Budget(f64),
    /// Stated prices, as what a missing instance costs over one that is there: the least cost of
    /// both.
    Prices(f64),
}

impl Yardstick {
    /// What `forecast` configures; a budget given beside it goes first: whoever gives one wants to
    /// be judged by it.
    pub fn configured(forecast: &ForecastConfig, budget: Option<f64>) -> Self {
        match (budget, forecast.short_per_instance) {
            (Some(budget), _) => Self::Budget(budget),
            (None, Some(ratio)) => Self::Prices(ratio),
            (None, None) => Self::Budget(forecast.budget),
        }
    }

    /// What a missing instance costs over one that is there; none for a budget.
    pub const fn price_ratio(self) -> Option<f64> {
        match self {
            Self::Budget(_) => None,
            Self::Prices(ratio) => Some(ratio),
        }
    }
}

/// The fair baseline of one case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FairRun {
    /// Target utilisation, percent.
    pub target: f64,
    /// Whether it kept the violation budget; if not, no target did.
    pub kept: bool,
    /// Its score.
    pub score: Score,
}

impl FairRun {
    /// `target tracking at 65 %`.
    pub fn label(&self) -> String {
        format!("target tracking at {} %", self.target)
    }
}

/// Runs `tracking` at each target of the bank, and returns the fair one for the violation `budget`,
/// 0 to 1; none where it has no target to change.
pub fn fair_run(tracking: &dyn Contender, case: &Case, budget: f64) -> Option<FairRun> {
    fair_by(tracking, case, Yardstick::Budget(budget))
}

fn fair_by(tracking: &dyn Contender, case: &Case, yardstick: Yardstick) -> Option<FairRun> {
    let points = sweep(tracking, case, &BANK_TARGETS.map(f64::from));
    let (SweepPoint { target, score }, kept) = match yardstick {
        Yardstick::Budget(budget) => {
            let figures: Vec<Figures> = points.iter().map(figures).collect();
            let fair = fairest(&figures, budget)?;
            (points.get(fair.index).copied()?, fair.kept)
        }
        Yardstick::Prices(ratio) => {
            let cost = |point: &SweepPoint| point.score.cost_with_missing(ratio);
            let cheapest = points.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
            (*cheapest?, true)
        }
    };
    Some(FairRun {
        target,
        kept,
        score,
    })
}

fn figures(point: &SweepPoint) -> Figures {
    Figures {
        instance_hours: point.score.instance_hours,
        violation_share: point.score.violation_share,
    }
}

/// The fair baseline as a contender: which target it has is known after a run.
pub struct Fair {
    tracking: Box<dyn Contender>,
    yardstick: Yardstick,
}

impl Fair {
    /// Chooses among the targets of `tracking` by `yardstick`.
    pub fn new(tracking: Box<dyn Contender>, yardstick: Yardstick) -> Self {
        Self {
            tracking,
            yardstick,
        }
    }

    /// Chooses among the targets of the product's own policy `target-tracking`, with the other
    /// settings of `own`.
    ///
    /// # Errors
    /// Where a setting makes no sense.
    pub fn driven(
        own: &ControllerConfig,
        predict: Arc<Predict<'static>>,
        yardstick: Yardstick,
    ) -> Result<Self, ConfigError> {
        let config = ControllerConfig {
            policy: PolicyKind::TargetTracking,
            ..own.clone()
        };
        let tracking = Driven::new(BASELINE, config, predict)?;
        Ok(Self::new(Box::new(tracking), yardstick))
    }
}

impl fmt::Debug for Fair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fair")
            .field("tracking", &self.tracking.name())
            .field("yardstick", &self.yardstick)
            .finish()
    }
}

impl Contender for Fair {
    fn name(&self) -> String {
        BASELINE.into()
    }

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        self.tracking.parameters()
    }

    fn with_target(&self, target: f64) -> Option<Box<dyn Contender>> {
        self.tracking.with_target(target)
    }

    fn run(&self, case: &Case, timeline: Option<&mut Timeline>) -> Score {
        self.judge(case, timeline).score
    }

    fn judge(&self, case: &Case, timeline: Option<&mut Timeline>) -> Judged {
        let chosen = fair_by(self.tracking.as_ref(), case, self.yardstick)
            .and_then(|fair| Some((fair, self.tracking.with_target(fair.target)?)));
        let Some((fair, tracking)) = chosen else {
            return self.tracking.judge(case, timeline);
        };
        if timeline.is_some() {
            tracking.run(case, timeline);
        }
        Judged {
            score: fair.score,
            label: fair.label(),
            parameters: tracking.parameters(),
            kept: match self.yardstick {
                Yardstick::Budget(_) => Some(fair.kept),
                Yardstick::Prices(_) => None,
            },
            prices: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bounds, Timestamp};

    use super::*;
    use crate::{Peer, Setup, Trace};

    fn case() -> Case {
        let wave = |minute: u32| 6.0 + 5.0 * (f64::from(minute) / 229.0).sin();
        let demand: Vec<f64> = (0..2880).map(wave).collect();
        let trace = Trace::new("wave", Timestamp::from_seconds(0), 60, demand).unwrap();
        let setup = Setup {
            unit: Some(1.0),
            warmup_days: 1,
            ..Setup::new(Bounds::new(1, 100).unwrap())
        };
        Case::new(trace, setup).unwrap()
    }

    fn tracking() -> Peer {
        Peer::named("target-tracking").unwrap()
    }

    #[test]
    fn the_fair_baseline_has_the_figures_of_a_run_at_its_target() {
        let case = case();
        for budget in [0.0, 0.005, 0.1] {
            let fair = fair_run(&tracking(), &case, budget).unwrap();
            let alone = Contender::with_target(&tracking(), fair.target).unwrap();
            let mut timeline = Timeline::default();
            assert_eq!(alone.run(&case, Some(&mut timeline)), fair.score);
            let mut shown = Timeline::default();
            let yardstick = Yardstick::Budget(budget);
            let fair_one = Fair::new(Box::new(tracking()), yardstick);
            let judged = fair_one.judge(&case, Some(&mut shown));
            assert_eq!((judged.score, shown), (fair.score, timeline));
            assert_eq!(
                judged.label,
                format!("target tracking at {} %", fair.target)
            );
            assert_eq!(fair.kept, fair.score.violation_share <= budget);
        }
    }

    /// Where a missing instance costs nothing, the fewest instances win; where it costs much, the
    /// fewest missing ones.
    #[test]
    fn stated_prices_choose_the_target_of_the_least_cost() {
        let case = case();
        let points = sweep(&tracking(), &case, &BANK_TARGETS.map(f64::from));
        for ratio in [0.0, 20.0, 1e6] {
            let prices = Yardstick::Prices(ratio);
            let judged = Fair::new(Box::new(tracking()), prices).judge(&case, None);
            assert_eq!(judged.kept, None, "no budget is judged");
            let costs = points.iter().map(|it| it.score.cost_with_missing(ratio));
            let least = costs.fold(f64::INFINITY, f64::min);
            let cost = judged.score.cost_with_missing(ratio);
            assert!((cost - least).abs() < 1e-9, "{cost} of {least} at {ratio}");
        }
        let missing = |ratio| fair_by(&tracking(), &case, Yardstick::Prices(ratio)).unwrap();
        assert!(missing(0.0).score.missing_hours > missing(1e6).score.missing_hours);
        assert!(missing(0.0).score.instance_hours < missing(1e6).score.instance_hours);
    }

    #[test]
    fn a_larger_budget_never_makes_the_baseline_dearer() {
        let case = case();
        let hours = [0.005, 0.02, 0.1, 1.0].map(|budget| {
            let fair = fair_run(&tracking(), &case, budget).unwrap();
            (fair.kept, fair.score.instance_hours)
        });
        let kept: Vec<f64> = hours.iter().filter(|it| it.0).map(|it| it.1).collect();
        assert!(!kept.is_empty(), "{hours:?}");
        assert!(kept.is_sorted_by(|one, next| one >= next), "{hours:?}");
    }
}
