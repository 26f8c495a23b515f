//! The report of `foretide report`: a summary of the last days.

mod days;
mod figures;
mod interval;
#[cfg(test)]
mod made;
mod page;
mod text;

use foretide_domain::Timestamp;
use serde::Serialize;

/// Version of the report's JSON; raised when readers of the old version would misread the new one.
pub const REPORT_VERSION: u32 = 4;

pub use figures::{GroupReport, Recorded};

/// The whole report, in the form of its JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of the format.
    pub schema_version: u32,
    /// Version of the program.
    pub foretide_version: &'static str,
    /// Start of the report, RFC 3339.
    pub from: String,
    /// End of the report, RFC 3339.
    pub to: String,
    /// The report of each group.
    pub groups: Vec<GroupReport>,
}

/// The report of `group` from the facts `recorded` between two moments. `budget` is the violation
/// budget, 0 to 1; `price` is the price of an instance-hour with its currency.
pub fn group_report(
    group: String,
    recorded: &Recorded,
    (from, to): (Timestamp, Timestamp),
    budget: f64,
    price: Option<(f64, String)>,
) -> GroupReport {
    let days = days::of(
        &recorded.points,
        recorded.hours_before.as_ref(),
        &recorded.decisions,
        (from, to),
    );
    figures::report(group, recorded, days, budget, price)
}

/// The report as a page: one file that opens offline.
///
/// # Errors
/// Where the figures cannot be written as JSON.
pub fn render_operations(report: &Report) -> Result<String, serde_json::Error> {
    page::render(report)
}

/// The report as text; `wrap` breaks a text into lines of a width, with an indent after the
/// first.
pub fn render_text(
    report: &Report,
    width: Option<usize>,
    wrap: fn(&str, Option<usize>, usize) -> String,
) -> String {
    text::render(report, width, wrap)
}
