//! What the forecast saw and weighed, as labelled lines of an unfolded decision.

use std::time::Duration;

use super::fact::{Fact, fact, known, percent, seconds};
use super::limit::counted;
use crate::{
    Counterfactual, FORECAST_LEVELS, ForecastFigures, ForecastKept, LoadSource, PriceLimit, Pricing,
};

/// Shares of fewer minutes say little: as everywhere, no share is shown below a day of data.
const DAY_MINUTES: f64 = 1440.0;

fn ahead(figures: &ForecastFigures) -> String {
    let ahead = seconds(figures.ahead);
    if figures.ahead < figures.lead_time {
        return format!("{ahead}, the furthest that is forecast; a launch serves later than that");
    }
    ahead
}

pub(super) fn forecast(figures: &ForecastFigures) -> Vec<Fact> {
    let mut facts = vec![
        fact("ahead", ahead(figures)),
        fact("lead time", seconds(figures.lead_time)),
        fact("history", past(figures.history, figures.reading_history)),
        fact(
            "model",
            if figures.own_model {
                "of the group's own history"
            } else {
                "generic, trained on generated load"
            },
        ),
        fact(
            "load measured by",
            match figures.load_source {
                LoadSource::Cpu => "CPU",
                LoadSource::Metric => "the load metric",
            },
        ),
    ];
    let load = |index: usize| known(figures.quantiles.and_then(|it| it.get(index).copied()));
    let levels = levels().into_iter().enumerate();
    facts.extend(levels.map(|(index, level)| fact(format!("load at {level}"), load(index))));
    let raised = if figures.uplift > 1.0 {
        format!("× {:.2}", figures.uplift)
    } else {
        "no".to_owned()
    };
    facts.push(fact("raised for a known event", raised));
    facts.extend(chosen(figures));
    let stretches = ["last day", "last week"].into_iter().zip(figures.kept);
    facts.extend(stretches.map(|(stretch, kept)| coverage(stretch, &kept)));
    facts.extend(beside(figures));
    facts
}

/// Levels of the quantiles, as percentages.
fn levels() -> [String; FORECAST_LEVELS.len()] {
    FORECAST_LEVELS.map(|level| format!("{} %", 100.0 * level))
}

fn past(history: Duration, reading: bool) -> String {
    let days = history.as_secs_f64() / 86_400.0;
    let more = if reading { ", more is being read" } else { "" };
    format!("{days:.1} days{more}")
}

/// The level and why it is that one.
fn chosen(figures: &ForecastFigures) -> Vec<Fact> {
    let mut facts = vec![
        fact("certainty", of_each(figures, |chance| 1.0 - chance)),
        fact("chance of a violation", of_each(figures, |chance| chance)),
    ];
    facts.push(match figures.pricing {
        Pricing::Budget {
            share,
            position,
            position_max,
        } => fact(
            "chosen by",
            format!(
                "a violation budget of {}: price step {position} of at most {position_max}, where a \
                 higher step buys more spare capacity",
                percent(share)
            ),
        ),
        Pricing::Prices { short_per_instance } => fact(
            "chosen by",
            format!("stated prices, {short_per_instance:.1} to 1"),
        ),
    });
    let price = format!(
        "a period in violation costs as much as {:.2} instances for a period",
        figures.price
    );
    facts.push(fact("risk price", price));
    let limit = match figures.limit {
        Some(PriceLimit::MaxCost) => {
            "forecast.max_cost: up to 7 days have cost that many times target tracking, or nearly"
        }
        Some(PriceLimit::Overspent) => {
            "the price list: the violation budget is overspent, and the group costs as much as \
             target tracking"
        }
        None => "nothing",
    };
    facts.push(fact("risk price limited by", limit));
    facts.push(fact("instances asked for", asked_for(figures)));
    facts.push(fact("needed now at the objective", figures.need));
    facts
}

/// A share for each end of the capacity asked for, made by `share` from the chance of a violation.
fn of_each(figures: &ForecastFigures, share: fn(f64) -> f64) -> String {
    let told = figures.chances().into_iter().map(|(instances, chance)| {
        let with = counted(instances, "instance");
        format!("{} with {with}", percent(share(chance)))
    });
    let told: Vec<String> = told.collect();
    known((!told.is_empty()).then(|| told.join(", ")))
}

fn asked_for(figures: &ForecastFigures) -> String {
    match (figures.low, figures.high) {
        (low, high) if low == high => low.to_string(),
        (low, high) => format!("{low} to {high}"),
    }
}

/// How often the load stayed at or below each quantile. Says no share before a day of forecasts
/// could be checked.
fn coverage(stretch: &str, kept: &ForecastKept) -> Fact {
    let early = kept.minutes.filter(|minutes| *minutes < DAY_MINUTES);
    let text = match (kept.coverage, early) {
        (Some(_), Some(minutes)) => format!("too early: {minutes:.0} min of forecasts are checked"),
        (Some(shares), None) => {
            let levels = levels().into_iter().zip(shares);
            let told =
                levels.map(|(level, share)| format!("{} of loads at {level}", percent(share)));
            told.collect::<Vec<_>>().join(", ")
        }
        (None, _) => known(None::<String>),
    };
    fact(format!("at or below the quantile, {stretch}"), text)
}

/// The reactive rule beside it.
fn beside(figures: &ForecastFigures) -> Vec<Fact> {
    let Counterfactual { own, tracking, .. } = figures.against_tracking;
    let mean = |capacity: f64| format!("{capacity:.1} instances, mean of up to 7 days");
    // Before the first comparison there are no means.
    if own <= 0.0 {
        return Vec::new();
    }
    vec![
        fact("counted for max_cost: Foretide", mean(own)),
        fact("counted for max_cost: target tracking", mean(tracking)),
    ]
}
