//! The command line of `foretide pull`.

use std::path::PathBuf;

use clap::Args;

use foretide_config::Span;

/// The longest that CloudWatch keeps anything, in days.
pub(crate) const DAYS_KEPT: u32 = 455;

/// `foretide pull`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide pull --group web --out web.csv               two weeks by the minute
  foretide pull --group web --days 455 --out year.csv   as far back as CloudWatch keeps anything
  foretide pull --group web --days 30 --step 15m --out month.csv

The file has a row a period: timestamp, value (the load in instance-percent, mean CPU x instances
in service, or the group's configured load metric, a sum over one minute), in_service, cpu. `trace`,
`backtest`, `train` and `demo` read it. A period without data has no row.

What it will cost is printed before anything is asked. Interrupted, it goes on where it stopped
when it is called again in the same way: until it is done, FILE.partial holds what is there.")]
pub(crate) struct PullArgs {
    /// A group of the configuration, or the name of an Auto Scaling group
    #[arg(long, value_name = "NAME")]
    pub(crate) group: String,
    /// Days before now
    #[arg(long, value_name = "N", default_value_t = 14)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_KEPT)))]
    pub(crate) days: u32,
    /// Length of a period [default: the finest kept for so long: 1m up to 15 days, 5m up to 63,
    /// else 1h]
    #[arg(long, value_name = "SPAN")]
    pub(crate) step: Option<Span>,
    /// Trace file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
