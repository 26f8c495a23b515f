//! Scheduled actions of the group as known minima.
//!
//! AWS raises the group when an action runs; instances launched then serve a lead time later. So
//! what an action asks for is wanted a lead time before. From when it runs, its minimum is among
//! the group's bounds. A desired capacity is set once and then anybody's to change, so it counts
//! for as long as a scale-in of AWS's own target tracking takes.

use std::time::Duration;

use foretide_domain::{Bounds, ScheduledChange, Timestamp};

/// Time after an action ran for which what it set counts: 15 min, the datapoints that the scale-in
/// alarm of AWS's target tracking needs.
pub const SCHEDULED_KEPT: Duration = Duration::from_secs(900);

/// The capacity that scheduled actions between now and `ahead` need at least, and the action that
/// needs it. More than the minimum of the group, which holds anyway, and at most its maximum: AWS
/// refuses more until the action has raised it.
pub(crate) fn scheduled_minimum(
    changes: &[ScheduledChange],
    bounds: Bounds,
    now: Timestamp,
    ahead: Duration,
) -> Option<(u32, &ScheduledChange)> {
    let soon = now.plus(ahead);
    let coming = changes.iter().filter(|change| change.at <= soon);
    let needs = coming.filter_map(|change| {
        let least = change.least()?.min(bounds.max());
        if least <= bounds.min() {
            return None;
        }
        // The next action to set a minimum or a desired capacity replaces it.
        let next = changes.iter().filter(|next| next.at > change.at);
        let next = next.filter(|next| next.least().is_some());
        let replaced = next.map(|next| next.at).min();
        let kept = change.at.plus(SCHEDULED_KEPT);
        let over = replaced.map_or(kept, |at| at.min(kept));
        (now < over).then_some((least, change))
    });
    needs.max_by_key(|(least, _)| *least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_435_200);
    const MINUTE: Duration = Duration::from_secs(60);

    fn change(after_min: u32, min: Option<u32>, desired: Option<u32>) -> ScheduledChange {
        ScheduledChange {
            action: format!("after {after_min}"),
            at: NOON.plus(MINUTE * after_min),
            min,
            max: None,
            desired,
        }
    }

    fn least(changes: &[ScheduledChange], now: Timestamp) -> Option<u32> {
        let bounds = Bounds::new(1, 20).unwrap();
        scheduled_minimum(changes, bounds, now, MINUTE * 5).map(|(least, _)| least)
    }

    #[test]
    fn an_action_counts_from_a_lead_time_before_until_a_quarter_of_an_hour_after() {
        let morning = [change(10, Some(6), Some(8))];
        let at = |minutes: u32| least(&morning, NOON.plus(MINUTE * minutes));
        assert_eq!(at(4), None);
        assert_eq!(at(5), Some(8), "the larger of both");
        assert_eq!(at(24), Some(8));
        assert_eq!(at(25), None);
    }

    #[test]
    fn an_action_that_sets_less_replaces_one_before_it_once_it_runs() {
        let both = [change(10, None, Some(8)), change(12, Some(2), None)];
        let at = |minutes: u32| least(&both, NOON.plus(MINUTE * minutes));
        assert_eq!(at(11), Some(8));
        assert_eq!(at(12), Some(2));
        let only_max = ScheduledChange {
            max: Some(30),
            ..change(12, None, None)
        };
        let beside = [change(10, None, Some(8)), only_max];
        assert_eq!(least(&beside, NOON.plus(MINUTE * 13)), Some(8));
    }

    #[test]
    fn no_more_than_the_maximum_is_wanted() {
        assert_eq!(least(&[change(1, Some(50), None)], NOON), Some(20));
        assert_eq!(least(&[change(1, None, None)], NOON), None);
        let nothing_new = [change(1, Some(1), Some(1))];
        assert_eq!(least(&nothing_new, NOON), None, "the minimum is 1 already");
        assert_eq!(least(&[], NOON), None);
    }
}
