//! The end of a look: decide, audit, write.

use std::time::Duration;

use foretide_domain::{
    Alarm, Decision, EventFigures, Explanation, ForecastRule, Guard, GuardStep, Headroom, Hours,
    Inputs, Mode, Plan, Proposal, Record, Rule, Timestamp, Verdict,
};

use crate::audit::{AuditInput, AuditedSignal, AuditedStart, audit};
use crate::controller::Controller;
use crate::facts::Facts;
use crate::guard::{self, Guarded};
use crate::health::Decided;
use crate::policy;
use crate::protocol::Effect;
use crate::signals;

impl Controller {
    /// Decides where something asks for a decision; records it; writes what may be written.
    pub(crate) fn decide(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.vote(now);
        self.end_backoff(now);
        if !self.asks_for_decision() {
            return self.judge(None, now, effects);
        }
        let Some(facts) = self.facts(now) else { return };
        let proposal = policy::propose(&facts);
        let mut guarded = guard::apply(&facts, &proposal);
        let desired = facts.group.desired;
        let plan = (guarded.capacity != desired && self.mode() != Mode::Observe)
            .then(|| plan(&facts, guarded.capacity));
        let signals = self.audited_signals();
        let broken = plan.and_then(|plan| audit(&plan, &self.audit_input(&facts, &signals)));
        if let Some(violation) = broken {
            effects.push(Effect::Record(Record::Alarm(Alarm::InvariantBroken {
                invariant: violation.number(),
                violation: Some(violation),
            })));
            let step = GuardStep {
                guard: Guard::Audit,
                from: guarded.capacity,
                to: desired,
            };
            guarded.steps.push(step);
            guarded.capacity = desired;
        }
        let (capacity, counts) = (guarded.capacity, guarded.counts);
        let called_for = guard::called_for(&facts, &proposal);
        let unread = |step: &GuardStep| step.guard == Guard::HistoryUnread;
        let held_at_start = guarded.steps.iter().any(unread);
        let needed = needed(&proposal, self.config.headroom);
        let decided = Decided {
            wanted: needed,
            bounds: facts.group.bounds,
            fresh: facts.is_fresh(),
            broken,
        };
        let mut explanation = explain(&facts, proposal, guarded);
        let bound = explanation.bound_signal().map(|it| it.name.clone());
        self.judge(Some(decided), now, effects);
        explanation.inputs.health = self.state.health.verdict.clone();
        explanation.inputs.hours = self.state.hours.hours();
        explanation.inputs.week = self.state.hours.week();
        explanation.inputs.baseline = self.state.hours.baseline_now();
        let decision = Decision {
            at: now,
            desired: (capacity != desired).then_some(capacity),
            next_look: self.state.cycle.due,
            explanation,
        };
        let moves = decision.desired.is_some();
        if let Some(wanted) = called_for {
            let stabilisation = self.config.pace.stabilisation;
            self.state.recent.want(now, wanted, stabilisation);
        }
        effects.push(Effect::Record(Record::Decided(Box::new(decision))));
        self.state.cycle.decide_anyway = false;
        self.state.signals.note_bound(bound);
        if let Some(start) = self.state.policies.forecast.start.as_mut() {
            start.held |= held_at_start;
        }
        match plan.filter(|_| broken.is_none()) {
            Some(plan) => self.write(plan, counts, now, effects),
            None if moves => self.withheld(now),
            None => {}
        }
    }

    /// Counts this look for the streak, and the answer as a vote where it is of another datapoint
    /// than the vote before.
    fn vote(&mut self, now: Timestamp) {
        if !policy::of(&self.config).votes() {
            return;
        }
        let Some(facts) = self.facts(now) else { return };
        let is_vote = facts.is_fresh() && guard::votes_for_scale_in(&facts);
        let answer = self.state.policies.classifier.prediction;
        let datapoint = answer.map(|answer| answer.question.datapoint);
        self.state
            .policies
            .classifier
            .votes
            .count(is_vote, datapoint);
    }

