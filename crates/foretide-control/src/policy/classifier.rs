//! Policy `classifier`: the original's rules. The model's class asks for one instance more, one
//! less, or none; streak, confidence and cooldown are guard rails.

use foretide_domain::{Class, ClassifierRule, Proposal, Rule};

use crate::facts::Facts;

use super::Policy;

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
    Proposal {
        desired,
        rule: Rule::Classifier(rule),
    }
}
