//! The figures of a report, as its JSON has them: what a group's last days brought. What is not
//! known is null, never zero.

use std::collections::BTreeMap;
use std::time::Duration;

use foretide_domain::{
    Datapoint, Decision, FORECAST_LEVELS, Hours, HoursFigures, Load, Outcome, Percent, Record,
    Spent, Timestamp, WriteOutcome,
};
use foretide_forecast::{Accuracy, Matured, Scores, pinball};
use foretide_sim::Prices;
use serde::Serialize;

use crate::prices::PriceFigures;

use super::days::{self, Day};
use super::interval::{self, Interval};

/// How long before and after a change its load is looked at.
const AROUND: Duration = Duration::from_secs(600);

/// The recorded facts of a group.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Observed periods.
    pub points: Vec<Datapoint>,
    /// Decisions.
    pub decisions: Vec<Decision>,
    /// The count of hours of the newest decision before these decisions.
    pub hours_before: Option<Hours>,
    /// Further records of the controller.
    pub records: Vec<(Timestamp, Record)>,
    /// Cycles that took longer than the interval.
    pub overruns: u64,
    /// Durations of the cycles of the last day, from start to decision.
    pub cycles: Vec<Duration>,
    /// Durations of the predictions of the last day, from the last reading to the answer.
    pub predictions: Vec<Duration>,
}

/// A group's report.
#[derive(Clone, Debug, Serialize)]
pub struct GroupReport {
    pub(super) group: String,
    pub(super) mode: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) hours: Option<Counted>,
    /// The newest price list that was recorded, with what the group did over all days; null where
    /// none was.
    pub(super) price_list: Option<PriceFigures>,
    pub(super) days_without_data: usize,
    /// Mean CPU of the instances over all days.
    pub(super) cpu_percent: Option<f64>,
    /// Instance-hours a day of the baseline minus those of the group, over whole days.
    pub(super) saved_instance_hours_a_day: Option<Interval>,
    /// Change of mean CPU in percentage points a day, by least squares over the days with data.
    pub(super) cpu_trend_points_a_day: Option<f64>,
    pub(super) scaling: Scaling,
    pub(super) forecast: Option<ForecastFigures>,
    pub(super) response: Response,
    pub(super) days: Vec<Day>,
}

/// Instance-hours and time in violation of all days together. For seven days up to now, these are
/// the numbers of the page. Ratios and shares are null with less than a day of data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Counted {
    /// Start of the count.
    pub(super) since: String,
    #[serde(flatten)]
    pub(super) figures: HoursFigures,
    /// Share of the time that may be in violation.
    pub(super) violation_budget: f64,
    pub(super) used_cost: Option<f64>,
    pub(super) baseline_cost: Option<f64>,
    pub(super) optimum_cost: Option<f64>,
}

/// Changes of desired capacity and their effect.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Scaling {
    pub(super) out: u64,
    pub(super) r#in: u64,
    pub(super) failed: u64,
    /// Not written, because desired capacity had changed since the decision.
    pub(super) moved: u64,
    pub(super) reached: u64,
    pub(super) partly: u64,
    pub(super) actions: Vec<Action>,
}

/// One change that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Action {
    pub(super) at: String,
    pub(super) from: u32,
    pub(super) to: u32,
    /// `reached` or `partly`; null if no effect was seen before the next change.
    pub(super) outcome: Option<&'static str>,
    /// Time from the write to the outcome, seconds.
    pub(super) took_s: Option<f64>,
    /// Mean CPU over the ten minutes before, and after the outcome.
    pub(super) cpu_before_percent: Option<f64>,
    pub(super) cpu_after_percent: Option<f64>,
    /// Mean load over the same times.
    pub(super) load_before_instance_percent: Option<f64>,
    pub(super) load_after_instance_percent: Option<f64>,
}

/// Accuracy of the forecasts, and of persistence: the load at the time of the forecast.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ForecastFigures {
    pub(super) forecasts: u64,
    pub(super) levels: [f64; 5],
    pub(super) coverage: [f64; 5],
    pub(super) pinball_instance_percent: [f64; 5],
    /// Pinball loss of persistence, which uses the load at the time of the forecast for every
    /// quantile.
    pub(super) persistence_pinball_instance_percent: [f64; 5],
    /// Sum of the median's errors ÷ sum of loads.
    pub(super) wape: Option<f64>,
    pub(super) persistence_wape: Option<f64>,
}

/// Durations of cycles and predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Response {
    /// Cycles of the last day.
    pub(super) cycle: Option<Times>,
    /// Predictions of the last day, if the policy asks the model.
    pub(super) prediction: Option<Times>,
    pub(super) overruns: u64,
}

