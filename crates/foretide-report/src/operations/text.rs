//! A report as text: wrapped sentences, and a table of days if the width allows.

use std::fmt::Write as _;

use crate::prices::PriceFigures;

use super::Report;
use super::days::Day;
use super::figures::{Action, Counted, ForecastFigures, GroupReport, Response, Scaling, Times};

/// Columns of the table of days.
const TABLE: usize = 74;
/// Changes that are listed, the newest first; the JSON has all.
const ACTIONS: usize = 10;

/// Breaks a text into lines of a width, with an indent after the first.
pub(super) type Wrap = fn(&str, Option<usize>, usize) -> String;

/// The width of lines, and the function that breaks them.
#[derive(Clone, Copy)]
struct Room {
    width: Option<usize>,
    wrap: Wrap,
}

/// The whole report. No line is wider than `width`, unless a single word is.
pub(super) fn render(report: &Report, width: Option<usize>, wrap: Wrap) -> String {
    let room = Room { width, wrap };
    let mut text = String::new();
    for (index, group) in report.groups.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let heading = head(group);
        line(
            &mut text,
            &format!("{heading}  {} to {}", report.from, report.to),
            0,
            room,
        );
        for said in sentences(group) {
            line(&mut text, &said, 2, room);
        }
        days(&mut text, &group.days, room);
        let actions = &group.scaling.actions;
        let listed = actions.iter().rev().take(ACTIONS);
        for action in listed {
            line(&mut text, &action_line(action), 2, room);
        }
        if actions.len() > ACTIONS {
            let more = actions.len() - ACTIONS;
            line(&mut text, &format!("… and {more} earlier changes"), 2, room);
        }
    }
    text
}

fn line(text: &mut String, said: &str, indent: usize, room: Room) {
    let width = room.width.map(|width| width.saturating_sub(indent).max(1));
    for part in (room.wrap)(said, width, 0).lines() {
        // Writing to a string does not fail.
        writeln!(text, "{}{part}", " ".repeat(indent)).ok();
    }
}

pub(super) fn head(group: &GroupReport) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    format!(
        "{}  {}, {}",
        group.group,
        known(&group.mode),
        known(&group.policy)
    )
}

/// The report of a group in sentences.
pub(super) fn sentences(group: &GroupReport) -> Vec<String> {
    let mut said = Vec::new();
    let (missing, all) = (group.days_without_data, group.days.len());
    if missing > 0 {
        said.push(format!(
            "no data on {missing} of {all} days; these days are left out of all figures"
        ));
    }
    match &group.hours {
        Some(counted) => said.extend(hours(group, counted)),
        None => said.push(
            "instance-hours: not counted yet; the count begins with the first period that closes \
             while Foretide holds the group"
                .to_owned(),
        ),
    }
    said.extend(group.price_list.iter().map(PriceFigures::sentence));
    said.push(match group.saved_instance_hours_a_day {
        Some(saved) => {
            let dearer = if saved.mean < 0.0 {
                ", so the group was dearer"
            } else {
                ""
            };
            format!(
                "saved a day against the baseline: {:.1} instance-hours{dearer}; 95 % confidence \
                 interval {:.1} to {:.1} (Student's t, {} whole days)",
                saved.mean, saved.low, saved.high, saved.days
            )
        }
        None => "saved a day against the baseline: too early, two whole days are needed".to_owned(),
    });
    said.extend(utilisation(group));
    said.push(scaling(&group.scaling));
    said.push(group.forecast.as_ref().map_or_else(
        || "forecast: no forecast period has passed yet".to_owned(),
        forecast,
    ));
    said.extend(response(&group.response));
    said
}

/// The counts of all days. For the last seven days, the page shows the same numbers.
fn hours(group: &GroupReport, counted: &Counted) -> Vec<String> {
    let money = |hours: Option<f64>, cost: Option<f64>| {
        let hours = hours.unwrap_or_default();
        match (cost, &group.currency) {
            (Some(cost), Some(currency)) => {
                format!("{hours:.1} instance-hours, {cost:.2} {currency}")
            }
            _ => format!("{hours:.1} instance-hours"),
        }
    };
    let of = |ratio: Option<f64>, of: &str| {
        ratio.map_or_else(String::new, |ratio| {
            format!("; the group used {:.0} % of {of}", 100.0 * ratio)
        })
    };
    let minutes = |seconds: u64| seconds / 60;
    let budget = 100.0 * counted.violation_budget;
    let share = counted
        .figures
        .violation_share
        .map_or_else(String::new, |share| {
            format!(
                ", {:.2} % of the time (budget {budget:.2} %)",
                100.0 * share
            )
        });
    let mut said = vec![format!(
        "counted since {}: {:.1} h in which CPU and capacity were known",
        counted.since,
        counted.figures.known_s as f64 / 3600.0
    )];
    if counted.figures.too_early {
        said.push("percentages: too early, 24 such hours are needed".to_owned());
    }
    said.extend([
        format!(
            "used: {}",
            money(counted.figures.used_instance_hours, counted.used_cost)
        ),
        format!(
            "baseline, {} on the same load: {}{}",
            counted.figures.baseline,
            money(
                counted.figures.baseline_instance_hours,
                counted.baseline_cost
            ),
            counted
                .figures
                .compared
                .as_ref()
                .map_or_else(String::new, |said| format!("; the group used {said}"))
        ),
        format!(
            "hindsight optimum: {}{}",
            money(counted.figures.optimum_instance_hours, counted.optimum_cost),
            of(counted.figures.against_optimum, "the optimum's")
        ),
        format!(
            "in violation: {} min{share}; the baseline {} min",
            minutes(counted.figures.violation_s),
            minutes(counted.figures.baseline_violation_s)
        ),
    ]);
    said
}

