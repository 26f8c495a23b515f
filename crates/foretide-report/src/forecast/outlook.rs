//! The outlook over the next hours, and how good outlooks were, as text for a terminal.

use std::io::{self, Write};

use super::measure::LoadHistory;
use foretide_domain::Timestamp;
use foretide_forecast::{
    Grid, GridError, History, OUTLOOK_LEVELS, OutlookAccuracy, OutlookHour, outlook,
    outlook_accuracy,
};

/// Columns of the longest bar.
const BAR: f64 = 40.0;

/// The outlook of a history, and the accuracy of those that there would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct OutlookMeasured {
    /// Name of the history.
    pub trace: String,
    /// Hours ahead.
    pub hours: u32,
    /// Levels of the quantiles, ascending.
    pub levels: [f64; 3],
    /// None if the history is too short for a check: four days.
    pub accuracy: Option<OutlookAccuracy>,
    /// The hours after the history. None if it is shorter than a day.
    pub rows: Vec<OutlookRow>,
}

/// One hour of the outlook.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlookRow {
    /// Start of the hour.
    pub at: Timestamp,
    /// Quantiles of its load, in busy instances.
    pub busy_instances: [f64; 3],
}

/// Makes the outlook over `hours` from `load`, and checks those that there would have been.
///
/// # Errors
/// The periods are neither of one nor of five minutes.
pub fn measure_outlook(load: &LoadHistory, hours: u32) -> Result<OutlookMeasured, GridError> {
    let step = if load.period_s.is_multiple_of(60) {
        load.period_s / 60
    } else {
        0
    };
    // The lead time has no part in an outlook.
    let grid = Grid::new(step, 1)?;
    let mut history = History::new(grid);
    for point in &load.points {
        history.push(*point);
    }
    let row = |row: OutlookHour| OutlookRow {
        at: Timestamp::from_seconds(row.from.saturating_mul(60 * i64::from(step))),
        busy_instances: row.quantiles.map(|load| load / 100.0),
    };
    Ok(OutlookMeasured {
        trace: load.trace.clone(),
        hours,
        levels: OUTLOOK_LEVELS,
        accuracy: outlook_accuracy(&load.points, grid, hours),
        rows: outlook(&history, hours).into_iter().map(row).collect(),
    })
}

/// Prints the accuracy, then a row for each hour ahead.
pub fn print_outlook(measured: &OutlookMeasured, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", measured.trace)?;
    match &measured.accuracy {
        Some(accuracy) => checked(accuracy, measured, out)?,
        None => writeln!(
            out,
            "too early to check an outlook: the history must span four days"
        )?,
    }
    if measured.rows.is_empty() {
        return writeln!(out, "no outlook: the history must span a day");
    }
    writeln!(
        out,
        "\nnext {} h, in busy instances: median, 90 %, 99 % (bar: 99 %)",
        measured.hours
    )?;
    let top = measured.rows.iter().map(|row| row.busy_instances[2]);
    let top = top.fold(f64::MIN_POSITIVE, f64::max);
    for row in &measured.rows {
        let [median, most, all] = row.busy_instances;
        let bar = "█".repeat(columns(BAR * all / top));
        let at = row.at.to_string();
        let at = at.get(..16).unwrap_or(&at);
        writeln!(out, "  {at}Z {median:>8.2} {most:>8.2} {all:>8.2}  {bar}")?;
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 40; the cast saturates"
)]
fn columns(length: f64) -> usize {
    length.round() as usize
}

fn checked(
    accuracy: &OutlookAccuracy,
    measured: &OutlookMeasured,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "\nup to {} h ahead: {:.0} loads checked\n  {:<8}{:>10}{:>14}{:>16}",
        measured.hours,
        accuracy.forecasts,
        "quantile",
        "coverage",
        "pinball loss",
        "the day before"
    )?;
    for (index, level) in measured.levels.iter().enumerate() {
        writeln!(
            out,
            "  {:<8}{:>10}{:>14.2}{:>16.2}",
            format!("{} %", 100.0 * level),
            format!("{:.2} %", 100.0 * accuracy.coverage[index]),
            accuracy.pinball[index],
            accuracy.pinball_naive[index]
        )?;
    }
    if let Some(ratio) = accuracy.against_naive() {
        writeln!(
            out,
            "  loss over that of the same time the day before: {ratio:.2} (below 1 is better)"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use foretide_forecast::LoadPoint;

    use super::*;

    fn history(days: i64) -> LoadHistory {
        let point = |period: i64| LoadPoint {
            period,
            load: if period / 60 % 24 == 18 { 800.0 } else { 200.0 },
            saturated: false,
        };
        LoadHistory {
            trace: "web".to_owned(),
            unit: 100.0,
            period_s: 60,
            points: (0..days * 1440).map(point).collect(),
            from: 0,
        }
    }

    fn printed(days: i64) -> String {
        let measured = measure_outlook(&history(days), 24).unwrap();
        let mut out = Vec::new();
        print_outlook(&measured, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_hour_has_a_row_with_its_time() {
        let text = printed(5);
        assert!(
            text.contains("1970-01-06T18:00Z     8.00     8.00     8.00  ████"),
            "{text}"
        );
        assert!(text.contains("loads checked"), "{text}");
        assert_eq!(text.matches("1970-01-06T").count(), 24, "{text}");
    }

    #[test]
    fn what_is_too_short_is_said() {
        assert!(printed(2).contains("the history must span four days"));
        assert!(printed(0).contains("no outlook: the history must span a day"));
    }
}
