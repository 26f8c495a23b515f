//! What a comparison policy sees, and what it answers.

use crate::world::{Period, World};

/// What a policy may know at one step; not the bounds, to which the world clamps what it asks.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Seconds since t = 0.
    pub at_s: i64,
    /// All periods published by now, oldest first.
    pub published: &'a [Period],
    /// How many of them, from the end, became visible in this step.
    pub fresh: usize,
    /// Instances in service.
    pub in_service: u32,
    /// Instances coming.
    pub pending: u32,
    /// Desired capacity.
    pub desired: u32,
}

impl<'a> View<'a> {
    /// What `world` shows at the step under way.
    pub fn of(world: &'a World) -> Self {
        Self {
            at_s: world.at_s(),
            published: world.published(),
            fresh: world.fresh().len(),
            in_service: world.in_service(),
            pending: world.pending(),
            desired: world.desired(),
        }
    }

    /// The newest published period that has a CPU, as (CPU in percent, mean number in service).
    pub fn newest(&self) -> Option<(f64, f64)> {
        self.points().next()
    }

    /// Published periods that have a CPU, newest first, as [`View::newest`].
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + 'a {
        let newest_first = self.published.iter().rev();
        newest_first.filter_map(|period| Some((period.cpu?, period.instances)))
    }

    /// The periods that became visible in this step.
    pub fn fresh_periods(&self) -> &'a [Period] {
        let from = self.published.len().saturating_sub(self.fresh);
        self.published.get(from..).unwrap_or_default()
    }
}

/// A comparison policy at work on one group.
pub trait Policy: Send {
    /// The desired capacity to set in this step; none keeps what is.
    fn decide(&mut self, view: &View<'_>) -> Option<u32>;
}