    /// What waited for the next try of a write waits no longer, and not for the next datapoint
    /// either.
    fn end_backoff(&mut self, now: Timestamp) {
        self.state.cycle.decide_anyway |= self.state.writes.end_backoff(now);
    }

    /// A policy that votes decides in every cycle. The others decide on a new datapoint; between
    /// two datapoints only an event that cannot wait for the next one asks for a decision.
    fn asks_for_decision(&self) -> bool {
        let Some(reading) = &self.state.group.reading else {
            return false;
        };
        let group = &reading.group;
        let is_empty = group.desired == 0 && group.counts.in_service_and_pending() == 0;
        policy::of(&self.config).votes()
            || self.state.cycle.decide_anyway
            || is_empty
            || !group.bounds.contains(group.desired)
    }

    fn audit_input<'a>(
        &'a self,
        facts: &Facts<'a>,
        audited: &'a [AuditedSignal],
    ) -> AuditInput<'a> {
        AuditInput {
            now: facts.now,
            config: &self.config,
            group: facts.group,
            group_read_at: facts.group_read_at,
            newest: self
                .state
                .metrics
                .series
                .newest_with_cpu()
                .next()
                .map(|(point, _)| point),
            last_change_at: self.state.writes.last_change_at,
            write_in_flight: self.state.is_writing(),
            signals: audited,
            starting: facts.starting,
            coming: self.state.group.coming(&self.config, facts.now),
            breaker_open: facts.breaker_cap.is_some(),
            orders: &self.state.orders,
            saturated: facts.is_saturated(),
            event_minimum: facts.scheduled.map_or(0, |(minimum, _)| minimum),
            own_changes: facts.own_changes,
            wanted_lately: facts.wanted_lately,
            start: self.start().map(|start| AuditedStart {
                since: start.since,
                reading: self.is_reading_past(),
            }),
        }
    }

    /// The intent is saved before the write is asked for, so that a crash between the two leaves
    /// the cooldown in place.
    fn write(&mut self, plan: Plan, counts: i64, now: Timestamp, effects: &mut Vec<Effect>) {
        let call = self.state.next_call();
        self.state.writes.begin(call, plan, counts, now);
        effects.push(Effect::SaveFirst);
        effects.push(Effect::SetDesired { call, plan });
    }

    /// Nothing is written in this mode; cooldown and streak run as if it had been, so that what is
    /// recorded is the pace at which the group would have been changed.
    fn withheld(&mut self, now: Timestamp) {
        self.state.writes.last_change_at = Some(now);
        self.state.policies.classifier.votes.reset();
    }
}

fn plan(facts: &Facts<'_>, desired: u32) -> Plan {
    Plan {
        desired,
        expected_desired: facts.group.desired,
        expected_bounds: facts.group.bounds,
    }
}

fn explain(facts: &Facts<'_>, proposal: Proposal, guarded: Guarded) -> Explanation {
    let moves = guarded.capacity != facts.group.desired;
    let bound_by = if moves && facts.mode == Mode::Observe {
        Some(Guard::Mode)
    } else if !moves && guarded.steps.is_empty() && !facts.is_fresh() {
        Some(Guard::Freshness)
    } else if !moves && guarded.steps.is_empty() {
        unmet(facts)
    } else {
        guarded.steps.last().map(|step| step.guard)
    };
    Explanation {
        mode: facts.mode,
        policy: facts.config.policy,
        inputs: inputs(facts, &proposal, &guarded),
        proposal,
        steps: guarded.steps,
        bound_by,
    }
}

/// What keeps the group from having what it was asked for: the policy wants no more than desired
/// capacity, and less than that exists.
fn unmet(facts: &Facts<'_>) -> Option<Guard> {
    let group = facts.group;
    if group.desired <= group.counts.in_service_and_pending() {
        None
    } else if facts.breaker_cap.is_some() {
        Some(Guard::Breaker)
    } else {
        group.suspended.launch.then_some(Guard::Suspended)
    }
}

