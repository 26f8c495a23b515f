//! Trace files: CSV with a header, a timestamp column and a value column.

use std::io::{BufRead, BufReader, Read};

use super::limit::LineLimit;
use super::record::{ReadOptions, bad_cell, cell, line, next, reader, value};
use super::{MAX_CELLS, RawRow, Trace, TraceError, aws, grid, stamp};

/// Name of the timestamp column; where no column has it, the first column is meant.
const TIMESTAMP: &str = "timestamp";
/// Name of the value column where none is asked for.
const VALUE: &str = "value";

/// Reads a CSV trace: `timestamp,value[,more columns]`, RFC 3339 or epoch times.
///
/// `file` names the source in errors and is the trace's name. Rows may stand in any order. Rows of
/// one time and times without a zone are read as `options` say, and else refused. An empty value
/// is a missing row, a negative one 0; [`Trace::reading`] counts both. A byte order mark, CRLF and
/// blank lines are accepted.
///
/// # Errors
/// At the first row that cannot be read, with line, column and what was expected.
pub fn read_csv<R: Read>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let mut reader = reader(LineLimit::new(source));
    let mut record = csv::StringRecord::new();
    if !next(file, &mut reader, &mut record)? {
        return Err(TraceError::NoData { file: file.into() });
    }
    let columns = Columns::find(file, &record, options)?;
    let mut rows: Vec<RawRow> = Vec::new();
    while next(file, &mut reader, &mut record)? {
        if rows.len() >= MAX_CELLS {
            return Err(TraceError::TooLong {
                file: file.into(),
                cells: rows.len() as u64 + 1,
                most: MAX_CELLS,
            });
        }
        rows.push(columns.row(file, &record)?);
    }
    grid::build(file, rows, options, None)
}

/// Reads a trace in any form known: a CSV trace as [`read_csv`], or a metric export of AWS.
///
/// Which one is told by the start of the file: `{` begins JSON of the AWS CLI; a word that the
/// CLI's text begins with, or a line without comma, its text; `Label`, `Full label`, `Id` and their
/// like in the first cell a graph of the CloudWatch console; all else is a CSV trace.
///
/// # Errors
/// As [`read_csv`]; also where a file holds several series and none is picked.
pub fn read_trace<R: Read>(
    file: &str,
    source: R,
    options: &ReadOptions,
) -> Result<Trace, TraceError> {
    let mut source = BufReader::new(LineLimit::new(source));
    let start = source.fill_buf().map_err(|source| TraceError::Unreadable {
        file: file.into(),
        source,
    })?;
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let first_line = text.lines().next().unwrap_or_default().to_owned();
    if first_line.starts_with('{') {
        // JSON may stand on one line, so the limit on lines does not hold for it.
        let start = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start);
        let start = start.to_vec();
        let rest = source.into_inner().into_inner();
        return aws::read_json(file, start.chain(rest), options);
    }
    if aws::is_cli_text(&first_line) {
        return aws::read_cli_text(file, source, options);
    }
    if aws::is_console(&first_line) {
        return aws::read_console(file, source, options);
    }
    read_csv(file, source, options)
}

struct Columns {
    time: (usize, String),
    value: (usize, String),
}

impl Columns {
    fn find(
        file: &str,
        header: &csv::StringRecord,
        options: &ReadOptions,
    ) -> Result<Self, TraceError> {
        let position = |name: &str| {
            header
                .iter()
                .position(|column| column.eq_ignore_ascii_case(name))
        };
        let wanted = options.column.as_deref().unwrap_or(VALUE);
        let value = position(wanted).ok_or_else(|| TraceError::NoColumn {
            file: file.into(),
            line: line(header),
            column: wanted.into(),
            found: header.iter().collect::<Vec<_>>().join(", "),
        })?;
        let time = position(TIMESTAMP).unwrap_or(0);
        let name = header.get(time).unwrap_or(TIMESTAMP).to_owned();
        Ok(Self {
            time: (time, name),
            value: (value, wanted.to_owned()),
        })
    }

