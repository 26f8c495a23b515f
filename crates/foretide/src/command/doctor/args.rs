//! The command line of `foretide doctor`.

use clap::Args;

/// `foretide doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide doctor                         every group of foretide.toml
  foretide doctor --group web             one group, configured or not
  foretide doctor --group web --prove-write
  foretide doctor --json

Ends with 0 where nothing wants attention, 1 where something does, 2 where something keeps Foretide
from its work. Permissions to read are proven by real calls; CloudWatch bills a few metrics.")]
pub(crate) struct DoctorArgs {
    /// Looks at this group only, by its name in the configuration or in AWS; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    /// Proves the permission to write: sets desired capacity to the value that it has
    #[arg(long)]
    pub(crate) prove_write: bool,
    /// One JSON object a finding
    #[arg(long)]
    pub(crate) json: bool,
}
