//! Metric exports of AWS, as people have them at hand.
//!
//! No specification of these files is published, so they are read by shape:
//! - **console** ("Download as .csv" of a graph): rows of `key,name,…` that describe the series,
//!   then rows of `time,value,…`, one column a series. The console writes times without an offset,
//!   in the time zone that the graph shows: they are taken as UTC, so choose UTC before
//!   downloading.
//! - **CLI, text**: lines `DATAPOINTS`, values, time, unit of `get-metric-statistics --output
//!   text`.
//! - **CLI, JSON**: `Datapoints` of `get-metric-statistics`, or `MetricDataResults` of
//!   `get-metric-data`.
//!
//! Several series or statistics in one file are an error that names them, unless one is picked.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde::Deserialize;

use super::read::{bad_cell, line, next, value};
use super::{MAX_CELLS, ReadOptions, Trace, TraceError, grid, stamp};

/// Longest JSON read; a year of minutes has some 60 MB.
const LONGEST_JSON: u64 = 512 * 1024 * 1024;

/// First word of a data line in the CLI's text output.
const DATAPOINTS: &str = "DATAPOINTS";

/// First cells of the rows that a console graph begins with.
const CONSOLE_KEYS: [&str; 4] = ["label", "full label", "id", "account id"];

/// Whether the first line of a file looks like the CLI's text output: data, or a label alone.
pub(super) fn is_cli_text(first_line: &str) -> bool {
    first_line.starts_with(DATAPOINTS) || !(first_line.is_empty() || first_line.contains(','))
}

/// Whether the first cell of a file looks like a console graph.
pub(super) fn is_console(first_cell: &str) -> bool {
    CONSOLE_KEYS
        .iter()
        .any(|key| first_cell.eq_ignore_ascii_case(key))
}

/// Reads a graph downloaded from the CloudWatch console.
pub(super) fn read_console<R: Read>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let mut reader = super::read::reader(source);
    let mut record = csv::StringRecord::new();
    let mut described: Vec<csv::StringRecord> = Vec::new();
    let mut rows: Vec<grid::Row> = Vec::new();
    let mut column: Option<(usize, String)> = None;
    while next(file, &mut reader, &mut record)? {
        let first = record.get(0).unwrap_or_default();
        match (stamp::parse_console(first), &column) {
            (None, None) if described.len() < 64 => described.push(record.clone()),
            (None, _) => {
                return Err(bad_cell(file, &record, "time", stamp::EXPECTED, first));
            }
            (Some(at), Some((index, name))) => {
                push(file, &mut rows, at, value(file, &record, name, *index)?)?;
            }
            (Some(at), None) => {
                let (index, name) = pick(file, &described, &record, options)?;
                push(file, &mut rows, at, value(file, &record, &name, index)?)?;
                column = Some((index, name));
            }
        }
    }
    grid::build(file, rows, options.step_s)
}

