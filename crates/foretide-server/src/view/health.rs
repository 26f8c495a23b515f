//! Whether a group is well, and why not.

use std::time::Duration;

use foretide_domain::{Mode, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::Track;

use super::row::Budget;

/// A silence of so many intervals counts as a stalled loop: as many end a streak.
const STALLED_INTERVALS: u32 = 3;
/// An invariant that was broken is shown for so long.
const BROKEN_SHOWN: Duration = Duration::from_secs(3600);

/// How bad it is; the worst is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Nothing to do.
    Ok,
    /// To know, not to act on.
    Notice,
    /// To look at today.
    Warning,
    /// To look at now.
    Critical,
}

/// A group's health.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    pub(crate) level: Level,
    /// What is wrong, the worst first; empty where all is well.
    pub(crate) reasons: Vec<String>,
}

/// Whether the loop has not looked at the group for too long.
pub(crate) fn is_stalled(track: &Track, now: Timestamp) -> bool {
    let limit = track.facts.interval.saturating_mul(STALLED_INTERVALS);
    let looked = track.looked.map(|looked| looked.at);
    let read = track.reading.map(|reading| reading.at);
    looked
        .max(read)
        .is_some_and(|looked| now.since(looked) > limit)
}

/// Whether an invariant was broken a short while ago.
pub(crate) fn shows_broken(track: &Track, now: Timestamp) -> bool {
    let broken = track.broken_invariant;
    broken.is_some_and(|(at, _)| now.since(at) < BROKEN_SHOWN)
}

/// Judges a group.
pub(crate) fn health(track: &Track, budget: &Budget, now: Timestamp) -> Health {
    let mut found = Vec::new();
    critical(track, now, &mut found);
    warnings(track, budget, &mut found);
    notices(track, &mut found);
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    Health {
        level: found.first().map_or(Level::Ok, |(level, _)| *level),
        reasons: found.into_iter().map(|(_, why)| why).collect(),
    }
}

type Found = Vec<(Level, String)>;

fn critical(track: &Track, now: Timestamp, found: &mut Found) {
    let mut say = |what: String| found.push((Level::Critical, what));
    if let Some((_, invariant)) = track.broken_invariant
        && shows_broken(track, now)
    {
        say(format!(
            "a plan broke invariant {invariant} and was not written"
        ));
    }
    if is_stalled(track, now) {
        say("the loop has stalled: no look for three intervals".to_owned());
    }
    if track.breaker_open {
        say("launches fail: growth is held at what exists".to_owned());
    }
    if track.stale {
        say("no fresh data".to_owned());
    }
    if track.predictor_failing {
        say("the predictor does not answer: capacity is held".to_owned());
    }
    if let Some((_, why)) = &track.failure {
        say(format!("the last call failed: {why}"));
    }
}

fn warnings(track: &Track, budget: &Budget, found: &mut Found) {
    let mut say = |what: String| found.push((Level::Warning, what));
    if let Some((_, why)) = &track.write_failure {
        say(format!("the last write failed: {why}"));
    }
    let reading = track.reading;
    if let Some(reading) = reading
        && let Some(need) = budget.need_instances
        && reading.desired >= reading.bounds.max()
        && need > reading.bounds.max()
    {
        say(format!(
            "at its maximum of {}: the load needs {need}",
            reading.bounds.max()
        ));
    }
    if budget.short_now == Some(true) {
        say(format!("short: CPU is above {}", track.facts.objective));
    }
    if budget.spent_ratio.is_some_and(|spent| spent > 1.0) {
        say("the violation budget is overspent".to_owned());
    }
    if reading.is_some_and(|reading| reading.launch_suspended) {
        say("launching is suspended".to_owned());
    }
}

fn notices(track: &Track, found: &mut Found) {
    let mut say = |what: &str| found.push((Level::Notice, what.to_owned()));
    if track.reading.is_none() {
        say("not read yet");
    }
    if track.orders.paused.is_some() {
        say("paused by an operator: nothing is changed");
    }
    if let Some(pinned) = &track.orders.pinned {
        say(&format!("pinned to {} by an operator", pinned.capacity));
    }
    if track.facts.dry_run {
        say("dry run: nothing is written");
    } else if track.mode() == Mode::Observe {
        say("observing: nothing is written");
    }
    if track
        .reading
        .is_some_and(|reading| reading.terminate_suspended)
    {
        say("terminating is suspended");
    }
    if track.reading.is_some_and(|reading| reading.refreshing) {
        say("an instance refresh is under way");
    }
    let figures = track
        .decision()
        .and_then(|known| known.explanation.inputs.forecast);
    if figures.is_some_and(|figures| figures.demoted) {
        say("the forecast is demoted: it cost more than target tracking");
    }
}
