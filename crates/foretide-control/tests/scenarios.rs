//! Scenarios: a script of what happens to one group goes in, the timeline of what the controller
//! says comes out. The scripts stand in `tests/scenarios/*.scn`, the timelines beside them; after a
//! wanted change `UPDATE_EXPECT=1 cargo test -p foretide-control --test scenarios` writes them
//! anew, to be read in the diff.
//!
//! One command a line, `#` starts a comment:
//!
//! ```text
//! set KEY=VALUE …       settings, before the first look; a pace limit is `scale_out=100%,4/300`,
//!                       headroom is `1` or `zone_of_3`
//! look [xN]             N looks, one interval apart
//! cpu P | cpu none      CPU of the periods to come, in percent; none: no period is published
//! load L | load none    CPU that follows from a load in instance-percent and the number in service
//! signal NAME KEY=VALUE …  before the first look: a signal; `per_instance`, `target`, `weight`,
//!                       `scale_in`, `out_above`, `in_below`; `combine=weighted` for the group
//! value NAME V | none   the signal's values to come
//! queue NAME ARRIVE SERVE  its values are the length of a queue: so many messages arrive a minute,
//!                       and an instance in service takes out so many; CPU follows at 48 % of work
//! demand D              the load metric of the periods to come, which goes on where CPU ends
//! period SECONDS        length of the periods to come
//! action NAME AFTER KEY=N …    a scheduled action sets min, max or desired AFTER seconds from the
//!                       start; the next readings show it, and it acts by itself
//! event AFTER LASTS N   before the first look: N instances are needed from AFTER seconds on
//! class NAME:P | class silent    what the model says, with which probability; or no answer
//! group KEY=VALUE …     the group as the next reading shows it
//! others N PEAK idle|starting | others none    N more instances report than serve, unaccounted
//! died                  an instance leaves service a minute after it entered it
//! reads ok|throttled|silent      how readings of the group end
//! metrics ok|throttled|silent    how readings of metrics end
//! history ok|silent              whether readings of the past are answered
//! writes ok|moved|throttled|silent|dry-run    how writes end
//! launch failed|ok [MESSAGE]    a launch ends, with AWS's status message
//! count                 how many decisions there were since the last count
//! wait SECONDS          nobody calls the controller
//! clock SECONDS         the machine's clock is turned, forward or back
//! order pause [S] | resume | pin N S | unpin | mode observe|configured    an operator orders
//! keep                  what the forecast rests on is kept, for the next restart
//! restart [upgraded]    the process dies and a new one is started from the saved state
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a script that does not parse fails"
)]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use foretide_control::{
    AtMost, CalendarEvent, Carries, Combine, ControlLoop, Controller, ControllerConfig, Effect,
    Event, ForecastSnapshot, LoadMetric, Occurs, OnEmpty, OnMissing, OnSuspended, Outside,
    PaceLimit, SavedState, SignalConfig, Snapshot,
};
use foretide_domain::{
    Asked, Bounds, BytesPerSecond, CallFailure, CallId, Class, Datapoint, EarlyDeath, FailureKind,
    GroupState, Headroom, Launch, Mode, Obstacle, Order, Percent, Plan, PolicyKind, Prediction,
    Record, ScheduledChange, SignalReading, SignalValue, Timestamp, Unaccounted, WriteOutcome,
};

/// Time from the end of a period until it is visible.
const DELAY: Duration = Duration::from_secs(60);
const START: Timestamp = Timestamp::from_seconds(1_700_000_040);

