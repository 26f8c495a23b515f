//! A decision unfolded: every input, what the policy wanted, what each guard rail made of it, and
//! what bound it, as labelled lines. Terminal and page show these same lines.

use std::fmt;

use serde::Serialize;

use super::fact::{Fact, fact, known, seconds, yes};
use super::forecast::forecast;
use super::limit::{Limit, streak};
use super::signal::signals;
use crate::{
    Decision, Explanation, Features, GuardStep, Inputs, Memory, Orders, PolicyKind, Unaccounted,
    Verdict,
};

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

impl Decision {
    /// The decision with everything that it depended on.
    pub fn unfold(&self) -> Unfolded {
        let why = &self.explanation;
        let mut sections = vec![
            section("group", group(&why.inputs)),
            section("measured", measured(&why.inputs)),
            section("remembered", remembered(why)),
        ];
        if let Some(features) = &why.inputs.features {
            sections.push(section(
                "asked of the model",
                asked(features, why.inputs.memory),
            ));
        }
        if !why.inputs.signals.is_empty() {
            sections.push(section("signals", signals(&why.inputs)));
        }
        if let Some(figures) = &why.inputs.forecast {
            sections.push(section("forecast", forecast(figures)));
        }
        if let Some(figures) = &why.inputs.signal_forecast {
            sections.push(section(
                "forecast of the signal that bound",
                forecast(figures),
            ));
        }
        if !why.inputs.week.is_empty() {
            sections.push(section("last 7 days", hours(&why.inputs)));
        }
        if !why.inputs.orders.is_empty() {
            sections.push(section("orders", ordered(&why.inputs.orders)));
        }
        if let Some(event) = &why.inputs.event {
            let minimum = event.minimum.map(|least| format!(", at least {least}"));
            let text = format!("{}{}", event.name, minimum.unwrap_or_default());
            sections.push(section("calendar", vec![fact("event", text)]));
        }
        if !why.inputs.health.is_healthy() {
            sections.push(section("health", health(&why.inputs.health)));
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
            || format!("{}, as it is", why.inputs.desired),
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
            let says = Limit(*guard, &why.inputs);
            fact(guard, format!("{from} → {to}: {says}"))
        };
        let mut facts: Vec<Fact> = why.steps.iter().map(step).collect();
        let others = if facts.is_empty() {
            "all"
        } else {
            "all others"
        };
        facts.push(fact(others, "changed nothing"));
        let bound = match why.bound_by {
            Some(guard) => format!("{guard}: {}", Limit(guard, &why.inputs)),
            None => "nothing: the policy got what it asked for".to_owned(),
        };
        facts.push(fact("bound by", bound));
        facts
    }

    fn outcome(&self) -> Vec<Fact> {
        let keeps = || format!("keeps {}", self.explanation.inputs.desired);
        let desired = self
            .desired
            .map_or_else(keeps, |desired| desired.to_string());
        let mut facts = vec![
            fact("desired", desired),
            fact("mode", self.explanation.mode),
            fact("next cycle", self.next_look),
        ];
        let settings = self.explanation.inputs.settings.as_ref();
        facts.extend(settings.map(|it| fact("settings", it)));
        facts
    }
}

fn section(title: &'static str, facts: Vec<Fact>) -> Section {
    Section { title, facts }
}

fn group(inputs: &Inputs) -> Vec<Fact> {
    let counts = inputs.counts;
    let processes: Vec<&str> = inputs.suspended.names().collect();
    let processes = if processes.is_empty() {
        "none".to_owned()
    } else {
        processes.join(", ")
    };
    let told = |label: &str, count: u32| (count > 0).then(|| fact(label, count));
    let mut facts = vec![
        fact("desired", inputs.desired),
        fact("bounds", inputs.bounds),
        fact("in service", counts.in_service),
        fact("warming up", counts.warming_up),
    ];
    facts.extend(told("protected from scale-in", counts.protected));
    facts.extend(told("unhealthy", counts.unhealthy));
    facts.extend([
        fact("pending", counts.pending),
        fact("standby", counts.standby),
        fact("terminating", counts.terminating),
        fact("read", format!("{} ago", seconds(inputs.group_age))),
        fact("suspended", processes),
        fact("instance refresh", refresh(inputs)),
    ]);
    facts.extend((!inputs.headroom.is_none()).then(|| fact("headroom for", inputs.headroom)));
    facts
}

