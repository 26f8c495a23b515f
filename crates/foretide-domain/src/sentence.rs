//! Explanations in words. One rendering serves log, terminal and page, so that they cannot differ.

use std::fmt;

use crate::{Alarm, Outcome};
use crate::{
    ClassifierRule, Decision, Explanation, ForecastFigures, ForecastRule, Guard, Inputs,
    PolicyKind, Pricing, Record, Rule, Staleness, TrackingRule, WriteOutcome,
};

impl Explanation {
    /// The capacity that came out: as wanted, or as the last guard rail left it.
    pub fn capacity(&self) -> u32 {
        match self.steps.last() {
            Some(step) => step.to,
            None => self.proposal.desired.unwrap_or(self.inputs.desired),
        }
    }
}

impl fmt::Display for Explanation {
    /// One sentence: what, by which rule, what bound it, and the figures behind it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inputs { desired, .. } = self.inputs;
        let capacity = self.capacity();
        match capacity.cmp(&desired) {
            std::cmp::Ordering::Greater => write!(f, "scale out {desired} -> {capacity}: ")?,
            std::cmp::Ordering::Less => write!(f, "scale in {desired} -> {capacity}: ")?,
            std::cmp::Ordering::Equal => write!(f, "hold at {desired}: ")?,
        }
        self.rule(f)?;
        if let Some(guard) = self.bound_by {
            write!(f, "; {}", GuardSentence(guard, &self.inputs))?;
        }
        match self.inputs.staleness {
            Staleness::Widened => {
                f.write_str("; the next period is late: quantiles are widened")?;
            }
            Staleness::ScaleOutOnly => {
                f.write_str("; data is too old to scale in by, quantiles are widened")?;
            }
            Staleness::Fresh | Staleness::Alarm => {}
        }
        write!(f, " [{}]", Figures(&self.inputs))
    }
}

impl Explanation {
    fn rule(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Rule::Classifier(rule) = self.proposal.rule
            && !matches!(
                rule,
                ClassifierRule::NoPrediction | ClassifierRule::NoAnswer
            )
            && let Some((class, confidence)) = self.inputs.class
        {
            return write!(f, "the model says {class} ({:.0} %)", confidence * 100.0);
        }
        write!(f, "{}", self.proposal.rule)?;
        match self.proposal.desired {
            Some(wanted) if wanted != self.capacity() => write!(f, " (wants {wanted})"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classifier(rule) => match rule {
                ClassifierRule::ScaleOut => "the model asks for more",
                ClassifierRule::ScaleIn => "the model asks for less",
                ClassifierRule::Hold => "the model is content",
                ClassifierRule::NoPrediction => "no prediction",
                ClassifierRule::NoAnswer => "the predictor does not answer",
            },
            Self::Forecast(rule) => match rule {
                ForecastRule::NoNewPoint => "no datapoint since the last decision",
                ForecastRule::Tracking => "no forecast yet, target tracking decides",
                ForecastRule::Forecast => "the forecast asks for it",
                ForecastRule::Load => "the load now needs it",
                ForecastRule::Surge => "CPU is saturated, so unserved demand is unknown",
                ForecastRule::Band => "capacity is within the band that the forecast asks for",
                ForecastRule::Surplus => "the surplus has cost more than a relaunch would",
                ForecastRule::Waiting => "the surplus has not cost a relaunch yet",
                ForecastRule::Scheduled => "a known event needs it",
                ForecastRule::Late => "no new period comes and the load may have grown",
            },
            Self::EmptyGroup => "the group is empty and cannot be measured",
            Self::Pinned => "an operator pinned it",
            Self::TargetTracking(rule) => match rule {
                TrackingRule::TooFewPoints => "too few datapoints yet",
                TrackingRule::AboveTarget => "CPU is above target",
                TrackingRule::BelowBand => "CPU is below the scale-in band",
                TrackingRule::BelowBandPending => {
                    "CPU is below the scale-in band, but instances are still coming"
                }
                TrackingRule::Between => "CPU is neither above target nor below the band for long",
            },
        })
    }
}

