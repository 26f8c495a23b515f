//! What is told of what happens: a pure function of the entries of a run and the time. A condition
//! that lasts is told when it begins and when it ends, however often it is recorded meanwhile.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use foretide_domain::{Alarm, Decision, Record, Timestamp, WriteOutcome};
use foretide_runtime::{Entry, GroupKey, Notice, What};

/// A group that wanted more than its maximum is at peace once it did not for so long: a load that
/// swings about the maximum is one condition and not one a minute.
const AT_MAX_CALM: Duration = Duration::from_secs(600);
/// A silence of so many intervals counts as a stalled loop: as many end a streak.
const STALLED_INTERVALS: u32 = 3;
/// Shorter silences are those of a slow answer, which has its own deadline.
const STALLED_MIN: Duration = Duration::from_secs(60);

/// What messages are about, as `notify.events` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Topic {
    /// A new capacity was written.
    Scaling,
    /// More is wanted than the group's maximum.
    AtMax,
    /// No fresh data, no look, or no answer from the predictor.
    Stalled,
    /// Launches fail.
    Breaker,
    /// The forecast costs more than it is worth.
    Forecast,
    /// Foretide itself is at fault.
    Fault,
}

impl Topic {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Scaling,
        Self::AtMax,
        Self::Stalled,
        Self::Breaker,
        Self::Forecast,
        Self::Fault,
    ];
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scaling => "scaling",
            Self::AtMax => "at-max",
            Self::Stalled => "stalled",
            Self::Breaker => "breaker",
            Self::Forecast => "forecast",
            Self::Fault => "fault",
        })
    }
}

/// Whether a message tells of a moment, or of a condition's begin or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It happened.
    Happened,
    /// It holds from now on.
    Began,
    /// It holds no longer.
    Ended,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Happened => "happened",
            Self::Began => "began",
            Self::Ended => "ended",
        })
    }
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// About what.
    pub(crate) topic: Topic,
    /// Moment, begin or end.
    pub(crate) phase: Phase,
    /// Of which group.
    pub(crate) group: GroupKey,
    /// When.
    pub(crate) at: Timestamp,
    /// What, in the words of the log.
    pub(crate) what: String,
}

/// What can last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Condition {
    AtMax,
    DataStale,
    LoopStalled,
    Predictor,
    Breaker,
    Demoted,
}

impl Condition {
    const fn topic(self) -> Topic {
        match self {
            Self::AtMax => Topic::AtMax,
            Self::DataStale | Self::LoopStalled | Self::Predictor => Topic::Stalled,
            Self::Breaker => Topic::Breaker,
            Self::Demoted => Topic::Forecast,
        }
    }
}

/// What is known of one group.
#[derive(Debug, Default)]
struct Known {
    /// Time between two looks.
    interval: Duration,
    /// When anything was heard of it last.
    heard: Option<Timestamp>,
    /// Conditions that hold.
    holding: HashSet<Condition>,
    /// When more than the maximum was wanted last.
    wanted_more: Option<Timestamp>,
    /// The decision that a write would come from.
    decided: Option<Arc<Entry>>,
}

/// Listens to a run and says what is to be told.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    groups: HashMap<GroupKey, Known>,
}

impl Watcher {
    /// Listens to these groups from now on, each with its time between two looks.
    pub(crate) fn set_groups(&mut self, groups: &BTreeMap<GroupKey, Duration>) {
        self.groups.retain(|key, _| groups.contains_key(key));
        for (key, interval) in groups {
            self.groups.entry(key.clone()).or_default().interval = *interval;
        }
    }

    /// What is to be told of `entry`.
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
        let stood_still = known.holding.contains(&Condition::LoopStalled);
        if is_of_the_loop(&entry.what) {
            known.heard = Some(entry.at);
            let what = || "looked at again".to_owned();
            known
                .end(Condition::LoopStalled, what)
                .into_iter()
                .for_each(&mut tell);
        }
        let said = match &entry.what {
            What::Record(Record::Decided(decision)) => known.decided(entry, decision),
            What::Record(Record::Settled { outcome, .. }) => known.settled(entry, outcome),
            What::Record(Record::Alarm(alarm)) => known.alarm(*alarm),
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

    /// What is to be told of groups that nothing was heard of for too long.
    pub(crate) fn look(&mut self, now: Timestamp) -> Vec<Message> {
        let mut told = Vec::new();
        for (key, known) in &mut self.groups {
            let limit = known.interval.saturating_mul(STALLED_INTERVALS);
            let limit = limit.max(STALLED_MIN);
            let Some(heard) = known.heard.filter(|heard| now.since(*heard) > limit) else {
                continue;
            };
            let began = known.begin(Condition::LoopStalled, || {
                format!("ALARM the loop has stalled: no look since {heard}")
            });
            if let Some((topic, phase, what)) = began {
                let group = key.clone();
                told.push(Message {
                    topic,
                    phase,
                    group,
                    at: now,
                    what,
                });
            }
        }
        told
    }
}

type Said = (Topic, Phase, String);

/// Whether it shows that the group's loop runs: notices are also made beside it.
const fn is_of_the_loop(what: &What) -> bool {
    matches!(
        what,
        What::Event(_) | What::Record(_) | What::Notice(Notice::Started { .. })
    )
}

impl Known {
    fn begin(&mut self, condition: Condition, what: impl FnOnce() -> String) -> Option<Said> {
        let is_new = self.holding.insert(condition);
        is_new.then(|| (condition.topic(), Phase::Began, what()))
    }

