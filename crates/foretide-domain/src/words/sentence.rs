//! A decision in one sentence: `ACTION: REASON[; LIMIT].` and a line of figures.
//!
//! The reason names the cause that bound. A fault of the world (no permission, failing launches,
//! missing data) comes before the policy's reason.

use std::cmp::Ordering;
use std::fmt;

use super::hours::span;
use crate::{
    Cause, Class, ClassifierRule, Decision, Explanation, ForecastFigures, ForecastRule, Guard,
    Hours, Inputs, Pricing, Rule, Staleness, TrackingRule, whole_instances,
};

impl Explanation {
    /// The capacity that came out: as wanted, or as the last guard rail left it.
    pub fn capacity(&self) -> u32 {
        match self.steps.last() {
            Some(step) => step.to,
            None => self.proposal.desired.unwrap_or(self.inputs.desired),
        }
    }

    /// What was decided and why, as one sentence.
    pub fn sentence(&self) -> String {
        Sentence(self).to_string()
    }

    /// The figures behind it, each with its name.
    pub fn figures(&self) -> String {
        Figures(&self.inputs).to_string()
    }
}

impl fmt::Display for Explanation {
    /// The sentence, and the figures in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", Sentence(self), Figures(&self.inputs))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explanation.fmt(f)
    }
}

/// The class in words.
const fn answer(class: Class) -> &'static str {
    match class {
        Class::ScaleOut => "scale out",
        Class::ScaleIn => "scale in",
        Class::Hold => "hold",
    }
}

struct Sentence<'a>(&'a Explanation);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(why) = *self;
        let inputs = &why.inputs;
        let (desired, capacity) = (inputs.desired, why.capacity());
        match capacity.cmp(&desired) {
            Ordering::Greater => write!(f, "Scale out {desired} → {capacity}")?,
            Ordering::Less => write!(f, "Scale in {desired} → {capacity}")?,
            Ordering::Equal => write!(f, "Hold at {desired}")?,
        }
        let wanted = why.proposal.desired.filter(|wanted| *wanted != capacity);
        match wanted {
            Some(1) if capacity == 0 => f.write_str(", 1 is wanted: ")?,
            Some(wanted) if wanted > capacity => write!(f, ", {wanted} are wanted: ")?,
            Some(wanted) => write!(f, ", {wanted} would be enough: ")?,
            None => f.write_str(": ")?,
        }
        match why.bound_by {
            Some(guard) if is_fault(guard) => write!(f, "{}", Limit(guard, inputs))?,
            Some(guard) => write!(f, "{}; {}", Reason(why), Limit(guard, inputs))?,
            None => write!(f, "{}", Reason(why))?,
        }
        match inputs.staleness {
            Staleness::Widened => {
                f.write_str("; the next datapoint is late, so the forecast is made wider")?;
            }
            Staleness::ScaleOutOnly => {
                f.write_str("; the data is too old to scale in")?;
            }
            Staleness::Fresh | Staleness::Alarm => {}
        }
        f.write_str(".")
    }
}

/// Whether the guard rail holds because of a fault outside Foretide. The sentence then names the
/// fault in place of the policy's reason.
const fn is_fault(guard: Guard) -> bool {
    matches!(
        guard,
        Guard::Breaker
            | Guard::EarlyDeaths
            | Guard::CannotWrite
            | Guard::HandsOff
            | Guard::Suspended
            | Guard::Freshness
            | Guard::WriteBackoff
            | Guard::Audit
    )
}

/// Why the policy wants what it wants.
struct Reason<'a>(&'a Explanation);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(why) = *self;
        let inputs = &why.inputs;
        match (why.proposal.rule, &inputs.forecast, inputs.class) {
            (Rule::Classifier(ClassifierRule::NoPrediction | ClassifierRule::NoAnswer), _, _) => {
                write!(f, "{}", why.proposal.rule)
            }
            (Rule::Classifier(_), _, Some((class, confidence))) => {
                let (class, sure) = (answer(class), 100.0 * confidence);
                write!(f, "the model answers \"{class}\" ({sure:.1} % sure)")
            }
            (Rule::Forecast(rule), Some(figures), _) => forecast(f, rule, why, figures),
            (rule, _, _) => write!(f, "{rule}"),
        }
    }
}