fn utilisation(group: &GroupReport) -> Option<String> {
    let cpu = group.cpu_percent?;
    let trend = group.cpu_trend_points_a_day;
    let trend = trend.map_or_else(String::new, |points| {
        // Neither +0.00 nor -0.00.
        let points = (100.0 * points).round() / 100.0 + 0.0;
        format!(", {points:+.2} points a day")
    });
    Some(format!("utilisation: {cpu:.1} %{trend}"))
}

fn scaling(scaling: &Scaling) -> String {
    let Scaling {
        out,
        r#in,
        failed,
        moved,
        reached,
        partly,
        ..
    } = scaling;
    format!(
        "scaling: {out} out, {in} in; reached the wanted capacity: {reached}, in part: {partly}; \
         failed writes: {failed}; given up because desired capacity had changed: {moved}"
    )
}

fn forecast(figures: &ForecastFigures) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let levels = figures.levels.iter().zip(figures.coverage);
    let levels = levels.map(|(level, share)| format!("{} at {}", percent(share), percent(*level)));
    let levels: Vec<String> = levels.collect();
    let losses = figures
        .pinball_instance_percent
        .iter()
        .zip(figures.persistence_pinball_instance_percent);
    let losses: Vec<String> = losses
        .map(|(own, other)| format!("{own:.2}/{other:.2}"))
        .collect();
    let wape = match (figures.wape, figures.persistence_wape) {
        (Some(own), Some(other)) => {
            let (own, other) = (percent(own), percent(other));
            format!("; WAPE, own/persistence: {own}/{other}")
        }
        _ => String::new(),
    };
    format!(
        "forecast: {} periods; coverage {}; pinball loss in % of one instance, own/persistence: \
         {}{wape}",
        figures.forecasts,
        levels.join(", "),
        losses.join(" ")
    )
}

fn response(response: &Response) -> Option<String> {
    let times = |what: &str, times: &Times| {
        let Times {
            count,
            median_ms,
            p95_ms,
            max_ms,
        } = times;
        format!(
            "{what} median {median_ms:.0} ms, p95 {p95_ms:.0} ms, longest {max_ms:.0} ms, {count} \
             measured"
        )
    };
    let cycle = response.cycle.as_ref().map(|it| times("cycles", it));
    let prediction = response
        .prediction
        .as_ref()
        .map(|it| times("predictions", it));
    let told: Vec<String> = cycle.into_iter().chain(prediction).collect();
    let overruns = response.overruns;
    (!told.is_empty()).then(|| {
        format!(
            "durations of the last day: {}; overruns: {overruns}",
            told.join("; ")
        )
    })
}

/// The cells of a day; an unknown value is a dash.
pub(super) fn cells(day: &Day) -> [String; 8] {
    let number =
        |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    let minutes = |seconds: Option<u64>| {
        seconds.map_or_else(|| "-".to_owned(), |seconds| (seconds / 60).to_string())
    };
    [
        day.date.clone(),
        format!("{:.0}", 100.0 * day.covered),
        number(day.used_instance_hours),
        number(day.baseline_instance_hours),
        number(day.optimum_instance_hours),
        minutes(day.violation_s),
        minutes(day.baseline_violation_s),
        number(day.cpu_percent),
    ]
}

/// The headings of the columns.
pub(super) const HEADINGS: [&str; 8] = [
    "day", "data %", "used h", "base. h", "opt. h", "viol. m", "base. m", "CPU %",
];

fn days(text: &mut String, days: &[Day], room: Room) {
    if room.width.is_some_and(|width| width < TABLE) {
        for day in days {
            let [date, data, used, baseline, optimum, violation, _, cpu] = cells(day);
            let said = format!(
                "{date}: data {data} %, used {used} h, baseline {baseline}, hindsight optimum \
                 {optimum}, in violation {violation} min, CPU {cpu} %"
            );
            line(text, &said, 2, room);
        }
        return;
    }
    let mut row = |cells: [String; 8]| {
        let [date, figures @ ..] = cells;
        write!(text, "  {date:<10}").ok();
        for figure in figures {
            write!(text, " {figure:>8}").ok();
        }
        text.push('\n');
    };
    row(HEADINGS.map(ToOwned::to_owned));
    days.iter().map(cells).for_each(row);
}

fn action_line(action: &Action) -> String {
    let Action { at, from, to, .. } = action;
    let outcome = match (action.outcome, action.took_s) {
        (Some(outcome), Some(took)) => format!("{outcome} in {took:.0} s"),
        _ => "outcome not seen".to_owned(),
    };
    let cpu = match (action.cpu_before_percent, action.cpu_after_percent) {
        (Some(before), Some(after)) => format!("; CPU {before:.0} % before, {after:.0} % after"),
        _ => String::new(),
    };
    format!("{at} {from} -> {to}: {outcome}{cpu}")
}