    fn row(&self, file: &str, record: &csv::StringRecord) -> Result<RawRow, TraceError> {
        let (index, name) = &self.time;
        let text = cell(file, record, name, *index)?;
        let stamp = stamp::parse(text)
            .ok_or_else(|| bad_cell(file, record, name, stamp::EXPECTED, text))?;
        let (index, name) = &self.value;
        Ok(RawRow {
            line: line(record),
            stamp,
            value: value(file, record, name, *index)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Gap;

    fn read(text: &str) -> Result<Trace, TraceError> {
        read_csv("load.csv", text.as_bytes(), &ReadOptions::default())
    }

    fn message(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn rows_fall_on_a_grid_from_midnight_and_gaps_are_held_and_counted() {
        let trace = read(
            "timestamp,value\n2024-05-01T00:02:30Z,1\n2024-05-01T00:03:30Z,-4\n\
             2024-05-01T00:04:30Z,5\n2024-05-01T00:07:30Z,9\n",
        )
        .unwrap();
        assert_eq!(trace.step_s(), 60);
        assert_eq!(trace.start().to_string(), "2024-05-01T00:02:00Z");
        assert_eq!(trace.demand(), [1.0, 0.0, 5.0, 5.0, 5.0, 9.0]);
        assert_eq!(
            trace.gaps(),
            [Gap {
                from_cell: 3,
                cells: 2
            }]
        );
    }

    #[test]
    fn rows_in_one_cell_are_averaged() {
        let trace = read("timestamp,value\n0,1\n60,2\n90,4\n120,3\n180,3\n240,3\n").unwrap();
        assert_eq!(trace.demand(), [1.0, 3.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    fn order_byte_order_mark_crlf_and_blank_lines_do_not_matter() {
        let plain = read("timestamp,value\n0,1\n60,2\n120,3\n").unwrap();
        let odd = read("\u{feff}timestamp,value\r\n120,3\r\n\r\n0,1\r\n60,2\r\n").unwrap();
        assert_eq!(plain, odd);
    }

    #[test]
    fn a_column_is_picked_by_name_and_an_empty_cell_is_a_gap() {
        let options = ReadOptions {
            column: Some("cpu".into()),
            ..ReadOptions::default()
        };
        let text = "timestamp,value,cpu\n0,x,1\n60,x,\n120,x,3\n";
        let trace = read_csv("a", text.as_bytes(), &options).unwrap();
        assert_eq!(trace.demand(), [1.0, 1.0, 3.0]);
        assert_eq!(trace.missing_cells(), 1);
    }

    #[test]
    fn errors_name_file_line_column_and_what_was_expected() {
        assert_eq!(
            message("timestamp,value\n0,1\n60,many\n"),
            "load.csv: line 3, column `value`: expected a finite number, found `many`"
        );
        assert_eq!(
            message("timestamp,value\n0,1\nsoon,2\n"),
            format!(
                "load.csv: line 3, column `timestamp`: expected {}, found `soon`",
                stamp::EXPECTED
            )
        );
        assert_eq!(
            message("timestamp,value\n0\n"),
            "load.csv: line 2: expected a cell in column `value`, found only 1 cells"
        );
        assert_eq!(
            message("timestamp,load\n0,1\n"),
            "load.csv: line 1: expected a column `value`, found: timestamp, load"
        );
        assert_eq!(
            message("timestamp,value\n0,inf\n"),
            "load.csv: line 2, column `value`: expected a finite number, found `inf`"
        );
    }

    #[test]
    fn a_stray_timestamp_or_an_endless_line_cannot_fill_the_memory() {
        let stray = message("timestamp,value\n0,1\n60,1\n120,1\n200000000000000,1\n");
        assert!(stray.contains("at most 5300000 are read"), "{stray}");
        let endless = format!("timestamp,value\n{}", "9".repeat(70_000));
        assert_eq!(message(&endless), "load.csv: cannot be read");
        let quoted = format!("timestamp,value\n\"{}", "9\n".repeat(70_000));
        assert_eq!(message(&quoted), "load.csv: cannot be read");
    }

    #[test]
    fn nothing_and_one_row_are_said_to_be_too_little() {
        assert!(message("").contains("holds no data"));
        assert!(message("timestamp,value\n").contains("holds no data"));
        assert!(message("timestamp,value\n0,1\n").contains("one timestamp only"));
    }
}