struct World {
    now: Timestamp,
    config: ControllerConfig,
    control: Option<ControlLoop>,
    /// Answers that are there and not handled.
    answers: VecDeque<Event>,
    saved: Option<SavedState>,
    due: Timestamp,
    group: GroupState,
    cpu: Option<f64>,
    load: Option<f64>,
    demand: Option<f64>,
    /// The signals' values to come, by name.
    values: BTreeMap<String, f64>,
    queue: Option<Queue>,
    /// Instances that report beside those that serve, in the periods to come.
    others: Option<Unaccounted>,
    period: Duration,
    /// Whether a period is first seen with half of its instances, and whole a minute later.
    partial: bool,
    prediction: Option<Prediction>,
    published: Vec<Datapoint>,
    said: Vec<(String, SignalValue)>,
    reads: String,
    metrics: String,
    history: String,
    /// The newest snapshot of the forecast, and the one for the next restart.
    snapshot: Option<Arc<ForecastSnapshot>>,
    kept: Option<Arc<ForecastSnapshot>>,
    writes: String,
    next_launch: u64,
    decided: usize,
    last_decision: String,
    timeline: String,
}

impl World {
    fn new() -> Self {
        Self {
            now: START,
            config: ControllerConfig {
                policy: PolicyKind::Classifier,
                mode: Mode::Enforce,
                ..ControllerConfig::default()
            },
            control: None,
            answers: VecDeque::new(),
            saved: None,
            due: START,
            group: GroupState::at_rest(Bounds::new(1, 5).unwrap(), 2),
            cpu: Some(40.0),
            load: None,
            demand: None,
            values: BTreeMap::new(),
            queue: None,
            others: None,
            period: Duration::from_secs(60),
            partial: false,
            prediction: None,
            published: Vec::new(),
            said: Vec::new(),
            reads: "ok".to_owned(),
            metrics: "ok".to_owned(),
            history: "ok".to_owned(),
            snapshot: None,
            kept: None,
            writes: "ok".to_owned(),
            next_launch: 1,
            decided: 0,
            last_decision: String::new(),
            timeline: String::new(),
        }
    }

    fn run(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let Some(command) = words.next() else { return };
        let rest: Vec<&str> = words.collect();
        let first = rest.first().copied().unwrap_or_default();
        match command {
            "set" => rest.iter().for_each(|pair| self.set(pair)),
            "look" => {
                let times = first.strip_prefix('x').map_or(1, |n| n.parse().unwrap());
                (0..times).for_each(|_| self.look());
            }
            "cpu" => self.cpu = first.parse().ok(),
            "load" => self.load = first.parse().ok(),
            "demand" => self.demand = first.parse().ok(),
            "signal" => self.signal(&rest),
            "value" => self.value(first, rest.get(1).copied().unwrap_or_default()),
            "queue" => self.queue = Queue::parse(&rest),
            "period" => self.period = Duration::from_secs(first.parse().unwrap()),
            "event" => self.event(&rest),
            "action" => self.action(&rest),
            "class" => self.prediction = (first != "silent").then(|| prediction(first)),
            "group" => rest.iter().for_each(|pair| self.change_group(pair)),
            "others" => self.others = others(&rest),
            "died" => self.end_early(),
            "reads" => first.clone_into(&mut self.reads),
            "metrics" => first.clone_into(&mut self.metrics),
            "history" => first.clone_into(&mut self.history),
            "keep" => {
                self.send(Event::SnapshotAsked);
                self.kept.clone_from(&self.snapshot);
            }
            "writes" => first.clone_into(&mut self.writes),
            "launch" => self.end_launch(first == "ok", rest.get(1..).unwrap_or_default().join(" ")),
            "count" => {
                let decided = std::mem::take(&mut self.decided);
                self.say(&format!("-- {decided} decisions --"));
            }
            "clock" => self.turn_clock(first.parse().unwrap()),
            "wait" => self.pass(Duration::from_secs(first.parse().unwrap())),
            "restart" if first == "upgraded" => {
                self.restart(&["scaling_suspended", "recent_changes"]);
            }
            "restart" => self.restart(&[]),
            "order" => self.order(&rest),
            other => panic!("unknown command `{other}`"),
        }
    }

