//! A report as a page: one file that opens offline, without a script. Every text from outside is
//! escaped; colours follow the reader's scheme.

use std::fmt::Write as _;

use super::Report;
use super::days::Day;
use super::figures::{Action, GroupReport};
use super::text::{HEADINGS, cells, head, sentences};

const HEAD: &str = include_str!("report_head.html");
/// Height of the bars of the chart, and width of a day, in the chart's units.
const HEIGHT: f64 = 120.0;
const DAY_WIDTH: f64 = 48.0;

/// The whole page.
pub(super) fn render(report: &Report) -> String {
    let mut page = HEAD.to_owned();
    let (from, to) = (escaped(&report.from), escaped(&report.to));
    put(
        &mut page,
        format_args!(
            "<p class=\"soft\">{from} to {to}, Foretide {}</p>\n",
            report.foretide_version
        ),
    );
    for group in &report.groups {
        section(&mut page, group);
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn put(page: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    page.write_fmt(what).ok();
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn section(page: &mut String, group: &GroupReport) {
    put(
        page,
        format_args!("<section>\n<h2>{}</h2>\n<ul>\n", escaped(&head(group))),
    );
    for said in sentences(group) {
        put(page, format_args!("<li>{}</li>\n", escaped(&said)));
    }
    page.push_str("</ul>\n");
    chart(page, &group.days);
    table(
        page,
        HEADINGS.iter().map(ToString::to_string),
        group.days.iter().map(|day| cells(day).to_vec()),
    );
    if !group.scaling.actions.is_empty() {
        page.push_str("<h3>Changes</h3>\n");
        let headings = [
            "time",
            "from",
            "to",
            "outcome",
            "after s",
            "CPU % before",
            "CPU % after",
        ];
        let rows = group.scaling.actions.iter().rev().map(changes);
        table(page, headings.iter().map(ToString::to_string), rows);
    }
    page.push_str("</section>\n");
}

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
    page: &mut String,
    headings: impl Iterator<Item = String>,
    rows: impl Iterator<Item = Vec<String>>,
) {
    page.push_str("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    for heading in headings {
        put(
            page,
            format_args!("<th scope=\"col\">{}</th>", escaped(&heading)),
        );
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            put(page, format_args!("<td>{}</td>", escaped(&cell)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

/// Instance-hours a day: three bars, and a word where there is no data.
fn chart(page: &mut String, days: &[Day]) {
    let bars = |day: &Day| [day.hours, day.tracking_hours, day.optimum_hours];
    let top = days.iter().flat_map(bars).flatten().fold(0.0, f64::max);
    if top <= 0.0 {
        return;
    }
    let width = DAY_WIDTH * days.len() as f64;
    put(
        page,
        format_args!(
            "<p class=\"key\"><span class=\"own\"></span> used <span class=\"tracking\"></span> target \
         tracking <span class=\"optimum\"></span> optimum; instance-hours a day, at most {top:.1}</p>\n\
         <div class=\"scroll\" tabindex=\"0\"><svg role=\"img\" aria-label=\"Instance-hours a day\" \
         viewBox=\"0 0 {width} {}\" width=\"{width}\">\n",
            HEIGHT + 16.0
        ),
    );
    for (index, day) in days.iter().enumerate() {
        let left = DAY_WIDTH * index as f64;
        let date = day.date.get(5..).unwrap_or_default();
        for (place, (hours, class)) in bars(day)
            .into_iter()
            .zip(["own", "tracking", "optimum"])
            .enumerate()
        {
            let Some(hours) = hours else { continue };
            let height = HEIGHT * hours / top;
            put(
                page,
                format_args!(
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"12\" height=\"{height:.1}\">\
                 <title>{}: {hours:.1}</title></rect>\n",
                    left + 5.0 + 13.0 * place as f64,
                    HEIGHT - height,
                    escaped(&day.date)
                ),
            );
        }
        if day.hours.is_none() {
            put(
                page,
                format_args!(
                    "<text x=\"{}\" y=\"{}\">no data</text>\n",
                    left + 24.0,
                    HEIGHT - 4.0
                ),
            );
        }
        put(
            page,
            format_args!(
                "<text x=\"{}\" y=\"{}\">{}</text>\n",
                left + 24.0,
                HEIGHT + 12.0,
                escaped(date)
            ),
        );
    }
    page.push_str("</svg></div>\n");
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
            hours: Some(24.0),
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
        let shown = "a/&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot; &amp; co";
        assert!(page.contains(shown), "{page}");
        assert!(page.contains("target tracking: not simulated"), "{page}");
    }
}