fn forecast(
    f: &mut fmt::Formatter<'_>,
    rule: ForecastRule,
    why: &Explanation,
    figures: &ForecastFigures,
) -> fmt::Result {
    let inputs = &why.inputs;
    let spare = inputs.desired.saturating_sub(figures.high);
    match rule {
        ForecastRule::Forecast => {
            let minutes = figures.ahead.as_secs() / 60;
            match (figures.median_need(), figures.short_chance) {
                (Some(need), Some(chance)) => write!(
                    f,
                    "in {minutes} min the load should need {}; {} with {} certainty",
                    counted(need, "instance"),
                    enough(figures.high.max(need)),
                    certainty(chance)
                ),
                _ => write!(f, "{}", why.proposal.rule),
            }
        }
        ForecastRule::Load => write!(
            f,
            "the load already needs {}",
            counted(figures.need, "instance")
        ),
        ForecastRule::Surge => {
            match inputs.cpu {
                Some(cpu) => write!(f, "CPU is at {cpu}")?,
                None => f.write_str("CPU is saturated")?,
            }
            f.write_str(", so the true demand is unknown; capacity grows by half")
        }
        ForecastRule::Band => {
            let (low, high) = (figures.low, figures.high);
            if low == high {
                write!(f, "the forecast asks for {}", counted(low, "instance"))
            } else {
                write!(f, "between {low} and {high} instances are enough")
            }
        }
        ForecastRule::Surplus if spare > 0 => write!(
            f,
            "keeping the {} has cost as much as relaunching would",
            spares(spare)
        ),
        ForecastRule::Waiting if spare > 0 => write!(
            f,
            "keeping the {} has not yet cost as much as relaunching would",
            spares(spare)
        ),
        _ => write!(f, "{}", why.proposal.rule),
    }
}

impl ForecastFigures {
    /// Instances that the median of the forecast needs.
    fn median_need(&self) -> Option<u32> {
        let [median, ..] = self.quantiles?;
        Some(whole_instances(median.get() / self.objective?.get()))
    }
}

/// The probability that a capacity is enough, where `chance` is that of a violation.
fn certainty(chance: f64) -> String {
    if chance < 0.0005 {
        "over 99.9 %".to_owned()
    } else {
        format!("{:.1} %", 100.0 * (1.0 - chance))
    }
}

pub(super) fn counted(count: u32, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn spares(instances: u32) -> String {
    match instances {
        1 => "spare instance".to_owned(),
        instances => format!("{instances} spare instances"),
    }
}

fn enough(instances: u32) -> String {
    let are = if instances == 1 { "is" } else { "are" };
    format!("{instances} {are} enough")
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classifier(rule) => match rule {
                ClassifierRule::ScaleOut => "the model asks for more",
                ClassifierRule::ScaleIn => "the model asks for less",
                ClassifierRule::Hold => "the model asks for no change",
                ClassifierRule::NoPrediction => "there is no fresh data to ask the model about",
                ClassifierRule::NoAnswer => "the predictor does not answer",
            },
            Self::Forecast(rule) => match rule {
                ForecastRule::NoNewPoint => "there is no new datapoint",
                ForecastRule::Tracking => {
                    "fallback target tracking decides, because there is no forecast yet"
                }
                ForecastRule::Forecast => "the forecast asks for it",
                ForecastRule::Load => "the load already needs it",
                ForecastRule::Surge => "CPU is saturated, so the true demand is unknown",
                ForecastRule::Band => "capacity is within the range that the forecast asks for",
                ForecastRule::Surplus => {
                    "keeping the spare instances has cost as much as relaunching would"
                }
                ForecastRule::Waiting => {
                    "keeping the spare instances has not yet cost as much as relaunching would"
                }
                ForecastRule::Scheduled => "a known event needs it",
                ForecastRule::Late => "no new datapoint comes, and the load may have grown",
            },
            Self::EmptyGroup => "the group is empty, and an empty group cannot be measured",
            Self::Pinned => "an operator pinned the capacity",
            Self::TargetTracking(rule) => match rule {
                TrackingRule::TooFewPoints => "there are too few datapoints yet",
                TrackingRule::AboveTarget => "CPU has been above the target",
                TrackingRule::BelowBand => "CPU has been below the scale-in threshold",
                TrackingRule::BelowBandPending => {
                    "CPU has been below the scale-in threshold, but instances are still coming"
                }
                TrackingRule::Between => {
                    "CPU has been neither above the target nor below the scale-in threshold for long"
                }
            },
        })
    }
}

