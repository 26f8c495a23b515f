//! Options of `foretide doctor`.

use clap::Args;

/// `foretide doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide doctor                         every group of foretide.toml
  foretide doctor --group web             one group, configured or not
  foretide doctor --group web --prove-write
  foretide doctor --json

Exit code 0: no problem. Exit code 1: Foretide works, and a finding needs attention. Exit code 2: a
finding prevents Foretide from working. Read permissions are checked by real calls; CloudWatch
bills a few metrics.")]
pub(crate) struct DoctorArgs {
    /// Check this group only, by its name in the configuration or in AWS; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// Check the write permission: set desired capacity to its present value
    #[arg(long)]
    pub(crate) prove_write: bool,
    /// Print one JSON object for each finding
    #[arg(long)]
    pub(crate) json: bool,
}