/// Durations in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Times {
    pub(super) count: usize,
    pub(super) median_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) max_ms: f64,
}

/// The report of `group` from recorded facts and days.
pub(super) fn report(
    group: String,
    recorded: &Recorded,
    mut days: Vec<Day>,
    budget: f64,
    price: Option<(f64, String)>,
) -> GroupReport {
    let total = days::total(&days, budget);
    let baseline = total.baseline();
    for day in &mut days {
        day.compare(&baseline);
    }
    let newest = recorded.decisions.last().map(|it| &it.explanation);
    let (amount, currency) = price.unzip();
    let usd = amount.filter(|_| currency.as_deref() == Some("USD"));
    let saved = days.iter().filter(|day| day.is_whole());
    let saved: Vec<f64> = saved
        .filter_map(|day| Some(day.baseline_instance_hours? - day.used_instance_hours?))
        .collect();
    GroupReport {
        group,
        mode: newest.map(|why| why.mode.to_string()),
        policy: newest.map(|why| why.policy.to_string()),
        currency,
        hours: counted(&total, budget, amount),
        price_list: price_list(recorded, &total, usd),
        days_without_data: days.iter().filter(|day| day.covered <= 0.0).count(),
        cpu_percent: days::mean_cpu(&recorded.points),
        saved_instance_hours_a_day: interval::of(&saved),
        cpu_trend_points_a_day: trend(&days),
        scaling: scaling(recorded),
        forecast: forecast(recorded),
        response: Response {
            cycle: times(&recorded.cycles),
            prediction: times(&recorded.predictions),
            overruns: recorded.overruns,
        },
        days,
    }
}

fn price_list(recorded: &Recorded, hours: &Hours, usd: Option<f64>) -> Option<PriceFigures> {
    let mut newest = recorded.records.iter().rev();
    let list = newest.find_map(|(_, record)| match record {
        Record::Prices(list) => Some(list.clone()),
        _ => None,
    })?;
    let spent = Spent::of(hours);
    let prices = Prices { list, spent };
    Some(PriceFigures::new(&prices, usd))
}

fn counted(hours: &Hours, budget: f64, price: Option<f64>) -> Option<Counted> {
    let cost = |hours: Option<f64>| Some(hours? * price?);
    let beside = hours.of_baseline(&hours.baseline());
    (!hours.is_empty()).then(|| Counted {
        since: hours.since.to_string(),
        figures: hours.figures(),
        violation_budget: budget,
        used_cost: cost(hours.used()),
        baseline_cost: cost(beside),
        optimum_cost: cost(hours.optimum()),
    })
}

/// Slope by least squares; none with fewer than three days, because noise would give a slope.
fn trend(days: &[Day]) -> Option<f64> {
    let known = days.iter().enumerate();
    let known: Vec<(f64, f64)> = known
        .filter_map(|(index, day)| {
            Some((index as f64, day.cpu_percent.filter(|_| day.is_whole())?))
        })
        .collect();
    if known.len() < 3 {
        return None;
    }
    let count = known.len() as f64;
    let mean_x = known.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = known.iter().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = known.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = known.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    Some(covariance / variance)
}

fn scaling(recorded: &Recorded) -> Scaling {
    let mut scaling = Scaling::default();
    let mut open: Option<Timestamp> = None;
    for (at, record) in &recorded.records {
        match record {
            Record::Settled { plan, outcome } => match outcome {
                WriteOutcome::Accepted => {
                    let (from, to) = (plan.expected_desired, plan.desired);
                    scaling.out += u64::from(to > from);
                    scaling.r#in += u64::from(to < from);
                    open = Some(*at);
                    scaling.actions.push(action(recorded, *at, from, to));
                }
                WriteOutcome::Moved { .. } => scaling.moved += 1,
                WriteOutcome::Failed(_) => scaling.failed += 1,
                WriteOutcome::DryRun => {}
            },
            Record::OutcomeSeen(outcome) => {
                let reached = matches!(outcome, Outcome::Reached { .. });
                scaling.reached += u64::from(reached);
                scaling.partly += u64::from(!reached);
                if let (Some(wrote), Some(action)) = (open.take(), scaling.actions.last_mut()) {
                    action.outcome = Some(if reached { "reached" } else { "partly" });
                    action.took_s = Some(at.since(wrote).as_secs_f64());
                    let after = around(&recorded.points, *at, at.plus(AROUND));
                    (action.cpu_after_percent, action.load_after_instance_percent) = after;
                }
            }
            _ => {}
        }
    }
    scaling
}

fn action(recorded: &Recorded, at: Timestamp, from: u32, to: u32) -> Action {
    let (cpu, load) = around(&recorded.points, at.minus(AROUND), at);
    Action {
        at: at.to_string(),
        from,
        to,
        outcome: None,
        took_s: None,
        cpu_before_percent: cpu,
        cpu_after_percent: None,
        load_before_instance_percent: load,
        load_after_instance_percent: None,
    }
}