/// What a guard rail says of the inputs that it saw.
pub(super) struct Limit<'a>(pub(super) Guard, pub(super) &'a Inputs);

impl fmt::Display for Limit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(guard, inputs) = *self;
        match guard {
            Guard::Bounds => write!(f, "the group's bounds are {}", inputs.bounds),
            Guard::Suspended if inputs.suspended.launch => {
                f.write_str("process Launch is suspended")
            }
            Guard::Suspended => f.write_str("process Terminate is suspended"),
            Guard::Freshness => match inputs.data_age {
                Some(age) if !inputs.staleness.is_alarm() => write!(
                    f,
                    "the newest datapoint is {} s old, too old to scale in",
                    age.as_secs()
                ),
                Some(age) => write!(f, "the newest datapoint is {} s old: stale", age.as_secs()),
                None => f.write_str("there is no datapoint"),
            },
            Guard::EarlyDeaths => early_deaths(f, inputs),
            Guard::LoadDropped => {
                f.write_str("load dropped suddenly and may come back as suddenly")
            }
            Guard::Coverage if inputs.unaccounted.is_some() => {
                f.write_str("instances report that do not serve, so the load is in doubt")
            }
            Guard::Coverage => {
                let share = inputs.coverage.unwrap_or_default() * 100.0;
                write!(f, "only {share:.0} % of the instances report")
            }
            Guard::UpperUtilisation => f.write_str("CPU is at the upper bound: one more"),
            Guard::InstanceRefresh => {
                f.write_str("an instance refresh is under way or cannot be ruled out")
            }
            Guard::PendingLaunches => {
                // Decisions of earlier versions have the pending ones alone.
                let starting = inputs.starting.max(inputs.counts.pending);
                write!(f, "{} still starting", counted(starting, "instance"))
            }
            Guard::ProjectedUtilisation if inputs.load.is_some_and(|load| load.get() > 0.0) => {
                f.write_str("with fewer, utilisation would be too high")
            }
            Guard::ProjectedUtilisation => f.write_str("one instance stays, to measure by"),
            Guard::Confidence => f.write_str("the model is not sure enough"),
            Guard::Streak => write!(
                f,
                "too few votes in a row to scale in: {} in {}",
                counted(inputs.streak_datapoints, "vote"),
                counted(inputs.streak, "cycle")
            ),
            Guard::Cooldown => write!(f, "cooldown, {} s left", inputs.cooldown_left.as_secs()),
            Guard::Breaker => breaker(f, inputs),
            Guard::CannotWrite => cannot_write(f, inputs),
            Guard::WriteInFlight => f.write_str("the answer to a write is outstanding"),
            Guard::WriteBackoff => write_backoff(f, inputs),
            Guard::HandsOff => f.write_str(
                "scaling is switched off on the group (process AlarmNotification is suspended)",
            ),
            Guard::Paused => f.write_str("an operator paused the group"),
            Guard::Mode => f.write_str("the mode does not write this"),
            Guard::Audit => f.write_str("the audit refused the plan"),
        }
    }
}

fn causes(inputs: &Inputs) -> impl Iterator<Item = &Cause> {
    inputs.health.conditions().iter().map(|it| &it.cause)
}

