//! Times without a time zone, read by a zone that a person names.
//!
//! Where the clock goes back, it shows an hour twice. The file's order tells the two apart: rows
//! that follow each other in time do not go back, so the row that goes back is the first of the
//! second hour. A file that has the hour once has the first one. What the order cannot tell is
//! refused.
//!
//! The zones are those of the IANA database that is built into the program, so that a file means
//! the same on every machine.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use thiserror::Error;

use super::stamp::Stamp;
use super::{RawRow, TraceError};

/// A time zone of the IANA database, such as `Europe/Berlin`, or `UTC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A name that no time zone has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no time zone has this name; expected UTC or a name such as Europe/Berlin")]
pub struct UnknownZone;

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        let zone = TimeZoneDatabase::bundled().get(name);
        Ok(Self {
            zone: zone.map_err(|_| UnknownZone)?,
            name: name.to_owned(),
        })
    }
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }
}

/// An hour that the clock shows twice: the offsets of its first and of its second time.
#[derive(Clone, Copy)]
struct Fold {
    first: Offset,
    second: Offset,
}

/// Gives every row of `rows` its place in time.
///
/// # Errors
/// A row has no time zone and `zone` is none; the zone has no such time; or the order of the rows
/// does not tell which of two equal hours is meant.
pub(super) fn resolve(
    file: &str,
    rows: &mut [RawRow],
    zone: Option<&Zone>,
) -> Result<(), TraceError> {
    let Some(local) = rows.iter().find(|row| matches!(row.stamp, Stamp::Local(_))) else {
        return Ok(());
    };
    let Some(zone) = zone else {
        return Err(TraceError::NoZone {
            file: file.into(),
            line: local.line,
            found: shown(local),
        });
    };
    let mut order = Order::default();
    let mut folds: Vec<(usize, DateTime, Fold)> = Vec::new();
    let mut groups: Vec<usize> = Vec::new();
    let mut in_fold = false;
    for (index, row) in rows.iter_mut().enumerate() {
        let Stamp::Local(time) = row.stamp else {
            continue;
        };
        match zone.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                order.take(time);
                row.stamp = Stamp::At(millis(file, row, time, offset)?);
                in_fold = false;
            }
            AmbiguousOffset::Gap { .. } => {
                return Err(TraceError::NoSuchTime {
                    file: file.into(),
                    line: row.line,
                    found: shown(row),
                    zone: zone.name.clone(),
                });
            }
            AmbiguousOffset::Fold { before, after } => {
                if !in_fold {
                    groups.push(folds.len());
                }
                in_fold = true;
                let (first, second) = (before, after);
                folds.push((index, time, Fold { first, second }));
            }
        }
    }
    groups.push(folds.len());
    for bounds in groups.windows(2) {
        let &[from, to] = bounds else { continue };
        let mut group: Vec<_> = folds.get(from..to).unwrap_or_default().to_vec();
        if order.falls {
            group.reverse();
        }
        settle(file, rows, &group, &order, zone)?;
    }
    Ok(())
}

/// Tells the two equal hours of `group`, whose rows are in order of time, apart.
fn settle(
    file: &str,
    rows: &mut [RawRow],
    group: &[(usize, DateTime, Fold)],
    order: &Order,
    zone: &Zone,
) -> Result<(), TraceError> {
    let steps = |goes_back: fn(&DateTime, &DateTime) -> bool| -> Vec<usize> {
        let pairs = (1..).zip(group.windows(2));
        let back = pairs.filter(|(_, pair)| match pair {
            [(_, before, _), (_, after, _)] => goes_back(before, after),
            _ => false,
        });
        back.map(|(at, _)| at).collect()
    };
    let mut back = steps(|before, after| after < before);
    let equal = steps(|before, after| after == before);
    let one_time = equal.len() + 1 == group.len();
    // One time in the hour, twice: the second one is the second hour, unless every time of the file
    // has several rows.
    let unclear =
        order.is_mixed() || back.len() > 1 || (order.repeats && one_time && !equal.is_empty());
    if back.is_empty() && !order.repeats && one_time {
        back.extend(equal.first());
    }
    let second_from = back.first().copied().unwrap_or(group.len());
    for (place, &(index, time, fold)) in group.iter().enumerate() {
        let Some(row) = rows.get_mut(index) else {
            continue;
        };
        if unclear {
            return Err(TraceError::TwoTimes {
                file: file.into(),
                line: row.line,
                found: shown(row),
                zone: zone.name.clone(),
            });
        }
        let offset = if place < second_from {
            fold.first
        } else {
            fold.second
        };
        row.stamp = Stamp::At(millis(file, row, time, offset)?);
    }
    Ok(())
}

/// In which order the rows of a file stand, by those whose time is clear.
#[derive(Default)]
struct Order {
    last: Option<DateTime>,
    rises: bool,
    falls: bool,
    /// Whether a time stands in several rows.
    repeats: bool,
}

impl Order {
    fn take(&mut self, time: DateTime) {
        if let Some(last) = self.last.replace(time) {
            self.rises |= time > last;
            self.falls |= time < last;
            self.repeats |= time == last;
        }
    }

