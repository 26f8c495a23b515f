//! Guard rails of pace: how far desired capacity may move within a time, under every policy.
//!
//! Saturation, the minimum of the group or of a known event, and operators' orders are exempt. What
//! is exempt does not count against later changes either.

use std::time::Duration;

use foretide_domain::{
    ClassifierRule, ForecastRule, Guard, PaceFigures, PaceWindow, Proposal, Rule, Stabilised,
    Timestamp,
};

use crate::facts::Facts;
use crate::pace_limit::PaceLimit;

use super::{Guarded, Wanted};

/// A scale-in goes at most to the highest capacity wanted within the stabilisation time.
pub(super) fn stabilisation(facts: &Facts<'_>, wanted: &mut Wanted) {
    if let Some(lately) = wanted_lately(facts).filter(|_| wanted.shrinks()) {
        wanted.capacity = wanted.capacity.max(lately.wanted.min(wanted.held));
    }
}

/// Capacity grows by as much as the window of scale-out allows. Saturation has no limit.
pub(super) fn scale_out(facts: &Facts<'_>, wanted: &mut Wanted) {
    if !wanted.grows() || facts.is_saturated() {
        return;
    }
    if let Some(window) = window(facts, facts.config.pace.scale_out, wanted.held) {
        let most = window.reference.saturating_add(window.change);
        let most = most.max(event_minimum(facts)).max(wanted.held);
        wanted.capacity = wanted.capacity.min(most);
    }
}

/// Capacity shrinks by as much as the window of scale-in allows.
pub(super) fn scale_in(facts: &Facts<'_>, wanted: &mut Wanted) {
    if !wanted.shrinks() {
        return;
    }
    if let Some(window) = window(facts, facts.config.pace.scale_in, wanted.held) {
        let least = window.reference.saturating_sub(window.change);
        wanted.capacity = wanted.capacity.max(least.min(wanted.held));
    }
}

/// What the change to `capacity` counts for in later windows, in instances: nothing where it is
/// exempt.
pub(super) fn counts(facts: &Facts<'_>, held: u32, capacity: u32, pinned: bool) -> i64 {
    let exempt = pinned || (capacity > held && facts.is_saturated());
    if exempt {
        return 0;
    }
    let from = held.max(capacity.min(event_minimum(facts)));
    i64::from(capacity) - i64::from(from)
}

/// The capacity that a proposal calls for, as the stabilisation remembers it; none where the
/// proposal says nothing of the load.
pub(crate) fn called_for(facts: &Facts<'_>, proposal: &Proposal) -> Option<u32> {
    let desired = facts.group.desired;
    let wanted = match proposal.rule {
        Rule::Pinned
        | Rule::Forecast(ForecastRule::NoNewPoint)
        | Rule::Classifier(ClassifierRule::NoPrediction | ClassifierRule::NoAnswer) => return None,
        // The forecast calls for less and waits until that pays off.
        Rule::Forecast(ForecastRule::Waiting) => facts.sizing?.high.min(desired),
        _ => proposal.desired.unwrap_or(desired),
    };
    Some(facts.group.bounds.clamp(wanted))
}

/// The figures of the pace limits that changed the decision.
pub(crate) fn figures(facts: &Facts<'_>, guarded: &Guarded) -> PaceFigures {
    let bound = |guard| guarded.steps.iter().any(|step| step.guard == guard);
    let held = facts.group.bounds.clamp(facts.group.desired);
    let limits = &facts.config.pace;
    let (limit, grows) = if bound(Guard::ScaleOutPace) {
        (Some(limits.scale_out), true)
    } else {
        let bound = bound(Guard::ScaleInPace);
        (bound.then_some(limits.scale_in), false)
    };
    let limit = limit.and_then(|limit| {
        let Window { reference, change } = window(facts, limit, held)?;
        Some(PaceWindow {
            reference,
            change,
            per: limit.per,
            more_in: more_in(facts, limit, guarded, grows),
        })
    });
    PaceFigures {
        limit,
        stabilised: wanted_lately(facts).filter(|_| bound(Guard::Stabilisation)),
    }
}

/// Capacity at the start of a window, and the change allowed from it.
struct Window {
    reference: u32,
    change: u32,
}

/// The window of `limit` as it stands; none where the limit is off.
fn window(facts: &Facts<'_>, limit: PaceLimit, held: u32) -> Option<Window> {
    let lately = |at: Timestamp| facts.now.since(at) < limit.per;
    let own = facts.own_changes.iter().filter(|(at, _)| lately(*at));
    from_start(facts, limit, held, own.map(|(_, change)| change).sum())
}

/// The window at whose end capacity is `now`, `own` instances of it by own changes within.
fn from_start(facts: &Facts<'_>, limit: PaceLimit, now: u32, own: i64) -> Option<Window> {
    let start = i64::from(now).saturating_sub(own).max(0);
    let start = u32::try_from(start).unwrap_or(u32::MAX);
    let reference = facts.group.bounds.clamp(start);
    let change = limit.at_most.change(reference)?;
    Some(Window { reference, change })
}

/// Time until the window allows a further change, if nobody else changes the group.
fn more_in(facts: &Facts<'_>, limit: PaceLimit, guarded: &Guarded, grows: bool) -> Duration {
    let now = (facts.now, guarded.counts);
    let own = facts.own_changes.iter().copied().chain([now]);
    let own: Vec<_> = own
        .filter(|(at, _)| facts.now.since(*at) < limit.per)
        .collect();
    let capacity = guarded.capacity;
    let mut left: i64 = own.iter().map(|(_, change)| change).sum();
    for (at, change) in own {
        left -= change;
        let allows = from_start(facts, limit, capacity, left).is_none_or(|window| {
            if grows {
                window.reference.saturating_add(window.change) > capacity
            } else {
                window.reference.saturating_sub(window.change) < capacity
            }
        });
        if allows {
            return limit.per.saturating_sub(facts.now.since(at));
        }
    }
    limit.per
}

/// The highest capacity wanted within the stabilisation time; none where nothing was, or it is off.
fn wanted_lately(facts: &Facts<'_>) -> Option<Stabilised> {
    let within = facts.config.pace.stabilisation;
    let lately = facts.wanted_lately.iter();
    let lately = lately.filter(|(at, _)| facts.now.since(*at) < within);
    let wanted = lately.map(|(_, wanted)| *wanted).max()?;
    Some(Stabilised { wanted, within })
}

fn event_minimum(facts: &Facts<'_>) -> u32 {
    facts.scheduled.map_or(0, |(minimum, _)| minimum)
}
