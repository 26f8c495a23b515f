//! Guard rails: what may become of the capacity that a policy wants.
//!
//! They stand outside the policies and are applied in one fixed order; each is a function from the
//! capacity wanted so far to the capacity allowed. The last one that changed it is the one that
//! bound. Streak, confidence, cooldown and growth above the upper bound belong to policy
//! `classifier`, the waits of a start to policy `forecast`. These and the pace limits do not bind
//! an operator's pin; the others bind everything.

mod classifier;
mod group;
mod pace;
mod safe_start;
mod wanted;
mod write;

pub(crate) use classifier::{streak_needed, votes_for_scale_in};
pub(crate) use pace::{called_for, figures as pace_figures};

use foretide_domain::{ForecastRule, Guard, GuardStep, Proposal, Rule};

use self::wanted::Wanted;
use crate::facts::Facts;
use crate::policy;

/// What the guard rails made of a proposal.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    /// The capacity allowed.
    pub(crate) capacity: u32,
    /// What each guard rail changed.
    pub(crate) steps: Vec<GuardStep>,
    /// Instances that the change counts for in the windows of the pace limits.
    pub(crate) counts: i64,
}

type Rail = fn(&Facts<'_>, &mut Wanted);

const FOR_ALL: [(Guard, Rail); 3] = [
    (Guard::Bounds, group::bounds),
    (Guard::Suspended, group::suspended),
    (Guard::Freshness, group::freshness),
];
const GROWTH: [(Guard, Rail); 1] = [(Guard::UpperUtilisation, classifier::upper_utilisation)];
const START: [(Guard, Rail); 2] = [
    (Guard::HistoryUnread, safe_start::history_unread),
    (Guard::HistoryUnused, safe_start::history_unused),
];
const SCALE_IN: [(Guard, Rail); 7] = [
    (Guard::InstanceRefresh, group::instance_refresh),
    (Guard::PendingLaunches, group::pending_launches),
    (Guard::EarlyDeaths, group::early_deaths),
    (Guard::LoadDropped, group::load_dropped),
    (Guard::Coverage, group::coverage),
    (Guard::SignalMissing, group::signal_missing),
    (Guard::ProjectedUtilisation, group::projected_utilisation),
];
const VOTES: [(Guard, Rail); 3] = [
    (Guard::Confidence, classifier::confidence),
    (Guard::Streak, classifier::streak),
    (Guard::Cooldown, classifier::cooldown),
];
const PACE: [(Guard, Rail); 3] = [
    (Guard::Stabilisation, pace::stabilisation),
    (Guard::ScaleOutPace, pace::scale_out),
    (Guard::ScaleInPace, pace::scale_in),
];
const WRITES: [(Guard, Rail); 7] = [
    (Guard::Breaker, write::breaker),
    (Guard::CannotWrite, write::cannot_write),
    (Guard::WriteInFlight, write::in_flight),
    (Guard::WriteBackoff, write::backoff),
    (Guard::HandsOff, write::hands_off),
    (Guard::Paused, write::paused),
    (Guard::Mode, write::mode),
];

/// Whether a signal with a fresh value asks, which CPU does not have to be fresh for.
fn by_fresh_signal(facts: &Facts<'_>, proposal: &Proposal) -> bool {
    let place = proposal.signal.and_then(|number| number.checked_sub(1));
    let signal = place.and_then(|place| facts.signals.get(place));
    signal.is_some_and(|signal| signal.standing.may_ask())
}

/// Leads a proposal through the guard rails.
pub(crate) fn apply(facts: &Facts<'_>, proposal: &Proposal) -> Guarded {
    let desired = facts.group.desired;
    let mut wanted = Wanted {
        capacity: proposal.desired.unwrap_or(desired),
        desired,
        held: facts.group.bounds.clamp(desired),
        unconditional: matches!(
            proposal.rule,
            Rule::EmptyGroup | Rule::Pinned | Rule::Forecast(ForecastRule::Scheduled)
        ),
        by_signal: by_fresh_signal(facts, proposal),
    };
    let pinned = proposal.rule == Rule::Pinned;
    let votes = policy::of(facts.config).votes() && !pinned;
    let growth: &[_] = if votes { &GROWTH } else { &[] };
    let voting: &[_] = if votes { &VOTES } else { &[] };
    let pace: &[_] = if pinned { &[] } else { &PACE };
    let start: &[_] = if pinned { &[] } else { &START };
    let rails: [&[(Guard, Rail)]; 7] = [&FOR_ALL, start, growth, &SCALE_IN, voting, pace, &WRITES];
    let mut steps = Vec::new();
    for (guard, rail) in rails.into_iter().flatten() {
        let from = wanted.capacity;
        rail(facts, &mut wanted);
        if wanted.capacity != from {
            steps.push(GuardStep {
                guard: *guard,
                from,
                to: wanted.capacity,
            });
        }
    }
    Guarded {
        capacity: wanted.capacity,
        steps,
        counts: pace::counts(facts, wanted.held, wanted.capacity, pinned),
    }
}
