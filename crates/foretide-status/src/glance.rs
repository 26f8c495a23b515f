//! One group at a glance, from the store.

use std::cmp::Reverse;
use std::time::Duration;

use foretide_domain::{
    Cause, Condition, Datapoint, HealthState, Order, Orders, Severity, Timestamp, Verdict,
};
use foretide_runtime::{Entry, GroupKey, Notice, What};
use foretide_store::{Latest, Reader, StoreError};
use serde::Serialize;

/// Longest time between the last cycles of two groups of one process that stopped.
const STOP_TOGETHER: Duration = Duration::from_secs(30);

/// Time that a cycle may take before it is called overdue: calls of AWS take a second or two.
const CYCLE_TIME: Duration = Duration::from_secs(5);

/// Summary of a group. Unknown values are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Glance {
    pub(crate) account: String,
    pub(crate) group: String,
    pub(crate) mode: Option<String>,
    pub(crate) policy: Option<String>,
    /// The worst health state, as `/metrics` names it.
    pub(crate) health: &'static str,
    /// `ok`, `notice`, `warning` or `critical`.
    pub(crate) severity: Severity,
    /// The conditions, the worst first, each with its next step.
    pub(crate) conditions: Vec<String>,
    /// The conditions that ask for action.
    pub(crate) alarms: Vec<String>,
    /// Time since when the group is no longer configured, if other groups still run.
    pub(crate) removed_at: Option<String>,
    /// Orders of operators that apply, and who gave them.
    pub(crate) orders: Vec<String>,
    pub(crate) desired: Option<u32>,
    pub(crate) in_service: Option<u32>,
    pub(crate) pending: Option<u32>,
    pub(crate) min: Option<u32>,
    pub(crate) max: Option<u32>,
    pub(crate) cpu_percent: Option<f64>,
    pub(crate) load_instance_percent: Option<f64>,
    pub(crate) data_age_s: Option<u64>,
    pub(crate) checked_ago_s: Option<u64>,
    pub(crate) decided_at: Option<String>,
    pub(crate) decision: Option<String>,
    pub(crate) next_cycle_at: Option<String>,
    /// Time since the next cycle was due; null while it is to come or may be under way.
    pub(crate) next_cycle_overdue_s: Option<u64>,
    pub(crate) wrote_at: Option<String>,
    pub(crate) write: Option<String>,
    /// The health in words.
    #[serde(skip)]
    pub(crate) title: String,
    /// Rank: larger values are shown first.
    #[serde(skip)]
    pub(crate) rank: (Severity, Reverse<HealthState>),
}

/// All groups of the store as they stand at `now`, the worst first.
///
/// # Errors
/// The store cannot be read, or a row of it is damaged.
pub fn glances(reader: &Reader, now: Timestamp) -> Result<Vec<Glance>, StoreError> {
    let mut found = Vec::new();
    for key in reader.groups()? {
        let latest = reader.latest(&key)?;
        let stopped = stopped(reader, &key, &latest)?;
        found.push((key, latest, stopped));
    }
    let decided = |latest: &Latest| latest.decision.as_ref().map(|decision| decision.at);
    let alive = found.iter().filter_map(|(_, latest, _)| decided(latest));
    let alive = alive.max();
    let glances = found.iter().map(|(key, latest, stopped)| {
        // All of a run stop within moments. What others outlived was taken from the configuration.
        let outlived = |at: &Timestamp| alive.is_some_and(|alive| alive.since(*at) > STOP_TOGETHER);
        glance(key, latest, stopped.filter(outlived), now)
    });
    let mut groups: Vec<Glance> = glances.collect();
    // The worst first; those that nobody means to look after come last.
    groups.sort_by(|a, b| {
        let key = |it: &'_ Glance| (it.removed_at.is_some(), Reverse(it.rank));
        let by_name = (&a.account, &a.group).cmp(&(&b.account, &b.group));
        key(a).cmp(&key(b)).then(by_name)
    });
    Ok(groups)
}

/// The time when the group was removed from the running fleet, if it was not added again.
fn stopped(
    reader: &Reader,
    key: &GroupKey,
    latest: &Latest,
) -> Result<Option<Timestamp>, StoreError> {
    let from = latest.decision.as_ref().map(|decision| decision.at);
    let ever = Timestamp::from_millis(i64::MIN);
    let end = Timestamp::from_millis(i64::MAX);
    let said = reader.records_and_notices(Some(key), from.unwrap_or(ever), end)?;
    let last = said.iter().rev().find_map(|said| match &said.what {
        What::Notice(Notice::Stopped) => Some(Some(said.at)),
        What::Notice(Notice::Started { .. }) => Some(None),
        _ => None,
    });
    Ok(last.flatten())
}

