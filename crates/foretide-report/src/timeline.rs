//! `timeline-TRACE-POLICY.csv`: what a group was like, a row at every change.

use std::io::{self, Write};

use foretide_domain::Timestamp;
use foretide_sim::Timeline;

/// The timeline of one policy on one trace.
#[derive(Clone, Debug)]
pub struct TimelineOf {
    /// Index of the trace in the summary.
    pub trace: usize,
    /// Name of the policy.
    pub policy: String,
    /// What t = 0 is.
    pub start: Timestamp,
    /// What the group was like.
    pub timeline: Timeline,
}

/// Writes the rows as CSV: time, demand, in service, pending, desired, cpu (empty where nothing
/// served).
pub fn write_csv(of: &TimelineOf, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "time,demand,in_service,pending,desired,cpu")?;
    for row in of.timeline.rows() {
        let at = Timestamp::from_seconds(of.start.as_seconds().saturating_add(row.at_s));
        write!(
            out,
            "{at},{},{},{},{},",
            row.demand, row.in_service, row.pending, row.desired
        )?;
        match row.cpu {
            Some(cpu) => writeln!(out, "{cpu}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}

/// A name that is safe as part of a file's name, whatever a trace or policy is called.
pub fn file_name(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().take(100).map(safe).collect();
    name.trim_start_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_folder() {
        assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(file_name("web<script>"), "web_script_");
    }
}
