//! A report as a page: one file that opens offline. Every text from outside is escaped; colours
//! follow the reader's scheme. Its tables need no script, the chart does.

use maud::{Markup, html};
use serde::Serialize;

use crate::page::{page, scripts};

use super::Report;
use super::days::Day;
use super::figures::{Action, GroupReport};
use super::text::{HEADINGS, cells, head, sentences};

const SCRIPT: &str = include_str!("operations.js");
/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What the chart of one group draws: a value a day, and the last one again at the end of its day.
#[derive(Debug, Default, Serialize)]
struct Series {
    /// Start of the day, milliseconds since 1970.
    at_ms: Vec<i64>,
    used: Vec<Option<f64>>,
    /// Name of the baseline.
    beside: String,
    baseline: Vec<Option<f64>>,
    optimum: Vec<Option<f64>>,
}

impl Series {
    fn of(group: &GroupReport) -> Self {
        let counted = group.hours.as_ref();
        let mut series = Self {
            beside: counted.map_or_else(String::new, |it| it.figures.baseline.clone()),
            ..Self::default()
        };
        let days = &group.days;
        for day in days {
            series.push(day.start_ms, day);
        }
        if let Some(last) = days.last() {
            series.push(last.start_ms + DAY_MS, last);
        }
        series
    }

    fn push(&mut self, at_ms: i64, day: &Day) {
        self.at_ms.push(at_ms);
        self.used.push(day.used_instance_hours);
        self.baseline.push(day.baseline_instance_hours);
        self.optimum.push(day.optimum_instance_hours);
    }
}

/// The whole page.
///
/// # Errors
/// Where the figures cannot be written as JSON.
pub(super) fn render(report: &Report) -> Result<String, serde_json::Error> {
    let series: Vec<Series> = report.groups.iter().map(Series::of).collect();
    let scripts = scripts(&(), &series, SCRIPT)?;
    let body = html! {
        h1 { "Foretide report" }
        p.soft { (report.from) " to " (report.to) ", Foretide " (report.foretide_version) }
        @for (index, group) in report.groups.iter().enumerate() { (section(index, group)) }
    };
    Ok(page("Foretide report", &body, &scripts))
}

fn section(index: usize, group: &GroupReport) -> Markup {
    let days = group.days.iter().map(|day| cells(day).to_vec());
    let changed = group.scaling.actions.iter().rev().map(changes);
    html! {
        section {
            h2 { (head(group)) }
            ul { @for said in sentences(group) { li { (said) } } }
            // Filled by the script; the table below has the same figures.
            div id=(format!("days-{index}")) {}
            (table("Days", &HEADINGS, &EXPLAINED, days))
            @if !group.scaling.actions.is_empty() {
                h3 { "Changes" }
                (table("Changes", &CHANGES, &CHANGES_EXPLAINED, changed))
            }
        }
    }
}

const CHANGES: [&str; 7] = [
    "time",
    "from",
    "to",
    "outcome",
    "after s",
    "CPU % before",
    "CPU % after",
];

/// What the columns of the table of days mean.
const EXPLAINED: [&str; 8] = [
    "Day of UTC",
    "Share of the day with data; of today up to now",
    "Instance-hours that the group ran, in service or pending",
    "Instance-hours of the baseline that is named above",
    "Instance-hours of the hindsight optimum: the fewest that keep every period at the objective",
    "Minutes above the objective",
    "Minutes that the baseline would have been above the objective",
    "Mean CPU of all instances",
];

/// What the columns of the table of changes mean.
const CHANGES_EXPLAINED: [&str; 7] = [
    "When AWS accepted the change",
    "Desired capacity before",
    "Desired capacity after",
    "reached: the capacity came into service; partly: it did not within three lead times",
    "Seconds from the write to the outcome",
    "Mean CPU over the ten minutes before the write",
    "Mean CPU over the ten minutes after the outcome",
];

fn changes(action: &Action) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |it| format!("{it:.0}"));
    vec![
        action.at.clone(),
        action.from.to_string(),
        action.to.to_string(),
        action.outcome.unwrap_or("not seen").to_owned(),
        number(action.took_s),
        number(action.cpu_before_percent),
        number(action.cpu_after_percent),
    ]
}

fn table(
    label: &str,
    headings: &[&str],
    explained: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> Markup {
    let columns = headings.iter().zip(explained);
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead {
                    tr {
                        @for (heading, why) in columns {
                            th scope="col" title=(why) { (heading) }
                        }
                    }
                }
                tbody {
                    @for row in rows { tr { @for cell in row { td { (cell) } } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Recorded, report};
    use super::*;

    #[test]
    fn a_name_cannot_become_part_of_the_page() {
        let name = "a/<script>alert('1')</script>\" & co";
        let days = vec![Day {
            date: "2026-11-23".to_owned(),
            covered: 1.0,
            used_instance_hours: Some(24.0),
            ..Day::default()
        }];
        let group = report(name.to_owned(), &Recorded::default(), days, 0.005, None);
        let rendered = render(&Report {
            schema_version: 1,
            foretide_version: "0",
            from: String::new(),
            to: String::new(),
            groups: vec![group],
        });
        let page = rendered.unwrap();
        assert!(!page.contains("<script>alert"), "{page}");
        let shown = "a/&lt;script&gt;alert('1')&lt;/script&gt;&quot; &amp; co";
        assert!(page.contains(shown), "{page}");
        assert!(page.contains("instance-hours: not counted yet"), "{page}");
    }
}
