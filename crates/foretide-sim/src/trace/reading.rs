//! What became of the rows of a file: every row was used, or is counted with the reason why not.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::TraceError;
use super::stamp::Stamp;

/// What rows of the same time are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// Parts of one load, such as one a zone: they are added.
    Sum,
    /// Measurements of the same load: their mean counts.
    Mean,
    /// Copies: the first one in the file counts, and the others are dropped.
    First,
}

/// A word that is none of [`Repeated`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected sum, mean or first")]
pub struct UnknownRepeated;

impl FromStr for Repeated {
    type Err = UnknownRepeated;

    fn from_str(text: &str) -> Result<Self, UnknownRepeated> {
        match text {
            "sum" => Ok(Self::Sum),
            "mean" => Ok(Self::Mean),
            "first" => Ok(Self::First),
            _ => Err(UnknownRepeated),
        }
    }
}

/// Why rows of a file are not in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The cell of the value is empty.
    NoValue,
    /// Another row of the same time comes first ([`Repeated::First`]).
    Repeated,
    /// A line of an answer of the AWS CLI that is no datapoint.
    NoDatapoint,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoValue => "have no value",
            Self::Repeated => "repeat the time of an earlier row",
            Self::NoDatapoint => "are no datapoints",
        })
    }
}

/// Rows of a file with something in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Their number.
    pub rows: usize,
    /// The line of the first one, counted from 1.
    pub first_line: u64,
}

impl Counted {
    /// Counts a row at `line` in `counted`.
    pub(super) fn add(counted: &mut Option<Self>, line: u64) {
        let counted = counted.get_or_insert(Self {
            rows: 0,
            first_line: line,
        });
        counted.rows += 1;
        counted.first_line = counted.first_line.min(line);
    }
}

/// What became of the rows of a file. `used` and the dropped rows are all rows of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Rows in the file, without header and blank lines.
    pub rows: usize,
    /// Rows whose value is in the trace, rows of one time that were added or averaged included.
    pub used: usize,
    /// Rows that are not in the trace.
    pub dropped: Vec<(Why, Counted)>,
    /// Used rows whose value is below 0 and counts as 0.
    pub negative: Option<Counted>,
}

impl Reading {
    /// What is not as the file has it, a sentence each; nothing if every row was used as it is.
    pub fn remarks(&self) -> Vec<String> {
        let of = self.rows;
        let dropped = self.dropped.iter().map(|(why, counted)| {
            let Counted { rows, first_line } = counted;
            format!("{rows} of {of} rows are left out, because they {why} (the first in line {first_line})")
        });
        let negative = self.negative.iter().map(|counted| {
            let Counted { rows, first_line } = counted;
            format!(
                "{rows} of {of} rows are below 0 and count as 0 (the first in line {first_line})"
            )
        });
        dropped.chain(negative).collect()
    }
}

/// A row as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRow {
    pub(super) line: u64,
    pub(super) stamp: Stamp,
    pub(super) value: Option<f64>,
}

/// One value at one time: milliseconds since 1970. None where the file has the time alone.
pub(super) type Row = (i64, Option<f64>);

