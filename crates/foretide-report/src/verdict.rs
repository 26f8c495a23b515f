//! What the figures of a backtest say: a verdict in sentences, and the settings that they support.

use foretide_domain::{Comparison, Figures, Headroom};
use foretide_sim::{BASELINE, Yardstick};

use crate::priced;
use crate::summary::{PolicyFigures, TraceFigures};

/// Policies that `foretide run` has, the default first.
const RUNNABLE: [&str; 4] = ["forecast", BASELINE, "target-tracking", "classifier"];

impl TraceFigures {
    /// Fills in verdict and suggestion by what is configured: a violation budget, or prices. What
    /// is suggested has the headroom that the policies kept.
    pub fn judge(&mut self, yardstick: Yardstick, headroom: Headroom) {
        self.verdict = self.verdict_for(yardstick);
        self.suggestion = self.suggestion_for(yardstick);
        if let Some(suggestion) = &mut self.suggestion
            && !(headroom.is_none() || suggestion.lines.is_empty())
        {
            let headroom = format!("headroom = \"{}\"", headroom.setting());
            suggestion.lines.push(headroom);
        }
    }

    /// A sentence for each policy, then the verdict: what two weeks of history say of a group.
    pub fn said(&self) -> Vec<String> {
        let of = self.policies.iter().map(|policy| {
            format!(
                "Two weeks of history with {}: {:.0} instance-hours, {:.2} % of the time above \
                 the objective, {} changes.",
                policy.label,
                policy.instance_hours,
                100.0 * policy.violation_share,
                policy.actions
            )
        });
        of.chain(self.verdict.clone()).collect()
    }

    /// The policy that the verdict is about: the first of Foretide's own that ran.
    fn subject(&self) -> Option<&PolicyFigures> {
        let own = RUNNABLE.iter().filter(|name| **name != BASELINE);
        let mut own = own.filter_map(|name| self.named(name));
        own.next()
    }

    /// The runs of a policy, also at other targets: `target-tracking:target=40` is one. A run with
    /// settings that a suggestion could not state is none.
    fn runs_of(&self, name: &str) -> impl Iterator<Item = &PolicyFigures> {
        self.policies.iter().filter(move |policy| {
            let rest = policy.name.strip_prefix(name);
            rest.is_some_and(|rest| {
                rest.split(':')
                    .all(|it| it.is_empty() || it.starts_with("target="))
            })
        })
    }

    fn named(&self, name: &str) -> Option<&PolicyFigures> {
        self.policies.iter().find(|policy| policy.name == name)
    }

    /// Whether less than a day was scored: nothing is compared then.
    fn is_too_early(&self) -> bool {
        self.setup.days - f64::from(self.setup.warmup_days) < 1.0
    }

    /// What the run says of Foretide's policy; none where no policy of Foretide ran.
    fn verdict_for(&self, yardstick: Yardstick) -> Option<String> {
        let subject = self.subject()?;
        if self.is_too_early() {
            return Some(format!(
                "Policy {}: {:.1} instance-hours. Too early to compare: 1 day of scored data is \
                 needed.",
                subject.label, subject.instance_hours
            ));
        }
        Some(match yardstick {
            Yardstick::Budget(budget) => self.by_budget(subject, budget),
            Yardstick::Prices(ratio) => priced::verdict(subject, self.named(BASELINE), ratio),
        })
    }

    /// The verdict on `subject` for a violation `budget`, 0 to 1.
    fn by_budget(&self, subject: &PolicyFigures, budget: f64) -> String {
        let of = format!("Policy {}", subject.label);
        let share = 100.0 * subject.violation_share;
        let hours = subject.instance_hours;
        let alone = format!(
            "{of} used {hours:.1} instance-hours and was in violation {share:.2} % of the time \
             (budget {:.2} %)",
            100.0 * budget
        );
        let Some(baseline) = self.named(BASELINE) else {
            return format!(
                "{alone}. There is no baseline: --policy {},{BASELINE} adds it.",
                subject.name
            );
        };
        let compared = Comparison {
            own: figures(subject),
            other: figures(baseline),
            than: baseline.label.clone(),
            budget,
            none_kept: baseline.keeps_budget == Some(false),
        };
        format!("{}.", compared.of(&of))
    }

