//! A fixed number of instances: what one pays without any scaling.

use super::{Policy, View};

/// Always the same capacity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Static {
    /// Instances; the largest need of the scored part where none is given.
    pub capacity: Option<u32>,
}

impl Static {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        let given = self
            .capacity
            .map(|capacity| ("capacity", f64::from(capacity)));
        given.into_iter().collect()
    }

    pub(super) fn start(&self, peak: u32) -> Box<dyn Policy> {
        Box::new(Fixed(self.capacity.unwrap_or(peak)))
    }
}

struct Fixed(u32);

impl Policy for Fixed {
    fn decide(&mut self, _view: &View<'_>) -> Option<u32> {
        Some(self.0)
    }
}
