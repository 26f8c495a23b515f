//! Guard rails of policy `classifier`: the original's streak and cooldown, and two that it lacked.

use foretide_domain::Class;

use crate::facts::Facts;
use crate::pace::METRICS_EVERY;

use super::{Wanted, group};

/// CPU at the upper bound: grow by a step whatever the model says. It ignores confidence and streak
/// and keeps the cooldown.
pub(super) fn upper_utilisation(facts: &Facts<'_>, wanted: &mut Wanted) {
    let settings = &facts.config.classifier;
    let hot = facts
        .newest()
        .is_some_and(|(_, cpu)| cpu >= settings.upper_utilisation);
    if !hot || !facts.is_fresh() {
        return;
    }
    let mut grown = Wanted {
        capacity: wanted
            .capacity
            .max(wanted.held.saturating_add(settings.step_out)),
        unconditional: true,
        ..*wanted
    };
    group::bounds(facts, &mut grown);
    group::suspended(facts, &mut grown);
    if grown.grows() {
        *wanted = grown;
    }
}

/// A class that the model is not sure of counts as `hold`.
pub(super) fn confidence(facts: &Facts<'_>, wanted: &mut Wanted) {
    let unsure = !is_confident(facts);
    if unsure && !wanted.unconditional {
        wanted.capacity = wanted.held;
    }
}

/// Scale-in needs an unbroken row of looks at which the model asked for less, and within them a
/// vote for each datapoint that the time of so many looks holds.
pub(super) fn streak(facts: &Facts<'_>, wanted: &mut Wanted) {
    let (votes, cycles) = streak_needed(facts);
    let full = facts.streak >= cycles && facts.streak_datapoints >= votes;
    if wanted.shrinks() && !full && !wanted.unconditional {
        wanted.capacity = wanted.held;
    }
}

/// Votes and cycles in a row that a scale-in needs.
pub(crate) fn streak_needed(facts: &Facts<'_>) -> (u32, u32) {
    let settings = &facts.config.classifier;
    let period = facts.newest().map_or(METRICS_EVERY, |(it, _)| it.period);
    let votes = settings.votes_needed(facts.config.interval, period);
    (votes, settings.streak)
}

/// No change too soon after the last one.
pub(super) fn cooldown(facts: &Facts<'_>, wanted: &mut Wanted) {
    let settings = &facts.config.classifier;
    let cooldown = if wanted.grows() {
        settings.cooldown_out
    } else {
        settings.cooldown_in
    };
    let moves = wanted.grows() || wanted.shrinks();
    if moves && !facts.cooldown_left(cooldown).is_zero() {
        wanted.capacity = wanted.held;
    }
}

/// Whether this prediction asks for scale-in.
pub(crate) fn votes_for_scale_in(facts: &Facts<'_>) -> bool {
    is_confident(facts)
        && facts
            .prediction
            .is_some_and(|prediction| prediction.class == Class::ScaleIn)
}

fn is_confident(facts: &Facts<'_>) -> bool {
    facts
        .prediction
        .is_none_or(|prediction| prediction.confidence() >= facts.config.classifier.confidence_min)
}
