//! Messages before a run begins, and the price of its calls.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use foretide_aws::{BilledMetrics, Collect, MetricsReading, Outdated, SlowFacts, usd_per_month};
use foretide_calendar::{ScheduledAction, Window, changes, conflicts};
use foretide_control::METRICS_EVERY;
use foretide_domain::{Bounds, CallFailure, PolicyKind, Timestamp};
use foretide_runtime::{Costs, GroupKey, Notice, Runtime};

use foretide_config::{Config, GroupSettings};
use foretide_notify::{NotifySettings, Outlet};
use foretide_terminal::shell::visible;

use super::fleet::Wiring;

/// The time ahead in which conflicts of scheduled actions are looked for.
const CONFLICTS_AHEAD: Duration = Duration::from_hours(48);
/// Most runs of scheduled actions in that time.
const CHANGES_MAX: usize = 200;

/// Prints the groups, the mode of each, the price of reading each, and the store.
pub(super) fn groups(
    wiring: &Wiring,
    config: &Config,
    dry_run: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (key, group) in &wiring.groups {
        let controller = &group.controller;
        let mode = if dry_run {
            "dry run".to_owned()
        } else {
            controller.mode.to_string()
        };
        writeln!(
            out,
            "{key}: {mode}, policy {}; {}",
            controller.policy,
            cost(group)
        )?;
    }
    if let Some(total) = total(wiring) {
        let groups = wiring.groups.values();
        let single: f64 = groups.map(GroupSettings::instance_usd_per_month).sum();
        writeln!(
            out,
            "all groups: CloudWatch {total:.2} USD a month, and at most {single:.2} USD for single \
             instances"
        )?;
    }
    for (account, warning) in wiring.warnings() {
        writeln!(out, "warning: {account}: {warning}")?;
    }
    writeln!(
        out,
        "store {}, log {}",
        config.run.store().display(),
        config.run.output.join("ec2_monitor.log").display()
    )
}

/// Prints what is searched for, and what a person should know of what was found.
pub(super) fn search(config: &Config, said: &[String], out: &mut dyn Write) -> io::Result<()> {
    let discover = &config.discover;
    if discover.enabled {
        let (tag, every) = (visible(&discover.tag), discover.every.as_secs());
        writeln!(
            out,
            "groups with tag {tag} are searched for every {every} s"
        )?;
    }
    for what in said {
        writeln!(out, "warning: {}", visible(what))?;
    }
    Ok(())
}

/// Prints the target of notifications, if there is one.
pub(super) fn notifications(
    outlet: Option<&Outlet>,
    settings: &NotifySettings,
    out: &mut dyn Write,
) -> io::Result<()> {
    if let Some(outlet) = outlet {
        let (origin, topics) = (outlet.webhook.origin(), settings.topics());
        writeln!(out, "notifications to {origin}: {topics}")?;
    }
    out.flush()
}

/// The most that CloudWatch bills for reading a group: the metrics of its queries, at the rate of
/// its controller.
fn cost(group: &GroupSettings) -> String {
    let options = group.live.metric_options();
    let BilledMetrics { base, further } = options.billed();
    let per_month = |metrics| usd_per_month(metrics, METRICS_EVERY);
    match (options.collect, further) {
        (Collect::Group, _) => {
            let all = base + further;
            let signals = match options.signals.len() {
                0 => String::new(),
                count => format!(" ({:.2} USD for each of {count} signals)", per_month(1)),
            };
            format!(
                "CloudWatch {:.2} USD a month for {all} metrics{signals}, and at most {:.2} USD \
                 for single instances while they start or stop",
                per_month(all),
                group.instance_usd_per_month()
            )
        }
        (Collect::Instance, 0) => format!(
            "CloudWatch {:.2} USD a month and instance for {base} metrics",
            per_month(base)
        ),
        (Collect::Instance, _) => format!(
            "CloudWatch {:.2} USD a month and instance for {base} metrics, and {:.2} USD a month \
             for {further} of the group",
            per_month(base),
            per_month(further)
        ),
    }
}

/// The most that CloudWatch bills regularly for all groups, in USD a month; none for a single
/// group, or if the price of one depends on the number of its instances.
fn total(wiring: &Wiring) -> Option<f64> {
    let groups = wiring.groups.values();
    let metrics: Option<u32> = groups.map(metrics_a_reading).sum();
    let several = wiring.groups.len() > 1;
    metrics
        .filter(|_| several)
        .map(|metrics| usd_per_month(metrics, METRICS_EVERY))
}

/// Remarks on reading groups that were logged already.
pub(super) type Remarked = BTreeSet<(GroupKey, String)>;