    fn set(&mut self, pair: &str) {
        let (key, value) = pair.split_once('=').unwrap();
        let seconds = || Duration::from_secs(value.parse().unwrap());
        let config = &mut self.config;
        match key {
            "policy" if value == "forecast" => config.policy = PolicyKind::Forecast,
            "policy" if value == "target-tracking" => config.policy = PolicyKind::TargetTracking,
            "mode" if value == "observe" => config.mode = Mode::Observe,
            "mode" if value == "scale-out-only" => config.mode = Mode::ScaleOutOnly,
            "on_missing" if value == "scale-out-only" => {
                config.on_missing = OnMissing::ScaleOutOnly;
            }
            "on_empty" if value == "hold" => config.on_empty = OnEmpty::Hold,
            "per_instance" => {
                let per_instance = Some(value.parse().unwrap());
                config.load = Some(LoadMetric { per_instance });
            }
            "partial" => self.partial = value == "yes",
            "suspended" if value == "ignore" => config.suspended = Some(OnSuspended::Ignore),
            "suspended" => config.suspended = Some(OnSuspended::HandsOff),
            "lead_time_min" => config.lead_time_min = seconds(),
            "scale_out" => config.pace.scale_out = pace(value),
            "scale_in" => config.pace.scale_in = pace(value),
            "stabilisation" => config.pace.stabilisation = seconds(),
            "headroom" => {
                config.headroom = match value.strip_prefix("zone_of_") {
                    Some(zones) => Headroom::ZoneOf(zones.parse().unwrap()),
                    None => Headroom::Instances(value.parse().unwrap()),
                }
            }
            "history_wait" => config.forecast.history_wait = seconds(),
            "scale_in_wait" => config.forecast.scale_in_wait = seconds(),
            "streak" => config.classifier.streak = value.parse().unwrap(),
            "streak_datapoints" => config.classifier.streak_datapoints = value.parse().unwrap(),
            "cooldown" => {
                config.classifier.cooldown_out = seconds();
                config.classifier.cooldown_in = seconds();
            }
            other => panic!("unknown setting `{other}={value}`"),
        }
        config.validate().unwrap();
    }

    fn signal(&mut self, words: &[&str]) {
        let (name, pairs) = words.split_first().unwrap();
        let mut signal = SignalConfig {
            name: (*name).to_owned(),
            carries: Carries::Learnt,
            weight: 1.0,
            scale_in: true,
            out_above: None,
            in_below: None,
        };
        for pair in pairs {
            let (key, value) = pair.split_once('=').unwrap();
            let number = || value.parse::<f64>().unwrap();
            match key {
                "per_instance" => signal.carries = Carries::PerInstance(number()),
                "target" => signal.carries = Carries::Target(number()),
                "thresholds" => signal.carries = Carries::Thresholds,
                "weight" => signal.weight = number(),
                "scale_in" => signal.scale_in = value == "yes",
                "out_above" => signal.out_above = Some(number()),
                "in_below" => signal.in_below = Some(number()),
                "combine" => self.config.signals.combine = Combine::Weighted,
                other => panic!("unknown key of a signal `{other}`"),
            }
        }
        self.config.signals.list.push(signal);
        self.config.validate().unwrap();
    }

    fn value(&mut self, name: &str, value: &str) {
        match value.parse() {
            Ok(value) => self.values.insert(name.to_owned(), value),
            Err(_) => self.values.remove(name),
        };
    }

    /// What a reading from `from` on says of each signal.
    fn readings(&self, from: Timestamp, to: Timestamp) -> Vec<SignalReading> {
        let reading = |signal: &SignalConfig| {
            let wanted = |(name, value): &&(String, SignalValue)| {
                *name == signal.name && value.start >= from && value.end() <= to
            };
            SignalReading {
                name: signal.name.clone(),
                values: self.said.iter().filter(wanted).map(|it| it.1).collect(),
                failure: None,
            }
        };
        self.config.signals.list.iter().map(reading).collect()
    }

    fn event(&mut self, words: &[&str]) {
        let [after, lasts, minimum] = words else {
            panic!("an event is AFTER LASTS N")
        };
        let seconds = |text: &str| Duration::from_secs(text.parse().unwrap());
        self.config.calendar.push(CalendarEvent {
            name: "sale".to_owned(),
            when: Occurs::at(vec![START.plus(seconds(after))]),
            lasts: seconds(lasts),
            uplift: None,
            minimum: minimum.parse().ok(),
        });
    }

