//! Labelled rows from CSV: the nine features and `label` by the names in the header, in any order;
//! other columns are ignored. Nothing is guessed: the first cell that is not what it should be is
//! an error with its line and column.

use std::io::Read;

use foretide_domain::{Class, Features};
use thiserror::Error;

use super::LabelledRow;
use crate::schema::{FeatureValue, features_from_values};

const COLUMNS: [&str; 10] = [
    "cpu_usage",
    "memory_usage",
    "network_traffic",
    "power_consumption",
    "num_executed_instructions",
    "execution_time",
    "energy_efficiency",
    "task_type",
    "task_priority",
    "label",
];
/// The features before the categories are numbers.
const NUMBERS: usize = 7;

/// How much is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvLimits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows after the header.
    pub rows: usize,
    /// Bytes of a row, line ends in quotes included.
    pub row_bytes: usize,
}

impl Default for CsvLimits {
    /// As many rows as training takes, at up to 200 bytes each on average and 64 KiB each at most,
    /// which leaves room for columns that are ignored.
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            rows: super::MAX_ROWS,
            row_bytes: 64 * 1024,
        }
    }
}

/// Why a CSV gives no rows.
#[derive(Debug, Error)]
pub enum CsvError {
    /// It cannot be read, is not UTF-8, or a row has another number of cells.
    #[error("the CSV cannot be read")]
    Read(#[source] csv::Error),
    /// The header lacks a column.
    #[error("the header has no column `{column}`, expected {}", COLUMNS.join(", "))]
    MissingColumn {
        /// The column.
        column: &'static str,
    },
    /// The header has a column twice.
    #[error("the header has the column `{column}` twice")]
    RepeatedColumn {
        /// The column.
        column: &'static str,
    },
    /// A cell that is not what its column holds.
    #[error("line {line}, column `{column}`: `{found}`, expected {expected}")]
    Cell {
        /// Line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// The cell, shortened.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// More rows than are read.
    #[error("more than {limit} rows")]
    TooManyRows {
        /// How many are read.
        limit: usize,
    },
    /// More bytes than are read.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// How many are read.
        limit: u64,
    },
    /// A row of more bytes than are read.
    #[error("a row of more than {limit} bytes")]
    RowTooLong {
        /// How many are read.
        limit: usize,
    },
}

/// Reads labelled rows. A label is `scale_out`, `scale_in` or `hold`, or the original's 0, 1 or 2.
pub fn read_csv(reader: impl Read, limits: CsvLimits) -> Result<Vec<LabelledRow>, CsvError> {
    let mut counted = Counted {
        inner: reader,
        left: limits.bytes,
        row_left: limits.row_bytes.saturating_add(READ_AHEAD),
        limits,
        exceeded: None,
    };
    let result = read_rows(&mut counted, limits.rows);
    match counted.exceeded {
        Some(Exceeded::File) => Err(CsvError::TooLarge {
            limit: limits.bytes,
        }),
        Some(Exceeded::Row) => Err(CsvError::RowTooLong {
            limit: limits.row_bytes,
        }),
        None => result,
    }
}

fn read_rows<R: Read>(reader: &mut Counted<R>, limit: usize) -> Result<Vec<LabelledRow>, CsvError> {
    let mut table = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .buffer_capacity(READ_AHEAD)
        .from_reader(reader);
    let places = places(table.headers().map_err(CsvError::Read)?)?;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        table.get_mut().begin_row();
        if !table.read_record(&mut record).map_err(CsvError::Read)? {
            return Ok(rows);
        }
        if rows.len() == limit {
            return Err(CsvError::TooManyRows { limit });
        }
        rows.push(row(&record, &places)?);
    }
}

/// Where in a record each column is.
fn places(header: &csv::StringRecord) -> Result<[usize; 10], CsvError> {
    let mut places = [0; 10];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let mut found = header
            .iter()
            .enumerate()
            .filter(|(_, name)| *name == column);
        let (index, _) = found.next().ok_or(CsvError::MissingColumn { column })?;
        if found.next().is_some() {
            return Err(CsvError::RepeatedColumn { column });
        }
        *place = index;
    }
    Ok(places)
}

fn row(record: &csv::StringRecord, places: &[usize; 10]) -> Result<LabelledRow, CsvError> {
    let line = record.position().map_or(0, csv::Position::line);
    let cells = places.map(|place| record.get(place).unwrap_or_default());
    let refuse = |index: usize, expected: &'static str| CsvError::Cell {
        line,
        column: COLUMNS[index],
        found: cells[index].chars().take(40).collect(),
        expected,
    };
    let mut values = Vec::with_capacity(9);
    for (index, cell) in cells.iter().take(9).enumerate() {
        values.push(if index < NUMBERS {
            let number = cell.parse::<f64>().ok();
            let number = number.filter(|number| number.is_finite() && *number >= 0.0);
            let expected = "a finite number of at least 0";
            FeatureValue::Number(number.ok_or_else(|| refuse(index, expected))?)
        } else {
            FeatureValue::Text((*cell).to_owned())
        });
    }
    // Only a category can still be wrong: the numbers have been seen to.
    let features: Features = features_from_values(&values).map_err(|error| {
        if error.field() == Some(COLUMNS[NUMBERS]) {
            refuse(NUMBERS, "compute, io or network")
        } else {
            refuse(NUMBERS + 1, "high, low or medium")
        }
    })?;
    let class = class(cells[9]);
    let class = class.ok_or_else(|| refuse(9, "scale_out, scale_in or hold, or 0, 1 or 2"))?;
    Ok(LabelledRow { features, class })
}

