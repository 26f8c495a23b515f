//! Policies to compare with: what a group could use instead of Foretide.
//!
//! They live apart from the product's own and run under bounds alone. Each is a named policy with
//! settings, and decides from published metrics only.

mod aws_predictive;
mod holt_winters;
mod hpa;
mod original;
mod policy;
mod recent;
mod setting;
mod spec;
mod static_capacity;
mod step_scaling;
mod target_tracking;

pub use aws_predictive::AwsPredictive;
pub use holt_winters::HoltWinters;
pub use hpa::Hpa;
pub use original::Original;
pub use policy::{Policy, View};
pub use spec::{PolicySpec, SweepSpec};
pub use static_capacity::Static;
pub use step_scaling::StepScaling;
pub use target_tracking::TargetTracking;

/// The comparison policies with their settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Peer {
    /// A fixed number of instances.
    Static(Static),
    /// AWS target tracking.
    TargetTracking(TargetTracking),
    /// The Kubernetes horizontal pod autoscaler's law.
    Hpa(Hpa),
    /// Seasonal smoothing.
    HoltWinters(HoltWinters),
    /// An emulation of AWS predictive scaling on top of target tracking.
    AwsPredictive(AwsPredictive),
    /// The original's rules with an ideal model.
    Original(Original),
    /// AWS step scaling.
    Step(StepScaling),
}

impl Peer {
    /// Names of all comparison policies, in the order of tables.
    pub const NAMES: [&'static str; 7] = [
        "static",
        "target-tracking",
        "hpa",
        "original",
        "aws-predictive",
        "holt-winters",
        "step",
    ];

    /// The policy of that name with default settings.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "static" => Self::Static(Static::default()),
            "target-tracking" => Self::TargetTracking(TargetTracking::default()),
            "hpa" => Self::Hpa(Hpa::default()),
            "original" => Self::Original(Original::default()),
            "aws-predictive" => Self::AwsPredictive(AwsPredictive::default()),
            "holt-winters" => Self::HoltWinters(HoltWinters::default()),
            "step" => Self::Step(StepScaling::default()),
            _ => return None,
        })
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Static(_) => "static",
            Self::TargetTracking(_) => "target-tracking",
            Self::Hpa(_) => "hpa",
            Self::HoltWinters(_) => "holt-winters",
            Self::AwsPredictive(_) => "aws-predictive",
            Self::Original(_) => "original",
            Self::Step(_) => "step",
        }
    }

    /// The same policy with another target utilisation, percent; none where it has no such knob.
    pub fn with_target(&self, target: f64) -> Option<Self> {
        let mut other = self.clone();
        match &mut other {
            Self::Static(_) => return None,
            Self::TargetTracking(policy) => policy.target = target,
            Self::Hpa(policy) => policy.target = target,
            Self::HoltWinters(policy) => policy.target = target,
            Self::AwsPredictive(policy) => policy.tracking.target = target,
            Self::Original(policy) => policy.target = target,
            Self::Step(policy) => policy.target = target,
        }
        Some(other)
    }

    /// Its settings by name, for tables and reports.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Static(policy) => policy.parameters(),
            Self::TargetTracking(policy) => policy.parameters(),
            Self::Hpa(policy) => policy.parameters(),
            Self::HoltWinters(policy) => policy.parameters(),
            Self::AwsPredictive(policy) => policy.parameters(),
            Self::Original(policy) => policy.parameters(),
            Self::Step(policy) => policy.parameters(),
        }
    }

    /// The policy at work; `peak` is the largest need of the scored part, which only `static`
    /// knows beforehand.
    pub fn start(&self, peak: u32) -> Box<dyn Policy> {
        match self {
            Self::Static(policy) => policy.start(peak),
            Self::TargetTracking(policy) => policy.start(),
            Self::Hpa(policy) => policy.start(),
            Self::HoltWinters(policy) => policy.start(),
            Self::AwsPredictive(policy) => policy.start(),
            Self::Original(policy) => policy.start(),
            Self::Step(policy) => policy.start(),
        }
    }

    /// Instances in service at t = 0, where the policy has them "always".
    pub fn initial(&self, peak: u32) -> Option<u32> {
        match self {
            Self::Static(policy) => Some(policy.capacity.unwrap_or(peak)),
            _ => None,
        }
    }
}
