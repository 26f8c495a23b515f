//! What the AWS CLI prints with `--output text`, as lines of cells with tabs between them:
//!
//! - `get-metric-statistics`: `DATAPOINTS`, the statistics in order of their names, time, unit
//!   where the metric has one.
//! - `get-metric-data`: `METRICDATARESULTS`, id, label, status for each series, then a line
//!   `TIMESTAMPS` for each of its times and a line `VALUES` for each of its values.
//!
//! Version 1 writes times as epochs, version 2 as ISO 8601.

use std::io::BufRead;

use super::{push, several};
use crate::trace::stamp::{self, Stamp};
use crate::trace::{Counted, MAX_CELLS, RawRow, ReadOptions, Trace, TraceError, grid};

/// First words of the lines that carry data.
const DATAPOINTS: &str = "DATAPOINTS";
const SERIES: &str = "METRICDATARESULTS";
const TIMES: &str = "TIMESTAMPS";
const VALUES: &str = "VALUES";

/// Whether the first line of a file looks like the CLI's text: data, or a word alone (a label, or
/// the `None` of an answer without further pages).
pub(in crate::trace) fn is_cli_text(first_line: &str) -> bool {
    let word = first_line.split('\t').next().unwrap_or_default();
    [DATAPOINTS, SERIES].contains(&word) || !(first_line.is_empty() || first_line.contains(','))
}

/// One series of `get-metric-data`.
#[derive(Default)]
struct Series {
    id: String,
    label: String,
    times: Vec<(u64, Stamp)>,
    values: Vec<f64>,
}

/// A line and its place, for errors.
struct Line<'a> {
    file: &'a str,
    number: u64,
}

impl Line<'_> {
    fn bad(&self, column: &str, expected: &'static str, found: &str) -> TraceError {
        TraceError::BadCell {
            file: self.file.into(),
            line: self.number,
            column: column.into(),
            expected,
            found: found.chars().take(64).collect(),
        }
    }

    fn value(&self, cell: &str) -> Result<f64, TraceError> {
        let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
        value.ok_or_else(|| self.bad("value", "a finite number", cell))
    }

    fn time(&self, cell: &str) -> Result<Stamp, TraceError> {
        stamp::parse(cell).ok_or_else(|| self.bad("timestamp", stamp::EXPECTED, cell))
    }

    /// Time and value of a line `DATAPOINTS`.
    fn datapoint(&self, cells: &[&str]) -> Result<RawRow, TraceError> {
        let is_time = |cell: &str| stamp::parse(cell).is_some();
        let known = match cells.split_last() {
            Some((unit, before)) if !is_time(unit) => before,
            _ => cells,
        };
        match known {
            [value, time] => Ok(RawRow {
                line: self.number,
                stamp: self.time(time)?,
                value: Some(self.value(value)?),
            }),
            [_, _, .., _] => {
                let expected = "one value before the time: export one statistic only";
                Err(self.bad("value", expected, &known.join(" ")))
            }
            _ => Err(self.bad("value", "a value, a time and a unit", &cells.join(" "))),
        }
    }
}

/// Reads the CLI's text output.
pub(in crate::trace) fn read_cli_text<R: BufRead>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let mut rows: Vec<RawRow> = Vec::new();
    let mut no_datapoints: Option<Counted> = None;
    let mut series: Vec<Series> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for (number, text) in (1_u64..).zip(source.lines()) {
        let text = text.map_err(|source| TraceError::Unreadable {
            file: file.into(),
            source,
        })?;
        let line = Line { file, number };
        let mut cells = text
            .trim_start_matches('\u{feff}')
            .split('\t')
            .map(str::trim);
        let word = cells.next().unwrap_or_default();
        let cells: Vec<&str> = cells.collect();
        match (word, series.last_mut()) {
            (DATAPOINTS, _) => {
                push(file, &mut rows, line.datapoint(&cells)?)?;
            }
            (SERIES, _) => series.push(Series {
                id: cells.first().copied().unwrap_or_default().to_owned(),
                label: cells.get(1).copied().unwrap_or_default().to_owned(),
                ..Series::default()
            }),
            (TIMES, Some(last)) => {
                for cell in cells {
                    last.times.push((number, line.time(cell)?));
                }
            }
            (VALUES, Some(last)) => {
                for cell in cells {
                    last.values.push(line.value(cell)?);
                }
            }
            // Blank, the label, or the `None` of an answer without further pages.
            ("", _) => {}
            _ if others.is_empty() && cells.is_empty() => others.push(text),
            _ => {
                Counted::add(&mut no_datapoints, number);
                if others.len() < 2 {
                    others.push(text);
                }
            }
        }
        if series
            .last()
            .is_some_and(|last| last.times.len() > MAX_CELLS)
        {
            return Err(TraceError::TooLong {
                file: file.into(),
                cells: MAX_CELLS as u64 + 1,
                most: MAX_CELLS,
            });
        }
    }
    if !series.is_empty() {
        rows = series_rows(file, &series, options)?;
    }
    if rows.is_empty() {
        return Err(nothing(file, &others));
    }
    grid::build(file, rows, options, no_datapoints)
}