/// What a guard rail says of the inputs that it saw.
pub(crate) struct GuardSentence<'a>(pub(crate) Guard, pub(crate) &'a Inputs);

impl fmt::Display for GuardSentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(guard, inputs) = self;
        match guard {
            Guard::Bounds => write!(f, "bounded by {}", inputs.bounds),
            Guard::Suspended if inputs.suspended.launch => f.write_str("launching is suspended"),
            Guard::Suspended => f.write_str("terminating is suspended"),
            Guard::Freshness => match inputs.data_age {
                Some(age) if !inputs.staleness.is_alarm() => {
                    write!(f, "data is {} s old: nothing is taken away", age.as_secs())
                }
                Some(age) => write!(f, "data is {} s old: stale", age.as_secs()),
                None => f.write_str("no data"),
            },
            Guard::Coverage => {
                let share = inputs.coverage.unwrap_or_default() * 100.0;
                write!(f, "only {share:.0} % of the instances report")
            }
            Guard::UpperUtilisation => f.write_str("CPU is at the upper bound: grow"),
            Guard::InstanceRefresh => {
                f.write_str("an instance refresh is under way or cannot be ruled out")
            }
            Guard::PendingLaunches => write!(f, "launches pending: {}", inputs.counts.pending),
            Guard::ProjectedUtilisation if inputs.load.is_some_and(|load| load.get() > 0.0) => {
                f.write_str("with less, utilisation would be too high")
            }
            Guard::ProjectedUtilisation => f.write_str("one instance stays, to measure by"),
            Guard::Confidence => f.write_str("the model is not sure enough"),
            Guard::Streak => write!(
                f,
                "streak too short: votes {}, looks {}",
                inputs.streak_datapoints, inputs.streak
            ),
            Guard::Cooldown => write!(f, "cooldown: {} s left", inputs.cooldown_left.as_secs()),
            Guard::Breaker => f.write_str("launches fail: not above what exists"),
            Guard::WriteInFlight => f.write_str("the answer to a write is outstanding"),
            Guard::WriteBackoff => f.write_str("writes fail: waiting before the next try"),
            Guard::Paused => f.write_str("an operator paused the group"),
            Guard::Mode => f.write_str("the mode writes nothing of this"),
            Guard::Audit => f.write_str("the audit refused it"),
        }
    }
}

struct Figures<'a>(&'a Inputs);

impl fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(inputs) = self;
        let counts = inputs.counts;
        match (inputs.cpu, inputs.instances, inputs.data_age) {
            (Some(cpu), Some(instances), Some(age)) => {
                write!(
                    f,
                    "CPU {cpu} on {instances:.1} instances, {} s old",
                    age.as_secs()
                )?;
            }
            _ => f.write_str("no CPU data")?,
        }
        write!(f, "; {} in service", counts.in_service)?;
        if counts.pending > 0 {
            write!(f, ", {} pending", counts.pending)?;
        }
        if let Some(event) = &inputs.event {
            write!(f, "; event {}", event.name)?;
        }
        if let Some(figures) = &inputs.forecast {
            write!(f, "; {}", ForecastSentence(figures))?;
        }
        write!(f, "; bounds {}", inputs.bounds)
    }
}

struct ForecastSentence<'a>(&'a ForecastFigures);