/// The rows in order of time, one a time, and what became of all.
///
/// # Errors
/// Several rows have a value for the same time, and `repeated` is none.
pub(super) fn settled(
    file: &str,
    mut rows: Vec<RawRow>,
    repeated: Option<Repeated>,
    no_datapoints: Option<Counted>,
) -> Result<(Vec<Row>, Reading), TraceError> {
    let at = |row: &RawRow| match row.stamp {
        Stamp::At(at) => at,
        // Every row has its place by now.
        Stamp::Local(_) => 0,
    };
    let (mut no_value, mut copies, mut negative) = (None, None, None);
    let in_file = rows.len() + no_datapoints.map_or(0, |it| it.rows);
    rows.sort_by_key(at);
    let mut clash: Option<(Counted, i64)> = None;
    let mut settled: Vec<Row> = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|a, b| at(a) == at(b)) {
        let mut values: Vec<f64> = Vec::new();
        for row in group {
            let Some(value) = row.value else {
                Counted::add(&mut no_value, row.line);
                continue;
            };
            match (values.is_empty(), repeated) {
                (true, _) | (false, Some(Repeated::Sum | Repeated::Mean)) => {}
                (false, Some(Repeated::First)) => {
                    Counted::add(&mut copies, row.line);
                    continue;
                }
                (false, None) => {
                    let (mut counted, first) =
                        clash.map_or((None, at(row)), |(it, at)| (Some(it), at));
                    Counted::add(&mut counted, row.line);
                    clash = counted.map(|it| (it, first));
                    continue;
                }
            }
            if value < 0.0 {
                Counted::add(&mut negative, row.line);
            }
            values.push(value.max(0.0));
        }
        let sum: f64 = values.iter().sum();
        let value = match (values.len(), repeated) {
            (0, _) => None,
            (several, Some(Repeated::Mean)) => Some(sum / several as f64),
            _ => Some(sum),
        };
        settled.extend(group.first().map(|row| (at(row), value)));
    }
    if let Some((Counted { rows, first_line }, first)) = clash {
        let time = foretide_domain::Timestamp::from_millis(first);
        return Err(TraceError::Repeated {
            file: file.into(),
            rows,
            line: first_line,
            time: time.to_string(),
        });
    }
    let dropped: Vec<_> = [
        (Why::NoValue, no_value),
        (Why::Repeated, copies),
        (Why::NoDatapoint, no_datapoints),
    ]
    .into_iter()
    .filter_map(|(why, counted)| Some((why, counted?)))
    .collect();
    let lost: usize = dropped.iter().map(|(_, counted)| counted.rows).sum();
    let reading = Reading {
        rows: in_file,
        used: in_file - lost,
        dropped,
        negative,
    };
    Ok((settled, reading))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::fmt::Write as _;

    use super::*;
    use crate::trace::{ReadOptions, Trace, read_trace};

    fn read(text: &str, repeated: Option<Repeated>) -> Result<Trace, TraceError> {
        let options = ReadOptions {
            repeated,
            ..ReadOptions::default()
        };
        read_trace("load.csv", text.as_bytes(), &options)
    }

    const ZONES: &str = "timestamp,zone,value\n0,a,10\n0,b,20\n60,a,11\n60,b,\n120,a,-3\n120,b,5\n";

    #[test]
    fn rows_of_one_time_are_refused_until_it_is_said_what_they_are() {
        assert_eq!(
            read(ZONES, None).unwrap_err().to_string(),
            "load.csv: 2 rows repeat the time of another row, the first in line 3 \
             (1970-01-01T00:00:00Z)"
        );
        for (repeated, demand) in [
            (Repeated::Sum, [30.0, 11.0, 5.0]),
            (Repeated::Mean, [15.0, 11.0, 2.5]),
            (Repeated::First, [10.0, 11.0, 0.0]),
        ] {
            let trace = read(ZONES, Some(repeated)).unwrap();
            assert_eq!(trace.demand(), demand, "{repeated:?}");
            assert_eq!(trace.reading().rows, 6);
        }
    }

    /// Rows at a minute of an hour, in any order: the minute, and the value where there is one.
    fn rows() -> impl Strategy<Value = Vec<(u8, Option<i8>)>> {
        prop::collection::vec((0..60_u8, prop::option::weighted(0.8, any::<i8>())), 2..80)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn used_and_dropped_rows_are_all_rows_of_the_file(
            rows in rows(),
            repeated in prop::option::of(prop::sample::select(vec![
                Repeated::Sum,
                Repeated::Mean,
                Repeated::First,
            ])),
        ) {
            let mut text = "timestamp,value\n".to_owned();
            for (minute, value) in &rows {
                let value = value.map_or_else(String::new, |value| value.to_string());
                writeln!(text, "{},{value}\n", i64::from(*minute) * 60).unwrap();
            }
            let options = ReadOptions { repeated, step_s: Some(60), ..ReadOptions::default() };
            let valued = rows.iter().filter_map(|(at, value)| Some((at, (*value)?)));
            let valued: Vec<_> = valued.collect();
            let mut times: Vec<_> = valued.iter().map(|(at, _)| at).collect();
            times.sort_unstable();
            times.dedup();
            let read = read_trace("t", text.as_bytes(), &options);
            if repeated.is_none() && times.len() < valued.len() {
                let clash = valued.len() - times.len();
                let found = match &read {
                    Err(TraceError::Repeated { rows, .. }) => Some(*rows),
                    _ => None,
                };
                let is_clash = found == Some(clash);
                prop_assert!(is_clash, "{:?}", read);
                return Ok(());
            }
            if valued.is_empty() {
                let is_empty = matches!(read, Err(TraceError::NoData { .. }));
                prop_assert!(is_empty);
                return Ok(());
            }
            let trace = read.unwrap();
            let reading = trace.reading();
            let dropped: usize = reading.dropped.iter().map(|(_, counted)| counted.rows).sum();
            prop_assert_eq!(reading.rows, rows.len());
            prop_assert_eq!(reading.used + dropped, rows.len());
            let used = if repeated == Some(Repeated::First) { times.len() } else { valued.len() };
            prop_assert_eq!(reading.used, used);
            prop_assert_eq!(reading.remarks().is_empty(), {
                dropped == 0 && valued.iter().all(|(_, value)| *value >= 0)
            });
            if repeated == Some(Repeated::Sum) {
                let held: f64 = trace.gaps().iter().flat_map(|gap| {
                    trace.demand().iter().skip(gap.from_cell).take(gap.cells)
                }).sum();
                let all: f64 = trace.demand().iter().sum();
                let file: f64 = valued.iter().map(|(_, value)| f64::from((*value).max(0))).sum();
                prop_assert!((all - held - file).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_is_left_out_or_changed_is_said_with_its_number_and_first_line() {
        let trace = read(ZONES, Some(Repeated::First)).unwrap();
        assert_eq!(
            trace.reading().remarks(),
            [
                "1 of 6 rows are left out, because they have no value (the first in line 5)",
                "2 of 6 rows are left out, because they repeat the time of an earlier row (the \
                 first in line 3)",
                "1 of 6 rows are below 0 and count as 0 (the first in line 6)",
            ]
        );
        let plain = read("timestamp,value\n0,1\n60,2\n", None).unwrap();
        assert!(plain.reading().remarks().is_empty());
    }
}