    /// Lines for the group's table of the configuration, with the sentence that says why.
    fn suggestion_for(&self, yardstick: Yardstick) -> Option<Suggestion> {
        if self.is_too_early() {
            return None;
        }
        match yardstick {
            Yardstick::Budget(budget) => Some(self.within_budget(budget)),
            Yardstick::Prices(ratio) => self.cheapest(ratio),
        }
    }

    /// The cheapest of Foretide's policies where a missing instance costs `ratio` times one that is
    /// there; none where none ran.
    fn cheapest(&self, ratio: f64) -> Option<Suggestion> {
        let ran = RUNNABLE.iter().flat_map(|name| self.runs_of(name));
        let cost = |policy: &&PolicyFigures| priced::cost(policy, ratio);
        let chosen = ran.min_by(|one, other| cost(one).total_cmp(&cost(other)))?;
        Some(Suggestion {
            why: format!(
                "Of Foretide's policies that ran, {} was the cheapest at the stated prices over \
                 {:.1} scored days. Keep forecast.instance_price and forecast.violation_price.",
                chosen.label,
                self.setup.days - f64::from(self.setup.warmup_days)
            ),
            lines: self.settings(chosen, None),
        })
    }

    /// Only settings that ran and kept the violation `budget`; no line where there is none.
    fn within_budget(&self, budget: f64) -> Suggestion {
        // Of equal ones the first: the order is that of preference.
        let ran = RUNNABLE.iter().flat_map(|name| self.runs_of(name));
        let kept = ran.filter(|policy| policy.violation_share <= budget);
        let chosen = kept.min_by(|one, other| one.instance_hours.total_cmp(&other.instance_hours));
        let days = self.setup.days - f64::from(self.setup.warmup_days);
        let Some(chosen) = chosen else {
            return Suggestion {
                why: format!(
                    "These figures support no setting: no policy of Foretide that ran kept the \
                     violation budget of {:.2} % over {days:.1} scored days.",
                    100.0 * budget
                ),
                lines: Vec::new(),
            };
        };
        let why = format!(
            "Of Foretide's policies that ran, {} was the cheapest that kept the violation budget \
             of {:.2} % over {days:.1} scored days.{}",
            chosen.label,
            100.0 * budget,
            in_hindsight(chosen)
        );
        let lines = self.settings(chosen, Some(budget));
        Suggestion { why, lines }
    }

    fn settings(&self, chosen: &PolicyFigures, budget: Option<f64>) -> Vec<String> {
        let objective = 100.0 * self.setup.slo_utilisation;
        let policy = match chosen.policy() {
            BASELINE => "target-tracking",
            name => name,
        };
        let mut lines = vec![format!("policy = \"{policy}\"")];
        if let Some(target) = chosen.parameters.get("target") {
            lines.push(format!("target_utilisation = \"{target}%\""));
        }
        lines.push(format!("forecast.objective = \"{}%\"", rounded(objective)));
        let budget = budget.map(|budget| rounded(100.0 * budget));
        lines.extend(budget.map(|budget| format!("forecast.budget = \"{budget}%\"")));
        lines
    }
}

/// What has to be known of a target that was chosen by the days that it is judged on.
fn in_hindsight(chosen: &PolicyFigures) -> &'static str {
    if chosen.name == BASELINE {
        " Its target was chosen by these same days: other days may need another."
    } else {
        ""
    }
}

/// Without what floating point adds.
fn rounded(percent: f64) -> f64 {
    (percent * 1e6).round() / 1e6
}

fn figures(policy: &PolicyFigures) -> Figures {
    Figures {
        instance_hours: policy.instance_hours,
        violation_share: policy.violation_share,
    }
}

