//! Checksums of rows: made when a row is written, and checked when the row is read, together with
//! the ranges of its columns.

use rusqlite::Row;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use sha2::{Digest as _, Sha256};

use crate::table::{Column, Holds, Table};

/// A row that differs from the row written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The row: its table and the columns that name it.
    pub(crate) row: String,
    /// The column and its value, or the checksum, and the problem.
    pub(crate) what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.row, self.what)
    }
}

/// The checksum of `values`, which are the columns of `table` in order: the first eight bytes of
/// the SHA-256 of the table's name and every value with its type.
///
/// A random change of a row has a chance of one in 2^64 to go unnoticed.
///
/// # Errors
/// `SQLite` cannot store a value.
pub(crate) fn checksum(table: &Table, values: &[&dyn ToSql]) -> rusqlite::Result<i64> {
    let mut hasher = Hasher::of(table);
    for value in values {
        match value.to_sql()? {
            ToSqlOutput::Borrowed(value) => hasher.add(value),
            ToSqlOutput::Owned(value) => hasher.add(ValueRef::from(&value)),
            _ => {
                let error = "a value of a type that is not kept";
                return Err(rusqlite::Error::ToSqlConversionFailure(error.into()));
            }
        }
    }
    Ok(hasher.sum())
}

/// The checksum of `row`.
///
/// `row` begins with the columns of `table`.
///
/// # Errors
/// A column is out of its range.
pub(crate) fn sum_in_range(table: &Table, row: &[ValueRef<'_>]) -> Result<i64, Damage> {
    let mut hasher = Hasher::of(table);
    for (column, value) in table.columns.iter().zip(row) {
        if let Some(what) = outside(column, *value) {
            let row = named(table, row);
            return Err(Damage { row, what });
        }
        hasher.add(*value);
    }
    Ok(hasher.sum())
}

/// Checks `row`, read by [`Table::selected`].
///
/// # Errors
/// The row differs from the row written.
pub(crate) fn check(table: &Table, row: &Row<'_>) -> rusqlite::Result<Result<(), Damage>> {
    let columns = 0..table.columns.len();
    let values = columns.map(|index| row.get_ref(index));
    let values = values.collect::<rusqlite::Result<Vec<ValueRef<'_>>>>()?;
    let kept = row.get_ref(table.columns.len())?;
    Ok(sum_in_range(table, &values).and_then(|sum| {
        if kept == ValueRef::Integer(sum) {
            return Ok(());
        }
        let what = match kept {
            ValueRef::Null => "checksum is missing",
            _ => "checksum differs: a column was changed after Foretide wrote the row",
        };
        let row = named(table, &values);
        let what = what.to_owned();
        Err(Damage { row, what })
    }))
}

/// Table and key of a row, in the words of SQL.
fn named(table: &Table, row: &[ValueRef<'_>]) -> String {
    let key = table.columns.iter().zip(row).take(table.key);
    let pairs = key.map(|(column, value)| format!("{} = {}", column.name, shown(*value)));
    format!(
        "{} where {}",
        table.name,
        pairs.collect::<Vec<_>>().join(" and ")
    )
}

/// The problem of `value`; none if the value is within the range of `column`.
fn outside(column: &Column, value: ValueRef<'_>) -> Option<String> {
    let within = match (column.holds, value) {
        (_, ValueRef::Null) => column.nullable,
        (Holds::Integer(min, max), ValueRef::Integer(value)) => (min..=max).contains(&value),
        (Holds::Real(min, max), ValueRef::Real(value)) => (min..=max).contains(&value),
        (Holds::Text(max), ValueRef::Text(text)) => {
            text.len() <= max && std::str::from_utf8(text).is_ok()
        }
        (Holds::Blob(max), ValueRef::Blob(bytes)) => bytes.len() <= max,
        _ => false,
    };
    let expected = || match column.holds {
        Holds::Integer(min, max) => format!("a whole number from {min} to {max}"),
        Holds::Real(min, f64::MAX) if min < 0.0 => "a finite number".to_owned(),
        Holds::Real(min, f64::MAX) => format!("a number of at least {min}"),
        Holds::Real(min, max) => format!("a number from {min} to {max}"),
        Holds::Text(max) => format!("text of at most {max} bytes"),
        Holds::Blob(max) => format!("at most {max} bytes"),
    };
    (!within).then(|| {
        let (name, value) = (column.name, shown(value));
        format!("column {name} is {value}, expected {}", expected())
    })
}

/// A value for a message: short, and without control characters.
fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => format!("{value:e}"),
        ValueRef::Text(text) => {
            let start: String = String::from_utf8_lossy(text).chars().take(40).collect();
            format!("text of {} bytes that begins {start:?}", text.len())
        }
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

struct Hasher(Sha256);

impl Hasher {
    fn of(table: &Table) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.add(ValueRef::Text(table.name.as_bytes()));
        hasher
    }

    /// Adds type, length and content, so that no two rows give the same bytes.
    fn add(&mut self, value: ValueRef<'_>) {
        match value {
            // `SQLite` stores NaN as NULL.
            ValueRef::Null => self.put(0, &[]),
            ValueRef::Real(value) if value.is_nan() => self.put(0, &[]),
            ValueRef::Integer(value) => self.put(1, &value.to_le_bytes()),
            // `SQLite` stores a whole number of a REAL column as an integer, which has no -0.
            ValueRef::Real(value) => self.put(2, &(value + 0.0).to_bits().to_le_bytes()),
            ValueRef::Text(text) => self.put(3, text),
            ValueRef::Blob(bytes) => self.put(4, bytes),
        }
    }

    fn put(&mut self, kind: u8, content: &[u8]) {
        self.0.update([kind]);
        self.0.update((content.len() as u64).to_le_bytes());
        self.0.update(content);
    }

    fn sum(self) -> i64 {
        let hash = self.0.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        i64::from_le_bytes(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::OBSERVATIONS;

    fn observation(period_ms: i64, demand: f64) -> Vec<rusqlite::types::Value> {
        use rusqlite::types::Value::{Integer, Null, Real};
        vec![
            Integer(1),
            Integer(60_000),
            Integer(period_ms),
            Real(50.0),
            Real(2.0),
            Null,
            Null,
            Null,
            Real(demand),
        ]
    }

    fn sum(values: &[rusqlite::types::Value]) -> Result<i64, Damage> {
        let values: Vec<ValueRef<'_>> = values.iter().map(ValueRef::from).collect();
        sum_in_range(&OBSERVATIONS, &values)
    }

    #[test]
    fn the_sum_of_what_is_written_is_that_of_what_is_read() {
        let values = observation(60_000, -0.0);
        let params: Vec<&dyn ToSql> = values.iter().map(|it| it as &dyn ToSql).collect();
        let written = checksum(&OBSERVATIONS, &params).unwrap();
        assert_eq!(sum(&observation(60_000, 0.0)), Ok(written));
        assert_ne!(sum(&observation(60_000, 1.0)), Ok(written));
        assert_ne!(sum(&observation(60_001, 0.0)), Ok(written));
    }

    #[test]
    fn a_value_outside_its_range_is_named_with_row_and_column() {
        let damage = sum(&observation(i64::MAX, 0.0)).unwrap_err();
        assert_eq!(
            damage.to_string(),
            "observations where group_id = 1 and start = 60000: column period_ms is \
             9223372036854775807, expected a whole number from 1000 to 86400000"
        );
        assert!(sum(&observation(60_000, f64::INFINITY)).is_err());
    }
}
