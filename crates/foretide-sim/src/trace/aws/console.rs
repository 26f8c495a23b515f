//! A graph of the CloudWatch console ("Download as .csv").
//!
//! Rows of `key,cell,…` that describe the series, usually `Id`, `StatusCode`, `Messages`, `Full
//! label` and `Label`, then rows of `time,value,…`, one column a series. The console writes times
//! without an offset, in the time zone that the graph shows. Where a row above them says that it
//! is UTC, it is; else the zone must be named.

use std::io::Read;

use super::push;
use crate::trace::record::{bad_cell, line, next, reader, value};
use crate::trace::{RawRow, ReadOptions, Trace, TraceError, Zone, grid, stamp};

/// What a time may be, for error messages.
const EXPECTED: &str = "a time such as 2024/05/01 00:00:00";

/// First cells of the rows that describe the series; any may come first.
const KEYS: [&str; 12] = [
    "id",
    "statuscode",
    "messages",
    "full label",
    "label",
    "account id",
    "account label",
    "region",
    "namespace",
    "metric name",
    "dimensions",
    "statistic",
];

/// Rows that name the series, the one that tells them apart best first: two of the same metric
/// share a label.
const NAMES: [&str; 4] = ["full label", "label", "metric name", "id"];

/// Whether the first line of a file looks like a console graph. A trace may have a column `id` as
/// well, but then it names its timestamps.
pub(in crate::trace) fn is_console(first_line: &str) -> bool {
    let mut cells = first_line
        .split(',')
        .map(|cell| cell.trim().trim_matches('"'));
    let first = cells.next().unwrap_or_default();
    KEYS.iter().any(|key| first.eq_ignore_ascii_case(key))
        && !cells.any(|cell| cell.eq_ignore_ascii_case("timestamp"))
}

/// Reads a graph downloaded from the CloudWatch console.
pub(in crate::trace) fn read_console<R: Read>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let mut reader = reader(source);
    let mut record = csv::StringRecord::new();
    let mut described: Vec<csv::StringRecord> = Vec::new();
    let mut rows: Vec<RawRow> = Vec::new();
    let mut column: Option<(usize, String)> = None;
    while next(file, &mut reader, &mut record)? {
        let first = record.get(0).unwrap_or_default();
        match (stamp::parse(first), &column) {
            (None, None) if described.len() < 64 => described.push(record.clone()),
            (None, _) => {
                return Err(bad_cell(file, &record, "time", EXPECTED, first));
            }
            (Some(stamp), Some((index, name))) => {
                let value = value(file, &record, name, *index)?;
                let line = line(&record);
                push(file, &mut rows, RawRow { line, stamp, value })?;
            }
            (Some(stamp), None) => {
                let (index, name) = pick(file, &described, &record, options)?;
                let value = value(file, &record, &name, index)?;
                let line = line(&record);
                push(file, &mut rows, RawRow { line, stamp, value })?;
                column = Some((index, name));
            }
        }
    }
    // What was taken for a description may be a row whose time is written in another way.
    let has_digit = |cell: &str| cell.chars().any(|it| it.is_ascii_digit());
    if let (None, Some(last)) = (&column, described.last())
        && let Some(first) = last.get(0).filter(|cell| has_digit(cell))
    {
        return Err(bad_cell(file, last, "time", EXPECTED, first));
    }
    let mut options = options.clone();
    if options.zone.is_none() && described.iter().any(says_utc) {
        options.zone = Some(Zone::utc());
    }
    grid::build(file, rows, &options, None)
}

/// Whether a row that describes the series says that times are UTC: `Time (UTC)`, or a key such as
/// `Time zone` with the value `UTC`.
fn says_utc(row: &csv::StringRecord) -> bool {
    let words = |cell: &str| -> Vec<String> {
        let words = cell.split(|c: char| !c.is_ascii_alphanumeric());
        words.map(str::to_ascii_lowercase).collect()
    };
    let key = words(row.get(0).unwrap_or_default());
    let of_time = key.iter().any(|word| word.starts_with("time"));
    of_time
        && row
            .iter()
            .any(|cell| words(cell).iter().any(|word| word == "utc"))
}

