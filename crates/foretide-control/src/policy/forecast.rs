//! Policy `forecast`: the capacity that the optimiser chose at the newest period. The optimiser
//! counts periods, so it is stepped when a period arrives and only read here.

use foretide_domain::{ForecastRule, Percent, Proposal, Rule, Timestamp};
use foretide_forecast::sizing::{CapacityOptimiser, SizingOutput};
use serde::{Deserialize, Serialize};

use crate::calendar::Learned;
use crate::config::ControllerConfig;
use crate::facts::Facts;
use crate::load_drop::LoadDrop;
use crate::safe_start::SafeStart;
use crate::signals;

use super::contract::Policy;

/// Policy `forecast`.
pub(super) struct Forecast;

impl Policy for Forecast {
    fn propose(&self, facts: &Facts<'_>) -> Proposal {
        propose(facts)
    }

    fn forecasts(&self) -> bool {
        true
    }

    /// The objective: this policy runs closer to it than the others.
    fn scale_in_ceiling(&self, config: &ControllerConfig) -> Percent {
        config.forecast.objective
    }
}

/// What the policy remembers. History and model are kept apart: `ForecastSnapshot`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ForecastState {
    /// The capacity optimiser; none before the first period.
    pub(crate) optimiser: Option<SavedOptimiser>,
    /// Capacity that a known event was found to need in the newest cycle; 0 without an event.
    pub(crate) scheduled: u32,
    /// Whether load has dropped suddenly.
    pub(crate) drop: LoadDrop,
    /// The start whose past is not used yet; none once it is.
    pub(crate) start: Option<SafeStart>,
}

/// The capacity optimiser, and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedOptimiser {
    /// The optimiser.
    #[serde(rename = "law")]
    pub(crate) optimiser: CapacityOptimiser,
    /// Start of the newest period taken in; none before the first. A time, since periods of another
    /// length are counted anew.
    #[serde(default)]
    pub(crate) newest_start: Option<Timestamp>,
    /// Load that known events have brought.
    pub(crate) learned: Learned,
}

impl ForecastState {
    /// Start of the newest period that the optimiser has taken in.
    pub(crate) fn newest_start(&self) -> Option<Timestamp> {
        self.optimiser.as_ref()?.newest_start
    }

    /// Notes the capacity that known events need now, 0 without an event. Returns whether that is
    /// more than before. Less is noted at once; more only while no write is outstanding, so that it
    /// is decided on again once it could be written.
    pub(crate) fn note_schedule(&mut self, minimum: u32, is_writing: bool) -> bool {
        let grows = minimum > self.scheduled;
        if minimum < self.scheduled || !is_writing {
            self.scheduled = minimum;
        }
        grows
    }
}

/// The capacity that the optimiser asks for, now that the group has `desired`; none where it asks
/// for no change. Only the step itself knows when spare instances have paid for their end, so it
/// asks no scale-in of a group whose desired capacity has changed since.
fn wanted(output: &SizingOutput, desired: u32) -> Option<u32> {
    if desired < output.low {
        return Some(output.low);
    }
    output
        .desired
        .filter(|wanted| *wanted < desired && output.from == desired)
}

/// The capacity that the optimiser asked for, at least the capacity that a known event needs.
fn propose(facts: &Facts<'_>) -> Proposal {
    let by_optimiser = by_optimiser(facts);
    let desired = facts.group.desired;
    let wanted = by_optimiser.desired.unwrap_or(desired);
    match facts.scheduled.filter(|(minimum, _)| *minimum > wanted) {
        // The event limits the scale-in of the optimiser, and asks for nothing itself.
        Some((minimum, _)) if minimum < desired => Proposal {
            desired: Some(minimum),
            run: None,
            ..by_optimiser
        },
        Some((minimum, _)) => Proposal::new(
            (minimum != desired).then_some(minimum),
            Rule::Forecast(ForecastRule::Scheduled),
        ),
        None => by_optimiser,
    }
}

fn by_optimiser(facts: &Facts<'_>) -> Proposal {
    if !facts.signals.is_empty() {
        return signals::propose(facts);
    }
    let Some(output) = facts.sizing else {
        return Proposal::new(None, Rule::Forecast(ForecastRule::NoNewPoint));
    };
    Proposal {
        run: output.tracking_run,
        ..Proposal::new(
            wanted(&output, facts.group.desired),
            Rule::Forecast(output.binding),
        )
    }
}
