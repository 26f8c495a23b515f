//! One run over one case: the world, the score and the rows of it.

use crate::peers::{Peer, View};
use crate::score::{Score, Scorer};
use crate::world::{Step, World};
use crate::{Case, STEP_S};
use foretide_domain::{PriceTable, Spent};

/// Anything that can be judged on a case: a comparison policy or the product's own.
pub trait Contender: Sync {
    /// Its name, as on the command line and in tables.
    fn name(&self) -> String;

    /// Its settings by name.
    fn parameters(&self) -> Vec<(&'static str, f64)>;

    /// Itself with another target utilisation, percent; none where it has no such knob.
    fn with_target(&self, target: f64) -> Option<Box<dyn Contender>>;

    /// Replays the case; rows go to `timeline` where one is given.
    fn run(&self, case: &Case, timeline: Option<&mut Timeline>) -> Score;

    /// Replays the case as [`Contender::run`] does, and names what ran.
    fn judge(&self, case: &Case, timeline: Option<&mut Timeline>) -> Judged {
        Judged {
            score: self.run(case, timeline),
            label: self.name(),
            parameters: self.parameters(),
            kept: None,
            prices: None,
        }
    }
}

/// The results of one run of a contender.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its score.
    pub score: Score,
    /// Its name in tables.
    pub label: String,
    /// Its settings by name.
    pub parameters: Vec<(&'static str, f64)>,
    /// For the fair baseline, whether it kept the violation budget.
    pub kept: Option<bool>,
    /// The price list of the newest week, where capacity follows a budget.
    pub prices: Option<Prices>,
}

/// What violation shares would have cost in the newest week of a run, and what the run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// The price list.
    pub list: PriceTable,
    /// What the run's own count of its last seven days says; none below a day of data.
    pub spent: Option<Spent>,
}

/// Rows of a run: one at every change of demand or of the group, each standing until the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    rows: Vec<Step>,
}

impl Timeline {
    /// The rows, in order of time.
    pub fn rows(&self) -> &[Step] {
        &self.rows
    }

    /// Adds a step, unless nothing but the time differs from the row before.
    pub fn observe(&mut self, step: &Step) {
        let unchanged = |last: &Step| {
            Step {
                at_s: step.at_s,
                ..*last
            } == *step
        };
        if !self.rows.last().is_some_and(unchanged) {
            self.rows.push(*step);
        }
    }
}

/// A world on its way through a case.
#[derive(Clone, Debug)]
pub struct Run<'c> {
    case: &'c Case,
    world: World,
    scorer: Scorer,
}

impl<'c> Run<'c> {
    /// At t = 0, with `initial` instances instead of the setup's where given.
    pub fn new(case: &'c Case, initial: Option<u32>) -> Self {
        Self {
            case,
            world: World::new(case.world(initial)),
            scorer: Scorer::new(case.setup().slo_utilisation),
        }
    }

    /// The case.
    pub const fn case(&self) -> &'c Case {
        self.case
    }

    /// The world, between two steps.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The world, to change what happens to its instances between two steps.
    pub const fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Advances by one step; none at the end of the trace. `decide` is called after instances have
    /// entered service and periods have been published, and tells whether desired capacity changed.
    pub fn advance(&mut self, decide: impl FnOnce(&mut World) -> bool) -> Option<Step> {
        let at_s = self.world.at_s();
        if at_s >= self.case.steps() * STEP_S {
            return None;
        }
        let scored = at_s >= self.case.scoring_from_s();
        self.world.begin_step();
        if decide(&mut self.world) && scored {
            self.scorer.acted();
        }
        let (demand, need) = self.case.at(at_s);
        let step = self.world.finish_step(demand);
        if scored {
            let felt = Step {
                demand: self.case.felt(at_s),
                ..step
            };
            self.scorer.observe(&felt, need);
        }
        Some(step)
    }

    /// The score up to now; final at the end of the trace.
    pub fn score(&self) -> Score {
        let hours = self.world.instance_hours();
        self.scorer.finish(hours, self.case.optimum_hours())
    }
}

impl Contender for Peer {
    fn name(&self) -> String {
        Self::name(self).into()
    }

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        Self::parameters(self)
    }

    fn with_target(&self, target: f64) -> Option<Box<dyn Contender>> {
        Self::with_target(self, target).map(|peer| Box::new(peer) as Box<dyn Contender>)
    }

    fn run(&self, case: &Case, mut timeline: Option<&mut Timeline>) -> Score {
        let mut policy = self.start(case.peak());
        let mut run = Run::new(case, self.initial(case.peak()));
        while let Some(step) = run.advance(|world| {
            let wanted = policy.decide(&View::of(world));
            wanted.is_some_and(|desired| world.set_desired(desired))
        }) {
            if let Some(timeline) = timeline.as_deref_mut() {
                timeline.observe(&step);
            }
        }
        run.score()
    }
}