/// Why there is no datapoint: the answer has none, or it is none.
fn nothing(file: &str, others: &[String]) -> TraceError {
    let is_label = |line: &String| !line.contains([';', '|', '\t', ':']);
    match others {
        [] => TraceError::NoDatapoints { file: file.into() },
        [only] if is_label(only) => TraceError::NoDatapoints { file: file.into() },
        [first, ..] => TraceError::NoTrace {
            file: file.into(),
            found: first
                .trim_start_matches('\u{feff}')
                .chars()
                .take(64)
                .collect(),
        },
    }
}

fn series_rows(
    file: &str,
    series: &[Series],
    options: &ReadOptions,
) -> Result<Vec<RawRow>, TraceError> {
    let is_wanted = |one: &&Series| match &options.column {
        Some(wanted) => *wanted == one.label || *wanted == one.id,
        None => true,
    };
    let wanted: Vec<&Series> = series.iter().filter(is_wanted).collect();
    let Some(first) = wanted
        .first()
        .filter(|first| wanted.iter().all(|one| one.id == first.id))
    else {
        return Err(several(file, series.iter().map(|one| one.label.as_str())));
    };
    // An answer in pages repeats its series.
    let mut rows: Vec<RawRow> = Vec::new();
    for one in &wanted {
        if one.times.len() != one.values.len() {
            let line = Line { file, number: 1 };
            let expected = "as many values as times";
            return Err(line.bad(&first.label, expected, &one.values.len().to_string()));
        }
        for (&(line, stamp), &value) in one.times.iter().zip(&one.values) {
            let value = Some(value);
            push(file, &mut rows, RawRow { line, stamp, value })?;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{message, read};

    #[test]
    fn statistics_are_read_in_any_order_with_and_without_unit_and_with_either_time() {
        let two = "CPUUtilization\nDATAPOINTS\t2.5\t2024-05-01T00:05:00+00:00\tPercent\n\
            DATAPOINTS\t1.5\t2024-05-01T00:00:00+00:00\tPercent\n";
        assert_eq!(read(two, None).unwrap().demand(), [1.5, 2.5]);
        let one = "CPU\nDATAPOINTS\t500.0\t1714521600\nDATAPOINTS\t501.0\t1714521660\tPercent\n";
        let trace = read(one, None).unwrap();
        assert_eq!((trace.demand(), trace.step_s()), (&[500.0, 501.0][..], 60));
    }

    #[test]
    fn what_is_no_answer_is_shown_by_its_first_line() {
        for text in [
            "timestamp;value\n2024-05-01T00:00:00Z;1\n",
            "timestamp;value\n",
            "Datapoints:\n- Average: 1.5\n  Timestamp: '2024-05-01T00:00:00Z'\n",
            "-------\n|  GetMetricStatistics  |\n+-----+\n",
        ] {
            let first = text.lines().next().unwrap();
            let message = message(text, None);
            assert!(
                message.contains(&format!("begins with `{first}`")),
                "{message}"
            );
        }
        for text in [
            "CPUUtilization\n",
            "METRICDATARESULTS\tcpu\tCPU\tComplete\n",
        ] {
            assert!(
                message(text, None).contains("holds no datapoints"),
                "{text}"
            );
        }
    }

    #[test]
    fn lines_between_datapoints_that_are_none_are_counted() {
        let text = "CPU\nDATAPOINTS\t1\t0\nDATAPOINT\t2\t60\n\nDATAPOINTS\t3\t60\n";
        let trace = read(text, None).unwrap();
        assert_eq!((trace.reading().rows, trace.reading().used), (3, 2));
        let remarks = trace.reading().remarks();
        assert!(
            remarks[0].contains("are no datapoints (the first in line 3)"),
            "{remarks:?}"
        );
    }

    #[test]
    fn two_statistics_are_an_error() {
        for time in ["2024-05-01T00:05:00+00:00", "1714521600"] {
            let text = format!("CPU\nDATAPOINTS\t2.5\t3.5\t{time}\tPercent\n");
            let message = message(&text, None);
            assert!(message.contains("export one statistic only"), "{message}");
        }
    }

    #[test]
    fn what_is_no_time_or_no_number_is_named() {
        let bad = |line: &str| message(&format!("CPU\nDATAPOINTS\t{line}\n"), None);
        assert!(bad("2.5\tsoon\tPercent").contains("line 2, column `timestamp`"));
        assert!(bad("many\t1714521600").contains("expected a finite number"));
        assert!(bad("").contains("a value, a time and a unit"));
    }

    const DATA: &str = "None\nMETRICDATARESULTS\tcpu\tCPU Average\tComplete\n\
        TIMESTAMPS\t1714521660\nTIMESTAMPS\t1714521600\nVALUES\t50.1\nVALUES\t50.0\n";

    #[test]
    fn metric_data_is_read_series_by_series() {
        assert_eq!(read(DATA, None).unwrap().demand(), [50.0, 50.1]);
        let second = "METRICDATARESULTS\treq\tRequests\tComplete\nTIMESTAMPS\t1714521600\n\
            TIMESTAMPS\t1714521660\nVALUES\t7\nVALUES\t8\n";
        let both = format!("{DATA}{second}");
        let told = message(&both, None);
        assert!(
            told.contains("name one of: CPU Average, Requests"),
            "{told}"
        );
        assert_eq!(read(&both, Some("req")).unwrap().demand(), [7.0, 8.0]);
        assert_eq!(read(&both, Some("Requests")).unwrap().demand(), [7.0, 8.0]);
        let cut = DATA.trim_end().rsplit_once('\n').unwrap().0;
        assert!(message(cut, None).contains("as many values as times"));
    }
}