    fn action(&mut self, words: &[&str]) {
        let [name, after, sizes @ ..] = words else {
            panic!("an action is NAME AFTER KEY=N …")
        };
        let of = |key: &str| {
            let mut pairs = sizes.iter().filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(its, value)| (its == key).then(|| value.parse::<u32>().unwrap()))
        };
        self.group.scheduled.push(ScheduledChange {
            action: (*name).to_owned(),
            at: START.plus(Duration::from_secs(after.parse().unwrap())),
            min: of("min"),
            max: of("max"),
            desired: of("desired"),
        });
    }

    /// AWS runs the scheduled actions that are due.
    fn run_actions(&mut self, before: Timestamp) {
        if self.group.suspended.scheduled_actions {
            return;
        }
        let due = self.group.scheduled.iter();
        let due = due.filter(|change| before < change.at && change.at <= self.now);
        for change in due.cloned().collect::<Vec<_>>() {
            let bounds = self.group.bounds;
            let min = change.min.unwrap_or(bounds.min());
            let max = change.max.unwrap_or(bounds.max());
            self.group.bounds = Bounds::new(min, max).unwrap();
            let desired = change.desired.unwrap_or(self.group.desired);
            self.group.desired = desired.clamp(min, max);
            self.say(&format!(
                "-- action {} runs: desired {} within {min}–{max} --",
                change.action, self.group.desired
            ));
        }
    }

    fn change_group(&mut self, pair: &str) {
        let (key, value) = pair.split_once('=').unwrap();
        let number = || value.parse::<u32>().unwrap();
        let group = &mut self.group;
        match key {
            "min" => group.bounds = Bounds::new(number(), group.bounds.max()).unwrap(),
            "max" => group.bounds = Bounds::new(group.bounds.min(), number()).unwrap(),
            "desired" => group.desired = number(),
            "in_service" => group.counts.in_service = number(),
            "warming_up" => group.counts.warming_up = number(),
            "protected" => group.counts.protected = number(),
            "warm_up" => group.warm_up = Duration::from_secs(number().into()),
            "pending" => {
                group.counts.pending = number();
                group.oldest_pending_since = (number() > 0).then_some(self.now);
                let later = number().saturating_sub(1);
                group.later_pending_since = (0..later).map(|_| self.now).collect();
            }
            "suspended" => {
                group.suspended.launch = value == "launch";
                group.suspended.terminate = value == "terminate";
                group.suspended.alarm_notification = value == "alarm";
                group.suspended.scheduled_actions = value == "actions";
            }
            "refreshing" => {
                group.refreshing = value != "no";
                group.refresh_unknown = value == "unknown";
            }
            "obstacle" => {
                group.obstacles = match value {
                    "none" => Vec::new(),
                    "unknown" => vec![Obstacle::Unknown],
                    "weights" => vec![Obstacle::Weights],
                    "operator" => vec![Obstacle::Operator {
                        principal: "eks.amazonaws.com".to_owned(),
                    }],
                    name => vec![Obstacle::Policy {
                        name: name.to_owned(),
                    }],
                }
            }
            other => panic!("unknown part of the group `{other}`"),
        }
    }

    fn end_launch(&mut self, succeeded: bool, message: String) {
        let started = self.now.minus(Duration::from_secs(120));
        let launch = Launch {
            id: self.next_launch,
            started,
            ended: self.now,
            succeeded,
            message: (!message.is_empty()).then_some(message),
        };
        self.next_launch += 1;
        self.group.launches.push(launch);
    }

    fn end_early(&mut self) {
        self.group.early_deaths.push(EarlyDeath {
            id: self.next_launch,
            entered: self.now.minus(Duration::from_secs(60)),
            left: self.now,
        });
        self.end_launch(true, String::new());
    }

    fn turn_clock(&mut self, seconds: i64) {
        self.now = Timestamp::from_seconds(self.now.as_seconds() + seconds);
        self.say(&format!("-- the clock is turned by {seconds} s --"));
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now.plus(span);
        while self.now < end {
            let before = self.now;
            self.now = self.now.plus(Duration::from_secs(10));
            self.run_actions(before);
            self.publish();
        }
    }

    fn publish(&mut self) {
        let length = i64::try_from(self.period.as_secs()).unwrap();
        if self.now.as_seconds() % length == 0 {
            self.say_signals();
        }
        let in_service = f64::from(self.group.counts.in_service);
        let by_load = self.load.map(|load| (load / in_service).min(100.0));
        let cpu = by_load.or(self.cpu).filter(|_| in_service > 0.0);
        if self.now.as_seconds() % length != 0 || cpu.is_none() && self.demand.is_none() {
            return;
        }
        let instances = cpu.map_or(0.0, |_| in_service);
        let network = cpu.and_then(|_| BytesPerSecond::new(1e6));
        if self.partial {
            let before = self.published.last_mut();
            if let Some(point) = before {
                point.instances *= 2.0;
            }
        }
        self.published.push(Datapoint {
            start: self.now.minus(self.period),
            period: self.period,
            cpu: cpu.and_then(Percent::new),
            instances: if self.partial { 0.5 } else { 1.0 } * instances,
            network_in: network,
            network_out: network,
            memory: None,
            demand: self.demand,
            unaccounted: self.others.map(|others| Unaccounted {
                reporting: in_service + others.reporting,
                ..others
            }),
        });
    }

    fn say_signals(&mut self) {
        let in_service = f64::from(self.group.counts.in_service);
        if let Some(queue) = &mut self.queue {
            let (length, cpu) = queue.pass(in_service);
            self.values.insert(queue.name.clone(), length);
            self.cpu = Some(cpu);
        }
        let (start, period) = (self.now.minus(self.period), self.period);
        let said = self.values.iter().map(|(name, &value)| {
            let value = SignalValue {
                start,
                period,
                value,
            };
            (name.clone(), value)
        });
        self.said.extend(said);
    }

    fn look(&mut self) {
        if self.control.is_none() {
            return self.start(Snapshot::default());
        }
        let until_due = self.due.since(self.now);
        self.pass(until_due.min(self.config.interval));
        self.send(Event::Woke);
    }

    fn order(&mut self, words: &[&str]) {
        let after = |seconds: &str| self.now.plus(Duration::from_secs(seconds.parse().unwrap()));
        let order = match *words {
            ["pause"] => Order::Pause { until: None },
            ["pause", seconds] => Order::Pause {
                until: Some(after(seconds)),
            },
            ["resume"] => Order::Resume,
            ["pin", capacity, seconds] => Order::Pin {
                capacity: capacity.parse().unwrap(),
                until: after(seconds),
            },
            ["unpin"] => Order::Unpin,
            ["mode", "observe"] => Order::Mode {
                mode: Some(Mode::Observe),
            },
            ["mode", "configured"] => Order::Mode { mode: None },
            _ => panic!("unknown order `{words:?}`"),
        };
        let by = "anna".to_owned();
        self.send(Event::Ordered { order, by });
    }

    fn restart(&mut self, unknown: &[&str]) {
        let saved = self.saved.clone().expect("nothing was saved yet");
        let mut json = serde_json::to_value(&saved).unwrap();
        let keys = json.as_object_mut().unwrap();
        keys.retain(|key, _| !unknown.contains(&key.as_str()));
        let saved: SavedState = serde_json::from_value(json).unwrap();
        self.say("-- restarted --");
        self.start(Snapshot {
            state: Some(saved),
            forecast: self.kept.clone(),
        });
    }

    fn start(&mut self, snapshot: Snapshot) {
        let mut control = ControlLoop::new(self.config.clone(), snapshot, self.now);
        control.run(self, self.now);
        self.control = Some(control);
    }

    fn send(&mut self, event: Event) {
        let mut control = self.control.take().expect("a look first");
        control.tell(event, self, self.now);
        self.control = Some(control);
    }

    fn write(&mut self, call: CallId, plan: Plan) {
        let outcome = match self.writes.as_str() {
            "ok" => {
                self.group.desired = plan.desired;
                self.group.counts.in_service = plan.desired.max(self.group.counts.protected);
                WriteOutcome::Accepted
            }
            "moved" => WriteOutcome::Moved {
                bounds: self.group.bounds,
                desired: self.group.desired,
            },
            "dry-run" => WriteOutcome::DryRun,
            "throttled" => WriteOutcome::Failed(throttled()),
            _ => return self.say(&format!("asked to set {}; no answer", plan.desired)),
        };
        self.answers
            .push_back(Event::WriteSettled { call, outcome });
    }

    fn answer(&mut self, call: CallId, how: &str, event: Event) {
        match how {
            "ok" => self.answers.push_back(event),
            "throttled" => self.answers.push_back(Event::CallFailed {
                call,
                asked: match event {
                    Event::GroupRead { .. } => Asked::Group,
                    _ => Asked::Metrics,
                },
                failure: throttled(),
            }),
            _ => {}
        }
    }

    fn record(&mut self, record: &Record) {
        let text = record.to_string();
        match record {
            Record::Observed(_) => {}
            Record::Decided(_) => {
                self.decided += 1;
                // The figures in brackets age from look to look; the sentence before them does not.
                let sentence = text.split(" [").next().unwrap_or_default();
                let sentence: String = sentence.split(" s left").take(1).collect();
                let shape: String = sentence.chars().filter(|c| !c.is_ascii_digit()).collect();
                if shape != self.last_decision {
                    self.say(&text);
                }
                self.last_decision = shape;
            }
            _ => self.say(&text),
        }
    }

    fn say(&mut self, text: &str) {
        let seconds = self.now.since(START).as_secs();
        writeln!(self.timeline, "{seconds:>5} s  {text}").unwrap();
    }
}

