//! Messages for the entries of a run: a pure function of the entries and the time. A condition
//! gives one message when it begins and one when it ends, however often it is recorded in between,
//! and a reminder for every day that it holds.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{
    Condition, HealthState, Record, Severity, Timestamp, Verdict, WriteOutcome, stalled,
};
use foretide_runtime::{Entry, GroupKey, Notice, What};

/// Time between two messages about a condition that holds: somebody may have missed the first.
const REMIND_EVERY: Duration = Duration::from_hours(24);

/// Kinds of messages, as `notify.events` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A new capacity was written.
    Scaling,
    /// Desired capacity cannot be set, or setting it has no effect.
    CannotWrite,
    /// More instances are needed than the group's maximum.
    AtMax,
    /// No fresh data, no cycle, or no answer from the predictor.
    Stalled,
    /// Launches fail.
    Breaker,
    /// The violation budget is overspent.
    Budget,
    /// The violation budget costs more than may be spent.
    Forecast,
    /// A defect of Foretide.
    Fault,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Scaling,
        Self::CannotWrite,
        Self::AtMax,
        Self::Stalled,
        Self::Breaker,
        Self::Budget,
        Self::Forecast,
        Self::Fault,
    ];
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scaling => "scaling",
            Self::CannotWrite => "cannot-write",
            Self::AtMax => "at-max",
            Self::Stalled => "stalled",
            Self::Breaker => "breaker",
            Self::Budget => "budget",
            Self::Forecast => "forecast",
            Self::Fault => "fault",
        })
    }
}

/// Whether a message is about a moment, or about the begin or the end of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It happened.
    Happened,
    /// It holds from now on.
    Began,
    /// It has held for another day.
    Holds,
    /// It holds no longer.
    Ended,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Happened => "happened",
            Self::Began => "began",
            Self::Holds => "still holds",
            Self::Ended => "ended",
        })
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Kind of the message.
    pub topic: Topic,
    /// Moment, begin or end.
    pub phase: Phase,
    /// The group.
    pub group: GroupKey,
    /// Time of the event.
    pub at: Timestamp,
    /// Text, as in the log.
    pub what: String,
}

/// The kind of message for a health state; none for states without messages.
const fn topic(state: HealthState) -> Option<Topic> {
    Some(match state {
        HealthState::Fault => Topic::Fault,
        HealthState::CannotWrite | HealthState::Held => Topic::CannotWrite,
        HealthState::LaunchesFailing => Topic::Breaker,
        HealthState::Stalled
        | HealthState::DataMissing
        | HealthState::LoadInDoubt
        | HealthState::PredictorSilent => Topic::Stalled,
        HealthState::AtMaximum | HealthState::MaximumAhead => Topic::AtMax,
        HealthState::BudgetOverspent => Topic::Budget,
        HealthState::BudgetOutOfReach => Topic::Forecast,
        HealthState::WarmingUp | HealthState::Healthy => return None,
    })
}

/// Whether a condition sends a message: every condition above severity `Notice`, `CannotWrite` only
/// if critical, and `BudgetOutOfReach` and `MaximumAhead` always.
fn tells(condition: &Condition) -> bool {
    match condition.state() {
        HealthState::CannotWrite => condition.severity == Severity::Critical,
        HealthState::BudgetOutOfReach | HealthState::MaximumAhead => true,
        _ => condition.severity > Severity::Notice,
    }
}

/// State of one group.
#[derive(Debug, Default)]
struct Known {
    /// Time between two cycles.
    interval: Duration,
    /// Time of the group's newest entry.
    heard: Option<Timestamp>,
    /// States for which a begin message was made.
    holding: BTreeMap<HealthState, Holding>,
    /// The newest decision, which a write carries out.
    decided: Option<Arc<Entry>>,
}

/// The newest message about a state that holds.
#[derive(Clone, Debug)]
struct Holding {
    at: Timestamp,
    text: String,
}

/// Makes messages from the entries of a run.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    groups: HashMap<GroupKey, Known>,
}

impl Watcher {
    /// Sets the groups, each with its interval.
    pub(crate) fn set_groups(&mut self, groups: &BTreeMap<GroupKey, Duration>) {
        self.groups.retain(|key, _| groups.contains_key(key));
        for (key, interval) in groups {
            self.groups.entry(key.clone()).or_default().interval = *interval;
        }
    }

