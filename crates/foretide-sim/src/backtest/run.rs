//! One run of one policy over one case.

use crate::peers::{Peer, View};
use crate::score::{Score, Scorer};
use crate::world::{Step, World};
use crate::{Case, STEP_S};

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
}

/// What a group was like from a time on, until the next row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Seconds since t = 0.
    pub at_s: i64,
    /// Demand, in the trace's unit.
    pub demand: f64,
    /// Instances in service.
    pub in_service: u32,
    /// Instances coming.
    pub pending: u32,
    /// Desired capacity.
    pub desired: u32,
    /// CPU in percent; none where nothing served.
    pub cpu: Option<f64>,
}

/// Rows of a run: one at every change of demand or of the group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    rows: Vec<Row>,
}

impl Timeline {
    /// The rows, in order of time.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Adds a step, unless it is like the one before.
    pub fn observe(&mut self, step: &Step) {
        let row = Row {
            at_s: step.at_s,
            demand: step.demand,
            in_service: step.in_service,
            pending: step.pending,
            desired: step.desired,
            cpu: step.cpu,
        };
        let same = |last: &Row| {
            Row {
                at_s: row.at_s,
                ..*last
            } == row
        };
        if !self.rows.last().is_some_and(same) {
            self.rows.push(row);
        }
    }
}

/// Runs a world over a case: `decide` is called in every step, after instances have entered
/// service and periods have been published, and tells whether desired capacity changed.
pub fn play(
    case: &Case,
    initial: Option<u32>,
    mut timeline: Option<&mut Timeline>,
    mut decide: impl FnMut(&mut World) -> bool,
) -> Score {
    let mut world = World::new(case.world(initial));
    let mut scorer = Scorer::new(case.unit(), case.setup().slo_utilisation);
    for step in 0..case.steps() {
        let at_s = step * STEP_S;
        let scored = at_s >= case.scoring_from_s();
        world.begin_step();
        if decide(&mut world) && scored {
            scorer.acted();
        }
        let (demand, need) = case.at(at_s);
        let step = world.finish_step(demand);
        if scored {
            scorer.observe(&step, need);
        }
        if let Some(timeline) = timeline.as_deref_mut() {
            timeline.observe(&step);
        }
    }
    scorer.finish(world.instance_hours(), case.optimum_hours())
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

    fn run(&self, case: &Case, timeline: Option<&mut Timeline>) -> Score {
        let mut policy = self.start(case.peak());
        play(case, self.initial(case.peak()), timeline, |world| {
            let bounds = world.bounds();
            let view = View {
                at_s: world.at_s(),
                published: world.published(),
                fresh: world.fresh().len(),
                in_service: world.in_service(),
                pending: world.pending(),
                desired: world.desired(),
                min: bounds.min(),
                max: bounds.max(),
            };
            let wanted = policy.decide(&view);
            wanted.is_some_and(|desired| world.set_desired(desired))
        })
    }
}
