//! Options of `foretide report`.

use std::path::PathBuf;

use clap::Args;

use foretide_config::days_in;

/// `foretide report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide report                         all groups, the last seven days
  foretide report web --days 30 --html report.html
  foretide report --json > report.json

Days are in UTC; the last day ends now. The report compares three numbers of instance-hours: those
of the group, those of target tracking at the best target in hindsight (the baseline), and the
fewest that would have kept the objective (the hindsight optimum). `price` in a group's table adds
costs. docs/report.md describes the JSON.")]
pub(crate) struct ReportArgs {
    /// Group: its name, that of its table, or account/group [default: all groups of the store]
    #[arg(value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Days to report on, today included, such as 30 or 30d
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = days_in(1..=63))]
    pub(crate) days: u32,
    /// Store file [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// End of the report instead of now: RFC 3339, or a span before now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// HTML file to write; it opens offline
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