    const fn is_mixed(&self) -> bool {
        self.rises && self.falls
    }
}

fn millis(file: &str, row: &RawRow, time: DateTime, offset: Offset) -> Result<i64, TraceError> {
    let at = offset.to_timestamp(time);
    let at = at.map_err(|_| TraceError::BadCell {
        file: file.into(),
        line: row.line,
        column: "time".into(),
        expected: "a time within the calendar",
        found: shown(row),
    })?;
    Ok(at.as_millisecond())
}

fn shown(row: &RawRow) -> String {
    match row.stamp {
        Stamp::Local(time) => time.to_string().replacen('T', " ", 1),
        Stamp::At(at) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ReadOptions, Repeated, Trace, read_trace};

    fn read(rows: &[String], zone: Option<&str>) -> Result<Trace, TraceError> {
        read_with(rows, zone, None)
    }

    fn read_with(
        rows: &[String],
        zone: Option<&str>,
        repeated: Option<Repeated>,
    ) -> Result<Trace, TraceError> {
        let text = format!("timestamp,value\n{}\n", rows.join("\n"));
        let options = ReadOptions {
            zone: zone.map(|name| name.parse().unwrap()),
            repeated,
            ..ReadOptions::default()
        };
        read_trace("t", text.as_bytes(), &options)
    }

    /// The clock of Berlin every `step` minutes from 00:00 UTC on, around the end of summer time.
    fn autumn(step: usize, periods: usize) -> Vec<String> {
        let rows = (0..periods).map(|period| {
            let minute = period * step;
            // Two hours ahead until 01:00 UTC, one hour from then on.
            let shown = if minute < 60 {
                minute + 120
            } else {
                minute + 60
            };
            let (hour, minute) = (shown / 60, shown % 60);
            format!("2026-10-25 {hour:02}:{minute:02}:00,{period}")
        });
        rows.collect()
    }

    const BERLIN: Option<&str> = Some("Europe/Berlin");

    #[track_caller]
    fn assert_whole(trace: &Trace, periods: usize) {
        assert_eq!(trace.start().to_string(), "2026-10-25T00:00:00Z");
        assert_eq!((trace.demand().len(), trace.missing_cells()), (periods, 0));
        assert!(trace.demand().is_sorted());
    }

    #[test]
    fn the_order_of_the_rows_tells_the_two_hours_apart_whatever_the_step_and_the_direction() {
        for (step, periods) in [(1, 240), (5, 60), (30, 8), (60, 4)] {
            let mut rows = autumn(step, periods);
            assert_whole(&read(&rows, BERLIN).unwrap(), periods);
            rows.reverse();
            assert_whole(&read(&rows, BERLIN).unwrap(), periods);
        }
    }

    #[test]
    fn a_file_with_several_rows_a_time_can_be_told_apart_where_the_hour_has_several_times() {
        let double = |rows: Vec<String>| -> Vec<String> {
            rows.into_iter()
                .flat_map(|row| [row.clone(), row])
                .collect()
        };
        let mean = Some(Repeated::Mean);
        assert_whole(
            &read_with(&double(autumn(1, 240)), BERLIN, mean).unwrap(),
            240,
        );
        let hourly = read_with(&double(autumn(60, 4)), BERLIN, mean).unwrap_err();
        assert!(matches!(hourly, TraceError::TwoTimes { .. }), "{hourly}");
    }

    #[test]
    fn a_copy_of_a_row_begins_no_second_hour() {
        let mut rows = autumn(5, 12);
        rows.insert(6, rows[5].clone());
        let error = read(&rows, BERLIN).unwrap_err();
        assert!(
            matches!(error, TraceError::Repeated { rows: 1, .. }),
            "{error}"
        );
    }

    #[test]
    fn what_the_order_cannot_tell_and_times_that_no_clock_showed_are_refused() {
        let mut mixed = autumn(5, 60);
        mixed.swap(1, 50);
        let error = read(&mixed, BERLIN).unwrap_err();
        assert!(matches!(error, TraceError::TwoTimes { .. }), "{error}");
        let spring = ["2026-03-29 01:30:00,1", "2026-03-29 02:30:00,2"].map(str::to_owned);
        let error = read(&spring, BERLIN).unwrap_err().to_string();
        assert!(
            error.contains("line 3: Europe/Berlin has no 2026-03-29 02:30:00"),
            "{error}"
        );
        assert!(read(&spring, Some("UTC")).is_ok());
    }

    #[test]
    fn a_time_without_zone_is_refused_unless_one_is_named() {
        let error = read(&autumn(1, 60), None).unwrap_err().to_string();
        assert_eq!(error, "t: line 2: `2026-10-25 02:00:00` has no time zone");
        assert!("Europe/Berlln".parse::<Zone>().is_err());
        assert!("utc".parse::<Zone>().is_ok());
        let winter = ["2026-01-01T01:00:00,1", "2026-01-01T02:00:00,2"].map(str::to_owned);
        let trace = read(&winter, Some("America/New_York")).unwrap();
        assert_eq!(trace.start().to_string(), "2026-01-01T06:00:00Z");
    }
}