impl fmt::Display for ForecastSentence<'_> {
    /// The forecast, how far it is trusted and why, and what the reactive rule would hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(figures) = self;
        if let Some([median, .., upper]) = figures.quantiles {
            let minutes = figures.ahead.as_secs() / 60;
            write!(f, "in {minutes} min {median}, at most {upper} (99.6 %)")?;
            if figures.uplift > 1.0 {
                write!(f, ", x{:.2} for the event", figures.uplift)?;
            }
            f.write_str("; ")?;
        }
        if let Some(chance) = figures.short_chance {
            let level = 100.0 * (1.0 - chance);
            match figures.pricing {
                Pricing::Budget { share, .. } => {
                    let [_, week] = figures.kept;
                    let (spent, share) = (100.0 * week.short, 100.0 * share);
                    write!(f, "level {level:.2} %, short {spent:.2} of {share} %")?;
                }
                Pricing::Prices { .. } => write!(f, "level {level:.2} % by the prices")?,
            }
            if figures.demoted {
                f.write_str(", price bounded")?;
            }
            f.write_str("; ")?;
        }
        if figures.reading_history {
            f.write_str("history is still being read; ")?;
        }
        write!(f, "target tracking: {}", figures.tracking)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explanation.fmt(f)
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classifier => "classifier",
            Self::TargetTracking => "target-tracking",
            Self::Forecast => "forecast",
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observed(point) => {
                write!(f, "observed the period of {}: ", point.start)?;
                match point.cpu {
                    Some(cpu) => write!(f, "CPU {cpu} on {:.1} instances", point.instances),
                    None => f.write_str("no CPU"),
                }
            }
            Self::Decided(decision) => decision.fmt(f),
            Self::Settled { plan, outcome } => {
                write!(f, "desired {}: ", plan.desired)?;
                match outcome {
                    WriteOutcome::Accepted => f.write_str("accepted"),
                    WriteOutcome::Moved { bounds, desired } => write!(
                        f,
                        "not written, the group has moved to desired {desired} in {bounds}"
                    ),
                    WriteOutcome::DryRun => f.write_str("not written, dry run"),
                    WriteOutcome::Failed(failure) => write!(f, "failed, {failure}"),
                }
            }
            Self::OutcomeSeen(Outcome::Reached { desired }) => {
                write!(f, "in service as asked: {desired}")
            }
            Self::OutcomeSeen(Outcome::Partly {
                desired,
                in_service,
            }) => {
                write!(
                    f,
                    "in service after three lead times: {in_service} of {desired}"
                )
            }
            Self::ForeignChange(change) => {
                f.write_str("somebody else changed the group:")?;
                if change.desired != change.desired_before {
                    write!(
                        f,
                        " desired {} -> {}",
                        change.desired_before, change.desired
                    )?;
                }
                if change.bounds != change.bounds_before {
                    write!(f, " bounds {} -> {}", change.bounds_before, change.bounds)?;
                }
                Ok(())
            }
            Self::Ordered { order, by } => write!(f, "ordered by {by}: {order}"),
            Self::OrderEnded(order) => write!(f, "an order had its time: {order}"),
            Self::CallFailed(failure) => write!(f, "call failed: {failure}"),
            Self::MetricsLate {
                delay,
                metric_delay,
            } => {
                let (found, set) = (delay.as_secs(), metric_delay.as_secs());
                write!(
                    f,
                    "metric_delay = \"{set}s\", but CloudWatch publishes this group's periods {found} \
                     s after their end: metrics are read later; set metric_delay = \"{found}s\""
                )
            }
            Self::Gap { since } => write!(f, "did not look since {since}: the streak starts anew"),
            Self::Alarm(alarm) => alarm.fmt(f),
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BreakerOpened {
                failed_launches,
                retry_at,
            } => write!(
                f,
                "ALARM launches fail or hang ({failed_launches} failed in a row): \
                 no growth beyond what exists until {retry_at}"
            ),
            Self::BreakerClosed => f.write_str("launches work again"),
            Self::DataStale => f.write_str("ALARM no fresh data"),
            Self::DataFresh => f.write_str("data is fresh again"),
            Self::PredictorSilent => {
                f.write_str("ALARM the predictor does not answer: capacity is held")
            }
            Self::PredictorAnswers => f.write_str("the predictor answers again"),
            Self::ForecastDemoted { cost_percent } => write!(
                f,
                "the forecast costs {cost_percent} % of what target tracking would and does \
                 not serve enough better: its price is bounded"
            ),
            Self::ForecastRestored => {
                f.write_str("the forecast earns its cost again: its price is free")
            }
            Self::InvariantBroken { invariant } => {
                write!(
                    f,
                    "ALARM a plan broke invariant {invariant} and was not written"
                )
            }
        }
    }
}
