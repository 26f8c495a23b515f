//! The lines of the log, in the original's words where the original has a line for the event, else
//! in the words of the records.

use std::collections::HashMap;
use std::time::Duration;
use std::{fmt, io};

use foretide_control::Event;
use foretide_domain::{
    Class, Decision, Features, GroupState, Guard, Inputs, Memory, Outcome, Plan, PolicyKind,
    Record, Severity, Timestamp, WriteOutcome,
};
use foretide_runtime::{Entry, GroupKey, What};
use serde::Serialize;

/// Importance of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Nothing to do.
    Info,
    /// A person should look.
    Warning,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Time of the entry.
    pub at: Timestamp,
    /// Importance of the line.
    pub level: Level,
    /// The group; none if the line concerns the whole process.
    pub group: Option<GroupKey>,
    /// The message, without a line break.
    pub message: String,
}

impl fmt::Display for LogLine {
    /// `2026-11-23T20:15:00.000Z INFO eu-west-1/web: SCALING UP: 2 -> 3 instances`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Info => "INFO",
            Level::Warning => "WARNING",
        };
        write!(f, "{} {level} ", self.at.stamp())?;
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
            timestamp: self.at.stamp(),
            level: self.level,
            account: self.group.as_ref().map(GroupKey::account),
            group: self.group.as_ref().map(GroupKey::name),
            message: &self.message,
        };
        // The fields are strings, so the conversion cannot fail.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

/// Time between two lines that a group is at its maximum.
const AT_MAXIMUM_EVERY: Duration = Duration::from_secs(3600);

/// Turns entries into lines. Remembers the facts of each group that the original's sentences need.
#[derive(Clone, Debug, Default)]
pub struct Narrator {
    groups: HashMap<GroupKey, Remembered>,
}

/// The facts remembered of a group.
#[derive(Clone, Debug, Default)]
struct Remembered {
    /// Age of the votes behind the newest decision to shrink.
    streak: Option<Duration>,
    /// Whether another vote was seen since the group was last made smaller.
    other_vote: bool,
    /// Whether the line "mixed predictions" was written since the last such vote.
    mixed_said: bool,
    /// The newest reading of the group.
    group: Option<GroupState>,
    /// Time of the last line that the group is at its maximum; none while it is not.
    at_maximum_said: Option<Timestamp>,
}

impl Narrator {
    /// The lines for `entry`. Many entries have none.
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
        let mut unnamed = Remembered::default();
        let remembered = match &entry.group {
            Some(key) => self.groups.entry(key.clone()).or_default(),
            None => &mut unnamed,
        };
        match &entry.what {
            What::Event(Event::GroupRead { group, .. }) => remembered.group = Some(group.clone()),
            What::Event(_)
            | What::Checkpoint(_)
            | What::Record(Record::Observed(_) | Record::Outlook(_) | Record::Prices(_)) => {}
            What::Notice(notice) if notice.is_warning() => say(Level::Warning, notice.to_string()),
            What::Notice(notice) => say(Level::Info, notice.to_string()),
            What::Record(Record::Decided(decision)) => {
                let mixed = remembered.vote(decision);
                let at_maximum = remembered.says_at_maximum(decision);
                let mut say = |message| say(Level::Info, message);
                decided(decision, mixed, at_maximum, &mut say);
            }
            What::Record(Record::Settled { plan, outcome }) => match outcome {
                WriteOutcome::Accepted => {
                    say(Level::Info, scaling(*plan, remembered.streak));
                    say(Level::Info, updating(*plan));
                    remembered.other_vote &= plan.desired > plan.expected_desired;
                }
                WriteOutcome::Failed(_) => {
                    say(Level::Info, updating(*plan));
                    say(Level::Warning, sentence(entry));
                }
                WriteOutcome::Moved { .. } | WriteOutcome::DryRun => {
                    say(Level::Info, sentence(entry));
                }
            },
            What::Record(
                Record::CallFailed(_)
                | Record::MetricsLate { .. }
                | Record::Alarm(_)
                | Record::Gap { .. },
            ) => say(Level::Warning, sentence(entry)),
            What::Record(Record::Health { verdict, .. }) => {
                let level = match verdict.severity() {
                    Severity::Ok | Severity::Notice => Level::Info,
                    Severity::Warning | Severity::Critical => Level::Warning,
                };
                say(level, sentence(entry));
            }
            What::Record(Record::OutcomeSeen(outcome)) => {
                say(Level::Info, sentence(entry));
                if let Some(group) = &remembered.group {
                    say(Level::Info, status(*outcome, group));
                }
            }
            What::Record(
                Record::ForeignChange(_) | Record::Ordered { .. } | Record::OrderEnded(_),
            ) => say(Level::Info, sentence(entry)),
        }
        lines
    }
}

