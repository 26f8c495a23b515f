//! A report for a terminal: sentences that wrap, and a table of days where it fits.

use std::fmt::Write as _;

use super::Report;
use super::days::Day;
use super::figures::{Action, ForecastFigures, GroupReport, Response, Scaling, Times};

/// Columns that the table of days takes.
const TABLE: usize = 74;
/// Changes that are listed one by one, the newest; the JSON has all.
const ACTIONS: usize = 10;

/// Breaks a text into lines of a width, with an indent after the first.
pub(super) type Wrap = fn(&str, Option<usize>, usize) -> String;

/// How wide a line may be, and what breaks it.
#[derive(Clone, Copy)]
struct Room {
    width: Option<usize>,
    wrap: Wrap,
}

/// The whole report, no line wider than `width` unless a word is.
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
            line(
                &mut text,
                &format!("… and {more} changes before these"),
                2,
                room,
            );
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

/// What there is to say, a sentence each.
pub(super) fn sentences(group: &GroupReport) -> Vec<String> {
    let totals = &group.totals;
    let mut said = Vec::new();
    if totals.days_without_data > 0 {
        let (missing, all) = (totals.days_without_data, totals.days);
        said.push(format!(
            "no data: {missing} of {all} days; they count nowhere"
        ));
    }
    let Some(hours) = totals.hours else {
        return said;
    };
    let money = |hours: f64, cost: Option<f64>| match (cost, &group.currency) {
        (Some(cost), Some(currency)) => format!("{hours:.1} instance-hours, {cost:.2} {currency}"),
        _ => format!("{hours:.1} instance-hours"),
    };
    said.push(format!("used: {}", money(hours, totals.cost)));
    said.push(match totals.tracking_hours {
        None => "target tracking: not simulated, bounds or load are not known".to_owned(),
        Some(other) => format!(
            "target tracking, simulated on this load: {}{}",
            money(other, totals.tracking_cost),
            ratio(hours, other, " of it used")
        ),
    });
    if let Some(optimum) = totals.optimum_hours {
        said.push(format!(
            "optimum, in hindsight: {}{}",
            money(optimum, totals.optimum_cost),
            ratio(hours, optimum, " of it used")
        ));
    }
    said.push(match group.saved_hours_a_day {
        Some(saved) => format!(
            "saved a day against target tracking: {:.1} instance-hours, with 95 % between {:.1} and \
             {:.1} (t interval over {} whole days)",
            saved.mean, saved.low, saved.high, saved.days
        ),
        None => "saved a day: no interval, it takes two whole days".to_owned(),
    });
    said.extend(shortness(group));
    said.extend(utilisation(group));
    said.push(scaling(&group.scaling));
    said.push(
        group
            .forecast
            .as_ref()
            .map_or_else(|| "forecast: none has come due".to_owned(), forecast),
    );
    said.extend(response(&group.response));
    said
}

fn ratio(part: f64, whole: f64, of: &str) -> String {
    if whole > 0.0 {
        format!(", {:.0} %{of}", 100.0 * part / whole)
    } else {
        String::new()
    }
}

fn shortness(group: &GroupReport) -> Option<String> {
    let totals = &group.totals;
    let short = 100.0 * totals.short?;
    let budget = 100.0 * totals.budget;
    let spent = ratio(short, budget, " spent");
    let other = totals.tracking_short;
    let other = other.map_or_else(String::new, |other| {
        format!("; target tracking {:.2} %", 100.0 * other)
    });
    Some(format!(
        "short: {short:.2} % of the time, budget {budget} %{spent}{other}"
    ))
}

fn utilisation(group: &GroupReport) -> Option<String> {
    let cpu = group.totals.cpu_percent?;
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
        "scaling: {out} out, {in} in; came into service: {reached}, in part: {partly}; writes \
         failed: {failed}, overtaken: {moved}"
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
        (Some(own), Some(other)) => format!("; median off by {}/{}", percent(own), percent(other)),
        _ => String::new(),
    };
    format!(
        "forecast: {} came due; coverage {}; pinball, own/persistence, instance-%: {}{wape}",
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
        format!("{what} {median_ms:.0} ms, p95 {p95_ms:.0}, longest {max_ms:.0} ({count})")
    };
    let look = response.look.as_ref().map(|it| times("a look", it));
    let prediction = response
        .prediction
        .as_ref()
        .map(|it| times("a prediction", it));
    let told: Vec<String> = look.into_iter().chain(prediction).collect();
    let overruns = response.overruns;
    (!told.is_empty()).then(|| {
        format!(
            "times of the last day: {}; overruns {overruns}",
            told.join("; ")
        )
    })
}

/// The cells of a day; what is not known is a dash.
pub(super) fn cells(day: &Day) -> [String; 8] {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let percent = |share: Option<f64>| number(share.map(|share| 100.0 * share), 2);
    [
        day.date.clone(),
        format!("{:.0}", 100.0 * day.covered),
        number(day.hours, 1),
        number(day.tracking_hours, 1),
        number(day.optimum_hours, 1),
        percent(day.short),
        percent(day.tracking_short),
        number(day.cpu_percent, 1),
    ]
}

/// What stands over them.
pub(super) const HEADINGS: [&str; 8] = [
    "day", "data %", "used h", "track. h", "opt. h", "short %", "track. %", "CPU %",
];

fn days(text: &mut String, days: &[Day], room: Room) {
    if room.width.is_some_and(|width| width < TABLE) {
        for day in days {
            let [date, data, used, tracking, optimum, short, _, cpu] = cells(day);
            let said = format!(
                "{date}: data {data} %, used {used} h, tracking {tracking}, optimum {optimum}, \
                 short {short} %, CPU {cpu} %"
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
