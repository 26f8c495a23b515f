//! What a simulated group is like.

use foretide_domain::Bounds;

use super::boot::Boot;
use super::life::Life;

/// What a simulated group is like.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldConfig {
    /// Bounds of desired capacity.
    pub bounds: Bounds,
    /// Load that one instance serves at 100 % CPU, in the trace's unit.
    pub unit: f64,
    /// Time from launch to service.
    pub boot: Boot,
    /// Probability that a launch fails, from 0 to 1.
    pub launch_failure: f64,
    /// Seconds from the end of a period to its being visible.
    pub delay_s: u32,
    /// Length of a period: 60 s, or 300 s with basic monitoring. A multiple of 10.
    pub period_s: u32,
    /// Seed of boot times and failures.
    pub seed: u64,
    /// When scoring starts; what ended before is not billed.
    pub scoring_from_s: i64,
    /// Desired capacity at t = 0, clamped to the bounds, all of it in service.
    pub initial: u32,
    /// How instances live.
    pub life: Life,
}
