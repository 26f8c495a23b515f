//! `report.html` and `forecast.html`: each one file that opens offline, with charts to zoom and
//! hover.
//!
//! The figures travel as JSON inside the page; its script builds text nodes from them and never
//! markup, so that a trace's name cannot become part of the page. The charts are drawn by the chart
//! library that the `plotly` crate carries.

use std::fmt::Write as _;

use foretide_sim::Case;
use serde::Serialize;

use super::summary::Summary;
use super::timeline::TimelineOf;

/// What all pages share, with a place for each part.
const TEMPLATE: &str = include_str!("page.html");
const COMMON: &str = include_str!("common.js");

/// What a page has of its own.
struct Page {
    title: &'static str,
    body: &'static str,
    script: &'static str,
}

const BACKTEST: Page = Page {
    title: "Foretide backtest",
    body: include_str!("report.html"),
    script: include_str!("report.js"),
};
const FORECAST: Page = Page {
    title: "Foretide forecast",
    body: include_str!("forecast.html"),
    script: include_str!("forecast.js"),
};

/// The series of one trace as the page draws them.
#[derive(Serialize)]
struct Series {
    /// First cell, in milliseconds since the epoch.
    start_ms: i64,
    step_s: u32,
    /// Demand in instances at the objective's utilisation.
    needed: Vec<f64>,
    policies: Vec<PolicySeries>,
}

/// A policy's number in service: the times at which it changed, and to what.
#[derive(Serialize)]
struct PolicySeries {
    name: String,
    at_s: Vec<i64>,
    in_service: Vec<u32>,
    pending: Vec<u32>,
}

/// The whole page.
///
/// # Errors
/// Where the figures cannot be written as JSON.
pub(crate) fn render(
    summary: &Summary,
    cases: &[Case],
    timelines: &[TimelineOf],
) -> Result<String, serde_json::Error> {
    let series: Vec<Series> = cases
        .iter()
        .enumerate()
        .map(|(index, case)| series(index, case, timelines))
        .collect();
    fill(&BACKTEST, summary, &series)
}

/// What a page of `foretide forecast` draws of one horizon, in instance-percent.
#[derive(Debug, Serialize)]
pub(crate) struct ForecastSeries {
    pub(crate) at_ms: Vec<i64>,
    pub(crate) load: Vec<f64>,
    pub(crate) median: Vec<f64>,
    pub(crate) upper: Vec<f64>,
}

/// The page of `foretide forecast`.
///
/// # Errors
/// Where the figures cannot be written as JSON.
pub(crate) fn render_forecast(
    summary: &impl Serialize,
    series: &[ForecastSeries],
) -> Result<String, serde_json::Error> {
    fill(&FORECAST, summary, &series)
}

/// Puts figures, library and scripts in the places that the template marks.
fn fill(
    own: &Page,
    summary: &impl Serialize,
    series: &impl Serialize,
) -> Result<String, serde_json::Error> {
    let mut page = String::with_capacity(TEMPLATE.len() + 6_000_000);
    for part in TEMPLATE.split("<!--") {
        let (slot, rest) = part.split_once("-->").unwrap_or(("", part));
        match slot {
            "title" => page.push_str(own.title),
            "body" => page.push_str(own.body.trim_end()),
            "summary" => page.push_str(&inert_json(summary)?),
            "series" => page.push_str(&inert_json(series)?),
            "library" => page.push_str(&chart_library()),
            "common" => page.push_str(COMMON),
            "script" => page.push_str(own.script),
            "" => {}
            comment => write!(page, "<!--{comment}-->").unwrap_or_default(),
        }
        page.push_str(rest);
    }
    Ok(page)
}

fn series(index: usize, case: &Case, timelines: &[TimelineOf]) -> Series {
    let trace = case.trace();
    let capacity = case.unit() * case.setup().slo_utilisation;
    let policies = timelines.iter().filter(|of| of.trace == index);
    Series {
        start_ms: trace.start().as_millis(),
        step_s: trace.step_s(),
        needed: trace
            .demand()
            .iter()
            .map(|demand| rounded(demand / capacity))
            .collect(),
        policies: policies.map(policy_series).collect(),
    }
}

/// Two decimals of an instance are more than a chart shows.
fn rounded(instances: f64) -> f64 {
    (instances * 100.0).round() / 100.0
}

fn policy_series(of: &TimelineOf) -> PolicySeries {
    let mut series = PolicySeries {
        name: of.policy.clone(),
        at_s: Vec::new(),
        in_service: Vec::new(),
        pending: Vec::new(),
    };
    for row in of.timeline.rows() {
        let now = (row.in_service, row.pending);
        let last = series
            .in_service
            .last()
            .copied()
            .zip(series.pending.last().copied());
        if last != Some(now) {
            series.at_s.push(row.at_s);
            series.in_service.push(row.in_service);
            series.pending.push(row.pending);
        }
    }
    series
}

/// JSON that cannot end the element that it stands in.
fn inert_json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(value)?.replace('<', "\\u003c"))
}

/// The chart library's source, without the formula renderer that it is carried with.
fn chart_library() -> String {
    let sources = plotly::Plot::offline_js_sources();
    let scripts = sources
        .split("</script>")
        .filter(|part| part.contains("plotly.js v"));
    scripts
        .filter_map(|part| {
            part.split_once('>')
                .filter(|(tag, _)| tag.trim().starts_with("<script"))
        })
        .map(|(_, source)| source)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_element_that_it_stands_in() {
        let json = inert_json(&"</script><script>alert(1)</script>").unwrap();
        assert!(!json.contains('<'), "{json}");
        let back: String = serde_json::from_str(&json).unwrap();
        assert_eq!(back, "</script><script>alert(1)</script>");
    }

    #[test]
    fn the_chart_library_is_carried_whole() {
        let library = chart_library();
        assert!(library.contains("plotly.js v"), "{}", library.len());
        assert!(library.len() > 3_000_000, "{}", library.len());
        assert!(!library.contains("</script"));
    }
}