/// Settings that the figures support.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Suggestion {
    /// Why, in a sentence.
    pub why: String,
    /// Lines of the group's table; none where no setting is supported.
    pub lines: Vec<String>,
}

#[cfg(test)]
mod tests {
    use foretide_sim::{Judged, Score};

    use super::*;
    use crate::summary::SetupFigures;

    const BUDGET: Yardstick = Yardstick::Budget(0.005);

    fn policy(name: &str, label: &str, hours: f64, violation_share: f64) -> PolicyFigures {
        let score = Score {
            instance_hours: hours,
            violation_share,
            ..Score::default()
        };
        let is_baseline = name == BASELINE;
        let judged = Judged {
            score,
            label: label.into(),
            parameters: is_baseline
                .then_some(("target", 65.0))
                .into_iter()
                .collect(),
            kept: is_baseline.then_some(violation_share <= 0.005),
            prices: None,
        };
        PolicyFigures::new(name.into(), judged, 0.1, None)
    }

    fn trace(own: (f64, f64), other: (f64, f64), days: f64) -> TraceFigures {
        let baseline = policy(BASELINE, "target tracking at 65 %", other.0, other.1);
        TraceFigures {
            name: "web".into(),
            setup: SetupFigures {
                unit: 1.0,
                min: 1,
                max: 9,
                boot_s: 180,
                delay_s: 60,
                period_s: 60,
                slo_utilisation: 0.8,
                launch_failure_share: 0.0,
                warmup_days: 1,
                seed: 0,
                step_s: 60,
                days,
                from: String::new(),
            },
            optimum_hours: 10.0,
            verdict: None,
            suggestion: None,
            policies: vec![policy("forecast", "forecast", own.0, own.1), baseline],
            curves: Vec::new(),
        }
    }

    #[test]
    fn a_verdict_says_hours_and_both_violation_shares() {
        let said = |own, other| trace(own, other, 8.0).verdict_for(BUDGET).unwrap();
        assert_eq!(
            said((59.0, 0.0046), (100.0, 0.0049)),
            "Policy forecast used 41 % fewer instance-hours than target tracking at 65 % (in \
             violation 0.46 % of the time against 0.49 %); both kept the violation budget of \
             0.50 %."
        );
        assert_eq!(
            said((112.0, 0.0083), (100.0, 0.0049)),
            "Policy forecast did not keep the violation budget of 0.50 %; it used 12 % more \
             instance-hours than target tracking at 65 %, so dearer (in violation 0.83 % of the \
             time against 0.49 %)."
        );
        assert_eq!(
            said((59.0, 0.006), (100.0, 0.03)),
            "Policy forecast did not keep the violation budget of 0.50 %, and no target from 30 % \
             to 80 % did; it used 41 % fewer instance-hours than target tracking at 65 % (in \
             violation 0.60 % of the time against 3.00 %); this target had the fewest violations."
        );
    }

    #[test]
    fn below_a_day_nothing_is_compared_and_without_a_baseline_it_is_said_how_to_add_it() {
        let early = trace((59.0, 0.0), (100.0, 0.0), 1.9);
        let said = early.verdict_for(BUDGET).unwrap();
        assert_eq!(
            said,
            "Policy forecast: 59.0 instance-hours. Too early to compare: 1 day of scored data is \
             needed."
        );
        assert_eq!(early.suggestion_for(BUDGET), None);
        let mut alone = trace((59.0, 0.0), (100.0, 0.0), 8.0);
        alone.policies.truncate(1);
        let said = alone.verdict_for(BUDGET).unwrap();
        assert!(
            said.ends_with("--policy forecast,baseline adds it."),
            "{said}"
        );
        alone.policies.clear();
        assert_eq!(alone.verdict_for(BUDGET), None);
    }