/// What is left of the cooldown that bound; where none did, of the longer one.
fn cooldown_left(facts: &Facts<'_>, steps: &[GuardStep]) -> Duration {
    if !policy::of(facts.config).votes() {
        return Duration::ZERO;
    }
    let settings = &facts.config.classifier;
    let bound = steps.iter().find(|step| step.guard == Guard::Cooldown);
    facts.cooldown_left(match bound {
        Some(step) if step.from > step.to => settings.cooldown_out,
        Some(_) => settings.cooldown_in,
        None => settings.cooldown_out.max(settings.cooldown_in),
    })
}

/// The instances that `proposal` needs. What an operator pinned is wanted, and nothing needs it;
/// nor does anything need the headroom that policies `forecast` and `target-tracking` add.
fn needed(proposal: &Proposal, headroom: Headroom) -> Option<u32> {
    let wanted = proposal.desired?;
    match proposal.rule {
        Rule::Pinned => None,
        Rule::Classifier(_) | Rule::EmptyGroup | Rule::Forecast(ForecastRule::Scheduled) => {
            Some(wanted)
        }
        Rule::Forecast(_) | Rule::TargetTracking(_) | Rule::Threshold(_) => {
            Some(headroom.left_of(wanted))
        }
    }
}

/// What is left of the wait of a start that changed the decision.
fn start_wait_left(facts: &Facts<'_>, steps: &[GuardStep]) -> Option<Duration> {
    steps.iter().find_map(|step| match step.guard {
        Guard::HistoryUnread => Some(facts.start.write),
        Guard::HistoryUnused => Some(facts.start.scale_in),
        _ => None,
    })
}

fn inputs(facts: &Facts<'_>, proposal: &Proposal, guarded: &Guarded) -> Inputs {
    let newest = facts.newest();
    Inputs {
        desired: facts.group.desired,
        bounds: facts.group.bounds,
        counts: facts.group.counts,
        group_age: facts.now.since(facts.group_read_at),
        suspended: facts.group.suspended,
        refreshing: facts.group.refreshing,
        refresh_unknown: facts.group.refresh_unknown,
        cpu: newest.map(|(_, cpu)| cpu),
        load: facts.load(),
        instances: newest.map(|(point, _)| point.instances),
        data_age: facts.data_age(),
        fresh: facts.is_fresh(),
        staleness: facts.staleness(),
        coverage: facts.coverage,
        unaccounted: facts.unaccounted(),
        starting: facts.starting,
        memory: facts.memory,
        features: facts.features,
        forecast: facts.forecast,
        signals: signals::figures(facts, proposal),
        signal_forecast: signals::forecast_of(facts, proposal),
        event: event(facts),
        class: facts
            .prediction
            .map(|prediction| (prediction.class, prediction.confidence())),
        streak: facts.streak,
        streak_datapoints: facts.streak_datapoints,
        streak_needed: policy::of(facts.config)
            .votes()
            .then(|| guard::streak_needed(facts)),
        cooldown_left: cooldown_left(facts, &guarded.steps),
        settings: facts.config.revision.clone(),
        orders: facts.orders.clone(),
        pace: guard::pace_figures(facts, guarded),
        headroom: facts.config.headroom,
        start_wait_left: start_wait_left(facts, &guarded.steps),
        breaker_open: facts.breaker_cap.is_some(),
        health: Verdict::default(),
        hours: Hours::default(),
        week: Hours::default(),
        baseline: None,
    }
}

/// The event that needs a capacity now, or else the one that lifts the forecast.
fn event(facts: &Facts<'_>) -> Option<EventFigures> {
    let (name, minimum) = match facts.scheduled {
        Some((minimum, needed)) => (needed.to_string(), Some(minimum)),
        None => (facts.lifting?.to_owned(), None),
    };
    Some(EventFigures { name, minimum })
}
