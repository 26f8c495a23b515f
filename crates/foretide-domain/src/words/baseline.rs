//! The baseline in words, and a comparison with it. A comparison of instance-hours always says the
//! violation shares of both sides, because fewer instances are easy to have with more violations.

use std::fmt;

use super::fact::percent;
use super::hours::span;
use crate::{BANK_TARGETS, Baseline, Figures, Hours};

/// `target tracking at 65 %`.
impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.target {
            Some(target) => write!(f, "target tracking at {target} %"),
            None => f.write_str("target tracking at the configured target"),
        }
    }
}

impl Baseline {
    /// What a reader of the baseline's figures has to know besides; none where there is nothing.
    pub fn remark(&self) -> Option<String> {
        (self.missing_s > 0).then(|| {
            format!(
                "{} of this time have the figures of the configured target, because an earlier \
                 version counted them",
                span(self.missing_s)
            )
        })
    }
}

/// `from 30 % to 80 %`: the targets that a baseline is chosen among.
fn targets() -> String {
    let [least, .., most] = BANK_TARGETS;
    format!("from {least} % to {most} %")
}

/// Two settings on the same load.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub own: Figures,
    /// What it is compared with.
    pub other: Figures,
    /// The name of the other, as in `than NAME`.
    pub than: String,
    /// The violation budget, 0 to 1.
    pub budget: f64,
    /// Whether the other is the fair baseline of a budget that no target kept.
    pub none_kept: bool,
}

impl Hours {
    /// Used hours against the fair baseline; none below a day of data.
    pub fn comparison(&self) -> Option<Comparison> {
        let baseline = self.baseline();
        let own = Figures {
            instance_hours: self.used()?,
            violation_share: self.violation_share()?,
        };
        let other = Figures {
            instance_hours: self.of_baseline(&baseline)?,
            violation_share: self.baseline_violation_share()?,
        };
        Some(Comparison {
            own,
            other,
            than: baseline.to_string(),
            budget: baseline.budget.map_or(1.0, |(budget, _)| budget),
            none_kept: baseline.budget.is_some_and(|(_, kept)| !kept),
        })
    }

    /// The comparison in a sentence, and what a reader has to know besides. None below a day of
    /// data.
    pub fn compared(&self) -> Option<String> {
        let said = self.comparison()?.to_string();
        Some(match self.baseline().remark() {
            Some(remark) => format!("{said}; {remark}"),
            None => said,
        })
    }
}

impl Comparison {
    /// `41 % fewer instance-hours than target tracking at 65 %`, without the violations.
    fn hours(&self) -> String {
        let Self { own, other, .. } = self;
        let than = &self.than;
        if other.instance_hours <= 0.0 {
            return format!("instance-hours that cannot be compared with those of {than}");
        }
        let more = 100.0 * (own.instance_hours / other.instance_hours - 1.0);
        if more.abs() < 0.5 {
            format!("as many instance-hours as {than}")
        } else if more < 0.0 {
            format!("{:.0} % fewer instance-hours than {than}", -more)
        } else {
            format!("{more:.0} % more instance-hours than {than}, so dearer")
        }
    }

    /// Whether the own side kept the violation budget.
    fn keeps_budget(&self) -> bool {
        self.own.violation_share <= self.budget
    }

    /// `41 % fewer instance-hours than target tracking at 65 % (in violation 0.46 % of the time
    /// against 0.49 %)`.
    fn figures(&self) -> String {
        let of = |side: &Figures| percent(side.violation_share);
        format!(
            "{} (in violation {} of the time against {})",
            self.hours(),
            of(&self.own),
            of(&self.other)
        )
    }

    /// What `who` failed at comes before what it saved: `did not keep the violation budget of 0.50
    /// %`. None where it kept the budget.
    fn failed(&self) -> Option<String> {
        let neither = if self.none_kept {
            format!(", and no target {} did", targets())
        } else {
            String::new()
        };
        let budget = percent(self.budget);
        let failed = format!("did not keep the violation budget of {budget}{neither}");
        (!self.keeps_budget()).then_some(failed)
    }

    /// What a reader has to know of the baseline; nothing where it kept the budget.
    fn of_the_other(&self) -> String {
        let fewest = "this target had the fewest violations";
        match (self.none_kept, self.keeps_budget()) {
            (false, _) => String::new(),
            (true, false) => format!("; {fewest}"),
            (true, true) => format!(
                "; no target {} kept the violation budget of {}; {fewest}",
                targets(),
                percent(self.budget)
            ),
        }
    }