    /// The messages for `entry`.
    pub(crate) fn hear(&mut self, entry: &Arc<Entry>) -> Vec<Message> {
        let Some((key, known)) = entry
            .group
            .as_ref()
            .and_then(|key| Some((key, self.groups.get_mut(key)?)))
        else {
            return Vec::new();
        };
        let mut told = Vec::new();
        let mut tell = |(topic, phase, what)| {
            told.push(Message {
                topic,
                phase,
                group: key.clone(),
                at: entry.at,
                what,
            });
        };
        let stood_still = known.holding.contains_key(&HealthState::Stalled);
        if is_of_the_loop(&entry.what) {
            known.heard = Some(entry.at);
            if known.holding.remove(&HealthState::Stalled).is_some() {
                tell((Topic::Stalled, Phase::Ended, "checked again".to_owned()));
            }
        }
        let said = match &entry.what {
            What::Record(Record::Decided(decision)) => {
                if decision.desired.is_some() {
                    known.decided = Some(Arc::clone(entry));
                }
                None
            }
            What::Record(Record::Settled { outcome, .. }) => known.settled(entry, outcome),
            What::Record(Record::Health { verdict, ended }) => {
                let said = known.health(verdict, ended, entry.at);
                said.into_iter().for_each(&mut tell);
                None
            }
            // Of a loop that was known to stand still the end was just told.
            What::Record(record @ Record::Gap { .. }) if !stood_still => {
                Some((Topic::Stalled, Phase::Happened, record.to_string()))
            }
            What::Notice(notice @ Notice::Failed) => {
                Some((Topic::Fault, Phase::Happened, notice.to_string()))
            }
            _ => None,
        };
        said.into_iter().for_each(tell);
        told
    }

    /// The messages for groups without an entry for too long, and for conditions that have held for
    /// another day.
    pub(crate) fn look(&mut self, now: Timestamp) -> Vec<Message> {
        let mut told = Vec::new();
        for (key, known) in &mut self.groups {
            let condition = known
                .heard
                .and_then(|heard| stalled(heard, known.interval, now));
            let began = condition.and_then(|it| known.begin(&it, Topic::Stalled, now));
            let said = began.into_iter().chain(known.reminders(now));
            told.extend(said.map(|(topic, phase, what)| Message {
                topic,
                phase,
                group: key.clone(),
                at: now,
                what,
            }));
        }
        told
    }
}

/// The text of the message for a condition that begins: state, reason, next step.
fn began(condition: &Condition) -> String {
    let (state, cause) = (condition.state(), &condition.cause);
    match cause.next_step() {
        Some(step) => format!("ALARM {state}: {cause}. Next step: {step}"),
        None => format!("{state}: {cause}"),
    }
}

type Said = (Topic, Phase, String);

/// Whether the entry shows that the group's loop runs. Notices do not: other tasks make them too.
const fn is_of_the_loop(what: &What) -> bool {
    matches!(
        what,
        What::Event(_) | What::Record(_) | What::Notice(Notice::Started { .. })
    )
}

impl Known {
    /// Messages for states that began and for states that ended. The begin message of a state may
    /// have been sent before a restart.
    fn health(&mut self, verdict: &Verdict, ended: &[HealthState], now: Timestamp) -> Vec<Said> {
        let mut said = Vec::new();
        for state in ended {
            let was_told = self.holding.remove(state).is_some();
            // Most of what holds a group is the operator's own order, of which nothing was sent.
            if let Some(topic) = topic(*state).filter(|_| was_told || *state != HealthState::Held) {
                said.push((topic, Phase::Ended, format!("no longer: {state}")));
            }
        }
        for condition in verdict.conditions().iter().filter(|it| tells(it)) {
            if let Some(topic) = topic(condition.state()) {
                said.extend(self.begin(condition, topic, now));
            }
        }
        said
    }

    /// The message for a condition of a state that did not hold before.
    fn begin(&mut self, condition: &Condition, topic: Topic, now: Timestamp) -> Option<Said> {
        let text = began(condition);
        let holding = Holding {
            at: now,
            text: text.clone(),
        };
        let state = condition.state();
        if self.holding.contains_key(&state) {
            return None;
        }
        self.holding.insert(state, holding);
        Some((topic, Phase::Began, text))
    }

    fn reminders(&mut self, now: Timestamp) -> Vec<Said> {
        let mut said = Vec::new();
        for (state, holding) in &mut self.holding {
            let topic = topic(*state);
            if let Some(topic) = topic.filter(|_| now.since(holding.at) >= REMIND_EVERY) {
                holding.at = now;
                said.push((topic, Phase::Holds, holding.text.clone()));
            }
        }
        said
    }