impl Outside for World {
    fn carry_out(&mut self, effect: Effect, controller: &Controller, _now: Timestamp) {
        match effect {
            Effect::Record(record) => self.record(&record),
            Effect::Save | Effect::SaveFirst => {
                self.saved = Some(controller.saved_state().clone());
            }
            Effect::Snapshot { snapshot, .. } => {
                self.saved = snapshot.state;
                self.snapshot = snapshot.forecast;
            }
            Effect::WakeAt(at) => self.due = at,
            Effect::ReadGroup { call } => {
                let group = self.group.clone();
                self.answer(call, &self.reads.clone(), Event::GroupRead { call, group });
                self.group.launches.clear();
            }
            Effect::ReadMetrics { call, query } => {
                let seen = self.now.minus(DELAY);
                let visible = |p: &&Datapoint| p.start >= query.from && p.end() <= seen;
                let points = self.published.iter().filter(visible).copied().collect();
                let instance_metrics = 0;
                let read = Event::MetricsRead {
                    call,
                    points,
                    instance_metrics,
                    signals: self.readings(query.from, seen),
                };
                self.answer(call, &self.metrics.clone(), read);
            }
            Effect::ReadHistory { .. } if self.history == "silent" => {}
            Effect::ReadHistory { call, query } => {
                let wanted = |p: &&Datapoint| p.start >= query.from && p.start < query.to;
                let points = self.published.iter().filter(wanted).copied().collect();
                let signals = self.readings(query.from, query.to);
                self.answers.push_back(Event::HistoryRead {
                    call,
                    points,
                    signals,
                });
            }
            Effect::Fit { call, job } => {
                let outcome = job.run();
                self.answers.push_back(Event::Fitted { call, outcome });
            }
            Effect::Predict { call, .. } => {
                let predicted = |prediction| Event::Predicted { call, prediction };
                self.answers.extend(self.prediction.map(predicted));
            }
            Effect::SetDesired { call, plan } => self.write(call, plan),
        }
    }