/// Mean CPU and load of the periods that are entirely between two times.
fn around(points: &[Datapoint], from: Timestamp, to: Timestamp) -> (Option<f64>, Option<f64>) {
    let within = || {
        points
            .iter()
            .filter(|point| from <= point.start && point.end() <= to)
    };
    let mean = |values: Vec<f64>| {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let cpu = within().filter_map(|point| point.cpu.map(Percent::get));
    let load = within().filter_map(|point| point.load().map(Load::get));
    (mean(cpu.collect()), mean(load.collect()))
}

/// Each forecast period counts once, with its first forecast.
fn forecast(recorded: &Recorded) -> Option<ForecastFigures> {
    let loads: BTreeMap<Timestamp, f64> = recorded
        .points
        .iter()
        .filter_map(|point| Some((point.start, point.load()?.get())))
        .collect();
    let period = recorded.points.last()?.period;
    let mut scores = Scores::default();
    let mut persistence = [0.0; 5];
    let mut seen = std::collections::BTreeSet::new();
    for decision in &recorded.decisions {
        let inputs = &decision.explanation.inputs;
        let (Some(figures), Some(age)) = (inputs.forecast, inputs.data_age) else {
            continue;
        };
        let newest = decision.at.minus(age).minus(period);
        let target = newest.plus(figures.ahead);
        let known = (figures.quantiles, loads.get(&target), loads.get(&newest));
        let (Some(quantiles), Some(&load), Some(&now)) = known else {
            continue;
        };
        if !seen.insert(target) {
            continue;
        }
        for (sum, level) in persistence.iter_mut().zip(FORECAST_LEVELS) {
            *sum += pinball(load, now, level);
        }
        // The load at that time takes the place of a season's: it is what the median has to beat.
        scores.add(&Matured {
            load,
            quantiles: quantiles.map(Load::get),
            season_ago: Some(now),
            rising: false,
        });
    }
    let Accuracy {
        coverage,
        pinball,
        wape,
        wape_seasonal_naive,
        ..
    } = scores.report()?;
    let count = seen.len() as f64;
    Some(ForecastFigures {
        forecasts: seen.len() as u64,
        levels: FORECAST_LEVELS,
        coverage,
        pinball_instance_percent: pinball,
        persistence_pinball_instance_percent: persistence.map(|sum| sum / count),
        wape,
        persistence_wape: wape_seasonal_naive,
    })
}

fn times(took: &[Duration]) -> Option<Times> {
    let mut sorted = took.to_vec();
    sorted.sort();
    let at = |share: usize| {
        let index = (sorted.len().checked_sub(1)? * share).div_ceil(100);
        Some(1000.0 * sorted.get(index)?.as_secs_f64())
    };
    Some(Times {
        count: sorted.len(),
        median_ms: at(50)?,
        p95_ms: at(95)?,
        max_ms: at(100)?,
    })
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Bank, Bounds, Plan};

    use super::*;

    fn day(used: f64, baseline: f64, covered: f64) -> Day {
        Day {
            date: "2026-11-23".to_owned(),
            covered,
            used_instance_hours: Some(used),
            baseline_instance_hours: Some(baseline),
            counted: Hours {
                known_s: if covered < 1.0 { 43_200 } else { 86_400 },
                used_instance_s: if covered < 1.0 { 24 * 3600 } else { 48 * 3600 },
                baseline_instance_s: if covered < 1.0 { 36 * 3600 } else { 60 * 3600 },
                violation_s: 324,
                ..Hours::new(Timestamp::from_seconds(5))
            },
            cpu_percent: Some(40.0),
            ..Day::default()
        }
    }

    /// The target is chosen over all days; each day then has the figures of that target.
    #[test]
    fn every_day_has_the_target_that_is_fair_over_all_days() {
        let with_bank = |cheap: usize| {
            let mut day = day(48.0, 60.0, 1.0);
            let mut bank = Bank {
                budget: 0.1,
                instance_s: [3600 * 50; 11],
                ..Bank::default()
            };
            bank.instance_s[cheap] = 3600 * 40;
            // 75 % is cheaper by far, and in violation half of the time.
            bank.instance_s[9] = 3600 * 10;
            bank.violation_s[9] = 43_200;
            day.counted.bank = Some(bank);
            day
        };
        let days = vec![with_bank(7), with_bank(7), with_bank(5)];
        let report = report("a/web".to_owned(), &Recorded::default(), days, 0.005, None);
        let counted = report.hours.unwrap().figures;
        assert_eq!(counted.baseline, "target tracking at 65 %");
        assert_eq!(counted.baseline_instance_hours, Some(130.0));
        let of_days: Vec<_> = report
            .days
            .iter()
            .map(|day| day.baseline_instance_hours)
            .collect();
        assert_eq!(of_days, [Some(40.0), Some(40.0), Some(50.0)]);
        assert_eq!(
            counted.compared.unwrap(),
            "11 % more instance-hours than target tracking at 65 %, so dearer (in violation \
             0.38 % of the time against 0.00 %)"
        );
        let saved = report.saved_instance_hours_a_day.unwrap();
        assert!(saved.mean < 0.0, "{saved:?}");
    }

    #[test]
    fn hours_are_the_sums_of_the_days_and_a_missing_day_is_said() {
        let days = vec![day(48.0, 60.0, 1.0), Day::default(), day(24.0, 36.0, 0.5)];
        let price = Some((0.5, "USD".to_owned()));
        let report = report("a/web".to_owned(), &Recorded::default(), days, 0.005, price);
        assert_eq!(report.days_without_data, 1);
        let counted = report.hours.unwrap();
        assert_eq!(counted.figures.used_instance_hours, Some(72.0));
        assert_eq!(counted.figures.against_baseline, Some(0.75));
        assert_eq!(
            (counted.figures.known_s, counted.figures.violation_share),
            (129_600, Some(0.005))
        );
        assert_eq!(
            (counted.used_cost, counted.baseline_cost),
            (Some(36.0), Some(48.0))
        );
        assert_eq!(
            report.saved_instance_hours_a_day, None,
            "one whole day shows no spread"
        );
        assert!(report.forecast.is_none() && report.response.cycle.is_none());
        assert_eq!(report.currency.as_deref(), Some("USD"));
    }

    #[test]
    fn nothing_recorded_is_nothing_told() {
        let days = vec![Day::default(); 2];
        let report = report("a/web".to_owned(), &Recorded::default(), days, 0.005, None);
        assert_eq!(report.hours, None);
        assert_eq!((report.days_without_data, report.cpu_percent), (2, None));
        assert_eq!(report.scaling, Scaling::default());
    }

    #[test]
    fn an_action_is_told_with_its_outcome_and_the_load_around_it() {
        let minute = |count: i64| Timestamp::from_seconds(60 * count);
        let point = |count: i64| Datapoint {
            start: minute(count),
            period: Duration::from_secs(60),
            cpu: Percent::new(if count < 20 { 90.0 } else { 60.0 }),
            instances: if count < 20 { 2.0 } else { 3.0 },
            network_in: None,
            network_out: None,
            memory: None,
            demand: None,
            unaccounted: None,
        };
        let settled = |outcome| Record::Settled {
            plan: Plan {
                desired: 3,
                expected_desired: 2,
                expected_bounds: Bounds::new(1, 5).unwrap(),
            },
            outcome,
        };
        let seen = Record::OutcomeSeen(Outcome::Reached { desired: 3 });
        let moved = WriteOutcome::Moved {
            bounds: Bounds::new(1, 5).unwrap(),
            desired: 4,
        };
        let recorded = Recorded {
            points: (0..40).map(point).collect(),
            records: vec![
                (minute(17), settled(WriteOutcome::Accepted)),
                (minute(20), seen),
                (minute(39), settled(moved)),
            ],
            ..Recorded::default()
        };
        let scaling = scaling(&recorded);
        let counts = (scaling.out, scaling.r#in, scaling.reached, scaling.moved);
        assert_eq!(counts, (1, 0, 1, 1));
        let [action] = &scaling.actions[..] else {
            panic!("{scaling:?}")
        };
        assert_eq!(
            (action.outcome, action.took_s),
            (Some("reached"), Some(180.0))
        );
        assert_eq!(
            (action.cpu_before_percent, action.cpu_after_percent),
            (Some(90.0), Some(60.0))
        );
        assert_eq!(action.load_after_instance_percent, Some(180.0));
    }

    #[test]
    fn a_trend_needs_three_whole_days() {
        let with = |cpu: f64| Day {
            cpu_percent: Some(cpu),
            ..day(24.0, 24.0, 1.0)
        };
        assert_eq!(trend(&[with(40.0), with(50.0)]), None);
        let gap = Day::default();
        let rising = trend(&[with(40.0), gap, with(60.0), with(70.0)]).unwrap();
        assert!((rising - 10.0).abs() < 1e-9, "{rising}");
    }

    #[test]
    fn times_are_told_by_rank() {
        let took: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let times = times(&took).unwrap();
        assert_eq!(
            (times.median_ms, times.p95_ms, times.max_ms),
            (51.0, 96.0, 100.0)
        );
    }
}