/// The column to take: the one that is asked for by any of its names, or the only one.
fn pick(
    file: &str,
    described: &[csv::StringRecord],
    first_row: &csv::StringRecord,
    options: &ReadOptions,
) -> Result<(usize, String), TraceError> {
    let name_of = |index: usize| {
        let mut names = described.iter().filter_map(|row| row.get(index));
        let name = names.find(|name| !name.is_empty()).unwrap_or("value");
        name.to_owned()
    };
    let columns = 1..first_row.len();
    if let Some(wanted) = &options.column {
        let named = |index: &usize| {
            let mut names = described.iter().filter_map(|row| row.get(*index));
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        };
        return match columns.clone().find(named) {
            Some(index) => Ok((index, wanted.clone())),
            None => Err(TraceError::NoColumn {
                file: file.into(),
                line: line(first_row),
                column: wanted.clone(),
                found: columns.map(name_of).collect::<Vec<_>>().join(", "),
            }),
        };
    }
    let filled = |index: &usize| *index == 1 || !name_of(*index).eq("value");
    let columns: Vec<usize> = columns.filter(filled).collect();
    match columns.as_slice() {
        [index] => Ok((*index, name_of(*index))),
        [] => Err(TraceError::NoData { file: file.into() }),
        several => Err(TraceError::SeveralSeries {
            file: file.into(),
            found: several
                .iter()
                .map(|&i| name_of(i))
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

/// Reads the CLI's text output of `get-metric-statistics` with one statistic.
pub(super) fn read_cli_text<R: BufRead>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let mut rows: Vec<grid::Row> = Vec::new();
    for (number, line) in (1_u64..).zip(source.lines()) {
        let line = line.map_err(|source| TraceError::Unreadable {
            file: file.into(),
            source,
        })?;
        let mut cells = line
            .trim_start_matches('\u{feff}')
            .split('\t')
            .map(str::trim);
        if cells.next() != Some(DATAPOINTS) {
            continue;
        }
        let cells: Vec<&str> = cells.collect();
        let bad = |column: &str, expected, found: &str| TraceError::BadCell {
            file: file.into(),
            line: number,
            column: column.into(),
            expected,
            found: found.chars().take(64).collect(),
        };
        let (Some(number), Some(time)) = (cells.first(), cells.get(1)) else {
            return Err(bad("value", "a value, a time and a unit", &line));
        };
        let parsed = number.parse::<f64>().ok().filter(|value| value.is_finite());
        let parsed = parsed.ok_or_else(|| bad("value", "a finite number", number))?;
        // A second value would pass for an epoch.
        let written = Some(time).filter(|time| time.parse::<f64>().is_err());
        let at = written.and_then(|time| stamp::parse(time)).ok_or_else(|| {
            let expected = "a time after one value: export one statistic only";
            bad("timestamp", expected, time)
        })?;
        push(file, &mut rows, at, Some(parsed))?;
    }
    grid::build(file, rows, options.step_s)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Export {
    datapoints: Option<Vec<BTreeMap<String, serde_json::Value>>>,
    metric_data_results: Option<Vec<Series>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Series {
    #[serde(default)]
    id: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    timestamps: Vec<serde_json::Value>,
    #[serde(default)]
    values: Vec<f64>,
}

/// Reads the CLI's JSON output of `get-metric-statistics` or `get-metric-data`.
pub(super) fn read_json<R: Read>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let export: Export = serde_json::from_reader(source.take(LONGEST_JSON)).map_err(|error| {
        TraceError::NotJson {
            file: file.into(),
            problem: error.to_string(),
        }
    })?;
    let rows = match export {
        Export {
            metric_data_results: Some(series),
            ..
        } => series_rows(file, &series, options)?,
        Export {
            datapoints: Some(points),
            ..
        } => datapoint_rows(file, &points, options)?,
        _ => return Err(TraceError::NoData { file: file.into() }),
    };
    grid::build(file, rows, options.step_s)
}

fn series_rows(
    file: &str,
    series: &[Series],
    options: &ReadOptions,
) -> Result<Vec<grid::Row>, TraceError> {
    let is_wanted = |one: &&Series| match &options.column {
        Some(wanted) => *wanted == one.label || *wanted == one.id,
        None => true,
    };
    let wanted: Vec<&Series> = series.iter().filter(is_wanted).collect();
    // A paged answer repeats its series: pages of one label belong together.
    let mut names: Vec<&str> = wanted.iter().map(|one| one.label.as_str()).collect();
    names.dedup();
    if names.len() != 1 {
        return Err(several(file, series.iter().map(|one| one.label.as_str())));
    }
    let mut rows = Vec::new();
    for one in wanted {
        for (number, (time, &number_value)) in (1_u64..).zip(one.timestamps.iter().zip(&one.values))
        {
            let at = json_time(file, number, Some(time))?;
            push(file, &mut rows, at, Some(number_value))?;
        }
    }
    Ok(rows)
}

fn datapoint_rows(
    file: &str,
    points: &[BTreeMap<String, serde_json::Value>],
    options: &ReadOptions,
) -> Result<Vec<grid::Row>, TraceError> {
    let first = points.first();
    let statistics: Vec<&str> = first
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_number())
        .map(|(name, _)| name.as_str())
        .filter(|name| *name != "Timestamp")
        .collect();
    let wanted = match (&options.column, statistics.as_slice()) {
        (Some(wanted), _) => wanted.as_str(),
        (None, [only]) => only,
        (None, _) => return Err(several(file, statistics.into_iter())),
    };
    let mut rows = Vec::new();
    for (number, point) in (1_u64..).zip(points) {
        let at = json_time(file, number, point.get("Timestamp"))?;
        let value = point.get(wanted).and_then(serde_json::Value::as_f64);
        let value = value.ok_or_else(|| TraceError::BadCell {
            file: file.into(),
            line: number,
            column: wanted.into(),
            expected: "a number (lines count datapoints here)",
            found: point
                .get(wanted)
                .map_or_else(String::new, ToString::to_string),
        })?;
        push(file, &mut rows, at, Some(value))?;
    }
    Ok(rows)
}

fn json_time(file: &str, number: u64, time: Option<&serde_json::Value>) -> Result<i64, TraceError> {
    let text = match time {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    stamp::parse(&text).ok_or_else(|| TraceError::BadCell {
        file: file.into(),
        line: number,
        column: "Timestamp".into(),
        expected: stamp::EXPECTED,
        found: text.chars().take(64).collect(),
    })
}

fn several<'a>(file: &str, names: impl Iterator<Item = &'a str>) -> TraceError {
    TraceError::SeveralSeries {
        file: file.into(),
        found: names.collect::<Vec<_>>().join(", "),
    }
}

fn push(
    file: &str,
    rows: &mut Vec<grid::Row>,
    at: i64,
    value: Option<f64>,
) -> Result<(), TraceError> {
    if rows.len() >= MAX_CELLS {
        return Err(TraceError::TooLong {
            file: file.into(),
            cells: rows.len() as u64 + 1,
            most: MAX_CELLS,
        });
    }
    rows.push((at, value));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trace::{ReadOptions, Trace, TraceError, read_trace};

    fn read(text: &str, column: Option<&str>) -> Result<Trace, TraceError> {
        let options = ReadOptions {
            column: column.map(Into::into),
            step_s: None,
        };
        read_trace("export", text.as_bytes(), &options)
    }

    const CONSOLE: &str = "Full label,web CPUUtilization,web RequestCount\n\
        Label,CPUUtilization,RequestCount\nStatistic,Average,Sum\nPeriod,300,300\n\
        2024/05/01 00:00:00,12.5,100\n2024/05/01 00:05:00,13.5,\n2024/05/01 00:10:00,14,300\n";

    #[test]
    fn a_console_graph_with_several_series_wants_one_picked() {
        let trace = read(CONSOLE, Some("RequestCount")).unwrap();
        assert_eq!(trace.step_s(), 300);
        assert_eq!(trace.demand(), [100.0, 100.0, 300.0]);
        assert_eq!(trace.start().to_string(), "2024-05-01T00:00:00Z");
        assert_eq!(
            read(CONSOLE, None).unwrap_err().to_string(),
            "export: holds several series; name one of: web CPUUtilization, web RequestCount"
        );
        assert!(matches!(
            read(CONSOLE, Some("Latency")),
            Err(TraceError::NoColumn { .. })
        ));
    }

    #[test]
    fn a_console_graph_with_one_series_needs_no_name() {
        let text = "Label,Load\r\n2024-05-01 00:00:00,1\r\n2024-05-01 00:01:00,2\r\n";
        assert_eq!(read(text, None).unwrap().demand(), [1.0, 2.0]);
    }

    #[test]
    fn a_broken_row_of_a_console_graph_is_named() {
        let text = "Label,Load\n2024-05-01 00:00:00,1\nsoon,2\n";
        let message = read(text, None).unwrap_err().to_string();
        assert!(
            message.starts_with("export: line 3, column `time`"),
            "{message}"
        );
    }

    #[test]
    fn the_clis_text_is_read_in_any_order() {
        let text = "CPUUtilization\nDATAPOINTS\t2.5\t2024-05-01T00:05:00+00:00\tPercent\n\
            DATAPOINTS\t1.5\t2024-05-01T00:00:00+00:00\tPercent\n";
        assert_eq!(read(text, None).unwrap().demand(), [1.5, 2.5]);
    }

    #[test]
    fn two_statistics_in_the_clis_text_are_an_error() {
        let text = "CPU\nDATAPOINTS\t2.5\t3.5\t2024-05-01T00:05:00+00:00\tPercent\n";
        let message = read(text, None).unwrap_err().to_string();
        assert!(message.contains("export one statistic only"), "{message}");
    }

    #[test]
    fn both_json_answers_of_the_cli_are_read() {
        let statistics = r#"{"Label": "CPUUtilization", "Datapoints": [
            {"Timestamp": "2024-05-01T00:05:00Z", "Average": 2.5, "Unit": "Percent"},
            {"Timestamp": "2024-05-01T00:00:00Z", "Average": 1.5, "Unit": "Percent"}]}"#;
        assert_eq!(read(statistics, None).unwrap().demand(), [1.5, 2.5]);
        let data = r#"{"MetricDataResults": [{"Id": "m1", "Label": "load",
            "Timestamps": ["2024-05-01T00:01:00Z", "2024-05-01T00:00:00Z"],
            "Values": [4.0, 3.0], "StatusCode": "Complete"}], "Messages": []}"#;
        assert_eq!(read(data, None).unwrap().demand(), [3.0, 4.0]);
        assert!(matches!(read("{}", None), Err(TraceError::NoData { .. })));
        assert!(matches!(read("{", None), Err(TraceError::NotJson { .. })));
    }
}
