//! The verdict of every cycle on the group's health: the only place where a state is judged.

mod facts;

use std::time::Duration;

use foretide_domain::{
    Cause, FailureKind, Load, Mode, Obstacle, Record, Severity, Timestamp, Verdict,
};
use foretide_forecast::FIRST_FIT_DAYS;
use foretide_forecast::sizing::Reach;

pub(crate) use self::facts::{Decided, Health};
use crate::controller::Controller;
use crate::forecasting::Forecasting;
use crate::policy;
use crate::protocol::Effect;

/// A broken invariant is shown for an hour: long enough to be seen, and it cannot be mended here.
const BROKEN_SHOWN: Duration = Duration::from_secs(3600);
/// Policies are read within a minute or two of the start, also of a thousand groups. Policies still
/// unread after five minutes keep the group from being scaled, so that is an alarm.
const WRITERS_UNKNOWN: Duration = Duration::from_secs(300);
/// A group that was not read for three intervals cannot be read; one failed call is no condition.
const UNREAD_INTERVALS: u32 = 3;

/// Somebody who undoes so many writes within an hour is another scaler, and no person.
const UNDONE_TOLD: u32 = 3;

type Found = Vec<(Severity, Cause)>;

impl Controller {
    /// Judges the group's health at the end of a cycle, with what was decided in it, and records
    /// the verdict where it is another one.
    pub(crate) fn judge(
        &mut self,
        decided: Option<Decided>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(decided) = decided {
            self.state.health.note(&decided, now);
        }
        let before = &self.state.health.verdict;
        let verdict = Verdict::new(self.found(now), before, now);
        if !verdict.is_same(before) {
            effects.push(Effect::Record(Record::Health {
                ended: verdict.ended(before),
                verdict: verdict.clone(),
            }));
        }
        self.state.health.verdict = verdict;
        self.state.health.judged_at = Some(now);
        self.state.health.interval = self.config.interval;
    }

    fn found(&self, now: Timestamp) -> Found {
        let mut found = Vec::new();
        self.faults(now, &mut found);
        self.writes(now, &mut found);
        self.data(now, &mut found);
        self.capacity(now, &mut found);
        self.doubts(now, &mut found);
        self.warming_up(&mut found);
        self.orders(&mut found);
        found
    }

    fn faults(&self, now: Timestamp, found: &mut Found) {
        let broken = self.state.health.broken;
        if let Some((_, violation)) = broken.filter(|(at, _)| now.since(*at) < BROKEN_SHOWN) {
            found.push((Severity::Critical, Cause::InvariantBroken { violation }));
        }
    }

    /// What keeps desired capacity from being set, and from having an effect.
    fn writes(&self, now: Timestamp, found: &mut Found) {
        // What is not written anyway is no alarm; it is to be known before the mode is changed.
        let severity = match self.mode() {
            Mode::Observe => Severity::Notice,
            Mode::ScaleOutOnly | Mode::Enforce => Severity::Critical,
        };
        if let Some(reading) = &self.state.group.reading {
            let group = &reading.group;
            let obstacles = group.obstacles.iter();
            found.extend(obstacles.map(|obstacle| match obstacle {
                Obstacle::Unknown if self.stays_unknown(now) => (severity, Cause::WritersUnknown),
                Obstacle::Unknown => (Severity::Notice, Cause::Obstacle(Obstacle::Unknown)),
                known => (severity, Cause::Obstacle(known.clone())),
            }));
            if group.suspended.launch {
                found.push((severity, Cause::LaunchSuspended));
            }
            if group.suspended.terminate {
                found.push((severity.min(Severity::Warning), Cause::TerminateSuspended));
            }
        }
        if let Some(failure) = &self.state.health.write_failure {
            let severity = match failure.kind {
                FailureKind::Denied | FailureKind::Rejected | FailureKind::NotFound => severity,
                _ => severity.min(Severity::Warning),
            };
            let failure = failure.clone();
            found.push((severity, Cause::WriteRefused { failure }));
        }
        let undone = self.state.group.undone(now);
        if undone >= UNDONE_TOLD {
            found.push((severity, Cause::WritesUndone { undone }));
        }
        found.extend(
            self.state
                .group
                .breaker
                .cause(now)
                .map(|it| (Severity::Critical, it)),
        );
    }

    /// Whether it has been unknown for too long who else sets desired capacity.
    fn stays_unknown(&self, now: Timestamp) -> bool {
        let mut before = self.state.health.verdict.conditions().iter();
        before.any(|known| match known.cause {
            Cause::WritersUnknown => true,
            Cause::Obstacle(Obstacle::Unknown) => now.since(known.since) >= WRITERS_UNKNOWN,
            _ => false,
        })
    }

    fn data(&self, now: Timestamp, found: &mut Found) {
        let longest = self.config.interval.saturating_mul(UNREAD_INTERVALS);
        let reading = self.state.group.reading.as_ref();
        let unread = reading.is_none_or(|reading| now.since(reading.at) > longest);
        if let Some(failure) = self.state.health.group_failure.as_ref().filter(|_| unread) {
            let failure = failure.clone();
            found.push((Severity::Critical, Cause::GroupUnreadable { failure }));
        }
        if self.state.metrics.stale {
            let newest = self.state.metrics.series.newest_load();
            let cause = newest.map_or(Cause::NoData, |point| Cause::DataStale {
                age: now.since(point.end()),
            });
            found.push((Severity::Critical, cause));
        }
        found.extend(self.signal_causes());
        if self.state.policies.classifier.predictor_failing {
            found.push((Severity::Critical, Cause::PredictorSilent));
        }
    }