impl Remembered {
    /// Whether a line should say that the group is at its maximum: at the beginning, and once an
    /// hour.
    fn says_at_maximum(&mut self, decision: &Decision) -> bool {
        if !is_at_maximum(decision) {
            self.at_maximum_said = None;
            return false;
        }
        let waits = |said: Timestamp| decision.at.since(said) < AT_MAXIMUM_EVERY;
        if self.at_maximum_said.is_some_and(waits) {
            return false;
        }
        self.at_maximum_said = Some(decision.at);
        true
    }

    /// Remembers the vote of `decision`. Returns whether the group begins to wait for votes to
    /// shrink because other votes came between.
    fn vote(&mut self, decision: &Decision) -> bool {
        let why = &decision.explanation;
        let inputs = &why.inputs;
        let shrinks = decision
            .desired
            .is_some_and(|desired| desired < inputs.desired);
        let classifies = why.policy == PolicyKind::Classifier;
        self.streak = (shrinks && classifies).then(|| {
            let interval = decision.next_look.since(decision.at).as_secs_f64().round();
            Duration::from_secs_f64(interval) * inputs.streak
        });
        match inputs.class {
            Some((Class::ScaleIn, _)) if classifies => {
                let waits = self.other_vote && why.bound_by == Some(Guard::Streak);
                waits && !std::mem::replace(&mut self.mixed_said, true)
            }
            Some(_) if classifies => {
                self.other_vote = true;
                self.mixed_said = false;
                false
            }
            _ => false,
        }
    }
}

/// Whether the policy wants more than the group's maximum, and desired capacity has reached the
/// maximum.
fn is_at_maximum(decision: &Decision) -> bool {
    let (why, inputs) = (&decision.explanation, &decision.explanation.inputs);
    why.bound_by == Some(Guard::Bounds)
        && inputs.desired == inputs.bounds.max()
        && why
            .proposal
            .desired
            .is_some_and(|wanted| wanted > inputs.desired)
}

fn sentence(entry: &Entry) -> String {
    entry.what.to_string()
}

/// Replaces line breaks: a service's message must not begin a line of its own.
fn one_line(message: String) -> String {
    if message.contains(char::is_control) {
        message.replace(char::is_control, " ")
    } else {
        message
    }
}

fn decided(decision: &Decision, mixed: bool, at_maximum: bool, say: &mut impl FnMut(String)) {
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
            class.original_name()
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
        _ if at_maximum => say(format!(
            "Already at maximum capacity of ({} instances)",
            inputs.desired
        )),
        _ if is_at_maximum(decision) => {}
        _ if mixed => say("Mixed predictions - not scaling down".to_owned()),
        _ if inputs.class.is_none() || decision.desired.is_some() => say(why.to_string()),
        _ => {}
    }
}

/// The nine features and the number of instances, in the fields of the original's log and file.
#[derive(Debug, Serialize)]
pub(crate) struct Metrics {
    #[serde(flatten)]
    features: Features,
    instance_count: u32,
    /// Present and true if memory is estimated from CPU.
    #[serde(skip_serializing_if = "is_false")]
    memory_estimated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Metrics {
    pub(crate) fn new(features: &Features, inputs: &Inputs) -> Self {
        Self {
            features: *features,
            instance_count: inputs.counts.in_service,
            memory_estimated: matches!(inputs.memory, Some(Memory::Estimated(_))),
        }
    }
}

/// One line of JSON with the spaces of Python's `json.dumps`, which the original used.
fn metrics(features: &Features, inputs: &Inputs) -> String {
    let mut text = Vec::new();
    let mut json = serde_json::Serializer::with_formatter(&mut text, Spaced);
    // The fields are numbers, names and a flag, so the conversion cannot fail.
    drop(Metrics::new(features, inputs).serialize(&mut json));
    String::from_utf8(text).unwrap_or_default()
}

/// Formats an object as `{"a": 1, "b": 2}`. Objects of simple values have nothing else to space.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

/// The original's line before each write. Here the line follows the answer to the write.
fn updating(plan: Plan) -> String {
    format!("Updating ASG desired capacity to {}...", plan.desired)
}

/// The line about the group once the effect of a write is seen.
fn status(outcome: Outcome, group: &GroupState) -> String {
    let (Outcome::Reached { desired } | Outcome::Partly { desired, .. }) = outcome;
    format!(
        "ASG Status - Desired: {desired}, Min: {}, Max: {}, Running: {}",
        group.bounds.min(),
        group.bounds.max(),
        group.counts.in_service
    )
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