fn class(cell: &str) -> Option<Class> {
    Class::ALL
        .into_iter()
        .find(|class| cell == class.action() || cell.parse() == Ok(class.index()))
}

/// Bytes that the CSV reader reads at a time; so many of a row may have been read with the one
/// before it.
const READ_AHEAD: usize = 8 * 1024;

/// What was longer than allowed.
#[derive(Clone, Copy, Debug)]
enum Exceeded {
    File,
    Row,
}

/// Passes on at most as many bytes as the limits allow and remembers whether there were more.
struct Counted<R> {
    inner: R,
    limits: CsvLimits,
    left: u64,
    row_left: usize,
    exceeded: Option<Exceeded>,
}

impl<R> Counted<R> {
    fn begin_row(&mut self) {
        self.row_left = self.limits.row_bytes.saturating_add(READ_AHEAD);
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.checked_sub(read as u64);
        let row_left = self.row_left.checked_sub(read);
        match (left, row_left) {
            (Some(left), Some(row_left)) => {
                (self.left, self.row_left) = (left, row_left);
                Ok(read)
            }
            // The end, for the CSV reader: it drops what it holds.
            (None, _) => {
                self.exceeded = Some(Exceeded::File);
                Ok(0)
            }
            (_, None) => {
                self.exceeded = Some(Exceeded::Row);
                Ok(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "label,cpu_usage,memory_usage,network_traffic,power_consumption,\
        num_executed_instructions,execution_time,energy_efficiency,task_type,task_priority,note";
    const ROW: &str = "1,45.5,60.2,122.1,35.6,1.2e9,0.8,0.92,compute,high,x";

    #[track_caller]
    fn error_of(rows: &[&str]) -> String {
        let text = format!("{HEADER}\n{}\n", rows.join("\n"));
        read_csv(text.as_bytes(), CsvLimits::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "parsed decimals")]
    fn columns_are_found_by_name_and_labels_by_number_or_name() {
        let text = format!("{HEADER}\n{ROW}\n{}\n", ROW.replacen('1', "hold", 1));
        let rows = read_csv(text.as_bytes(), CsvLimits::default()).unwrap();
        assert_eq!(rows[0].features.network_traffic, 122.1);
        assert_eq!(
            (rows[0].class, rows[1].class),
            (Class::ScaleIn, Class::Hold)
        );
    }

    #[test]
    fn a_bad_cell_is_named_by_line_and_column() {
        let cases = [
            (
                "45.5",
                "many",
                "line 3, column `cpu_usage`: `many`, expected a finite number",
            ),
            (
                "0.92",
                "NaN",
                "line 3, column `energy_efficiency`: `NaN`, expected a finite",
            ),
            (
                "0.8",
                "-1",
                "line 3, column `execution_time`: `-1`, expected a finite number",
            ),
            (
                "compute",
                "gpu",
                "line 3, column `task_type`: `gpu`, expected compute, io or",
            ),
            (
                "high",
                "urgent",
                "line 3, column `task_priority`: `urgent`, expected high, low",
            ),
            (
                "1,45",
                "3,45",
                "line 3, column `label`: `3`, expected scale_out, scale_in or hold",
            ),
        ];
        for (good, bad, expected) in cases {
            let error = error_of(&[ROW, &ROW.replacen(good, bad, 1)]);
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_header_without_a_column_names_it() {
        let text = HEADER.replacen("task_type", "kind", 1);
        let error = read_csv(text.as_bytes(), CsvLimits::default()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the header has no column `task_type`"),
            "{error}"
        );
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        assert_eq!(error_of(&[ROW, "1,2,3"]), "the CSV cannot be read");
    }

    #[test]
    fn what_is_read_is_bounded() {
        let text = format!("{HEADER}\n{ROW}\n{ROW}\n");
        let limits = CsvLimits {
            rows: 1,
            ..CsvLimits::default()
        };
        let error = read_csv(text.as_bytes(), limits).unwrap_err();
        assert!(matches!(error, CsvError::TooManyRows { limit: 1 }));
        let limits = CsvLimits {
            bytes: 200,
            ..CsvLimits::default()
        };
        let error = read_csv(text.as_bytes(), limits).unwrap_err();
        assert!(matches!(error, CsvError::TooLarge { limit: 200 }));
    }

    #[test]
    fn a_row_without_end_is_read_up_to_the_limit() {
        for endless in ["9", "\"\n", "\n"] {
            let header = format!("{HEADER}\n");
            let rest = std::io::repeat(endless.as_bytes()[endless.len() - 1]);
            let source = header.as_bytes().chain(endless.as_bytes()).chain(rest);
            let mut source = source.take(1 << 20);
            let error = read_csv(&mut source, CsvLimits::default()).unwrap_err();
            assert!(
                matches!(error, CsvError::RowTooLong { limit: 65_536 }),
                "{error}"
            );
            assert!(source.limit() > (1 << 20) - 100_000, "{}", source.limit());
        }
    }

    #[test]
    fn rows_as_long_as_allowed_are_read_however_many() {
        let long = ROW.replace('x', &"x".repeat(65_000));
        let text = format!("{HEADER}\n{long}\n{long}\n{long}\n");
        let rows = read_csv(text.as_bytes(), CsvLimits::default()).unwrap();
        assert_eq!(rows.len(), 3);
    }
}