    fn capacity(&self, now: Timestamp, found: &mut Found) {
        let max = self.state.group.newest().map(|it| it.bounds.max());
        // A maximum that was raised since is enough.
        if let (Some((_, needed)), Some(max)) = (self.state.health.needed_more, max)
            && needed > max
        {
            found.push((Severity::Critical, Cause::AtMaximum { max, needed }));
        }
        let budget = self.config.forecast.budget;
        let week = self.state.hours.week();
        if let Some(share) = week.violation_share().filter(|share| *share > budget)
            && self.config.forecast.short_per_instance.is_none()
        {
            let overspent = Cause::BudgetOverspent {
                share,
                budget,
                known_s: Some(week.known_s),
            };
            found.push((Severity::Warning, overspent));
        }
        found.extend(self.out_of_reach().map(|it| (Severity::Warning, it)));
        let objective = self.config.forecast.objective;
        let outlook = self.forecasting.as_ref().and_then(Forecasting::outlook);
        let most = outlook.and_then(|it| it.most(now, objective));
        if let (Some((at, needed)), Some(max)) = (most, max)
            && needed > max
        {
            let ahead = Cause::MaximumAhead { at, needed, max };
            found.push((Severity::Notice, ahead));
        }
    }

    /// Whether the group's own history shows that the budget costs more than may be spent.
    fn out_of_reach(&self) -> Option<Cause> {
        let forecast = &self.config.forecast;
        if !policy::of(&self.config).forecasts() || forecast.short_per_instance.is_some() {
            return None;
        }
        let saved = self.state.policies.forecast.optimiser.as_ref()?;
        let list = saved.optimiser.price_list().filter(|it| it.is_telling())?;
        match list.reach(forecast.budget, forecast.max_cost) {
            Reach::Within => None,
            Reach::Beyond { needed, share } => Some(Cause::BudgetOutOfReach {
                budget: forecast.budget,
                needed,
                max_cost: forecast.max_cost,
                share,
            }),
        }
    }

    /// What is in doubt until something outside changes: the load, or who serves.
    fn doubts(&self, now: Timestamp, found: &mut Found) {
        let Some(group) = self.state.group.newest() else {
            return;
        };
        let newest = self.state.metrics.series.newest_load();
        if let Some(others) = newest.and_then(|point| point.unaccounted) {
            let cause = Cause::Unaccounted {
                reporting: others.reporting,
                serving: group.counts.serving(),
            };
            found.push((Severity::Warning, cause));
        }
        let readiness = group.readiness.as_ref();
        if let Some(why) = readiness.and_then(|it| it.in_doubt.clone()) {
            found.push((Severity::Warning, Cause::ReadyInDoubt(why)));
        }
        let expected = self.state.policies.forecast.drop.holds(now);
        if let Some(expected) = expected.and_then(Load::new) {
            found.push((Severity::Warning, Cause::LoadDropped { expected }));
        }
        let coverage = self.state.coverage();
        if let Some(share) = coverage.filter(|share| *share < self.config.coverage_min) {
            found.push((Severity::Warning, Cause::FewReport { share }));
        }
        let (protected, desired) = (group.counts.protected, group.desired);
        if protected > desired {
            found.push((Severity::Notice, Cause::Protected { protected, desired }));
        }
        // Whether there is one is unknown until policies are read; that is a condition of its own.
        if group.refreshing && !group.obstacles.contains(&Obstacle::Unknown) {
            found.push((Severity::Notice, Cause::Refreshing));
        }
        found.extend(self.suspension());
    }

    fn warming_up(&self, found: &mut Found) {
        let mut say = |cause| found.push((Severity::Notice, cause));
        if self.state.group.reading.is_none() && self.state.health.group_failure.is_none() {
            say(Cause::NotRead);
        }
        if !policy::of(&self.config).forecasts() {
            return;
        }
        let forecasting = self.forecasting.as_ref();
        if let Some((parts_read, parts)) = forecasting.and_then(|it| it.backfill.progress()) {
            say(Cause::ReadingHistory { parts_read, parts });
        }
        if forecasting.is_none_or(|it| !it.has_own_model()) && self.state.group.reading.is_some() {
            let history = forecasting.map_or(Duration::ZERO, Forecasting::history);
            let needed = Duration::from_secs_f64(FIRST_FIT_DAYS * 86_400.0);
            say(Cause::Learning { history, needed });
        }
    }

    fn orders(&self, found: &mut Found) {
        let orders = &self.state.orders;
        if let Some(paused) = &orders.paused {
            let (by, until) = (paused.by.clone(), paused.until);
            found.push((Severity::Notice, Cause::Paused { by, until }));
        }
        if let Some(pinned) = &orders.pinned {
            let (by, capacity, until) = (pinned.by.clone(), pinned.capacity, pinned.until);
            let pinned = Cause::Pinned {
                by,
                capacity,
                until,
            };
            found.push((Severity::Notice, pinned));
        }
    }
}
