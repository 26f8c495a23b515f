//! The command line of `foretide report`.

use std::path::PathBuf;

use clap::Args;

/// `foretide report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide report                         every group, the last seven days
  foretide report web --days 30 --html report.html
  foretide report --json > report.json

Days are those of UTC; the last one ends now. Hours and time in violation are those that every decision
records: what the group ran, what target tracking would have run on the same load (the baseline), and
the fewest instances that would have kept the objective (the hindsight optimum). `price` in a group's
table turns hours into costs. docs/report.md describes the JSON.")]
pub(crate) struct ReportArgs {
    /// The group, or account/group [default: all of the store]
    #[arg(value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Days to look back at, today included
    #[arg(long, value_name = "N", default_value_t = 7)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=63))]
    pub(crate) days: u32,
    /// The store [default: output/foretide.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Up to this time instead of now: RFC 3339, or a span before now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
    /// Writes a page that opens offline
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
