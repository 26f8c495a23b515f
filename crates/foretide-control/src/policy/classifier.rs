//! Policy `classifier`: the original's rules. The model's class asks for one instance more, one
//! less, or none; streak, confidence and cooldown are guard rails.

use foretide_domain::{Alarm, Class, ClassifierRule, Prediction, Proposal, Rule};
use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::look::Question;
use crate::votes::Votes;

use super::contract::Policy;

/// Policy `classifier`.
pub(super) struct Classifier;

impl Policy for Classifier {
    fn propose(&self, facts: &Facts<'_>) -> Proposal {
        propose(facts)
    }

    fn asks_model(&self) -> bool {
        true
    }

    fn votes(&self) -> bool {
        true
    }
}

/// What the policy remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ClassifierState {
    /// The model's newest answer; none before the first, after a restart, and once the question is
    /// another one.
    pub(crate) prediction: Option<Answer>,
    /// Whether the newest question to the model brought no answer.
    pub(crate) predictor_failing: bool,
    /// Cycles in a row whose answer asked for scale-in.
    pub(crate) votes: Votes,
}

/// What the model said of one datapoint.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// The datapoint, and its features.
    pub(crate) question: Question,
    /// The answer.
    pub(crate) prediction: Prediction,
}

impl ClassifierState {
    /// Remembers whether the model answers. Returns an alarm where that has changed.
    pub(crate) fn note_failing(&mut self, failing: bool) -> Option<Alarm> {
        let before = std::mem::replace(&mut self.predictor_failing, failing);
        match (before, failing) {
            (false, true) => Some(Alarm::PredictorSilent),
            (true, false) => Some(Alarm::PredictorAnswers),
            _ => None,
        }
    }
}

/// The capacity that the class asks for, counted from desired capacity.
fn propose(facts: &Facts<'_>) -> Proposal {
    let settings = &facts.config.classifier;
    let desired = facts.group.desired;
    let (desired, rule) = match facts.prediction.map(|prediction| prediction.class) {
        Some(Class::ScaleOut) => (
            Some(desired.saturating_add(settings.step_out)),
            ClassifierRule::ScaleOut,
        ),
        Some(Class::ScaleIn) => (
            Some(desired.saturating_sub(settings.step_in)),
            ClassifierRule::ScaleIn,
        ),
        Some(Class::Hold) => (None, ClassifierRule::Hold),
        None if facts.predictor_failing && facts.is_fresh() => (None, ClassifierRule::NoAnswer),
        None => (None, ClassifierRule::NoPrediction),
    };
    Proposal::new(desired, Rule::Classifier(rule))
}
