//! The fair baseline of a backtest: target tracking at the target that was cheapest within the
//! violation budget over the scored part, in hindsight.

use std::fmt;
use std::sync::Arc;

use foretide_control::{ConfigError, ControllerConfig};
use foretide_domain::{BANK_TARGETS, Figures, PolicyKind, fairest};

use super::sweep::{SweepPoint, sweep};
use super::{Case, Contender, Judged, Timeline};
use crate::Score;
use crate::drive::{Driven, Predict};

/// Name of the fair baseline on a command line and in files.
pub const BASELINE: &str = "baseline";

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
    let points = sweep(tracking, case, &BANK_TARGETS.map(f64::from));
    let figures: Vec<Figures> = points.iter().map(figures).collect();
    let fair = fairest(&figures, budget)?;
    let SweepPoint { target, score } = points.get(fair.index).copied()?;
    Some(FairRun {
        target,
        kept: fair.kept,
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
    budget: f64,
}

impl Fair {
    /// Chooses among the targets of `tracking` for the violation `budget`, 0 to 1.
    pub fn new(tracking: Box<dyn Contender>, budget: f64) -> Self {
        Self { tracking, budget }
    }

    /// Chooses among the targets of the product's own policy `target-tracking`, with the other
    /// settings of `own`.
    ///
    /// # Errors
    /// Where a setting makes no sense.
    pub fn driven(
        own: &ControllerConfig,
        predict: Arc<Predict<'static>>,
        budget: f64,
    ) -> Result<Self, ConfigError> {
        let config = ControllerConfig {
            policy: PolicyKind::TargetTracking,
            ..own.clone()
        };
        let tracking = Driven::new(BASELINE, config, predict)?;
        Ok(Self::new(Box::new(tracking), budget))
    }
}

impl fmt::Debug for Fair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fair")
            .field("tracking", &self.tracking.name())
            .field("budget", &self.budget)
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
        let chosen = fair_run(self.tracking.as_ref(), case, self.budget)
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
            kept: Some(fair.kept),
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
            let judged = Fair::new(Box::new(tracking()), budget).judge(&case, Some(&mut shown));
            assert_eq!((judged.score, shown), (fair.score, timeline));
            assert_eq!(
                judged.label,
                format!("target tracking at {} %", fair.target)
            );
            assert_eq!(fair.kept, fair.score.violation_share <= budget);
        }
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
