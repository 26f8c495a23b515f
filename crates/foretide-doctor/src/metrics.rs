//! Checks of the group's CloudWatch metrics.

use std::time::Duration;

use foretide_aws::{GroupReading, MetricsReading, Monitoring};
use foretide_config::GroupSettings;
use foretide_domain::Timestamp;
use foretide_terminal::shell::Command;

use crate::finding::Finding;

/// A period that is missing for longer than this was not published.
const DELAY_MAX: Duration = Duration::from_mins(15);

/// Checks period and delay of the metrics, and memory if configured; the metrics were read at
/// `now`.
pub(crate) fn check(
    settings: &GroupSettings,
    reading: &GroupReading,
    metrics: &MetricsReading,
    now: Timestamp,
) -> Vec<Finding> {
    let mut found = vec![monitoring(reading, metrics.monitoring)];
    let metric_delay = settings.controller.metric_delay;
    found.extend(delay(metric_delay, metrics, now));
    if metrics.points.iter().all(|point| point.cpu.is_none()) {
        let why = "without CPU the load is unknown, and capacity is held";
        let what = "CloudWatch has no CPU datapoint of the last three hours";
        found.push(
            Finding::warning("cpu", what, why).fix(
                "aws cloudwatch list-metrics --namespace AWS/EC2 --metric-name CPUUtilization",
            ),
        );
    }
    if settings.live.memory {
        found.push(memory(metrics.memory_measured));
    }
    let why = "instances are counted from the samples of CPU, and group metrics are not read";
    found.push(Finding::note("group metrics", "not needed", why));
    found
}

fn monitoring(reading: &GroupReading, known: Option<Monitoring>) -> Finding {
    const CHECK: &str = "monitoring";
    match known {
        Some(Monitoring::Detailed) => Finding::fine(CHECK, "detailed: a datapoint every minute"),
        Some(Monitoring::Basic) => {
            let why = "load is measured every five minutes, which is too late for a fast rise";
            let ids: Vec<&str> = reading.instances.iter().map(|it| it.id.as_str()).collect();
            let detailed = Command::of("aws ec2 monitor-instances --instance-ids");
            let detailed = ids.into_iter().fold(detailed, Command::arg);
            Finding::warning(CHECK, "basic: a datapoint every five minutes", why)
                .run(&detailed)
                .other_fix("Monitoring Enabled=true in the launch template, for instances to come")
        }
        None => {
            let why =
                "the period of the metrics is unknown, and without it the load is unknown too";
            Finding::note(CHECK, "basic or detailed: not known yet", why)
                .fix("monitoring = \"detailed\", or \"basic\"")
        }
    }
}

/// Whether the newest ended period is missing although `metric_delay` has passed.
fn delay(metric_delay: Duration, metrics: &MetricsReading, now: Timestamp) -> Option<Finding> {
    let newest = metrics.points.iter().max_by_key(|point| point.start)?;
    let waited = now.since(newest.end().plus(newest.period));
    if waited <= metric_delay || waited > DELAY_MAX {
        return None;
    }
    let (set, found) = (metric_delay.as_secs(), waited.as_secs());
    let what = format!(
        "metric_delay = \"{set}s\", but a period that ended {found} s ago is not published yet"
    );
    let why = "metrics are asked for before they are there, and read later for it";
    // The period may show at any moment, at the latest when the next one ends.
    let wait = now.since(newest.end()).as_secs().div_ceil(10) * 10;
    let fix = format!("metric_delay = \"{wait}s\" or less: the log of a run names it");
    Some(Finding::warning("metric delay", what, why).fix(fix))
}

fn memory(measured: Option<bool>) -> Finding {
    const CHECK: &str = "memory";
    match measured {
        Some(true) => Finding::fine(CHECK, "the CloudWatch agent reports memory"),
        Some(false) => {
            let why = "memory is estimated from CPU";
            let what = "no mem_used_percent aggregated on AutoScalingGroupName";
            Finding::warning(CHECK, what, why).fix(
                "aggregation_dimensions [[\"AutoScalingGroupName\"]] in the agent's \
                 configuration, or memory = false",
            )
        }
        None => Finding::note(CHECK, "not known", "nothing was published to tell it by"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_delay_that_is_set_too_short_is_told() {
        let point = foretide_domain::Datapoint {
            start: Timestamp::from_seconds(0),
            period: Duration::from_secs(60),
            cpu: None,
            instances: 1.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        };
        let metrics = MetricsReading {
            points: vec![point],
            ..MetricsReading::default()
        };
        let found = |set, now| {
            delay(
                Duration::from_secs(set),
                &metrics,
                Timestamp::from_seconds(now),
            )
        };
        let late = found(0, 165).unwrap();
        assert_eq!(
            late.what,
            "metric_delay = \"0s\", but a period that ended 45 s ago is not published yet"
        );
        assert!(late.fix.unwrap().starts_with("metric_delay = \"110s\""));
        assert_eq!(found(60, 165), None, "it may still come in time");
        assert_eq!(found(0, 120), None, "it has just ended");
        assert_eq!(found(0, 3600), None, "it was never published");
    }

    #[test]
    fn memory_that_nobody_reports_is_told() {
        assert_eq!(memory(Some(true)).severity, Severity::Fine);
        assert_eq!(memory(Some(false)).severity, Severity::Warning);
        assert_eq!(memory(None).severity, Severity::Note);
    }
}