    fn next_event(&mut self, _now: Timestamp) -> Option<Event> {
        self.answers.pop_front()
    }
}

/// A queue that the group works off.
struct Queue {
    name: String,
    /// Messages that arrive in a minute.
    arrive: f64,
    /// Messages that an instance takes out in a minute.
    serve: f64,
    length: f64,
}

impl Queue {
    fn parse(words: &[&str]) -> Option<Self> {
        let [name, arrive, serve] = words else {
            return None;
        };
        Some(Self {
            name: (*name).to_owned(),
            arrive: arrive.parse().unwrap(),
            serve: serve.parse().unwrap(),
            length: 0.0,
        })
    }

    /// A minute passes. Returns the length after it, and CPU: 48 % of the share of time worked.
    fn pass(&mut self, instances: f64) -> (f64, f64) {
        let most = instances * self.serve;
        let there = self.length + self.arrive;
        let served = there.min(most);
        self.length = there - served;
        let worked = if most > 0.0 { served / most } else { 0.0 };
        (self.length, 48.0 * worked)
    }
}

fn throttled() -> CallFailure {
    CallFailure {
        kind: FailureKind::Throttled,
        detail: "rate exceeded".to_owned(),
    }
}

/// `20%,4/600`: the larger of a fifth and 4 instances in 600 s; `unlimited/600` for no limit.
fn pace(text: &str) -> PaceLimit {
    let (changes, per) = text.split_once('/').unwrap();
    let mut at_most = AtMost::UNLIMITED;
    for change in changes.split(',').filter(|it| *it != "unlimited") {
        match change.strip_suffix('%') {
            Some(percent) => at_most.percent = percent.parse().ok(),
            None => at_most.instances = change.parse().ok(),
        }
    }
    let per = Duration::from_secs(per.parse().unwrap());
    PaceLimit { at_most, per }
}

