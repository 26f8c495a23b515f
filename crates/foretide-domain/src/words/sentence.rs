//! A decision in one sentence: `ACTION: REASON[; LIMIT].` and a line of figures.
//!
//! The reason names the cause that bound. A fault of the world (no permission, failing launches,
//! missing data) comes before the policy's reason.

use std::cmp::Ordering;
use std::fmt;

use super::hours::span;
use super::limit::{Limit, counted};
use super::signal::InWords;
use crate::{
    CPU_SIGNAL, Class, ClassifierRule, Decision, Explanation, ForecastFigures, ForecastRule, Guard,
    Hours, Inputs, PriceLimit, Pricing, Rule, SignalFigures, Staleness, ThresholdRule,
    TrackingRule, TrackingRun, whole_instances,
};

impl Explanation {
    /// The capacity that came out: as wanted, or as the last guard rail left it.
    pub fn capacity(&self) -> u32 {
        match self.steps.last() {
            Some(step) => step.to,
            None => self.proposal.desired.unwrap_or(self.inputs.desired),
        }
    }

    /// The signal that asked for what is proposed; none for a group without signals.
    pub fn bound_signal(&self) -> Option<&SignalFigures> {
        self.inputs.signals.get(self.proposal.signal?)
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
        let protected = inputs.counts.protected;
        if capacity < desired && capacity < protected {
            let are = if protected == 1 { "is" } else { "are" };
            let protected = counted(protected, "instance");
            write!(f, "; {protected} {are} protected from scale-in and stay")?;
        }
        if !inputs.headroom.is_none() && !why.bound_by.is_some_and(is_fault) {
            write!(f, "; headroom is for {}", inputs.headroom)?;
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
        let bound = why.bound_signal();
        if let Some(signal) = bound.filter(|it| it.name != CPU_SIGNAL) {
            write!(f, "by signal `{}`, ", signal.name)?;
        }
        let figures = inputs.signal_forecast.as_ref().or(inputs.forecast.as_ref());
        match (why.proposal.rule, figures, inputs.class) {
            (Rule::Classifier(ClassifierRule::NoPrediction | ClassifierRule::NoAnswer), _, _) => {
                write!(f, "{}", why.proposal.rule)
            }
            (Rule::Classifier(_), _, Some((class, confidence))) => {
                let (class, sure) = (answer(class), 100.0 * confidence);
                write!(f, "the model answers \"{class}\" ({sure:.1} % sure)")
            }
            (Rule::Forecast(ForecastRule::Surge), Some(_), _)
                if inputs.signal_forecast.is_some() =>
            {
                f.write_str("the load is more than all instances carry; capacity grows by half")
            }
            (Rule::Forecast(rule), Some(figures), _) => forecast(f, rule, why, figures),
            (Rule::TargetTracking(_), _, _) => match why.proposal.run {
                Some(run) => tracked(f, why, run),
                None => write!(f, "{}", why.proposal.rule),
            },
            (rule, _, _) => write!(f, "{rule}"),
        }
    }
}

/// Target tracking with its counts: how many datapoints lie beyond which bound, and how many a
/// change needs.
fn tracked(f: &mut fmt::Formatter<'_>, why: &Explanation, run: TrackingRun) -> fmt::Result {
    let TrackingRun {
        rule, target, band, ..
    } = run;
    let points = |count: usize| counted(u32::try_from(count).unwrap_or(u32::MAX), "datapoint");
    let desired = why.inputs.desired;
    let changes = why.proposal.desired.is_some_and(|it| it != desired);
    match rule {
        TrackingRule::AboveTarget => {
            let counted = points(run.out_points);
            write!(f, "utilisation has been above {target:.0} % for {counted}")?;
            if changes {
                Ok(())
            } else {
                write!(f, ", and {}", enough(desired))
            }
        }
        TrackingRule::BelowBand | TrackingRule::BelowBandPending => {
            let counted = points(run.in_points);
            write!(f, "utilisation has been below {band:.0} % for {counted}")?;
            match (rule, changes) {
                (TrackingRule::BelowBandPending, _) => {
                    f.write_str(", but instances are still coming")
                }
                (_, true) => Ok(()),
                (_, false) => write!(f, ", but with one fewer would be above {target:.0} %"),
            }
        }
        TrackingRule::TooFewPoints | TrackingRule::Between if run.above > 0 => write!(
            f,
            "utilisation is above {target:.0} % for {} of the {} that scaling out needs",
            points(run.above),
            run.out_points
        ),
        TrackingRule::TooFewPoints | TrackingRule::Between if run.below > 0 => write!(
            f,
            "utilisation is below {band:.0} % for {} of the {} that scaling in needs",
            points(run.below),
            run.in_points
        ),
        TrackingRule::TooFewPoints => write!(f, "{}", Rule::TargetTracking(rule)),
        TrackingRule::Between => write!(
            f,
            "utilisation is between {band:.0} % and the target, {target:.0} %"
        ),
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
            match (figures.median_need(), figures.asked_with()) {
                (Some(need), Some((instances, chance))) => write!(
                    f,
                    "in {minutes} min the load should need {}; {} with {} certainty",
                    counted(need, "instance"),
                    enough(instances),
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
                write!(f, "the forecast asks for {low} to {high} instances")
            }
        }
        ForecastRule::Surplus if spare > 0 => spent(f, spare),
        ForecastRule::Waiting if spare > 0 => waits(f, spare),
        ForecastRule::Tracking => {
            write!(f, "{}", why.proposal.rule)?;
            match why.proposal.run {
                Some(run) => {
                    f.write_str(": ")?;
                    tracked(f, why, run)
                }
                None => Ok(()),
            }
        }
        _ => write!(f, "{}", why.proposal.rule),
    }
}

impl ForecastFigures {
    /// Instances that the median of the forecast needs.
    fn median_need(&self) -> Option<u32> {
        let [median, ..] = self.quantiles?;
        Some(whole_instances(median.get() / self.objective?.get()))
    }

