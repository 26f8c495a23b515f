//! What the AWS CLI prints by default: `Datapoints` of `get-metric-statistics`, or
//! `MetricDataResults` of `get-metric-data`. Version 1 writes times as epochs, version 2 as ISO
//! 8601.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde_json::Value;

use super::{push, several};
use crate::trace::limit::JsonLimit;
use crate::trace::stamp::{self, Stamp};
use crate::trace::{RawRow, ReadOptions, Trace, TraceError, grid};

/// Where `get-metric-statistics` puts percentiles.
const EXTENDED: &str = "ExtendedStatistics";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Export {
    datapoints: Option<Vec<BTreeMap<String, Value>>>,
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
    timestamps: Vec<Value>,
    #[serde(default)]
    values: Vec<f64>,
}

/// Reads the CLI's JSON output of `get-metric-statistics` or `get-metric-data`.
pub(in crate::trace) fn read_json<R: Read>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let export: Export =
        serde_json::from_reader(BufReader::new(JsonLimit::new(source))).map_err(|error| {
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
    if rows.is_empty() {
        return Err(TraceError::NoDatapoints { file: file.into() });
    }
    grid::build(file, rows, options, None)
}

fn series_rows(
    file: &str,
    series: &[Series],
    options: &ReadOptions,
) -> Result<Vec<RawRow>, TraceError> {
    if series.is_empty() {
        return Ok(Vec::new());
    }
    let is_wanted = |one: &&Series| match &options.column {
        Some(wanted) => *wanted == one.label || *wanted == one.id,
        None => true,
    };
    let wanted: Vec<&Series> = series.iter().filter(is_wanted).collect();
    // An answer in pages repeats its series: those of one label belong together.
    let label = wanted.first().map(|one| &one.label);
    if label.is_none() || wanted.iter().any(|one| Some(&one.label) != label) {
        return Err(several(file, series.iter().map(|one| one.label.as_str())));
    }
    let mut rows = Vec::new();
    for one in wanted {
        if one.timestamps.len() != one.values.len() {
            return Err(TraceError::NotJson {
                file: file.into(),
                problem: format!(
                    "series `{}` has {} times and {} values",
                    one.label,
                    one.timestamps.len(),
                    one.values.len()
                ),
            });
        }
        for (line, (time, &value)) in (1_u64..).zip(one.timestamps.iter().zip(&one.values)) {
            let stamp = json_time(file, line, Some(time))?;
            let value = Some(value);
            push(file, &mut rows, RawRow { line, stamp, value })?;
        }
    }
    Ok(rows)
}

fn datapoint_rows(
    file: &str,
    points: &[BTreeMap<String, Value>],
    options: &ReadOptions,
) -> Result<Vec<RawRow>, TraceError> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let points: Vec<_> = points.iter().map(flat).collect();
    let statistics: Vec<&str> = points
        .first()
        .into_iter()
        .flatten()
        .filter(|(name, value)| value.is_number() && **name != "Timestamp")
        .map(|(name, _)| *name)
        .collect();
    let wanted = match (&options.column, statistics.as_slice()) {
        (Some(wanted), _) => wanted.as_str(),
        (None, [only]) => only,
        (None, _) => return Err(several(file, statistics.into_iter())),
    };
    let mut rows = Vec::new();
    for (number, point) in (1_u64..).zip(&points) {
        let stamp = json_time(file, number, point.get("Timestamp").copied())?;
        let value = point.get(wanted).and_then(|value| value.as_f64());
        let value = value.ok_or_else(|| TraceError::BadCell {
            file: file.into(),
            line: number,
            column: wanted.into(),
            expected: "a number (lines count datapoints here)",
            found: point
                .get(wanted)
                .map_or_else(String::new, ToString::to_string),
        })?;
        let (line, value) = (number, Some(value));
        push(file, &mut rows, RawRow { line, stamp, value })?;
    }
    Ok(rows)
}

/// A datapoint with its percentiles beside its other statistics.
fn flat(point: &BTreeMap<String, Value>) -> BTreeMap<&str, &Value> {
    let percentiles = point.get(EXTENDED).and_then(Value::as_object);
    let named = |(name, value)| (String::as_str(name), value);
    let percentiles = percentiles.into_iter().flatten().map(named);
    point.iter().map(named).chain(percentiles).collect()
}

fn json_time(file: &str, number: u64, time: Option<&Value>) -> Result<Stamp, TraceError> {
    let text = match time {
        Some(Value::String(text)) => text.clone(),
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::tests::{message, read};
    use crate::trace::TraceError;

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

    #[test]
    fn json_without_end_is_read_up_to_the_limit() {
        let mut endless = "{".as_bytes().chain(std::io::repeat(b' ')).take(1 << 28);
        let error = crate::read_trace("a", &mut endless, &crate::ReadOptions::default());
        let text = error.unwrap_err().to_string();
        assert!(text.contains("longer than 128 MiB"), "{text}");
        assert!(
            endless.limit() >= (1 << 27) - 100_000,
            "{}",
            endless.limit()
        );
    }

    #[test]
    fn an_answer_without_datapoints_is_said_to_be_one() {
        for text in [
            r#"{"Label": "CPUUtilization", "Datapoints": []}"#,
            r#"{"MetricDataResults": [], "Messages": []}"#,
            r#"{"MetricDataResults": [{"Id": "a", "Label": "a", "Timestamps": [], "Values": []}]}"#,
        ] {
            assert!(
                message(text, None).contains("holds no datapoints"),
                "{text}"
            );
            assert!(
                message(text, Some("a")).contains("holds no datapoints"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_series_with_more_times_than_values_is_refused() {
        let text = r#"{"MetricDataResults": [{"Id": "a", "Label": "a", "Timestamps": [0, 60],
            "Values": [1]}]}"#;
        let told = message(text, None);
        assert!(
            told.contains("series `a` has 2 times and 1 values"),
            "{told}"
        );
    }

    /// As redirected output of PowerShell begins.
    #[test]
    fn a_byte_order_mark_before_json_does_not_matter() {
        let text = "\u{feff}{\"MetricDataResults\": [{\"Id\": \"a\", \"Timestamps\": [0, 60], \
                    \"Values\": [1, 2]}]}";
        assert_eq!(read(text, None).unwrap().demand(), [1.0, 2.0]);
    }

    #[test]
    fn epochs_percentiles_and_pages_are_read() {
        let percentile = r#"{"Datapoints": [
            {"Timestamp": 1714521660, "ExtendedStatistics": {"p99": 2.0}, "Unit": "Seconds"},
            {"Timestamp": 1714521600.0, "ExtendedStatistics": {"p99": 1.0}, "Unit": "Seconds"}]}"#;
        assert_eq!(read(percentile, None).unwrap().demand(), [1.0, 2.0]);
        assert_eq!(read(percentile, Some("p99")).unwrap().demand(), [1.0, 2.0]);
        let page = |id: &str, at: u32, value: u32| {
            format!(
                r#"{{"Id": "{id}", "Label": "{id}", "Timestamps": [{at}], "Values": [{value}]}}"#
            )
        };
        let pages = [
            page("a", 0, 1),
            page("b", 0, 7),
            page("a", 60, 2),
            page("b", 60, 8),
        ]
        .join(", ");
        let pages = format!(r#"{{"MetricDataResults": [{pages}]}}"#);
        assert_eq!(read(&pages, Some("b")).unwrap().demand(), [7.0, 8.0]);
        assert!(message(&pages, None).contains("name one of: a, b"));
    }
}
