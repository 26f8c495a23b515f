//! What has happened, in the words of the seed's log; what the seed had no words for, in the words
//! of the records themselves.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use foretide_domain::{
    Decision, Features, Guard, Inputs, Plan, PolicyKind, Record, Timestamp, WriteOutcome,
};
use foretide_runtime::{Entry, GroupKey, What};
use serde::Serialize;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// As expected.
    Info,
    /// A person should look.
    Warning,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// Which group; none where it concerns the whole process.
    pub group: Option<GroupKey>,
    /// What, in one line.
    pub message: String,
}

impl fmt::Display for LogLine {
    /// `2026-11-23T20:15:00Z INFO eu-west-1/web: SCALING UP: 2 -> 3 instances`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Info => "INFO",
            Level::Warning => "WARNING",
        };
        write!(f, "{} {level} ", self.at)?;
        if let Some(group) = &self.group {
            write!(f, "{group}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl LogLine {
    /// The line as one JSON object.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            timestamp: String,
            level: Level,
            #[serde(skip_serializing_if = "Option::is_none")]
            account: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            group: Option<&'a str>,
            message: &'a str,
        }
        let line = Line {
            timestamp: self.at.to_string(),
            level: self.level,
            account: self.group.as_ref().map(GroupKey::account),
            group: self.group.as_ref().map(GroupKey::name),
            message: &self.message,
        };
        // Strings only: there is nothing that JSON cannot hold.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

/// Tells what has happened. Remembers of each group what the seed's sentences need beyond the
/// record at hand.
#[derive(Clone, Debug, Default)]
pub struct Narrator {
    streaks: HashMap<GroupKey, Duration>,
}

impl Narrator {
    /// The lines for `entry`: often none.
    pub fn lines(&mut self, entry: &Entry) -> Vec<LogLine> {
        let mut lines = Vec::new();
        let mut say = |level, message: String| {
            lines.push(LogLine {
                at: entry.at,
                level,
                group: entry.group.clone(),
                message: one_line(message),
            });
        };
        match &entry.what {
            What::Event(_) | What::Checkpoint(_) | What::Record(Record::Observed(_)) => {}
            What::Notice(notice) if notice.is_warning() => say(Level::Warning, notice.to_string()),
            What::Notice(notice) => say(Level::Info, notice.to_string()),
            What::Record(Record::Decided(decision)) => {
                if let Some(key) = &entry.group {
                    self.remember(key, decision);
                }
                decided(decision, &mut |message| say(Level::Info, message));
            }
            What::Record(Record::Settled { plan, outcome }) => match outcome {
                WriteOutcome::Accepted => {
                    let streak = entry.group.as_ref().and_then(|key| self.streaks.get(key));
                    say(Level::Info, scaling(*plan, streak.copied()));
                }
                WriteOutcome::Failed(_) => say(Level::Warning, sentence(entry)),
                WriteOutcome::Moved { .. } | WriteOutcome::DryRun => {
                    say(Level::Info, sentence(entry));
                }
            },
            What::Record(Record::CallFailed(_) | Record::Alarm(_) | Record::Gap { .. }) => {
                say(Level::Warning, sentence(entry));
            }
            What::Record(
                Record::OutcomeSeen(_)
                | Record::ForeignChange(_)
                | Record::Ordered { .. }
                | Record::OrderEnded(_),
            ) => say(Level::Info, sentence(entry)),
        }
        lines
    }

    /// How long the votes have lasted on which a decision to shrink rests.
    fn remember(&mut self, key: &GroupKey, decision: &Decision) {
        let inputs = &decision.explanation.inputs;
        let shrinks = decision
            .desired
            .is_some_and(|desired| desired < inputs.desired);
        if shrinks && decision.explanation.policy == PolicyKind::Classifier {
            let interval = decision.next_look.since(decision.at).as_secs_f64().round();
            let span = Duration::from_secs_f64(interval) * inputs.streak;
            self.streaks.insert(key.clone(), span);
        } else {
            self.streaks.remove(key);
        }
    }
}

fn sentence(entry: &Entry) -> String {
    entry.what.to_string()
}

/// What comes from outside (a service's message) must not begin a line of its own.
fn one_line(message: String) -> String {
    if message.contains(char::is_control) {
        message.replace(char::is_control, " ")
    } else {
        message
    }
}

fn decided(decision: &Decision, say: &mut impl FnMut(String)) {
    let why = &decision.explanation;
    let inputs = &why.inputs;
    if let Some(features) = inputs.features {
        say(format!(
            "ASG METRICS ({} instances): {}",
            inputs.counts.in_service,
            metrics(&features, inputs)
        ));
    }
    if let Some((class, confidence)) = inputs.class {
        say(format!(
            "PREDICTION: {} ({}) - Confidence: {confidence:.2}",
            class.index(),
            class.seed_name()
        ));
    }
    let wanted = why
        .proposal
        .desired
        .map(|wanted| wanted.cmp(&inputs.desired));
    match (wanted, why.bound_by) {
        (Some(std::cmp::Ordering::Greater), Some(Guard::Cooldown)) => {
            say("Scale up needed but in cooldown period".to_owned());
        }
        (Some(std::cmp::Ordering::Less), Some(Guard::Cooldown)) => {
            say("Scale down needed but in cooldown period".to_owned());
        }
        (Some(std::cmp::Ordering::Greater), Some(Guard::Bounds))
            if inputs.desired == inputs.bounds.max() =>
        {
            say(format!(
                "Already at maximum capacity of ({} instances)",
                inputs.desired
            ));
        }
        _ if inputs.class.is_none() || decision.desired.is_some() => say(why.to_string()),
        _ => {}
    }
}

/// The nine features and the number of instances, as the seed's log and file have them.
#[derive(Debug, Serialize)]
pub(crate) struct Metrics {
    #[serde(flatten)]
    features: Features,
    instance_count: u32,
}

impl Metrics {
    pub(crate) fn new(features: &Features, inputs: &Inputs) -> Self {
        Self {
            features: *features,
            instance_count: inputs.counts.in_service,
        }
    }
}

fn metrics(features: &Features, inputs: &Inputs) -> String {
    // Numbers and fixed names only: there is nothing that JSON cannot hold.
    serde_json::to_string(&Metrics::new(features, inputs)).unwrap_or_default()
}

fn scaling(plan: Plan, streak: Option<Duration>) -> String {
    let Plan {
        desired,
        expected_desired: before,
        ..
    } = plan;
    if desired > before {
        return format!("SCALING UP: {before} -> {desired} instances");
    }
    let line = format!("SCALING DOWN: {before} -> {desired} instances");
    match streak.map(|streak| streak.as_secs()) {
        None => line,
        Some(seconds) if seconds.is_multiple_of(60) => {
            format!("{line} ({}min consistent prediction)", seconds / 60)
        }
        Some(seconds) => format!("{line} ({seconds}s consistent prediction)"),
    }
}