    /// The message of a write: the sentence of its decision.
    fn settled(&mut self, entry: &Entry, outcome: &WriteOutcome) -> Option<Said> {
        let decided = self.decided.take();
        let accepted = *outcome == WriteOutcome::Accepted;
        accepted.then(|| {
            let sentence = decided.map(|entry| entry.what.to_string());
            let sentence = sentence.unwrap_or_else(|| entry.what.to_string());
            (Topic::Scaling, Phase::Happened, sentence)
        })
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::{
        Bounds, Cause, Decision, Explanation, ForecastRule, Inputs, LifecycleCounts, Mode,
        Obstacle, Plan, PolicyKind, Proposal, Rule, Staleness, SuspendedProcesses,
    };

    use super::*;

    fn key() -> GroupKey {
        GroupKey::new("eu-west-1", "web")
    }

    fn watcher() -> Watcher {
        let mut watcher = Watcher::default();
        watcher.set_groups(&BTreeMap::from([(key(), Duration::from_secs(10))]));
        watcher
    }

    fn entry(seconds: i64, what: What) -> Arc<Entry> {
        Arc::new(Entry {
            group: Some(key()),
            at: Timestamp::from_seconds(seconds),
            what,
        })
    }

    /// A group of two with at most five.
    fn decision(seconds: i64, wanted: Option<u32>) -> Decision {
        let at = Timestamp::from_seconds(seconds);
        let inputs = Inputs {
            desired: 2,
            bounds: Bounds::new(1, 5).unwrap(),
            counts: LifecycleCounts::default(),
            group_age: Duration::ZERO,
            suspended: SuspendedProcesses::default(),
            refreshing: false,
            refresh_unknown: false,
            cpu: None,
            load: None,
            instances: None,
            data_age: None,
            fresh: true,
            staleness: Staleness::Fresh,
            coverage: None,
            unaccounted: None,
            starting: 0,
            memory: None,
            features: None,
            forecast: None,
            signals: Vec::new(),
            signal_forecast: None,
            event: None,
            class: None,
            streak: 0,
            streak_datapoints: 0,
            streak_needed: None,
            orders: foretide_domain::Orders::default(),
            cooldown_left: Duration::ZERO,
            settings: None,
            pace: foretide_domain::PaceFigures::default(),
            headroom: foretide_domain::Headroom::NONE,
            start_wait_left: None,
            breaker_open: false,
            health: foretide_domain::Verdict::default(),
            hours: foretide_domain::Hours::default(),
            week: foretide_domain::Hours::default(),
            baseline: None,
        };
        Decision {
            at,
            desired: wanted.map(|wanted| wanted.min(5)),
            next_look: at.plus(Duration::from_secs(10)),
            explanation: Explanation {
                mode: Mode::Enforce,
                policy: PolicyKind::Forecast,
                inputs,
                proposal: Proposal::new(wanted, Rule::Forecast(ForecastRule::Forecast)),
                steps: Vec::new(),
                bound_by: None,
            },
        }
    }

    fn decided(seconds: i64, wanted: Option<u32>) -> Arc<Entry> {
        let decision = Box::new(decision(seconds, wanted));
        entry(seconds, What::Record(Record::Decided(decision)))
    }

    fn settled(seconds: i64, outcome: WriteOutcome) -> Arc<Entry> {
        let plan = Plan {
            desired: 3,
            expected_desired: 2,
            expected_bounds: Bounds::new(1, 5).unwrap(),
        };
        entry(seconds, What::Record(Record::Settled { plan, outcome }))
    }

    /// The verdict changes to `found`, after `before`.
    fn health(
        seconds: i64,
        before: &Verdict,
        found: Vec<(Severity, Cause)>,
    ) -> (Verdict, Arc<Entry>) {
        let verdict = Verdict::new(found, before, Timestamp::from_seconds(seconds));
        let record = Record::Health {
            ended: verdict.ended(before),
            verdict: verdict.clone(),
        };
        (verdict, entry(seconds, What::Record(record)))
    }

    /// The messages for `entries`, shortened.
    fn told(watcher: &mut Watcher, entries: &[Arc<Entry>]) -> Vec<String> {
        let messages = entries.iter().flat_map(|entry| watcher.hear(entry));
        let short = messages.map(|it| format!("{} {} {}", it.at.as_seconds(), it.topic, it.phase));
        short.collect()
    }

    #[test]
    fn a_write_is_told_in_the_words_of_its_decision_and_only_once_accepted() {
        let mut watcher = watcher();
        assert!(watcher.hear(&decided(0, Some(3))).is_empty());
        let messages = watcher.hear(&settled(1, WriteOutcome::Accepted));
        assert_eq!(messages.len(), 1);
        let message = &messages[0];
        assert_eq!(
            (message.topic, message.phase),
            (Topic::Scaling, Phase::Happened)
        );
        assert!(
            message
                .what
                .starts_with("Scale out 2 → 3: the forecast asks for it. ["),
            "{message:?}"
        );
        let entries = [decided(10, Some(3)), settled(11, WriteOutcome::DryRun)];
        assert!(told(&mut watcher, &entries).is_empty());
        // Decided before this process began.
        let messages = watcher.hear(&settled(21, WriteOutcome::Accepted));
        assert_eq!(messages[0].what, "desired 3: accepted");
    }

    #[test]
    fn a_condition_is_told_once_until_it_ends() {
        let retry_at = Timestamp::from_seconds(300);
        let failing = Cause::LaunchesFail {
            failed: 3,
            message: Some("no capacity".to_owned()),
            retry_at,
            retrying: false,
        };
        let at_maximum = |needed| Cause::AtMaximum { max: 5, needed };
        let steps = [
            (0, vec![(Severity::Critical, failing.clone())]),
            (
                10,
                vec![
                    (Severity::Critical, failing),
                    (Severity::Critical, Cause::NoData),
                ],
            ),
            (20, vec![(Severity::Critical, Cause::NoData)]),
            (30, vec![(Severity::Critical, at_maximum(7))]),
            (40, vec![(Severity::Critical, at_maximum(9))]),
            (50, vec![(Severity::Notice, Cause::NotRead)]),
            (60, vec![(Severity::Notice, Cause::NoBetterThanBaseline)]),
            (70, vec![]),
        ];
        let (mut before, mut entries) = (Verdict::default(), Vec::new());
        for (seconds, found) in steps {
            let (verdict, entry) = health(seconds, &before, found);
            before = verdict;
            entries.push(entry);
        }
        entries.push(entry(80, What::Notice(Notice::Failed)));
        assert_eq!(
            told(&mut watcher(), &entries),
            [
                "0 breaker began",
                "10 stalled began",
                "20 breaker ended",
                "30 stalled ended",
                "30 at-max began",
                "50 at-max ended",
                "60 forecast began",
                "70 forecast ended",
                "80 fault happened",
            ]
        );
    }

    #[test]
    fn a_condition_is_told_with_its_reason_and_the_next_step() {
        let obstacle = Cause::Obstacle(Obstacle::Policy { name: "cpu".into() });
        let told = |severity| {
            let found = vec![(severity, obstacle.clone())];
            watcher().hear(&health(0, &Verdict::default(), found).1)
        };
        let messages = told(Severity::Critical);
        let expected = "ALARM cannot write: nothing is written, because scaling policy `cpu` is \
                        active on the group. Next step: delete or disable the scaling policy (`foretide doctor` prints the \
                        command), or set allow_policies = [\"cpu\"]";
        assert!(messages[0].what.starts_with(expected), "{messages:?}");
        assert!(
            told(Severity::Notice).is_empty(),
            "a group that is only observed"
        );
    }

    #[test]
    fn an_end_is_told_also_where_the_begin_was_before_a_restart() {
        let found = vec![(Severity::Critical, Cause::NoData)];
        let (before, _) = health(0, &Verdict::default(), found);
        let (_, ended) = health(10, &before, Vec::new());
        assert_eq!(told(&mut watcher(), &[ended]), ["10 stalled ended"]);
    }

    #[test]
    fn a_group_that_is_not_looked_at_is_told_and_its_return_as_well() {
        let mut watcher = watcher();
        let at = Timestamp::from_seconds;
        assert!(watcher.look(at(1000)).is_empty(), "nothing is known of it");
        watcher.hear(&entry(0, What::Notice(Notice::Started { resumed: true })));
        assert!(watcher.look(at(30)).is_empty());
        // A notice made beside the loop shows nothing of it.
        watcher.hear(&entry(25, What::Notice(Notice::Reconfigured)));
        let stalled = watcher.look(at(31));
        assert_eq!(stalled.len(), 1);
        assert_eq!(stalled[0].phase, Phase::Began);
        assert!(watcher.look(at(90)).is_empty());
        let since = at(0);
        let gap = |seconds| entry(seconds, What::Record(Record::Gap { since }));
        assert_eq!(
            told(&mut watcher, &[gap(100), gap(200)]),
            ["100 stalled ended", "200 stalled happened"]
        );
    }

    #[test]
    fn of_other_groups_nothing_is_told() {
        let mut watcher = Watcher::default();
        let found = vec![(Severity::Critical, Cause::NoData)];
        let entries = [health(0, &Verdict::default(), found).1, decided(0, Some(9))];
        assert!(told(&mut watcher, &entries).is_empty());
    }
}
