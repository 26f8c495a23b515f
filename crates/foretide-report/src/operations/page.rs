//! A report as a page: one file that opens offline, without a script. Every text from outside is
//! escaped. Colours follow the browser's light or dark scheme.

use maud::{Markup, html};

use crate::page::page;

use super::Report;
use super::days::Day;
use super::figures::{Action, GroupReport};
use super::text::{HEADINGS, cells, head, sentences};

/// Height of the chart's bars, and width of a day, in the chart's units.
const HEIGHT: f64 = 120.0;
const DAY_WIDTH: f64 = 48.0;
/// The bars of a day, in their order.
const BARS: [&str; 3] = ["own", "baseline", "optimum"];

/// The whole page.
pub(super) fn render(report: &Report) -> String {
    let body = html! {
        h1 { "Foretide report" }
        p.soft { (report.from) " to " (report.to) ", Foretide " (report.foretide_version) }
        @for group in &report.groups { (section(group)) }
    };
    page("Foretide report", &body, None)
}

fn section(group: &GroupReport) -> Markup {
    let days = group.days.iter().map(|day| cells(day).to_vec());
    html! {
        section {
            h2 { (head(group)) }
            ul { @for said in sentences(group) { li { (said) } } }
            (chart(&group.days))
            (table("Days", &HEADINGS, days))
            @if !group.scaling.actions.is_empty() {
                h3 { "Changes" }
                (table("Changes", &CHANGES, group.scaling.actions.iter().rev().map(changes)))
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

fn table(label: &str, headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table {
                thead { tr { @for heading in headings { th scope="col" { (heading) } } } }
                tbody {
                    @for row in rows { tr { @for cell in row { td { (cell) } } } }
                }
            }
        }
    }
}

/// Chart of instance-hours a day: three bars, or "no data".
fn chart(days: &[Day]) -> Markup {
    let bars = |day: &Day| {
        [
            day.used_instance_hours,
            day.baseline_instance_hours,
            day.optimum_instance_hours,
        ]
    };
    let top = days.iter().flat_map(bars).flatten().fold(0.0, f64::max);
    if top <= 0.0 {
        return html! {};
    }
    let width = DAY_WIDTH * days.len() as f64;
    let size = format!("0 0 {width} {}", HEIGHT + 16.0);
    html! {
        p {
            span.patch.own {} " used " span.patch.baseline {} " baseline target tracking "
            span.patch.optimum {} " hindsight optimum; instance-hours a day, at most " (format!("{top:.1}"))
        }
        div.scroll tabindex="0" role="region" aria-label="Instance-hours a day" {
            svg.bars role="img" aria-label="Instance-hours a day" viewBox=(size) width=(width) {
                @for (index, day) in days.iter().enumerate() {
                    @let left = DAY_WIDTH * index as f64;
                    @for (place, hours) in bars(day).into_iter().enumerate() {
                        @if let Some(hours) = hours { (bar(day, left, place, hours, top)) }
                    }
                    @if day.covered <= 0.0 { text x=(left + 24.0) y=(HEIGHT - 4.0) { "no data" } }
                    @let date = day.date.get(5..).unwrap_or_default();
                    text x=(left + 24.0) y=(HEIGHT + 12.0) { (date) }
                }
            }
        }
    }
}

fn bar(day: &Day, left: f64, place: usize, hours: f64, top: f64) -> Markup {
    let height = HEIGHT * hours / top;
    let one = |value: f64| format!("{value:.1}");
    let class = BARS.get(place).copied().unwrap_or_default();
    html! {
        rect class=(class) x=(one(left + 5.0 + 13.0 * place as f64)) y=(one(HEIGHT - height))
            width="12" height=(one(height)) {
            title { (day.date) ": " (one(hours)) }
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
        let page = render(&Report {
            schema_version: 1,
            foretide_version: "0",
            from: String::new(),
            to: String::new(),
            groups: vec![group],
        });
        assert!(!page.contains("<script"), "{page}");
        let shown = "a/&lt;script&gt;alert('1')&lt;/script&gt;&quot; &amp; co";
        assert!(page.contains(shown), "{page}");
        assert!(page.contains("instance-hours: not counted yet"), "{page}");
    }
}