    /// The capacity that a scale-out by the forecast asks for, with the chance that it is not
    /// enough. Decisions of earlier versions know the chance of the upper end alone.
    fn asked_with(&self) -> Option<(u32, f64)> {
        match self.low_chance {
            Some(chance) => Some((self.low, chance)),
            None => Some((self.high, self.short_chance?)),
        }
    }

    /// Each end of the capacity asked for with the chance that it is not enough, the lower first.
    /// One where both ends are one, and in decisions of earlier versions, which know the chance of
    /// the upper end alone. None without a forecast.
    pub(super) fn chances(&self) -> Vec<(u32, f64)> {
        let low = self.low_chance.map(|chance| (self.low, chance));
        let low = low.filter(|_| self.low != self.high);
        let high = self.short_chance.map(|chance| (self.high, chance));
        low.into_iter().chain(high).collect()
    }
}

/// The probability that a capacity is enough, where `chance` is that of a violation. A capacity
/// below the median of the load has the chance of the median: see `Curve::exceedance`.
fn certainty(chance: f64) -> String {
    if chance < 0.0005 {
        "over 99.9 %".to_owned()
    } else if chance > 0.4995 {
        "at most 50 %".to_owned()
    } else {
        format!("{:.1} %", 100.0 * (1.0 - chance))
    }
}

fn spent(f: &mut fmt::Formatter<'_>, spare: u32) -> fmt::Result {
    let (have, them) = match spare {
        1 => ("has", "it"),
        _ => ("have", "them"),
    };
    let counted = counted(spare, "instance");
    write!(
        f,
        "{counted} {have} been spare for longer than relaunching {them} would cost"
    )
}

fn waits(f: &mut fmt::Formatter<'_>, spare: u32) -> fmt::Result {
    let (be, them) = match spare {
        1 => ("is", "it"),
        _ => ("are", "them"),
    };
    let counted = counted(spare, "instance");
    write!(
        f,
        "{counted} {be} spare; stopping {them} does not pay off yet"
    )
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
                    "instances have been spare for longer than relaunching them would cost"
                }
                ForecastRule::Waiting => "instances are spare; stopping them does not pay off yet",
                ForecastRule::Scheduled => "a known event needs it",
                ForecastRule::Late => "no new datapoint comes, and the load may have grown",
            },
            Self::Threshold(rule) => match rule {
                ThresholdRule::Above => "its values have been above its threshold for scale-out",
                ThresholdRule::Below => "its values have been below its threshold for scale-in",
                ThresholdRule::Between => {
                    "its values are neither above its threshold for scale-out nor below its \
                     threshold for scale-in"
                }
                ThresholdRule::AboveWaiting => {
                    "its values are above its threshold for scale-out, and the last change does \
                     not show in them yet"
                }
            },
            Self::EmptyGroup => "the group is empty, and an empty group cannot be measured",
            Self::Pinned => "an operator pinned the capacity",
            Self::TargetTracking(rule) => match rule {
                TrackingRule::TooFewPoints => "there are too few datapoints yet",
                TrackingRule::AboveTarget => "utilisation has been above the target",
                TrackingRule::BelowBand => "utilisation has been below the scale-in threshold",
                TrackingRule::BelowBandPending => {
                    "utilisation has been below the scale-in threshold, but instances are still \
                     coming"
                }
                TrackingRule::Between => {
                    "too few datapoints in a row are above the target or below the scale-in \
                     threshold"
                }
            },
        })
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
        for signal in inputs.signals.iter().filter(|it| it.name != CPU_SIGNAL) {
            write!(f, " · {} {}", signal.name, InWords(signal))?;
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
        if let Some(now) = inputs.baseline {
            let baseline = inputs.week.baseline();
            let running = now.running(&baseline);
            write!(f, " · {baseline} would run {running}")?;
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
        let chances = figures.chances();
        for (index, (instances, chance)) in chances.iter().enumerate() {
            let (join, of) = match index {
                0 => (" · certainty", counted(*instances, "instance")),
                _ => (",", instances.to_string()),
            };
            write!(f, "{join} {} with {of}", certainty(*chance))?;
        }
        if !chances.is_empty() {
            match figures.pricing {
                Pricing::Budget { share, .. } => {
                    f.write_str(" · violations ")?;
                    if let Some(share) = week.violation_share() {
                        write!(f, "{:.2} % {}", 100.0 * share, week.of_time())?;
                    } else {
                        let (violation, known) = (span(week.violation_s), span(week.known_s));
                        write!(f, "{violation} in {known} of data")?;
                    }
                    write!(f, ", budget {:.2} %", 100.0 * share)?;
                }
                Pricing::Prices { .. } => f.write_str(" by the stated prices")?,
            }
            match figures.limit {
                Some(PriceLimit::MaxCost) => f.write_str(", limited by forecast.max_cost")?,
                Some(PriceLimit::Overspent) => {
                    f.write_str(", limited: the violation budget is overspent")?;
                }
                None => {}
            }
        }
        if figures.reading_history {
            f.write_str(" · reading history")?;
        }
        Ok(())
    }
}
