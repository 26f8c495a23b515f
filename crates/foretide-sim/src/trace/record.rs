//! Records of a CSV file, and the cells of a record.

use std::io::Read;

use super::limit::RecordLimit;
use super::{Repeated, TraceError, Zone};

/// How to read a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column to take as load; `value` where none is named.
    pub column: Option<String>,
    /// The step in seconds; detected where none is given.
    pub step_s: Option<u32>,
    /// What rows of the same time are; without it, they are refused.
    pub repeated: Option<Repeated>,
    /// The zone of times without one; without it, they are refused.
    pub zone: Option<Zone>,
}

/// A CSV reader that takes rows as they come.
pub(super) fn reader<R: Read>(source: R) -> csv::Reader<RecordLimit<R>> {
    csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(RecordLimit::new(source))
}

/// The next record that is not blank; false at the end.
pub(super) fn next<R: Read>(
    file: &str,
    reader: &mut csv::Reader<RecordLimit<R>>,
    record: &mut csv::StringRecord,
) -> Result<bool, TraceError> {
    loop {
        reader.get_mut().begin();
        let line = reader.position().line();
        if !reader
            .read_record(record)
            .map_err(|error| unreadable(file, line, error))?
        {
            return Ok(false);
        }
        if record.len() > 1 || record.get(0).is_some_and(|cell| !cell.is_empty()) {
            return Ok(true);
        }
    }
}

/// A number for a load, or none for an empty cell.
pub(super) fn value(
    file: &str,
    record: &csv::StringRecord,
    column: &str,
    index: usize,
) -> Result<Option<f64>, TraceError> {
    let text = cell(file, record, column, index)?;
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number)),
        _ => Err(bad_cell(file, record, column, "a finite number", text)),
    }
}

pub(super) fn bad_cell(
    file: &str,
    record: &csv::StringRecord,
    column: &str,
    expected: &'static str,
    found: &str,
) -> TraceError {
    TraceError::BadCell {
        file: file.into(),
        line: line(record),
        column: column.into(),
        expected,
        found: found.chars().take(64).collect(),
    }
}

pub(super) fn line(record: &csv::StringRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

pub(super) fn cell<'a>(
    file: &str,
    record: &'a csv::StringRecord,
    column: &str,
    index: usize,
) -> Result<&'a str, TraceError> {
    record.get(index).ok_or_else(|| TraceError::ShortRow {
        file: file.into(),
        line: line(record),
        column: column.into(),
        cells: record.len(),
    })
}

fn unreadable(file: &str, line: u64, error: csv::Error) -> TraceError {
    let problem = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => TraceError::Unreadable {
            file: file.into(),
            source,
        },
        _ => TraceError::NotCsv {
            file: file.into(),
            line,
            problem,
        },
    }
}
