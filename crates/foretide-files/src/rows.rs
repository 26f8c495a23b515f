//! Datapoints as rows of a trace file.

use std::collections::BTreeMap;
use std::fmt::Write;

use foretide_domain::{Datapoint, Timestamp};

/// The columns.
pub(crate) const HEADER: &str = "timestamp,value,in_service,cpu";

/// A whole trace file with the load of the points in instance-percent, and with the loads of `past`
/// for the times that no point has; empty if there is no load at all. Times are starts of periods,
/// loads instance-percent.
pub fn trace_of(past: &[(Timestamp, f64)], points: &[Datapoint]) -> String {
    let past = past
        .iter()
        .map(|(start, load)| (*start, format!("{start},{load},,\n")));
    let mut rows: BTreeMap<Timestamp, String> = past.collect();
    let own = points
        .iter()
        .map(|point| (point.start, trace_rows(&[*point], false)));
    rows.extend(own.filter(|(_, row)| !row.is_empty()));
    if rows.is_empty() {
        return String::new();
    }
    let rows: String = rows.into_values().collect();
    format!("{HEADER}\n{rows}")
}

/// One row for each point with data. The value is the load metric if `with_load`, else the load in
/// instance-percent. An unknown value is an empty cell.
pub fn trace_rows(points: &[Datapoint], with_load: bool) -> String {
    let mut rows = String::new();
    for point in points {
        let load = point.load().map(foretide_domain::Load::get);
        let value = if with_load { point.demand } else { load };
        let cpu = point.cpu.map(foretide_domain::Percent::get);
        if value.is_none() && cpu.is_none() {
            continue;
        }
        let cells = [value, cpu.map(|_| point.instances), cpu];
        let cells = cells.map(|cell| cell.map(|cell| cell.to_string()).unwrap_or_default());
        // Writing to a string does not fail.
        writeln!(rows, "{},{}", point.start, cells.join(",")).ok();
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use foretide_domain::Percent;

    use super::*;

    fn point(minute: i64, cpu: Option<f64>, demand: Option<f64>) -> Datapoint {
        Datapoint {
            start: Timestamp::from_seconds(60 * minute),
            period: Duration::from_secs(60),
            cpu: cpu.and_then(Percent::new),
            instances: if cpu.is_some() { 2.0 } else { 0.0 },
            network_in: None,
            network_out: None,
            memory: None,
            demand,
            unaccounted: None,
        }
    }

    /// What was read of the past fills what was not observed, and never replaces what was.
    #[test]
    fn loads_of_the_past_stand_where_no_point_does() {
        let at = |minute: i64| Timestamp::from_seconds(60 * minute);
        let past = [(at(0), 50.0), (at(1), 60.0), (at(2), 70.0)];
        let points = [point(1, Some(40.5), None), point(2, None, None)];
        let rows = "1970-01-01T00:00:00Z,50,,\n1970-01-01T00:01:00Z,81,2,40.5\n\
                    1970-01-01T00:02:00Z,70,,\n";
        assert_eq!(trace_of(&past, &points), format!("{HEADER}\n{rows}"));
        assert_eq!(trace_of(&[], &[point(2, None, None)]), "");
    }

    #[test]
    fn a_row_tells_the_load_and_what_is_unknown_is_empty() {
        let points = [
            point(0, Some(40.5), Some(7.0)),
            point(1, None, Some(8.0)),
            point(2, None, None),
            point(3, Some(1.0), None),
        ];
        assert_eq!(
            trace_rows(&points, false),
            "1970-01-01T00:00:00Z,81,2,40.5\n1970-01-01T00:03:00Z,2,2,1\n"
        );
        assert_eq!(
            trace_rows(&points, true),
            "1970-01-01T00:00:00Z,7,2,40.5\n1970-01-01T00:01:00Z,8,,\n1970-01-01T00:03:00Z,,2,1\n"
        );
    }
}