/// Logs remarks on how each group is read: each once, and again when the remark applies again.
pub(super) fn remarks(wiring: &Wiring, made: &mut Remarked, runtime: &Runtime, now: Timestamp) {
    let mut holding = Remarked::new();
    for (key, settings) in &wiring.groups {
        let collector = wiring.collector(key.account());
        let reading = collector.and_then(|collector| collector.last_metrics(key.name()));
        let facts = collector.and_then(|collector| collector.facts(key.name()));
        let said = reading.iter().flat_map(MetricsReading::remarks);
        let known = facts.as_ref().and_then(|facts| facts.as_ref().ok());
        let group = collector.and_then(|collector| collector.reading(key.name()));
        let bounds = group.map(|group| group.bounds);
        let schedule = known
            .zip(bounds)
            .map(|(facts, bounds)| scheduled(&facts.scheduled_actions, settings, bounds, now));
        let schedule = schedule.into_iter().flatten();
        for what in said.chain(facts.iter().flat_map(unread)).chain(schedule) {
            let remark = (key.clone(), what);
            if !made.contains(&remark) {
                let what = remark.1.clone();
                runtime.note(Some(key), Notice::Remark { what });
            }
            holding.insert(remark);
        }
    }
    *made = holding;
}

/// What of the scheduled actions is not understood, and which of them contradict each other or a
/// known event within the next two days, one sentence each.
fn scheduled(
    actions: &[ScheduledAction],
    settings: &GroupSettings,
    bounds: Bounds,
    now: Timestamp,
) -> Vec<String> {
    if actions.is_empty() || settings.controller.policy != PolicyKind::Forecast {
        return Vec::new();
    }
    let to = now.plus(CONFLICTS_AHEAD);
    let (coming, unknown) = changes(actions, Window { from: now, to }, CHANGES_MAX);
    let conflicts = conflicts(&coming, &settings.controller.calendar, bounds, to);
    let conflicts = conflicts.iter().map(ToString::to_string);
    unknown.into_iter().chain(conflicts).collect()
}

/// Unknown facts about other writers of the group, one sentence each.
fn unread(facts: &Result<SlowFacts, CallFailure>) -> Vec<String> {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => {
            return vec![format!(
                "nothing is written, since who else scales the group cannot be read: {why}"
            )];
        }
    };
    let writers = facts.writers_outdated.as_ref().map(|outdated| {
        let Outdated { since, why } = outdated;
        format!("who else scales the group is as it was read at {since}: {why}")
    });
    let refresh = facts.refresh_outdated.as_ref().map(|why| {
        if facts.refreshing.is_some() {
            format!("whether an instance refresh is under way is as it was read before: {why}")
        } else {
            format!(
                "capacity is not lowered, since whether an instance refresh is under way cannot \
                 be read: {why}"
            )
        }
    });
    writers.into_iter().chain(refresh).collect()
}

/// Records the price of the calls for each group so far.
pub(super) fn bill(wiring: &Wiring, runtime: &Runtime) {
    for (key, group) in &wiring.groups {
        if let Some(notice) = billed(wiring, key, group) {
            runtime.note(Some(key), notice);
        }
    }
}

/// The number of metrics that one reading of a group requests; none if it depends on the number of
/// instances.
pub(super) fn metrics_a_reading(group: &GroupSettings) -> Option<u32> {
    let options = group.live.metric_options();
    let BilledMetrics { base, further } = options.billed();
    match options.collect {
        Collect::Group => Some(base + further),
        Collect::Instance => None,
    }
}

fn billed(wiring: &Wiring, key: &GroupKey, group: &GroupSettings) -> Option<Notice> {
    let collector = wiring.collector(key.account())?;
    let bill = collector.clients().bill().snapshot();
    let metrics = bill.metrics_requested.get(key.name()).copied();
    Some(Notice::Billed(Costs {
        calls: bill.total_calls(),
        metrics_requested: metrics.unwrap_or(0),
        usd: bill.usd(key.name()),
        usd_per_month: bill.usd_per_month(key.name(), metrics_a_reading(group)),
    }))
}

#[cfg(test)]
mod tests {
    use foretide_domain::FailureKind;

    use super::*;

    #[test]
    fn what_is_not_known_is_said_with_what_follows_from_it() {
        let why = CallFailure {
            kind: FailureKind::Denied,
            detail: "no".to_owned(),
        };
        let facts = |refreshing| {
            Ok(SlowFacts {
                refreshing,
                refresh_outdated: Some(why.clone()),
                ..SlowFacts::default()
            })
        };
        assert!(unread(&facts(Some(false)))[0].contains("as it was read before"));
        assert!(unread(&facts(None))[0].starts_with("capacity is not lowered"));
        assert!(
            unread(&Ok(SlowFacts::default())).is_empty(),
            "not asked yet"
        );
        assert!(unread(&Err(why))[0].starts_with("nothing is written"));
    }
}
