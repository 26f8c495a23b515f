//! Metric exports of AWS, as people have them at hand.
//!
//! - `console`: a graph of the CloudWatch console, downloaded as CSV.
//! - `text`: what the CLI prints with `--output text`.
//! - `json`: what the CLI prints by default.
//!
//! The CLI's forms are read as the CLI writes them (its tests run it). Of the console's no
//! specification is published, so it is read by the shape that its files have in other readers.
//! Several series or statistics in one file are an error that names them, unless one is picked.

mod console;
mod json;
mod text;

use super::{MAX_CELLS, RawRow, TraceError};

pub(super) use console::{is_console, read_console};
pub(super) use json::read_json;
pub(super) use text::{is_cli_text, read_cli_text};

/// An error that tells each of `names` once.
fn several<'a>(file: &str, names: impl Iterator<Item = &'a str>) -> TraceError {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    TraceError::SeveralSeries {
        file: file.into(),
        found: found.join(", "),
    }
}

fn push(file: &str, rows: &mut Vec<RawRow>, row: RawRow) -> Result<(), TraceError> {
    if rows.len() >= MAX_CELLS {
        return Err(TraceError::TooLong {
            file: file.into(),
            cells: rows.len() as u64 + 1,
            most: MAX_CELLS,
        });
    }
    rows.push(row);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trace::{ReadOptions, Trace, TraceError, Zone, read_trace};

    pub(super) fn read(text: &str, column: Option<&str>) -> Result<Trace, TraceError> {
        let options = ReadOptions {
            column: column.map(Into::into),
            zone: Some(Zone::utc()),
            ..ReadOptions::default()
        };
        read_trace("export", text.as_bytes(), &options)
    }

    pub(super) fn message(text: &str, column: Option<&str>) -> String {
        read(text, column).unwrap_err().to_string()
    }
}
