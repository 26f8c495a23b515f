//! The original's decisions, as computed by a reference of it: with the guard rails that the
//! original lacked set to neutral, policy `classifier` takes exactly these.

use std::time::Duration;

use foretide_domain::{
    Bounds, Class, Datapoint, GroupState, Guard, Orders, Percent, PolicyKind, Prediction, Proposal,
    Timestamp,
};
use serde_json::Value;

use crate::config::{ClassifierConfig, ControllerConfig};
use crate::facts::Facts;
use crate::guard::{self, Guarded};
use crate::policy;
use crate::series::Series;
use crate::votes::Votes;

const GOLDEN: &str = include_str!("../tests/golden/decide.json");

/// The classifier's rules alone: what a controller keeps between looks, and nothing else.
struct Rules {
    config: ControllerConfig,
    series: Series,
    votes: Votes,
    last_change_at: Option<Timestamp>,
}

impl Rules {
    fn new(input: &Value) -> Self {
        let seconds = |key: &str| Duration::from_secs(input[key].as_u64().unwrap());
        let config = ControllerConfig {
            policy: PolicyKind::Classifier,
            stale_after: Duration::MAX,
            classifier: ClassifierConfig {
                streak: u32::try_from(input["streak_needed"].as_u64().unwrap()).unwrap(),
                streak_datapoints: 0,
                cooldown_out: seconds("cooldown_s"),
                cooldown_in: seconds("cooldown_s"),
                confidence_min: 0.0,
                upper_utilisation: Percent::new(100.0).unwrap(),
                ..ClassifierConfig::default()
            },
            ..ControllerConfig::default()
        };
        let mut series = Series::new(1);
        series.insert(Datapoint {
            start: Timestamp::from_seconds(0),
            // In the vectors each row is an answer of its own: a datapoint a look.
            period: Duration::from_secs(10),
            cpu: Percent::new(0.0),
            instances: 1.0,
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        });
        Self {
            config,
            series,
            votes: Votes::default(),
            last_change_at: None,
        }
    }

    fn tick(&mut self, row: &Value) -> (Proposal, Guarded) {
        let millis = (row["t"].as_f64().unwrap() * 1000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "times of the vectors are small"
        )]
        let now = Timestamp::from_millis(millis as i64);
        let number = |key: &str| u32::try_from(row[key].as_u64().unwrap()).unwrap();
        let capacity = number("capacity");
        let group =
            GroupState::at_rest(Bounds::new(number("min"), number("max")).unwrap(), capacity);
        let class = row["class"]
            .as_u64()
            .and_then(|c| Class::from_index(usize::try_from(c).ok()?));
        let orders = Orders::default();
        let mut facts = Facts {
            now,
            config: &self.config,
            forecasts: policy::of(&self.config).forecasts(),
            group: &group,
            group_read_at: now,
            series: &self.series,
            features: None,
            prediction: class.map(|class| {
                let mut probabilities = [0.0; 3];
                probabilities[class.index()] = 1.0;
                Prediction {
                    class,
                    probabilities,
                }
            }),
            predictor_failing: false,
            sizing: None,
            forecast: None,
            per_instance: None,
            signals: &[],
            cpu_paid: false,
            orders: &orders,
            mode: self.config.mode,
            scheduled: None,
            start: crate::safe_start::Waits::default(),
            lifting: None,
            memory: None,
            coverage: None,
            starting: 0,
            dying: false,
            dropped: false,
            hands_off: false,
            streak: 0,
            streak_datapoints: 0,
            last_change_at: self.last_change_at,
            own_changes: &[],
            wanted_lately: &[],
            breaker_cap: None,
            write_in_flight: false,
            write_backoff_until: None,
        };
        self.votes
            .count(guard::votes_for_scale_in(&facts), Some(now));
        facts.streak = self.votes.streak();
        facts.streak_datapoints = self.votes.datapoints();
        let proposal = policy::propose(&facts);
        let guarded = guard::apply(&facts, &proposal);
        if guarded.capacity != capacity {
            self.last_change_at = Some(now);
            self.votes.reset();
        }
        (proposal, guarded)
    }
}

/// The reason in the words of the vectors.
fn reason(class: Option<u64>, guarded: &Guarded, capacity: u32) -> &'static str {
    match (guarded.steps.first().map(|step| step.guard), class) {
        (Some(Guard::Bounds), Some(0)) => "at_max",
        (Some(Guard::Bounds), Some(1)) => "at_min",
        (Some(Guard::Streak), _) => "streak",
        (Some(Guard::Cooldown), _) => "cooldown",
        (None, Some(0)) => "class_0",
        (None, Some(1)) if guarded.capacity < capacity => "streak_full",
        (None, Some(2)) => "maintain",
        _ => "other",
    }
}

#[test]
fn the_classifier_decides_as_the_seed_intended() {
    let scenarios: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    let normative: Vec<&Value> = scenarios
        .iter()
        .filter(|scenario| scenario["normative"] == true)
        .collect();
    assert_eq!(normative.len(), 20);
    let mut reasons = std::collections::BTreeMap::<&str, std::collections::BTreeSet<String>>::new();
    for scenario in normative {
        let name = scenario["name"].as_str().unwrap();
        let mut rules = Rules::new(&scenario["input"]);
        let rows = scenario["input"]["timeline"].as_array().unwrap();
        let expected = scenario["expected"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len(), "{name}");
        for (row, expected) in rows.iter().zip(expected) {
            let (_, guarded) = rules.tick(row);
            let at = format!("{name} at t = {}", row["t"]);
            assert_eq!(
                u64::from(guarded.capacity),
                expected["new_capacity"],
                "{at}"
            );
            // The reference keeps the newest votes up to a full streak; ours goes on counting.
            let needed = rules.config.classifier.streak;
            let (looks, votes) = (rules.votes.streak(), rules.votes.datapoints());
            assert_eq!(
                u64::from(looks.min(needed)),
                expected["streak_after"],
                "{at}"
            );
            assert_eq!(looks, votes, "an answer a row, {at}");
            let capacity = u32::try_from(row["capacity"].as_u64().unwrap()).unwrap();
            let ours = reason(row["class"].as_u64(), &guarded, capacity);
            let theirs = expected["reason"].as_str().unwrap().to_owned();
            reasons.entry(ours).or_default().insert(theirs);
        }
    }
    for (ours, theirs) in &reasons {
        assert_eq!(
            theirs.len(),
            1,
            "our `{ours}` stands for several of theirs: {theirs:?}"
        );
    }
}
