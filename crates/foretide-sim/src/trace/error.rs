//! What can be wrong with a trace, said so that a person finds the place.

use std::io;

use thiserror::Error;

/// Why a trace cannot be used.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The source cannot be read.
    #[error("{file}: cannot be read")]
    Unreadable {
        /// Name of the source.
        file: String,
        /// What the source said.
        #[source]
        source: io::Error,
    },
    /// Text that is no CSV.
    #[error("{file}: line {line}: not readable as CSV ({problem})")]
    NotCsv {
        /// Name of the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// Text that begins as JSON and is not what the CLI writes.
    #[error("{file}: not readable as JSON of the AWS CLI ({problem})")]
    NotJson {
        /// Name of the source.
        file: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// A cell that is not what it should be.
    #[error("{file}: line {line}, column `{column}`: expected {expected}, found `{found}`")]
    BadCell {
        /// Name of the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, shortened.
        found: String,
    },
    /// A row with fewer cells than needed.
    #[error("{file}: line {line}: expected a cell in column `{column}`, found only {cells} cells")]
    ShortRow {
        /// Name of the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// Cells in the row.
        cells: usize,
    },
    /// The header lacks a column.
    #[error("{file}: line {line}: expected a column `{column}`, found: {found}")]
    NoColumn {
        /// Name of the source.
        file: String,
        /// Line of the header, counted from 1.
        line: u64,
        /// The column asked for.
        column: String,
        /// The columns there are.
        found: String,
    },
    /// No header, or no rows, or no value that is a number.
    #[error("{file}: holds no data; expected a header `timestamp,value` and rows below it")]
    NoData {
        /// Name of the source.
        file: String,
    },
    /// An answer of the AWS CLI without a datapoint.
    #[error("{file}: an answer of the AWS CLI that holds no datapoints")]
    NoDatapoints {
        /// Name of the source.
        file: String,
    },
    /// Text of another form.
    #[error(
        "{file}: begins with `{found}`, which begins neither a trace nor an export of AWS; \
         expected a header `timestamp,value` and rows below it"
    )]
    NoTrace {
        /// Name of the source.
        file: String,
        /// The first line, shortened.
        found: String,
    },
    /// Several rows for one time, and nobody said what they are.
    #[error(
        "{file}: {rows} rows repeat the time of another row, the first in line {line} ({time})"
    )]
    Repeated {
        /// Name of the source.
        file: String,
        /// Rows beyond the first of each time.
        rows: usize,
        /// Line of the first of them, counted from 1.
        line: u64,
        /// Its time.
        time: String,
    },
    /// A time without a zone, and nobody said which.
    #[error("{file}: line {line}: `{found}` has no time zone")]
    NoZone {
        /// Name of the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// The time.
        found: String,
    },
    /// A time that the clock jumped over.
    #[error("{file}: line {line}: {zone} has no {found}: its clock went forward over that time")]
    NoSuchTime {
        /// Name of the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// The time.
        found: String,
        /// Name of the zone.
        zone: String,
    },
    /// A time that the clock showed twice.
    #[error(
        "{file}: line {line}: {zone} has {found} twice, and the order of the rows does not tell \
         which one is meant"
    )]
    TwoTimes {
        /// Name of the source.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// The time.
        found: String,
        /// Name of the zone.
        zone: String,
    },
    /// One row has no step.
    #[error("{file}: holds one timestamp only; a trace needs two")]
    NoStep {
        /// Name of the source.
        file: String,
    },
    /// A step that cannot be simulated.
    #[error("{file}: step of {step_s} s; expected 10 s to 86400 s")]
    StepOutOfRange {
        /// Name of the source.
        file: String,
        /// The step in seconds.
        step_s: u64,
    },
    /// A span that would take too much memory.
    #[error("{file}: spans {cells} cells of its step; at most {most} are read")]
    TooLong {
        /// Name of the source.
        file: String,
        /// Cells it would have.
        cells: u64,
        /// Cells allowed.
        most: usize,
    },
    /// A cut that leaves nothing.
    #[error(
        "{file}: nothing is left after skipping {skip_days} days; the trace has {cells} periods"
    )]
    NothingLeft {
        /// Name of the source.
        file: String,
        /// Days skipped.
        skip_days: u32,
        /// Cells there were.
        cells: usize,
    },
    /// Several series where one is needed.
    #[error("{file}: holds several series; name one of: {found}")]
    SeveralSeries {
        /// Name of the source.
        file: String,
        /// Their names.
        found: String,
    },
}
