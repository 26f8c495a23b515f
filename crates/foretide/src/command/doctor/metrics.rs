//! What CloudWatch knows of the group.

use foretide_aws::{GroupReading, MetricsReading, Monitoring};

use crate::config::GroupSettings;

use super::finding::Finding;

/// Period of the metrics, and memory where it is asked for.
pub(super) fn check(
    settings: &GroupSettings,
    reading: &GroupReading,
    metrics: &MetricsReading,
) -> Vec<Finding> {
    let mut found = vec![monitoring(reading, metrics.monitoring)];
    if metrics.points.iter().all(|point| point.cpu.is_none()) {
        let why = "without load nothing is decided: capacity is held";
        let what = "no CPU of the last three hours can be told";
        found.push(
            Finding::warning("cpu", what, why).mend(
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
        Some(Monitoring::Detailed) => Finding::fine(CHECK, "detailed: a point every minute"),
        Some(Monitoring::Basic) => {
            let why = "load is seen every five minutes, and too late for a rise";
            let ids: Vec<&str> = reading.instances.iter().map(|it| it.id.as_str()).collect();
            let mend = format!(
                "aws ec2 monitor-instances --instance-ids {}, and Monitoring Enabled=true in the \
                 launch template",
                ids.join(" ")
            );
            Finding::warning(CHECK, "basic: a point every five minutes", why).mend(mend)
        }
        None => {
            let why = "what a sample stands for is not known, and load is not told until it is";
            Finding::note(CHECK, "basic or detailed: not known yet", why)
                .mend("monitoring = \"detailed\", or \"basic\"")
        }
    }
}

fn memory(measured: Option<bool>) -> Finding {
    const CHECK: &str = "memory";
    match measured {
        Some(true) => Finding::fine(CHECK, "the CloudWatch agent reports memory"),
        Some(false) => {
            let why = "memory is estimated from CPU";
            let what = "no mem_used_percent aggregated on AutoScalingGroupName";
            Finding::warning(CHECK, what, why).mend(
                "aggregation_dimensions [[\"AutoScalingGroupName\"]] in the agent's \
                 configuration, or memory = false",
            )
        }
        None => Finding::note(CHECK, "not known", "nothing was published to tell it by"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn memory_that_nobody_reports_is_told() {
        assert_eq!(memory(Some(true)).severity, Severity::Fine);
        assert_eq!(memory(Some(false)).severity, Severity::Warning);
        assert_eq!(memory(None).severity, Severity::Note);
    }
}
