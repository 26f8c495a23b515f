//! A decision unfolded: every input, what the policy wanted, what each guard rail made of it, and
//! what bound it, as labelled lines. Terminal and page show these same lines.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::sentence::GuardSentence;
use crate::{Decision, Features, ForecastFigures, Guard, GuardStep, Inputs, Memory};

/// A decision, its sentence and all that stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfolded {
    /// When it was made, RFC 3339 in UTC.
    pub at: String,
    /// The sentence, as the log has it.
    pub sentence: String,
    /// What stands behind it, in the order in which it came about.
    pub sections: Vec<Section>,
}

/// Facts that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What they are.
    pub title: &'static str,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is of.
    pub label: String,
    /// What it is, with its unit.
    pub text: String,
}

impl Decision {
    /// The decision with everything that it depended on.
    pub fn unfold(&self) -> Unfolded {
        let why = &self.explanation;
        let mut sections = vec![
            section("group", group(&why.inputs)),
            section("measured", measured(&why.inputs)),
            section("remembered", remembered(&why.inputs)),
        ];
        if let Some(features) = &why.inputs.features {
            sections.push(section("asked of the model", asked(features)));
        }
        if let Some(figures) = &why.inputs.forecast {
            sections.push(section("forecast", forecast(figures)));
        }
        sections.push(section("policy", self.proposed()));
        sections.push(section("guard rails", self.guarded()));
        sections.push(section("outcome", self.outcome()));
        Unfolded {
            at: self.at.to_string(),
            sentence: self.to_string(),
            sections,
        }
    }

    fn proposed(&self) -> Vec<Fact> {
        let why = &self.explanation;
        let wanted = why.proposal.desired;
        let wants = wanted.map_or_else(
            || format!("{}, what is", why.inputs.desired),
            |wanted| wanted.to_string(),
        );
        vec![
            fact("policy", why.policy),
            fact("rule", why.proposal.rule),
            fact("wants", wants),
        ]
    }

    fn guarded(&self) -> Vec<Fact> {
        let why = &self.explanation;
        let step = |GuardStep { guard, from, to }: &GuardStep| {
            let says = GuardSentence(*guard, &why.inputs);
            fact(guard, format!("{from} -> {to}: {says}"))
        };
        let mut facts: Vec<Fact> = why.steps.iter().map(step).collect();
        let others = if facts.is_empty() {
            "all"
        } else {
            "all others"
        };
        facts.push(fact(others, "changed nothing"));
        let bound = match why.bound_by {
            Some(guard) => format!("{guard}: {}", GuardSentence(guard, &why.inputs)),
            None => "nothing: the policy got what it wanted".to_owned(),
        };
        facts.push(fact("bound by", bound));
        facts
    }

    fn outcome(&self) -> Vec<Fact> {
        let keeps = || format!("keeps {}", self.explanation.inputs.desired);
        let desired = self
            .desired
            .map_or_else(keeps, |desired| desired.to_string());
        vec![
            fact("desired", desired),
            fact("mode", self.explanation.mode),
            fact("next look", self.next_look),
        ]
    }
}

fn section(title: &'static str, facts: Vec<Fact>) -> Section {
    Section { title, facts }
}

fn fact(label: impl fmt::Display, text: impl fmt::Display) -> Fact {
    Fact {
        label: label.to_string(),
        text: text.to_string(),
    }
}

fn group(inputs: &Inputs) -> Vec<Fact> {
    let (counts, suspended) = (inputs.counts, inputs.suspended);
    let mut processes = Vec::new();
    processes.extend(suspended.launch.then_some("Launch"));
    processes.extend(suspended.terminate.then_some("Terminate"));
    processes.extend(
        suspended
            .add_to_load_balancer
            .then_some("AddToLoadBalancer"),
    );
    let processes = if processes.is_empty() {
        "none".to_owned()
    } else {
        processes.join(", ")
    };
    vec![
        fact("desired", inputs.desired),
        fact("bounds", inputs.bounds),
        fact("in service", counts.in_service),
        fact("pending", counts.pending),
        fact("standby", counts.standby),
        fact("terminating", counts.terminating),
        fact("read", format!("{} ago", seconds(inputs.group_age))),
        fact("suspended", processes),
        fact("instance refresh", yes(inputs.refreshing)),
    ]
}

