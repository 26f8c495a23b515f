//! Options of `foretide pull`.

use std::path::PathBuf;

use clap::Args;

use foretide_config::Span;

use foretide_config::days_in;

/// The longest time for which CloudWatch keeps metrics, in days.
pub(crate) const DAYS_KEPT: u32 = 455;

/// `foretide pull`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide pull --group web --out web.csv               two weeks, one row a minute
  foretide pull --group web --days 455 --out year.csv   the longest that CloudWatch keeps metrics
  foretide pull --group web --days 30 --step 15m --out month.csv

The file has one row for each period with data: timestamp, value, in_service, cpu. The value is the
load: mean CPU x instances in service (100 = one busy instance), or the group's configured load
metric over one minute. `trace`, `backtest`, `train`, `forecast` and `demo` read the file.

The price is printed before the first request. After an interruption, the same command continues
from FILE.partial, which holds the rows that were read.")]
pub(crate) struct PullArgs {
    /// Group of the configuration, or name of an Auto Scaling group
    #[arg(long, value_name = "NAME")]
    pub(crate) group: String,
    /// Days before now, such as 30 or 30d
    #[arg(long, value_name = "DAYS", default_value = "14", value_parser = days_in(1..=DAYS_KEPT))]
    pub(crate) days: u32,
    /// Length of a period [default: the shortest that CloudWatch keeps: 1m up to 15 days, 5m up to
    /// 63 days, else 1h]
    #[arg(long, value_name = "SPAN")]
    pub(crate) step: Option<Span>,
    /// Trace file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
