//! The signals of a group: what each measures, and how they are combined.

use serde::{Deserialize, Serialize};

use super::{Check, check};

/// The signals of a group beside CPU. Empty where CPU, or the load metric, is all there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// The signals in the order of the configuration. Their names differ, and none is `cpu`.
    pub list: Vec<SignalConfig>,
    /// How the capacities that they ask for become one.
    pub combine: Combine,
}

impl Signals {
    /// Whether there is none beside CPU.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// How the capacities that the signals ask for become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// The largest capacity asked for.
    #[default]
    Max,
    /// Scale-out goes to the mean of what the signals need, weighted. Scale-in is that of `max`.
    Weighted,
}

/// One metric that asks for capacity beside CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalConfig {
    /// Its name, as explanations show it.
    pub name: String,
    /// How its values become a load.
    pub carries: Carries,
    /// Its weight relative to that of CPU, which is 1.
    pub weight: f64,
    /// Whether a scale-in has to suit it. One that may not scale in only keeps what its newest
    /// value needs.
    pub scale_in: bool,
    /// Values that must all be above this before it asks for more, in the metric's own unit.
    pub out_above: Option<f64>,
    /// Values that must all be below this before it lets capacity go, in the metric's own unit.
    pub in_below: Option<f64>,
}

/// How the values of a signal become a load in instance-percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carries {
    /// A total of the group. One instance carries this much at the utilisation that the policy aims
    /// at (`forecast`: the objective): load = value × that utilisation ÷ this.
    PerInstance(f64),
    /// A total of the group. What one instance carries at 100 % is learnt from CPU:
    /// load = 100 × value ÷ what was learnt.
    Learnt,
    /// A mean per instance. It is this much on instances at the utilisation that the policy aims
    /// at: load = value × instances × that utilisation ÷ this.
    Target(f64),
    /// No load: the thresholds alone decide.
    Thresholds,
}

impl Signals {
    pub(super) fn checks(&self) -> Vec<Check> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let all = |holds: &dyn Fn(&SignalConfig) -> bool| self.list.iter().all(holds);
        let named_once = |signal: &SignalConfig| {
            let same = self.list.iter().filter(|it| it.name == signal.name);
            same.count() == 1 && signal.name != foretide_domain::CPU_SIGNAL
        };
        vec![
            check(
                "signal.name",
                all(&named_once),
                "must be given to one signal only, and must not be `cpu`",
            ),
            check(
                "signal.per_instance",
                all(&|it| !matches!(it.carries, Carries::PerInstance(n) if !positive(n))),
                "must be above 0",
            ),
            check(
                "signal.target",
                all(&|it| !matches!(it.carries, Carries::Target(n) if !positive(n))),
                "must be above 0",
            ),
            check(
                "signal.weight",
                all(&|it| positive(it.weight)),
                "must be above 0",
            ),
            check(
                "signal.out_above",
                all(&|it| it.carries != Carries::Thresholds || it.out_above.is_some()),
                "must be given to a signal that only has thresholds",
            ),
            check(
                "signal.in_below",
                all(&|it| {
                    it.in_below
                        .zip(it.out_above)
                        .is_none_or(|(low, high)| low <= high)
                }),
                "must be at most out_above",
            ),
        ]
    }
}