fn measured(inputs: &Inputs) -> Vec<Fact> {
    let memory = inputs.memory.map(|memory| match memory {
        Memory::Measured(percent) => format!("{percent}, measured"),
        Memory::Estimated(percent) => format!("{percent}, estimated from CPU"),
    });
    let share = |share: f64| format!("{:.0} % of the instances report", share * 100.0);
    vec![
        fact("CPU", known(inputs.cpu)),
        fact("load", known(inputs.load)),
        fact(
            "on instances",
            known(inputs.instances.map(|count| format!("{count:.1}"))),
        ),
        fact("coverage", known(inputs.coverage.map(share))),
        fact("memory", known(memory)),
        fact("data age", known(inputs.data_age.map(seconds))),
        fact("fresh", yes(inputs.fresh)),
    ]
}

fn remembered(inputs: &Inputs) -> Vec<Fact> {
    vec![
        fact(
            "streak",
            format!(
                "{} votes on {} datapoints",
                inputs.streak, inputs.streak_datapoints
            ),
        ),
        fact("cooldown left", seconds(inputs.cooldown_left)),
        fact(
            "breaker",
            if inputs.breaker_open {
                "open"
            } else {
                "closed"
            },
        ),
        fact(
            "model's answer",
            known(
                inputs
                    .class
                    .map(|(class, sure)| format!("{class} ({:.1} %)", sure * 100.0)),
            ),
        ),
    ]
}

fn asked(features: &Features) -> Vec<Fact> {
    let Features {
        cpu_usage,
        memory_usage,
        network_traffic,
        power_consumption,
        num_executed_instructions,
        execution_time,
        energy_efficiency,
        task_type,
        task_priority,
    } = features;
    vec![
        fact("cpu_usage", format!("{cpu_usage} %")),
        fact("memory_usage", format!("{memory_usage} %")),
        fact("network_traffic", format!("{network_traffic} MiB/s")),
        fact("power_consumption", format!("{power_consumption} W")),
        fact("num_executed_instructions", num_executed_instructions),
        fact("execution_time", format!("{execution_time} s")),
        fact("energy_efficiency", energy_efficiency),
        fact("task_type", task_type),
        fact("task_priority", task_priority),
    ]
}

/// Levels of the quantiles that an explanation shows.
const LEVELS: [&str; 5] = ["50 %", "90 %", "97 %", "99 %", "99.6 %"];

fn forecast(figures: &ForecastFigures) -> Vec<Fact> {
    let ForecastFigures {
        ahead,
        history,
        reading_history,
        quantiles,
        own_model,
        price,
        position,
        short_chance,
        need,
        tracking,
        demoted,
    } = figures;
    let model = if *own_model {
        "of the group's own history"
    } else {
        "of generated load"
    };
    let mut facts = vec![
        fact("ahead", seconds(*ahead)),
        fact("history", past(*history, *reading_history)),
        fact("model", model),
        fact("price", format!("{price:.2} instance-periods a short one")),
        fact("position", position),
        fact(
            "chance of being short",
            known(short_chance.map(|chance| format!("{:.2} %", chance * 100.0))),
        ),
        fact("load now needs", need),
        fact("target tracking", tracking),
        fact("price bounded", yes(*demoted)),
    ];
    let load = |index: usize| known(quantiles.and_then(|it| it.get(index).copied()));
    let levels = LEVELS.iter().enumerate();
    facts.extend(levels.map(|(index, level)| fact(format!("load at {level}"), load(index))));
    facts
}

fn past(history: Duration, reading: bool) -> String {
    let days = history.as_secs_f64() / 86_400.0;
    let more = if reading {
        ", more is still being read"
    } else {
        ""
    };
    format!("{days:.1} days{more}")
}

fn known(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "not known".to_owned(), |value| value.to_string())
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

impl fmt::Display for Guard {
    /// The guard rail's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bounds => "bounds",
            Self::Suspended => "suspended processes",
            Self::Freshness => "freshness",
            Self::Coverage => "coverage",
            Self::UpperUtilisation => "upper utilisation",
            Self::InstanceRefresh => "instance refresh",
            Self::PendingLaunches => "pending launches",
            Self::ProjectedUtilisation => "projected utilisation",
            Self::Confidence => "confidence",
            Self::Streak => "streak",
            Self::Cooldown => "cooldown",
            Self::Breaker => "breaker",
            Self::WriteInFlight => "write in flight",
            Self::WriteBackoff => "write back-off",
            Self::Mode => "mode",
            Self::Audit => "audit",
        })
    }
}

