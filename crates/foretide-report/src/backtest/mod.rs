//! `report.html` of a backtest.

mod text;

use foretide_sim::Case;
use maud::{Markup, html};
use serde::Serialize;

use crate::page::{page, scripts};
use crate::summary::{Summary, TraceFigures};
use crate::thin;
use crate::timeline::TimelineOf;

pub use text::print_backtest;

const SCRIPT: &str = include_str!("../backtest.js");
/// Most numbers of all series of a page together. As text, a number has about 4 bytes, so the page
/// stays below 400 KB.
const NUMBERS_MAX: usize = 60_000;

/// The series of one trace for the page. Each column has one value for each point.
#[derive(Serialize)]
struct Series {
    /// Time of the first point, in milliseconds since 1970.
    start_ms: i64,
    /// Seconds between two points.
    step_s: u64,
    /// Steps of the trace in one point.
    cells: usize,
    /// Largest demand within each point, in instances at the objective's utilisation.
    needed: Vec<f64>,
    policies: Vec<PolicySeries>,
}

/// A policy's instances.
#[derive(Serialize)]
struct PolicySeries {
    name: String,
    /// Fewest instances in service within each point, so that no violation is hidden.
    in_service: Vec<u32>,
    /// Most pending instances within each point.
    pending: Vec<u32>,
}

/// The whole page.
///
/// # Errors
/// If the figures cannot be written as JSON.
pub fn render(
    summary: &Summary,
    cases: &[Case],
    timelines: &[TimelineOf],
) -> Result<String, serde_json::Error> {
    let columns = cases.len() + 2 * timelines.len();
    let points_max = NUMBERS_MAX / columns.max(1);
    let series: Vec<Series> = cases
        .iter()
        .enumerate()
        .map(|(index, case)| series(index, case, timelines, points_max))
        .collect();
    let scripts = scripts(summary, &series, SCRIPT)?;
    Ok(page("Foretide backtest", &body(summary), &scripts))
}

fn body(summary: &Summary) -> Markup {
    html! {
        header {
            h1 { "Foretide backtest" }
            @for trace in &summary.traces { (verdict(trace)) }
            p.soft {
                "Each policy was simulated on the same load. Violation: share of time with utilisation above \
                 the objective. Cost ratio: instance-hours ÷ hindsight optimum, which is the fewest \
                 instance-hours without a violation. "
                @if summary.violation_price_ratio.is_some() {
                    "The baseline is target tracking at the target that was cheapest at the stated prices, chosen in \
                     hindsight."
                } @else {
                    "The baseline is target tracking at the target that was cheapest within the violation budget, \
                     chosen in hindsight; where none kept the budget, at the one with the fewest violations."
                }
            }
        }
        main #traces {}
        section {
            h2 { "How to reproduce" }
            pre #command {}
            p.soft #made {}
        }
        noscript {
            p {
                "A script draws the figures of this page, and scripts are switched off here. The file "
                code { "summary.json" } " in the same folder has all figures."
            }
        }
    }
}

/// What the figures of a trace say, and the settings that they support.
fn verdict(trace: &TraceFigures) -> Markup {
    html! {
        @if let Some(verdict) = &trace.verdict {
            p.verdict { strong { (trace.name) ": " } (verdict) }
            @if let Some(suggestion) = &trace.suggestion {
                p { (suggestion.why) }
                @if !suggestion.lines.is_empty() {
                    p { "Suggested settings, for the group's table of the configuration:" }
                    pre { (suggestion.lines.join("\n")) }
                }
            }
        }
    }
}

fn series(index: usize, case: &Case, timelines: &[TimelineOf], points_max: usize) -> Series {
    let trace = case.trace();
    let capacity = case.unit() * case.setup().slo_utilisation;
    let cells = thin::cells(trace.demand().len(), points_max);
    let step_s = u64::from(trace.step_s()) * cells as u64;
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let needed: Vec<f64> = trace
        .demand()
        .chunks(cells)
        .map(|part| rounded(most(part) / capacity))
        .collect();
    let of_trace = timelines.iter().filter(|of| of.trace == index);
    let policies = of_trace.map(|of| policy_series(of, step_s, needed.len()));
    Series {
        start_ms: trace.start().as_millis(),
        step_s,
        cells,
        policies: policies.collect(),
        needed,
    }
}

/// Rounded to two decimals: a chart shows no more.
fn rounded(instances: f64) -> f64 {
    (instances * 100.0).round() / 100.0
}

fn policy_series(of: &TimelineOf, step_s: u64, points: usize) -> PolicySeries {
    let mut series = PolicySeries {
        name: of.policy.clone(),
        in_service: Vec::with_capacity(points),
        pending: Vec::with_capacity(points),
    };
    let rows = of.timeline.rows();
    let step_s = i64::try_from(step_s).unwrap_or(i64::MAX);
    let mut next = 0;
    let (mut in_service, mut pending) = (0, 0);
    for point in 0..points {
        let end = i64::try_from(point + 1).unwrap_or(i64::MAX) * step_s;
        let begins = i64::try_from(point).unwrap_or(i64::MAX) * step_s;
        // The value at the start of a point counts, unless it changes exactly there.
        let changes = rows.get(next).is_some_and(|row| row.at_s <= begins);
        let (mut fewest, mut most) = if changes {
            (u32::MAX, 0)
        } else {
            (in_service, pending)
        };
        while let Some(row) = rows.get(next).filter(|row| row.at_s < end) {
            (in_service, pending) = (row.in_service, row.pending);
            (fewest, most) = (fewest.min(in_service), most.max(pending));
            next += 1;
        }
        series.in_service.push(fewest);
        series.pending.push(most);
    }
    series
}