fn refresh(inputs: &Inputs) -> &'static str {
    match (inputs.refreshing, inputs.refresh_unknown) {
        (true, true) => "not known, so counted as under way",
        (refreshing, _) => yes(refreshing),
    }
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
        fact("reporting share", known(inputs.coverage.map(share))),
        fact(
            "not serving, in the mean",
            known(inputs.unaccounted.map(unaccounted)),
        ),
        fact("memory", known(memory)),
        fact("data age", known(inputs.data_age.map(seconds))),
        fact("fresh", yes(inputs.fresh)),
        fact("data trusted", inputs.staleness),
    ]
}

fn unaccounted(others: Unaccounted) -> String {
    let peak = others.peak.map(|peak| format!(", the busiest at {peak}"));
    format!(
        "{:.1} instances reported{}",
        others.reporting,
        peak.unwrap_or_default()
    )
}

fn health(verdict: &Verdict) -> Vec<Fact> {
    let mut facts = Vec::new();
    for condition in verdict.conditions() {
        let what = format!("{} (since {})", condition.cause, condition.since);
        facts.push(fact(condition.state(), what));
        if let Some(step) = condition.cause.next_step() {
            facts.push(fact("next step", step));
        }
    }
    facts
}

/// What earlier cycles left. Streak, cooldown and model's answer are of policy `classifier` alone.
fn remembered(why: &Explanation) -> Vec<Fact> {
    let inputs = &why.inputs;
    let mut facts = Vec::new();
    if why.policy == PolicyKind::Classifier {
        facts.extend(of_classifier(inputs));
    }
    let open = if inputs.breaker_open {
        "open"
    } else {
        "closed"
    };
    facts.push(fact("circuit breaker", open));
    facts
}