impl fmt::Display for Unfolded {
    /// The sentence, then a line a fact: `  group  desired  2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.sentence)?;
        let labels = |section: &Section| section.facts.iter().map(|it| it.label.len()).max();
        let width = self.sections.iter().filter_map(labels).max().unwrap_or(0);
        for section in &self.sections {
            write!(f, "\n  {}", section.title)?;
            for Fact { label, text } in &section.facts {
                write!(f, "\n    {label:<width$}  {text}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Bounds, Class, ClassifierRule, Explanation, LifecycleCounts, Load, Mode, Percent,
        PolicyKind, Proposal, Rule, SuspendedProcesses, TaskPriority, TaskType, Timestamp,
    };

    fn inputs() -> Inputs {
        Inputs {
            desired: 3,
            bounds: Bounds::new(1, 9).unwrap(),
            counts: LifecycleCounts {
                in_service: 3,
                pending: 11,
                standby: 12,
                terminating: 13,
            },
            group_age: Duration::from_millis(1250),
            suspended: SuspendedProcesses {
                terminate: true,
                ..SuspendedProcesses::default()
            },
            refreshing: true,
            cpu: Percent::new(21.5),
            load: Load::new(64.5),
            instances: Some(3.0),
            data_age: Some(Duration::from_secs(71)),
            fresh: true,
            coverage: Some(0.75),
            memory: Percent::new(33.0).map(Memory::Estimated),
            features: Some(Features {
                cpu_usage: 21.5,
                memory_usage: 33.0,
                network_traffic: 1.5,
                power_consumption: 35.6,
                num_executed_instructions: 123_456.0,
                execution_time: 0.8,
                energy_efficiency: 0.92,
                task_type: TaskType::Compute,
                task_priority: TaskPriority::Low,
            }),
            forecast: Some(ForecastFigures {
                ahead: Duration::from_secs(300),
                history: Duration::from_secs(36 * 3600),
                reading_history: true,
                quantiles: [70.0, 80.0, 90.0, 95.0, 99.0]
                    .map(Load::new)
                    .map(Option::unwrap)
                    .into(),
                own_model: true,
                price: 41.5,
                position: 7,
                short_chance: Some(0.0123),
                need: 14,
                tracking: 15,
                demoted: false,
            }),
            class: Some((Class::ScaleIn, 0.875)),
            streak: 16,
            streak_datapoints: 17,
            cooldown_left: Duration::from_secs(118),
            breaker_open: false,
        }
    }

    fn decision() -> Decision {
        let at = Timestamp::from_seconds(0);
        Decision {
            at,
            desired: None,
            next_look: at.plus(Duration::from_secs(10)),
            explanation: Explanation {
                mode: Mode::Enforce,
                policy: PolicyKind::Classifier,
                inputs: inputs(),
                proposal: Proposal {
                    desired: Some(2),
                    rule: Rule::Classifier(ClassifierRule::ScaleIn),
                },
                steps: vec![GuardStep {
                    guard: Guard::Cooldown,
                    from: 2,
                    to: 3,
                }],
                bound_by: Some(Guard::Cooldown),
            },
        }
    }

    #[test]
    fn every_input_is_there_with_its_unit() {
        let text = decision().unfold().to_string();
        for part in [
            "bounds                     1..9",
            "pending                    11",
            "standby                    12",
            "terminating                13",
            "1.25 s ago",
            "Terminate",
            "instance refresh           yes",
            "21.5 %",
            "64 instance-%",
            "75 % of the instances report",
            "33.0 %, estimated from CPU",
            "data age                   71 s",
            "16 votes on 17 datapoints",
            "cooldown left              118 s",
            "breaker                    closed",
            "scale_in (87.5 %)",
            "1.5 MiB/s",
            "123456",
            "load at 99.6 %             99 instance-%",
            "1.23 %",
            "history                    1.5 days, more is still being read",
            "41.50 instance-periods",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn the_policy_each_guard_step_and_what_bound_are_named() {
        let text = decision().unfold().to_string();
        assert!(
            text.starts_with("1970-01-01T00:00:00Z hold at 3: "),
            "{text}"
        );
        for part in [
            "rule                       the model asks for less",
            "wants                      2",
            "cooldown                   2 -> 3: cooldown: 118 s left",
            "all others                 changed nothing",
            "bound by                   cooldown: cooldown: 118 s left",
            "desired                    keeps 3",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }
}