/// The column to take: the one that is asked for by any of its names, or the only one.
fn pick(
    file: &str,
    described: &[csv::StringRecord],
    first_row: &csv::StringRecord,
    options: &ReadOptions,
) -> Result<(usize, String), TraceError> {
    let names_of = |index: usize| {
        let rows = NAMES.iter().filter_map(|key| {
            let is_it = |row: &&csv::StringRecord| {
                row.get(0).is_some_and(|it| it.eq_ignore_ascii_case(key))
            };
            described.iter().find(is_it)
        });
        let cells = rows.filter_map(move |row| row.get(index));
        cells.filter(|name| !name.is_empty())
    };
    let name_of = |index: usize| names_of(index).next().unwrap_or("value").to_owned();
    let columns = 1..first_row.len();
    if let Some(wanted) = &options.column {
        let named = |index: &usize| names_of(*index).any(|name| name.eq_ignore_ascii_case(wanted));
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

#[cfg(test)]
mod tests {
    use super::super::tests::{message, read};
    use crate::trace::TraceError;

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
            message(CONSOLE, None),
            "export: holds several series; name one of: web CPUUtilization, web RequestCount"
        );
        assert!(matches!(
            read(CONSOLE, Some("Latency")),
            Err(TraceError::NoColumn { .. })
        ));
    }

    /// The shape of the console's file in 2026.
    const WHOLE: &str = "Id,m1,m2\nStatusCode,Complete,Complete\nMessages,,\n\
        Full label,eu-west-1:AWS/EC2 InstanceId:a CPUUtilization Average 300,eu-west-1:AWS/EC2 \
        InstanceId:b CPUUtilization Average 300\nLabel,CPUUtilization,CPUUtilization\n\
        2026/02/14 14:20:00,2.13,3\n2026/02/14 14:25:00,2.10,4\n";

    #[test]
    fn series_go_by_what_tells_them_apart_and_can_be_picked_by_any_name() {
        let message = message(WHOLE, None);
        assert!(
            message.contains("InstanceId:a CPUUtilization Average 300, eu-west-1:AWS/EC2"),
            "{message}"
        );
        assert_eq!(read(WHOLE, Some("m2")).unwrap().demand(), [3.0, 4.0]);
        let no_name = read(WHOLE, Some("Complete"));
        assert!(matches!(no_name, Err(TraceError::NoColumn { .. })));
        let one: String = WHOLE
            .lines()
            .map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n")
            .collect();
        let trace = read(&one, None).unwrap();
        assert_eq!((trace.step_s(), trace.demand()), (300, &[2.13, 2.1][..]));
    }

    #[test]
    fn a_console_graph_with_one_series_needs_no_name() {
        let text = "Label,Load\r\n2024-05-01 00:00:00,1\r\n2024-05-01 00:01:00,2\r\n";
        assert_eq!(read(text, None).unwrap().demand(), [1.0, 2.0]);
    }

    #[test]
    fn a_broken_row_of_a_console_graph_is_named() {
        let text = "Label,Load\n2024-05-01 00:00:00,1\nsoon,2\n";
        let message = message(text, None);
        assert!(
            message.starts_with("export: line 3, column `time`"),
            "{message}"
        );
    }

    #[test]
    fn times_written_in_another_way_are_shown() {
        let text = "Label,Load\nPeriod,60\n05/01/2024 00:00,1\n05/01/2024 00:01,2\n";
        let told = message(text, None);
        assert!(told.contains("line 4, column `time`"), "{told}");
        assert!(told.contains("found `05/01/2024 00:01`"), "{told}");
        assert!(message("Label,Load\nPeriod,60\n", None).contains("holds no data"));
    }

    #[test]
    fn a_graph_that_says_utc_needs_no_zone_and_any_other_does() {
        let rows = "2024/05/01 00:00:00,1\n2024/05/01 00:01:00,2\n";
        let of = |head: &str| {
            let text = format!("Label,UTC load\n{head}{rows}");
            let options = crate::ReadOptions::default();
            crate::read_trace("export", text.as_bytes(), &options)
        };
        for head in ["Time (UTC),\n", "Timezone,UTC\n", "Time zone,utc\n"] {
            let start = of(head).unwrap().start().to_string();
            assert_eq!(start, "2024-05-01T00:00:00Z", "{head}");
        }
        for head in ["", "Timezone,Local\n", "Messages,UTC\n"] {
            let error = of(head).unwrap_err();
            assert!(
                matches!(error, TraceError::NoZone { .. }),
                "{head}: {error}"
            );
        }
    }

    #[test]
    fn any_row_that_describes_may_come_first_and_a_trace_is_no_graph() {
        for first in [
            "ID,m1",
            "Account ID,1",
            "Metric name,CPU",
            "\"Full label\",\"CPU, mean\"",
        ] {
            let text =
                format!("{first}\nPeriod,60\n2024-05-01 00:00:00,1\n2024-05-01 00:01:00,2\n");
            assert_eq!(read(&text, None).unwrap().demand(), [1.0, 2.0], "{first}");
        }
        let trace = "id,timestamp,value\n7,0,1\n8,60,2\n";
        assert_eq!(read(trace, None).unwrap().demand(), [1.0, 2.0]);
    }
}