    #[test]
    fn only_settings_that_kept_the_budget_are_suggested_the_cheapest_first() {
        let lines = |own, other| trace(own, other, 8.0).suggestion_for(BUDGET).unwrap().lines;
        let objective = ["forecast.objective = \"80%\"", "forecast.budget = \"0.5%\""];
        let forecast = lines((59.0, 0.0046), (100.0, 0.0049));
        assert_eq!(
            forecast,
            ["policy = \"forecast\"", objective[0], objective[1]]
        );
        let tracking = lines((59.0, 0.0083), (100.0, 0.0049));
        let expected = [
            "policy = \"target-tracking\"",
            "target_utilisation = \"65%\"",
            objective[0],
            objective[1],
        ];
        assert_eq!(tracking, expected);
        // A run at another target counts; one with further settings cannot be suggested.
        let mut other = trace((59.0, 0.0083), (100.0, 0.03), 8.0);
        let at = |name: &str, hours| policy(name, name, hours, 0.004);
        other.policies.push(at("target-tracking:target=40", 90.0));
        other
            .policies
            .push(at("target-tracking:target=45:out_points=1", 80.0));
        let suggestion = other.suggestion_for(BUDGET).unwrap();
        assert!(
            suggestion.why.contains("target-tracking:target=40"),
            "{suggestion:?}"
        );
        assert_eq!(suggestion.lines[0], expected[0]);
        let why = trace((59.0, 0.0083), (100.0, 0.0049), 8.0)
            .suggestion_for(BUDGET)
            .unwrap()
            .why;
        assert!(why.contains("chosen by these same days"), "{why}");
        assert_eq!(lines((59.0, 0.0083), (100.0, 0.03)), Vec::<String>::new());
    }

    #[test]
    fn what_is_suggested_has_the_headroom_that_was_kept() {
        let last = |own, headroom| {
            let mut trace = trace(own, (100.0, 0.03), 8.0);
            trace.judge(BUDGET, headroom);
            trace.suggestion.unwrap().lines.pop()
        };
        let kept = (59.0, 0.0046);
        assert_eq!(
            last(kept, Headroom::ZoneOf(3)).as_deref(),
            Some("headroom = \"zone of 3\"")
        );
        let none = last(kept, Headroom::NONE).unwrap();
        assert!(!none.contains("headroom"), "{none}");
        assert_eq!(last((59.0, 0.0083), Headroom::Instances(1)), None);
    }

    /// Where prices are stated no budget is configured, so none is judged.
    #[test]
    fn stated_prices_are_judged_by_cost_and_no_budget_is_named() {
        let mut trace = trace((59.0, 0.0083), (90.0, 0.0049), 8.0);
        for (policy, missing) in trace.policies.iter_mut().zip([0.2, 0.1]) {
            policy.missing_instance_hours = missing;
        }
        trace.judge(Yardstick::Prices(100.0), Headroom::NONE);
        assert_eq!(
            trace.verdict.clone().unwrap(),
            "Policy forecast costs 21 % less than target tracking at 65 % at the stated prices, \
             where a missing instance-hour costs as much as 100.0 others: 59.0 instance-hours and \
             0.20 missing against 90.0 and 0.10 (in violation 0.83 % of the time against 0.49 %). \
             Prices are stated, so no violation budget is judged."
        );
        let suggestion = trace.suggestion.clone().unwrap();
        assert!(
            suggestion
                .why
                .contains("forecast was the cheapest at the stated prices")
        );
        let lines = ["policy = \"forecast\"", "forecast.objective = \"80%\""];
        assert_eq!(suggestion.lines, lines);
        trace.judge(Yardstick::Prices(1000.0), Headroom::NONE);
        let dearer = trace.verdict.clone().unwrap();
        assert!(
            dearer.starts_with("Policy forecast costs 36 % more than"),
            "{dearer}"
        );
        let lines = trace.suggestion.clone().unwrap().lines;
        assert_eq!(
            lines[..2],
            [
                "policy = \"target-tracking\"",
                "target_utilisation = \"65%\""
            ]
        );
        trace.policies.truncate(1);
        trace.judge(Yardstick::Prices(100.0), Headroom::NONE);
        let alone = trace.verdict.unwrap();
        assert!(
            alone.ends_with("--policy forecast,baseline adds it."),
            "{alone}"
        );
    }
}