fn others(words: &[&str]) -> Option<Unaccounted> {
    let [number, peak, kind] = words else {
        return None;
    };
    Some(Unaccounted {
        reporting: number.parse().unwrap(),
        peak: Percent::new(peak.parse().unwrap()),
        idle: *kind == "idle",
    })
}

fn prediction(text: &str) -> Prediction {
    let (name, confidence) = text.split_once(':').unwrap();
    let class = *Class::ALL
        .iter()
        .find(|class| class.action() == name)
        .unwrap();
    let confidence: f64 = confidence.parse().unwrap();
    let mut probabilities = [(1.0 - confidence) / 2.0; 3];
    probabilities[class.index()] = confidence;
    Prediction {
        class,
        probabilities,
    }
}

#[test]
fn every_scenario_gives_its_timeline() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut scripts: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "scn"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    for script in scripts {
        let mut world = World::new();
        for line in std::fs::read_to_string(&script).unwrap().lines() {
            world.run(line.split('#').next().unwrap_or_default());
        }
        let expected = script.with_extension("timeline");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected, &world.timeline).unwrap();
        }
        let expected_text = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(world.timeline, expected_text, "{}", script.display());
    }
}

/// A snapshot may be asked for at any time: the controller goes on from it as if nothing had been.
///
/// Policy `classifier` asks the model again after it: another model may answer after a restart.
/// Scripts that turn the clock are left out: where the clock went back, the controller looks at
/// once, as a restarted one does.
#[test]
fn a_snapshot_after_every_line_changes_no_timeline() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut snapshots = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let script = entry.unwrap().path();
        if script
            .extension()
            .is_none_or(|extension| extension != "scn")
        {
            continue;
        }
        let text = std::fs::read_to_string(&script).unwrap();
        if text.contains("\nclock ") {
            continue;
        }
        let mut world = World::new();
        for line in text.lines() {
            world.run(line.split('#').next().unwrap_or_default());
            if world.control.is_some() && world.config.policy != PolicyKind::Classifier {
                world.send(Event::SnapshotAsked);
                snapshots += 1;
            }
        }
        let expected = std::fs::read_to_string(script.with_extension("timeline")).unwrap();
        assert_eq!(world.timeline, expected, "{}", script.display());
    }
    assert!(snapshots > 100, "{snapshots}");
}