fn of_classifier(inputs: &Inputs) -> [Fact; 3] {
    [
        fact("streak", streak(inputs)),
        fact("cooldown left", seconds(inputs.cooldown_left)),
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

fn ordered(orders: &Orders) -> Vec<Fact> {
    let paused = orders.paused.as_ref().map(|paused| {
        let until = paused.until;
        let until = until.map_or_else(|| "resumed".to_owned(), |until| until.to_string());
        fact("paused", format!("until {until}, by {}", paused.by))
    });
    let pinned = orders.pinned.as_ref().map(|pinned| {
        let (capacity, until) = (pinned.capacity, pinned.until);
        fact(
            "pinned",
            format!("{capacity} until {until}, by {}", pinned.by),
        )
    });
    let mode = orders.mode.as_ref();
    let mode = mode.map(|it| fact("mode", format!("{}, by {}", it.mode, it.by)));
    [paused, pinned, mode].into_iter().flatten().collect()
}

fn asked(features: &Features, memory: Option<Memory>) -> Vec<Fact> {
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
    let estimated = match memory {
        Some(Memory::Estimated(_)) => ", estimated from CPU",
        _ => "",
    };
    vec![
        fact("cpu_usage", format!("{cpu_usage} %")),
        fact("memory_usage", format!("{memory_usage} %{estimated}")),
        fact("network_traffic", format!("{network_traffic} MiB/s")),
        fact("power_consumption", format!("{power_consumption} W")),
        fact("num_executed_instructions", num_executed_instructions),
        fact("execution_time", format!("{execution_time} s")),
        fact("energy_efficiency", energy_efficiency),
        fact("task_type", task_type),
        fact("task_priority", task_priority),
    ]
}

fn hours(inputs: &Inputs) -> Vec<Fact> {
    let baseline = inputs.week.baseline();
    let now = inputs.baseline.map(|now| now.running(&baseline));
    let mut facts = vec![fact("baseline now", known(now))];
    facts.extend(inputs.week.facts());
    facts
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
    use std::time::Duration;

    use super::*;
    use crate::{
        BaselineNow, Bounds, CallFailure, Cause, Class, ClassifierRule, Counterfactual,
        EventFigures, FailureKind, ForecastFigures, ForecastKept, ForecastRule, Guard, Headroom,
        Hours, LifecycleCounts, Load, LoadSource, Mode, Obstacle, PaceFigures, PaceWindow, Percent,
        Pinned, Pricing, Proposal, Rule, Severity, Stabilised, Staleness, SuspendedProcesses,
        TaskPriority, TaskType, Timestamp,
    };

    fn figures() -> ForecastFigures {
        ForecastFigures {
            ahead: Duration::from_secs(300),
            objective: None,
            history: Duration::from_secs(36 * 3600),
            reading_history: true,
            quantiles: [70.0, 80.0, 90.0, 95.0, 99.0]
                .map(Load::new)
                .map(Option::unwrap)
                .into(),
            own_model: true,
            lead_time: Duration::from_secs(181),
            load_source: LoadSource::Metric,
            uplift: 1.25,
            pricing: Pricing::Budget {
                share: 0.005,
                position: 7,
                position_max: 22,
            },
            price: 41.5,
            short_chance: Some(0.0123),
            low_chance: Some(0.0312),
            low: 19,
            high: 20,
            need: 14,
            kept: [90.0, 1440.0].map(|minutes| ForecastKept {
                minutes: Some(minutes),
                coverage: Some([0.51, 0.91, 0.98, 0.995, 0.9999]),
                short: 0.001,
            }),
            against_tracking: Counterfactual {
                own: 21.5,
                own_short: 0.003,
                tracking: 22.5,
                tracking_short: 0.004,
            },
            limit: None,
        }
    }

    fn features() -> Features {
        Features {
            cpu_usage: 21.5,
            memory_usage: 33.0,
            network_traffic: 1.5,
            power_consumption: 35.6,
            num_executed_instructions: 123_456.0,
            execution_time: 0.8,
            energy_efficiency: 0.92,
            task_type: TaskType::Compute,
            task_priority: TaskPriority::Low,
        }
    }

    fn pace() -> PaceFigures {
        let limit = PaceWindow {
            reference: 4,
            change: 5,
            per: Duration::from_mins(10),
            more_in: Duration::from_secs(130),
        };
        let stabilised = Stabilised {
            wanted: 6,
            within: Duration::from_mins(5),
        };
        PaceFigures {
            limit: Some(limit),
            stabilised: Some(stabilised),
        }
    }

    #[expect(clippy::too_many_lines, reason = "every field of a decision")]
    fn inputs() -> Inputs {
        Inputs {
            desired: 3,
            bounds: Bounds::new(1, 9).unwrap(),
            counts: LifecycleCounts {
                in_service: 3,
                warming_up: 1,
                protected: 2,
                unhealthy: 1,
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
            refresh_unknown: false,
            cpu: Percent::new(21.5),
            load: Load::new(64.5),
            instances: Some(3.0),
            data_age: Some(Duration::from_secs(71)),
            fresh: true,
            staleness: Staleness::Fresh,
            signals: Vec::new(),
            signal_forecast: None,
            event: Some(EventFigures {
                name: "sale".to_owned(),
                minimum: Some(18),
            }),
            coverage: Some(0.75),
            unaccounted: None,
            starting: 12,
            memory: Percent::new(33.0).map(Memory::Estimated),
            features: Some(features()),
            forecast: Some(figures()),
            class: Some((Class::ScaleIn, 0.875)),
            streak: 16,
            streak_datapoints: 17,
            streak_needed: Some((18, 30)),
            cooldown_left: Duration::from_secs(118),
            headroom: Headroom::Instances(1),
            start_wait_left: Some(Duration::from_secs(97)),
            settings: Some("ssm:/foretide/prod version 12".to_owned()),
            orders: Orders {
                pinned: Some(Pinned {
                    capacity: 17,
                    until: Timestamp::from_seconds(1_700_003_600),
                    by: "anna".to_owned(),
                }),
                ..Orders::default()
            },
            pace: pace(),
            breaker_open: false,
            health: crate::Verdict::default(),
            hours: Hours::default(),
            week: Hours {
                known_s: 2 * 86_400,
                used_instance_s: 3600 * 51,
                baseline_instance_s: 3600 * 102,
                optimum_instance_s: 3600 * 34,
                violation_s: 840,
                baseline_violation_s: 1740,
                ..Hours::new(Timestamp::from_seconds(1_700_000_000))
            },
            baseline: Some(BaselineNow {
                configured: 19,
                bank: None,
            }),
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
                proposal: Proposal::new(Some(2), Rule::Classifier(ClassifierRule::ScaleIn)),
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
            "protected from scale-in 2",
            "unhealthy 1",
            "pending                    11",
            "standby                    12",
            "terminating                13",
            "1.25 s ago",
            "Terminate",
            "instance refresh           yes",
            "21.5 %",
            "0.65 busy instances",
            "reporting share 75 % of the instances report",
            "33.0 %, estimated from CPU",
            "data age                   71 s",
            "17 of 18 votes in 16 of 30 cycles",
            "cooldown left              118 s",
            "circuit breaker            closed",
            "scale_in (87.5 %)",
            "settings ssm:/foretide/prod version 12",
            "1.5 MiB/s",
            "123456",
            "load at 99.6 %             0.99 busy instances",
            "chance of a violation 3.12 % with 19 instances, 1.23 % with 20 instances",
            "history                    1.5 days, more is being read",
            "as much as 41.50 instances for a period",
            "181 s",
            "the load metric",
            "raised for a known event   × 1.25",
            "certainty 96.88 % with 19 instances, 98.77 % with 20 instances",
            "a violation budget of 0.50 %: price step 7 of at most 22",
            "instances asked for        19 to 20",
            "the quantile, last day     too early: 90 min of forecasts are checked",
            "the quantile, last week    51.00 % of loads at 50 %, 91.00 % of loads at 90 %",
            "Foretide 21.5 instances, mean of up to 7 days",
            "target tracking 22.5 instances, mean of up to 7 days",
            "headroom for the loss of 1 instance",
            "sale, at least 18",
            "17 until 2023-11-14T23:13:20Z, by anna",
            "baseline now 19",
            "counted since 2023-11-14T22:13:20Z",
            "used 51.0 instance-hours",
            "baseline target tracking at the configured target",
            "baseline used 102.0 instance-hours",
            "hindsight optimum 34.0 instance-hours",
            "used / baseline 50 %",
            "in violation 14 min",
            "violation share 0.49 %",
            "compared 50 % fewer instance-hours than target tracking at the configured target (in \
             violation 0.49 % of the time against 1.01 %)",
        ] {
            assert!(
                words(&text).contains(&words(part)),
                "{part:?} is not in:\n{text}"
            );
        }
    }

    /// The words with one space between two: how wide a column is says nothing.
    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_policy_each_guard_step_and_what_bound_are_named() {
        let text = decision().unfold().to_string();
        assert!(
            text.starts_with("1970-01-01T00:00:00Z Hold at 3, 2 would be enough: "),
            "{text}"
        );
        for part in [
            "rule                       the model asks for less",
            "wants                      2",
            "cooldown                   2 → 3: cooldown, 118 s left",
            "all others                 changed nothing",
            "bound by                   cooldown: cooldown, 118 s left",
            "desired                    keeps 3",
        ] {
            assert!(
                words(&text).contains(&words(part)),
                "{part:?} is not in:\n{text}"
            );
        }
    }

    /// Each guard rail, what the sentence says where it bound, and its name in JSON.
    const GUARDS: [(Guard, &str, &str); 26] = [
        (Guard::Bounds, "the group's bounds are 1..9", "bounds"),
        (Guard::Suspended, "process Launch is suspended", "suspended"),
        (Guard::Freshness, "the newest datapoint is", "freshness"),
        (
            Guard::UpperUtilisation,
            "CPU is at the upper bound",
            "upper_utilisation",
        ),
        (
            Guard::InstanceRefresh,
            "an instance refresh",
            "instance_refresh",
        ),
        (Guard::PendingLaunches, "still starting", "pending_launches"),
        (
            Guard::HistoryUnread,
            "until the group's history is read, for another 97 s at most",
            "history_unread",
        ),
        (
            Guard::HistoryUnused,
            "until the forecast has used the group's history, for another 97 s at most",
            "history_unused",
        ),
        (Guard::EarlyDeaths, "new instances die", "early_deaths"),
        (Guard::LoadDropped, "load dropped suddenly", "load_dropped"),
        (Guard::Coverage, "of the instances report", "coverage"),
        (
            Guard::ProjectedUtilisation,
            "with fewer, utilisation",
            "projected_utilisation",
        ),
        (
            Guard::Confidence,
            "the model is not sure enough",
            "confidence",
        ),
        (Guard::Streak, "too few votes in a row", "streak"),
        (Guard::Cooldown, "cooldown, 118 s left", "cooldown"),
        (
            Guard::Stabilisation,
            "6 instances were wanted within the last 5 min (scale_in.stabilisation)",
            "stabilisation",
        ),
        (
            Guard::ScaleOutPace,
            "scale-out is limited to 5 more than 4 within 10 min; the next change is allowed in 3 min",
            "scale_out_pace",
        ),
        (
            Guard::ScaleInPace,
            "scale-in is limited to 5 fewer than 4 within 10 min; the next change is allowed in 3 min",
            "scale_in_pace",
        ),
        (
            Guard::Breaker,
            "launches fail (AWS: \"no capacity\"); next try 1970-01-01T00:05:00Z",
            "breaker",
        ),
        (
            Guard::CannotWrite,
            "scaling policy `cpu` is active",
            "cannot_write",
        ),
        (
            Guard::WriteInFlight,
            "the answer to a write is outstanding",
            "write_in_flight",
        ),
        (
            Guard::WriteBackoff,
            "AWS refused the last write: denied",
            "write_backoff",
        ),
        (
            Guard::HandsOff,
            "process AlarmNotification is suspended",
            "hands_off",
        ),
        (Guard::Paused, "an operator paused the group", "paused"),
        (Guard::Mode, "the mode does not write this", "mode"),
        (Guard::Audit, "the audit refused the plan", "audit"),
    ];

    /// Every guard rail as the one that bound: the sentence, the line "bound by" and the JSON name
    /// the same cause, and a fault of the world stands alone in the sentence.
    #[test]
    fn sentence_lines_and_json_name_the_same_cause_for_every_guard_rail() {
        for (guard, cause, name) in GUARDS {
            let mut decision = decision();
            let why = &mut decision.explanation;
            why.bound_by = Some(guard);
            why.inputs.suspended.launch = guard == Guard::Suspended;
            why.inputs.health = troubled();
            let sentence = why.sentence();
            assert!(sentence.contains(cause), "{guard}: {sentence}");
            let faults = [
                "breaker",
                "early_deaths",
                "cannot_write",
                "hands_off",
                "suspended",
                "freshness",
                "write_backoff",
                "audit",
            ];
            let is_fault = faults.contains(&name);
            assert_eq!(!sentence.contains("the model"), is_fault, "{sentence}");
            let unfolded = decision.unfold();
            let mut facts = unfolded.sections.iter().flat_map(|section| &section.facts);
            let bound = facts.find(|fact| fact.label == "bound by").unwrap();
            assert!(bound.text.contains(cause), "{guard}: {}", bound.text);
            assert!(unfolded.sentence.starts_with(&sentence));
            assert_eq!(serde_json::to_value(guard).unwrap(), name);
        }
    }

    fn troubled() -> Verdict {
        let failure = CallFailure {
            kind: FailureKind::Denied,
            detail: "no permission".to_owned(),
        };
        let obstacle = Obstacle::Policy { name: "cpu".into() };
        let failing = Cause::LaunchesFail {
            failed: 3,
            message: Some("no capacity".into()),
            retry_at: Timestamp::from_seconds(300),
            retrying: false,
        };
        let found = [
            failing,
            Cause::Obstacle(obstacle),
            Cause::WriteRefused { failure },
        ];
        let found = found.map(|cause| (Severity::Critical, cause));
        Verdict::new(found, &Verdict::default(), Timestamp::from_seconds(0))
    }

    /// AWS ends no protected instance: who reads of a scale-in must not wait for it.
    #[test]
    fn a_scale_in_that_protection_prevents_says_so() {
        let sentence = |wanted| {
            let mut decision = decision();
            let why = &mut decision.explanation;
            why.proposal.desired = Some(wanted);
            (why.steps, why.bound_by) = (Vec::new(), None);
            why.sentence()
        };
        let prevented = sentence(1);
        assert!(
            prevented.contains("; 2 instances are protected from scale-in and stay"),
            "{prevented}"
        );
        assert!(!sentence(2).contains("protected"), "another one can go");
    }

    /// Not read is not seen: an operator would look for a refresh that nobody started.
    #[test]
    fn a_refresh_that_nobody_could_read_is_not_called_one() {
        let text = |unknown| {
            let mut decision = decision();
            let why = &mut decision.explanation;
            why.inputs.refresh_unknown = unknown;
            why.bound_by = Some(Guard::InstanceRefresh);
            decision.unfold().to_string()
        };
        let unknown = text(true);
        let fact = "instance refresh not known, so counted as under way";
        assert!(words(&unknown).contains(fact), "{unknown}");
        assert!(unknown.contains("is not known, so it counts as under way"));
        assert!(!text(false).contains("not known, so"), "control");
    }

    /// Every capacity stands beside the certainty of that capacity, and of no other one.
    #[test]
    fn each_capacity_that_the_forecast_asks_for_has_its_own_certainty() {
        let of = |change: fn(&mut ForecastFigures)| {
            let mut decision = decision();
            let why = &mut decision.explanation;
            why.proposal = Proposal::new(Some(19), Rule::Forecast(ForecastRule::Forecast));
            (why.steps, why.bound_by) = (Vec::new(), None);
            let figures = why.inputs.forecast.as_mut().unwrap();
            figures.objective = Percent::new(10.0);
            change(figures);
            (why.sentence(), why.figures())
        };
        let needed = "in 5 min the load should need 7 instances";
        let (sentence, figures) = of(|_| ());
        let lower = format!("{needed}; 19 are enough with 96.9 % certainty");
        assert!(sentence.contains(&lower), "{sentence}");
        let both = " · certainty 96.9 % with 19 instances, 98.8 % with 20 · ";
        assert!(figures.contains(both), "{figures}");
        let (_, figures) = of(|it| (it.low, it.low_chance) = (20, Some(0.0123)));
        let one = " · certainty 98.8 % with 20 instances · ";
        assert!(figures.contains(one), "{figures}");
        let (sentence, figures) = of(|it| it.low_chance = None);
        let upper = format!("{needed}; 20 are enough with 98.8 % certainty");
        assert!(sentence.contains(&upper), "an earlier version: {sentence}");
        assert!(figures.contains(one), "{figures}");
        let (sentence, _) = of(|it| (it.low, it.low_chance) = (6, Some(0.5)));
        let below = format!("{needed}; 6 are enough with at most 50 % certainty");
        assert!(sentence.contains(&below), "{sentence}");
    }

    /// A share of two days is called one of two days.
    #[test]
    fn the_violation_share_says_how_much_time_it_is_of() {
        let figures = decision().explanation.figures();
        let said = " · violations 0.49 % of the last 2 days 0 h of data, budget 0.50 %";
        assert!(figures.contains(said), "{figures}");
        let overspent = |known_s| {
            let (share, budget) = (0.0049, 0.001);
            let cause = Cause::BudgetOverspent {
                share,
                budget,
                known_s,
            };
            cause.to_string()
        };
        assert_eq!(
            overspent(Some(183_600)),
            "above the objective for 0.49 % of the last 2 days 3 h of data (budget 0.10 %)"
        );
        assert_eq!(
            overspent(None),
            "above the objective for 0.49 % of up to 7 days (budget 0.10 %)"
        );
    }

    /// Where nothing bound, no cause is named.
    #[test]
    fn a_decision_that_nothing_bound_says_so() {
        let mut decision = decision();
        decision.explanation.bound_by = None;
        decision.explanation.steps.clear();
        let text = decision.unfold().to_string();
        assert!(
            text.contains("nothing: the policy got what it asked for"),
            "{text}"
        );
    }
}
