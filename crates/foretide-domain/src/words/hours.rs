//! Instance-hours and time in violation in words: the same for log, explanation, page and report.

use std::fmt;

use super::fact::{Fact, fact};
use crate::Hours;

/// Said where a share or a comparison is not made yet.
const TOO_EARLY: &str = "too early, 1 day of data is needed";

impl Hours {
    /// How much time a share of this count is of: `of the last 2 days 3 h of data`. The week that a
    /// decision carries is at most seven days long, and shorter where data is missing.
    pub fn of_time(&self) -> String {
        of_time(self.known_s)
    }

    /// The counts as labelled lines.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![fact("counted since", self.since)];
        if self.is_empty() {
            facts.push(fact("time with data", "none yet"));
            return facts;
        }
        let baseline = self.baseline();
        facts.extend([
            fact("time with data", span(self.known_s)),
            fact("used", instance_hours(self.used())),
            fact("baseline", baseline),
            fact("baseline used", instance_hours(self.of_baseline(&baseline))),
            fact("hindsight optimum", instance_hours(self.optimum())),
            fact("used / baseline", share(self.against_baseline(), 0)),
            fact("used / hindsight optimum", share(self.against_optimum(), 0)),
            fact("in violation", span(self.violation_s)),
            fact("violation share", share(self.violation_share(), 2)),
            fact("baseline in violation", span(baseline.violation_s)),
            fact(
                "violation share of the baseline",
                share(self.baseline_violation_share(), 2),
            ),
        ]);
        facts.extend(self.compared().map(|it| fact("compared", it)));
        facts
    }
}

/// `312.4 instance-hours used, target tracking at 65 % 401.2, hindsight optimum 250.1; in violation
/// 14 min, target tracking at 65 % 33 min; 6 days 20 h of data since 2026-11-20T08:14:00Z`.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let baseline = self.baseline();
        let (Some(used), Some(other), Some(optimum)) =
            (self.used(), self.of_baseline(&baseline), self.optimum())
        else {
            return write!(f, "no data since {}", self.since);
        };
        write!(
            f,
            "{used:.1} instance-hours used, {baseline} {other:.1}, hindsight optimum \
             {optimum:.1}; in violation {}, {baseline} {}; {} of data since {}",
            span(self.violation_s),
            span(baseline.violation_s),
            span(self.known_s),
            self.since
        )
    }
}

fn instance_hours(hours: Option<f64>) -> String {
    hours.map_or_else(
        || "not known".to_owned(),
        |hours| format!("{hours:.1} instance-hours"),
    )
}

fn share(share: Option<f64>, decimals: usize) -> String {
    share.map_or_else(
        || TOO_EARLY.to_owned(),
        |share| format!("{:.decimals$} %", 100.0 * share),
    )
}

/// The time with data that a share is of, `known_s` in seconds.
pub(super) fn of_time(known_s: u64) -> String {
    format!("of the last {} of data", span(known_s))
}

/// Two units at most: `6 days 20 h`, `3 h 12 min`, `14 min`.
pub(super) fn span(seconds: u64) -> String {
    let minutes = seconds / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn hours(known_s: u64) -> Hours {
        Hours {
            known_s,
            used_instance_s: 36_000,
            baseline_instance_s: 72_000,
            optimum_instance_s: 30_000,
            violation_s: 840,
            ..Hours::new(Timestamp::from_seconds(1_795_392_000))
        }
    }

    fn of<'a>(facts: &'a [Fact], label: &str) -> &'a str {
        let found = facts.iter().find(|fact| fact.label == label);
        found.map_or("", |fact| fact.text.as_str())
    }

    #[test]
    fn below_a_day_there_are_hours_and_no_share() {
        let facts = hours(11_520).facts();
        assert_eq!(of(&facts, "time with data"), "3 h 12 min");
        assert_eq!(of(&facts, "used"), "10.0 instance-hours");
        assert_eq!(of(&facts, "used / baseline"), TOO_EARLY);
        assert_eq!(of(&facts, "violation share"), TOO_EARLY);
        assert!(facts.iter().all(|fact| !fact.text.contains('%')));
        let facts = hours(100_800).facts();
        assert_eq!(of(&facts, "time with data"), "1 day 4 h");
        assert_eq!(of(&facts, "used / baseline"), "50 %");
        assert_eq!(of(&facts, "violation share"), "0.83 %");
    }
}