    /// The comparison as a sentence on `who`, without its full stop.
    pub fn of(&self, who: &str) -> String {
        let (figures, other) = (self.figures(), self.of_the_other());
        match self.failed() {
            Some(failed) => format!("{who} {failed}; it used {figures}{other}"),
            None if other.is_empty() => {
                let budget = percent(self.budget);
                format!("{who} used {figures}; both kept the violation budget of {budget}")
            }
            None => format!("{who} used {figures}{other}"),
        }
    }
}

/// `41 % fewer instance-hours than target tracking at 65 % (in violation 0.46 % of the time against
/// 0.49 %)`, after a violation budget that was not kept.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(failed) = self.failed() {
            write!(f, "Foretide {failed}: ")?;
        }
        write!(f, "{}{}", self.figures(), self.of_the_other())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(own: (f64, f64), other: (f64, f64), none_kept: bool) -> Comparison {
        let of = |(instance_hours, violation_share)| Figures {
            instance_hours,
            violation_share,
        };
        Comparison {
            own: of(own),
            other: of(other),
            than: "target tracking at 65 %".to_owned(),
            budget: 0.005,
            none_kept,
        }
    }

    #[test]
    fn a_comparison_says_the_violations_of_both_sides() {
        let said = |own, other, none_kept| comparison(own, other, none_kept).to_string();
        assert_eq!(
            said((59.0, 0.0046), (100.0, 0.0049), false),
            "41 % fewer instance-hours than target tracking at 65 % (in violation 0.46 % of the \
             time against 0.49 %)"
        );
        assert_eq!(
            said((112.0, 0.0), (100.0, 0.0049), false),
            "12 % more instance-hours than target tracking at 65 %, so dearer (in violation \
             0.00 % of the time against 0.49 %)"
        );
        assert_eq!(
            said((100.4, 0.0083), (100.0, 0.0049), false),
            "Foretide did not keep the violation budget of 0.50 %: as many instance-hours as \
             target tracking at 65 % (in violation 0.83 % of the time against 0.49 %)"
        );
        assert_eq!(
            said((59.0, 0.01), (100.0, 0.03), true),
            "Foretide did not keep the violation budget of 0.50 %, and no target from 30 % to 80 \
             % did: 41 % fewer instance-hours than target tracking at 65 % (in violation 1.00 % \
             of the time against 3.00 %); this target had the fewest violations"
        );
        assert_eq!(
            said((59.0, 0.004), (100.0, 0.03), true),
            "41 % fewer instance-hours than target tracking at 65 % (in violation 0.40 % of the \
             time against 3.00 %); no target from 30 % to 80 % kept the violation budget of \
             0.50 %; this target had the fewest violations"
        );
    }

    /// A saving that was bought with violations is no saving: what was failed at comes first.
    #[test]
    fn a_sentence_says_a_budget_that_was_not_kept_before_the_hours() {
        let said = |own, other, none_kept| comparison(own, other, none_kept).of("Policy forecast");
        assert_eq!(
            said((59.0, 0.0083), (100.0, 0.0049), false),
            "Policy forecast did not keep the violation budget of 0.50 %; it used 41 % fewer \
             instance-hours than target tracking at 65 % (in violation 0.83 % of the time against \
             0.49 %)"
        );
        assert_eq!(
            said((59.0, 0.0083), (100.0, 0.03), true),
            "Policy forecast did not keep the violation budget of 0.50 %, and no target from 30 % \
             to 80 % did; it used 41 % fewer instance-hours than target tracking at 65 % (in \
             violation 0.83 % of the time against 3.00 %); this target had the fewest violations"
        );
        assert_eq!(
            said((59.0, 0.0046), (100.0, 0.0049), false),
            "Policy forecast used 41 % fewer instance-hours than target tracking at 65 % (in \
             violation 0.46 % of the time against 0.49 %); both kept the violation budget of 0.50 \
             %"
        );
    }

    #[test]
    fn a_baseline_is_named_with_its_target_and_what_it_lacks() {
        let mut baseline = Baseline {
            target: Some(65),
            instance_s: 0,
            violation_s: 0,
            missing_s: 0,
            budget: Some((0.005, true)),
        };
        assert_eq!(baseline.to_string(), "target tracking at 65 %");
        assert_eq!(baseline.remark(), None);
        baseline.missing_s = 7200;
        assert_eq!(
            baseline.remark().unwrap(),
            "2 h 0 min of this time have the figures of the configured target, because an earlier \
             version counted them"
        );
        baseline.target = None;
        let name = "target tracking at the configured target";
        assert_eq!(baseline.to_string(), name);
    }
}