fn breaker(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let failing = causes(inputs).find_map(|cause| match cause {
        Cause::LaunchesFail {
            message, retry_at, ..
        } => Some((message, retry_at)),
        _ => None,
    });
    if causes(inputs).any(|cause| matches!(cause, Cause::InstancesDie { .. })) {
        return f.write_str("new instances die soon after entering service");
    }
    f.write_str("launches fail")?;
    let Some((message, retry_at)) = failing else {
        return Ok(());
    };
    if let Some(message) = message {
        write!(f, " (AWS: \"{message}\")")?;
    }
    write!(f, "; next try {retry_at}")
}

fn early_deaths(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let cascade = causes(inputs).any(|cause| matches!(cause, Cause::Cascade { .. }));
    f.write_str(if cascade {
        "saturated instances fail one after the other"
    } else {
        "new instances die soon after entering service"
    })
}

fn cannot_write(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let stands = |cause: &&Cause| matches!(cause, Cause::Obstacle(_) | Cause::WritersUnknown);
    let obstacle = causes(inputs).find(stands);
    match obstacle {
        Some(cause) => write!(f, "{cause}"),
        None => f.write_str("nothing can be written"),
    }
}

fn write_backoff(f: &mut fmt::Formatter<'_>, inputs: &Inputs) -> fmt::Result {
    let refused = causes(inputs).find(|cause| matches!(cause, Cause::WriteRefused { .. }));
    match refused {
        Some(cause) => write!(f, "{cause}; the next try waits"),
        None => f.write_str("the last write failed; the next try waits"),
    }
}

struct Figures<'a>(&'a Inputs);

impl fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(inputs) = self;
        let counts = inputs.counts;
        match (inputs.cpu, inputs.instances, inputs.data_age) {
            (Some(cpu), Some(instances), Some(age)) => write!(
                f,
                "CPU {cpu} on {instances:.1} instances, {} s old",
                age.as_secs()
            )?,
            _ => f.write_str("no CPU data")?,
        }
        write!(f, " · {} in service", counts.in_service)?;
        if counts.pending > 0 {
            write!(f, ", {} pending", counts.pending)?;
        }
        if let Some(event) = &inputs.event {
            write!(f, " · event \"{}\"", event.name)?;
        }
        if let Some(figures) = &inputs.forecast {
            write!(f, "{}", ForecastFacts(figures, &inputs.week))?;
        }
        if let Some(baseline) = inputs.baseline {
            write!(f, " · baseline target tracking would run {baseline}")?;
        }
        write!(f, " · bounds {}", inputs.bounds)
    }
}

/// Figures of the forecast, and the hours of the last seven days.
struct ForecastFacts<'a>(&'a ForecastFigures, &'a Hours);

impl fmt::Display for ForecastFacts<'_> {
    /// The forecast, how far it is trusted and why; each figure after a dot.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(figures, week) = self;
        if let Some([median, .., upper]) = figures.quantiles {
            let minutes = figures.ahead.as_secs() / 60;
            write!(
                f,
                " · load in {minutes} min: median {median}, 99.6 % quantile {upper}"
            )?;
            if figures.uplift > 1.0 {
                write!(f, ", × {:.2} for the event", figures.uplift)?;
            }
        }
        if let Some(chance) = figures.short_chance {
            write!(f, " · certainty {}", certainty(chance))?;
            match figures.pricing {
                Pricing::Budget { share, .. } => {
                    f.write_str(" · violations ")?;
                    if let Some(share) = week.violation_share() {
                        write!(f, "{:.2} % of the last 7 days", 100.0 * share)?;
                    } else {
                        let (violation, known) = (span(week.violation_s), span(week.known_s));
                        write!(f, "{violation} in {known} of data")?;
                    }
                    write!(f, ", budget {:.2} %", 100.0 * share)?;
                }
                Pricing::Prices { .. } => f.write_str(" by the stated prices")?,
            }
            if figures.demoted {
                f.write_str(", risk price bounded")?;
            }
        }
        if figures.reading_history {
            f.write_str(" · reading history")?;
        }
        Ok(())
    }
}