    fn end(&mut self, condition: Condition, what: impl FnOnce() -> String) -> Option<Said> {
        let held = self.holding.remove(&condition);
        held.then(|| (condition.topic(), Phase::Ended, what()))
    }

    fn decided(&mut self, entry: &Arc<Entry>, decision: &Decision) -> Option<Said> {
        if decision.desired.is_some() {
            self.decided = Some(Arc::clone(entry));
        }
        let why = &decision.explanation;
        let max = why.inputs.bounds.max();
        match why.proposal.desired {
            Some(wanted) if wanted > max => {
                self.wanted_more = Some(decision.at);
                self.begin(Condition::AtMax, || {
                    let rule = why.proposal.rule;
                    format!("ALARM {wanted} instances are wanted, the maximum is {max}: {rule}")
                })
            }
            // What is not known asks for nothing.
            _ if why.inputs.fresh => {
                let calm = self.wanted_more.map(|since| decision.at.since(since));
                let what = || format!("no more than the maximum of {max} is wanted");
                match calm {
                    Some(calm) if calm >= AT_MAX_CALM => self.end(Condition::AtMax, what),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The decision's sentence says what was written and why.
    fn settled(&mut self, entry: &Entry, outcome: &WriteOutcome) -> Option<Said> {
        let decided = self.decided.take();
        let accepted = *outcome == WriteOutcome::Accepted;
        accepted.then(|| {
            let sentence = decided.map(|entry| entry.what.to_string());
            let sentence = sentence.unwrap_or_else(|| entry.what.to_string());
            (Topic::Scaling, Phase::Happened, sentence)
        })
    }

    fn alarm(&mut self, alarm: Alarm) -> Option<Said> {
        let what = || alarm.to_string();
        match alarm {
            Alarm::BreakerOpened { .. } => self.begin(Condition::Breaker, what),
            Alarm::BreakerClosed => Some(self.over(Condition::Breaker, what())),
            Alarm::DataStale => self.begin(Condition::DataStale, what),
            Alarm::DataFresh => Some(self.over(Condition::DataStale, what())),
            Alarm::PredictorSilent => self.begin(Condition::Predictor, what),
            Alarm::PredictorAnswers => Some(self.over(Condition::Predictor, what())),
            Alarm::ForecastDemoted { .. } => self.begin(Condition::Demoted, what),
            Alarm::ForecastRestored => Some(self.over(Condition::Demoted, what())),
            Alarm::InvariantBroken { .. } => Some((Topic::Fault, Phase::Happened, what())),
        }
    }

    /// An end that the controller records. Its begin may have been told before a restart.
    fn over(&mut self, condition: Condition, what: String) -> Said {
        self.holding.remove(&condition);
        (condition.topic(), Phase::Ended, what)
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::{
        Bounds, Explanation, ForecastRule, Inputs, LifecycleCounts, Mode, Plan, PolicyKind,
        Proposal, Rule, Staleness, SuspendedProcesses,
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
            cpu: None,
            load: None,
            instances: None,
            data_age: None,
            fresh: true,
            staleness: Staleness::Fresh,
            coverage: None,
            memory: None,
            features: None,
            forecast: None,
            event: None,
            class: None,
            streak: 0,
            streak_datapoints: 0,
            orders: foretide_domain::Orders::default(),
            cooldown_left: Duration::ZERO,
            breaker_open: false,
        };
        Decision {
            at,
            desired: wanted.map(|wanted| wanted.min(5)),
            next_look: at.plus(Duration::from_secs(10)),
            explanation: Explanation {
                mode: Mode::Enforce,
                policy: PolicyKind::Forecast,
                inputs,
                proposal: Proposal {
                    desired: wanted,
                    rule: Rule::Forecast(ForecastRule::Forecast),
                },
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

    fn alarm(seconds: i64, alarm: Alarm) -> Arc<Entry> {
        entry(seconds, What::Record(Record::Alarm(alarm)))
    }

    /// What is told of `entries`, in short.
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
                .starts_with("scale out 2 -> 3: the forecast asks for it ["),
            "{message:?}"
        );
        let entries = [decided(10, Some(3)), settled(11, WriteOutcome::DryRun)];
        assert!(told(&mut watcher, &entries).is_empty());
        // Decided before this process began.
        let messages = watcher.hear(&settled(21, WriteOutcome::Accepted));
        assert_eq!(messages[0].what, "desired 3: accepted");
    }

    #[test]
    fn an_alarm_is_told_once_until_it_ends() {
        let mut watcher = watcher();
        let opened = |seconds| {
            let retry_at = Timestamp::from_seconds(seconds + 300);
            alarm(
                seconds,
                Alarm::BreakerOpened {
                    failed_launches: 3,
                    retry_at,
                },
            )
        };
        let entries = [
            opened(0),
            opened(300),
            alarm(310, Alarm::DataStale),
            alarm(600, Alarm::BreakerClosed),
            opened(900),
            alarm(910, Alarm::ForecastDemoted { cost_percent: 120 }),
            alarm(920, Alarm::ForecastRestored),
            alarm(930, Alarm::DataFresh),
            alarm(932, Alarm::PredictorSilent),
            alarm(934, Alarm::PredictorSilent),
            alarm(936, Alarm::PredictorAnswers),
            alarm(940, Alarm::InvariantBroken { invariant: 3 }),
            entry(950, What::Notice(Notice::Failed)),
        ];
        assert_eq!(
            told(&mut watcher, &entries),
            [
                "0 breaker began",
                "310 stalled began",
                "600 breaker ended",
                "900 breaker began",
                "910 forecast began",
                "920 forecast ended",
                "930 stalled ended",
                "932 stalled began",
                "936 stalled ended",
                "940 fault happened",
                "950 fault happened",
            ]
        );
    }

    #[test]
    fn an_end_is_told_also_where_the_begin_was_before_a_restart() {
        let told = told(&mut watcher(), &[alarm(0, Alarm::BreakerClosed)]);
        assert_eq!(told, ["0 breaker ended"]);
    }

    #[test]
    fn more_than_the_maximum_is_one_condition_until_it_is_calm() {
        let mut watcher = watcher();
        let mut entries = vec![decided(0, Some(5)), decided(10, Some(7))];
        entries.extend((2..40).map(|look| {
            let wanted = if look % 6 == 0 { Some(6) } else { None };
            decided(10 * look, wanted)
        }));
        // Wanted last at 360 s.
        entries.push(decided(950, None));
        entries.push(decided(960, Some(4)));
        entries.push(decided(970, Some(6)));
        let messages: Vec<_> = entries.iter().flat_map(|it| watcher.hear(it)).collect();
        let at: Vec<_> = messages.iter().map(|it| it.at.as_seconds()).collect();
        assert_eq!(at, [10, 960, 970]);
        assert_eq!(
            messages[0].what,
            "ALARM 7 instances are wanted, the maximum is 5: the forecast asks for it"
        );
    }

    #[test]
    fn without_data_nothing_is_known_of_what_is_wanted() {
        let mut watcher = watcher();
        let mut blind = decision(900, None);
        blind.explanation.inputs.fresh = false;
        let blind = entry(900, What::Record(Record::Decided(Box::new(blind))));
        let entries = [decided(0, Some(7)), blind, decided(910, None)];
        assert_eq!(
            told(&mut watcher, &entries),
            ["0 at-max began", "910 at-max ended"]
        );
    }

    #[test]
    fn a_group_that_is_not_looked_at_is_told_and_its_return_as_well() {
        let mut watcher = watcher();
        let at = Timestamp::from_seconds;
        assert!(watcher.look(at(1000)).is_empty(), "nothing is known of it");
        watcher.hear(&entry(0, What::Notice(Notice::Started { resumed: true })));
        assert!(watcher.look(at(60)).is_empty());
        // A notice made beside the loop shows nothing of it.
        watcher.hear(&entry(55, What::Notice(Notice::Reconfigured)));
        let stalled = watcher.look(at(61));
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
        let entries = [alarm(0, Alarm::DataStale), decided(0, Some(9))];
        assert!(told(&mut watcher, &entries).is_empty());
    }
}