fn glance(key: &GroupKey, latest: &Latest, removed: Option<Timestamp>, now: Timestamp) -> Glance {
    let why = latest
        .decision
        .as_ref()
        .map(|decision| &decision.explanation);
    let state = latest.state.as_ref().map(|(_, state)| state);
    let reading = state.and_then(|state| state.reading());
    let group = reading.map(|(_, group)| group);
    let newest = state.and_then(|state| state.newest_point());
    // Not every cycle decides, so the newest decision may name a cycle that has been.
    let decided_next = latest.decision.as_ref().map(|it| it.next_look);
    let state_next = latest.state.as_ref().map(|(_, state)| state.next_look());
    let next_cycle = state_next.max(decided_next);
    let since = |at: Timestamp| now.since(at).as_secs();
    let verdict = match removed {
        Some(_) => Verdict::default(),
        None => health(latest, now),
    };
    let said = |it: &Condition| match it.cause.next_step() {
        Some(step) => format!("{it}. Next step: {step}"),
        None => it.to_string(),
    };
    let alarms = verdict.conditions().iter();
    let alarms = alarms.filter(|it| it.severity > Severity::Notice).map(said);
    let text = |entry: &Entry| entry.what.to_string();
    Glance {
        account: key.account().to_owned(),
        group: key.name().to_owned(),
        mode: why.map(|why| why.mode.to_string()),
        policy: why.map(|why| why.policy.to_string()),
        health: verdict.state().name(),
        title: verdict.state().to_string(),
        severity: verdict.severity(),
        conditions: verdict.conditions().iter().map(said).collect(),
        alarms: alarms.collect(),
        removed_at: removed.map(|at| at.to_string()),
        orders: state
            .map(|state| orders(state.orders()))
            .unwrap_or_default(),
        desired: group.map(|group| group.desired),
        in_service: group.map(|group| group.counts.in_service),
        pending: group.map(|group| group.counts.pending),
        min: group.map(|group| group.bounds.min()),
        max: group.map(|group| group.bounds.max()),
        cpu_percent: newest
            .and_then(|point| point.cpu)
            .map(foretide_domain::Percent::get),
        load_instance_percent: newest
            .and_then(Datapoint::load)
            .map(foretide_domain::Load::get),
        data_age_s: newest.map(|point| since(point.end())),
        checked_ago_s: reading.map(|(at, _)| since(at)),
        decided_at: latest.decision.as_ref().map(|it| it.at.to_string()),
        decision: latest.decision.as_ref().map(ToString::to_string),
        next_cycle_at: next_cycle.map(|at| at.to_string()),
        next_cycle_overdue_s: next_cycle.and_then(|due| overdue_s(due, now)),
        wrote_at: latest.write.as_ref().map(|said| said.at.to_string()),
        write: latest.write.as_ref().map(text),
        rank: (verdict.severity(), Reverse(verdict.state())),
    }
}

/// For how long the cycle of `due` has not ended, in seconds; none while it is to come, and for as
/// long as it may take.
fn overdue_s(due: Timestamp, now: Timestamp) -> Option<u64> {
    (now >= due.plus(CYCLE_TIME)).then(|| now.since(due).as_secs())
}

fn orders(orders: &Orders) -> Vec<String> {
    let paused = orders.paused.as_ref();
    let paused = paused.map(|it| (Order::Pause { until: it.until }, &it.by));
    let pinned = orders.pinned.as_ref().map(|it| {
        let (capacity, until) = (it.capacity, it.until);
        (Order::Pin { capacity, until }, &it.by)
    });
    let mode = orders.mode.as_ref();
    let mode = mode.map(|it| {
        (
            Order::Mode {
                mode: Some(it.mode),
            },
            &it.by,
        )
    });
    let standing = [paused, pinned, mode].into_iter().flatten();
    standing
        .map(|(order, by)| format!("{order}, ordered by {by}"))
        .collect()
}

/// The group's health from its newest saved state.
fn health(latest: &Latest, now: Timestamp) -> Verdict {
    if let Some((_, state)) = &latest.state {
        return state.health(now);
    }
    let unread = [(Severity::Warning, Cause::NotRead)];
    Verdict::new(unread, &Verdict::default(), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_stand_are_told_with_who_gave_them() {
        let mut given = Orders::default();
        given.take(Order::Pause { until: None }, "anna");
        let until = Timestamp::from_seconds(1_700_000_000);
        given.take(Order::Pin { capacity: 4, until }, "bert");
        let told = [
            "pause until resumed, ordered by anna",
            "pin 4 until 2023-11-14T22:13:20Z, ordered by bert",
        ];
        assert_eq!(orders(&given), told);
    }

    /// A decision of a process that ended names a cycle that never came.
    #[test]
    fn a_cycle_that_is_overdue_is_called_so_and_one_to_come_is_not() {
        let late = |now| overdue_s(Timestamp::from_seconds(1_000), Timestamp::from_seconds(now));
        assert_eq!(late(990), None);
        assert_eq!(late(1_000), None, "it begins now");
        assert_eq!(late(1_004), None, "it may be under way");
        assert_eq!(late(1_005), Some(5));
        assert_eq!(late(1_190), Some(190));
    }

    #[test]
    fn a_group_of_which_nothing_is_kept_is_said_so() {
        let key = GroupKey::new("a", "web");
        let latest = Latest {
            state: None,
            decision: None,
            write: None,
            alarm: None,
        };
        let glance = glance(&key, &latest, None, Timestamp::from_seconds(0));
        assert_eq!(glance.health, "warming_up");
        assert!(glance.alarms[0].starts_with("warming up: the group was not read yet"));
    }
}
