//! Options of `foretide forecast`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::command::backtest::seconds;
use crate::command::traced::TraceFlags;
use foretide_config::{DAYS_MAX, days, days_in, hours_ahead};

/// `foretide forecast`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  foretide forecast --trace load.csv
  foretide forecast --trace load.csv --boot 60s,300s,600s --out accuracy
  foretide forecast --trace load.csv --period 300s --warmup 7d
  foretide forecast --group web           the load that `foretide run` observed and read
  foretide forecast --trace load.csv --horizon 24h

The history is replayed. Every period is forecast from the periods before it, by the model that the
group would have had at that time; the model is fitted again every day. The horizon is the time
from the newest visible period until a launch that is decided then serves; it follows from --boot.

Coverage: share of loads at or below the quantile; at the 99 % quantile it should be 99 %.
Pinball: mean pinball loss of the quantile, in percent of one instance; lower is better.
WAPE: sum of the errors of the median ÷ sum of the loads.
MASE: mean error of the median ÷ mean error of the naive forecast, which repeats the load at the
same time yesterday. Below 1, the forecast is better than the naive forecast.")]
#[command(group(ArgGroup::new("history").args(["trace", "group"]).required(true)))]
pub(crate) struct ForecastArgs {
    /// Trace file, such as `foretide pull` writes
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) traced: TraceFlags,
    /// Group whose load in the store is the history
    #[arg(long, value_name = "NAME", conflicts_with = "trace")]
    pub(crate) group: Option<String>,
    /// Store file [default: output/foretide.db]
    #[arg(long, value_name = "FILE", requires = "group")]
    pub(crate) store: Option<PathBuf>,
    /// Times from launch to service; each gives one horizon
    #[arg(
        long,
        value_name = "TIME",
        value_delimiter = ',',
        default_value = "60s,180s,600s",
        value_parser = seconds
    )]
    pub(crate) boot: Vec<u32>,
    /// Check the outlook over so many hours instead, such as 24h, and print the next ones
    #[arg(
        long,
        value_name = "TIME",
        value_parser = hours_ahead,
        conflicts_with_all = ["boot", "out"]
    )]
    pub(crate) horizon: Option<u32>,
    /// Length of a metric period: 60s, or 300s with basic monitoring [default: the group's; for a
    /// trace 60s]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) period: Option<u32>,
    /// Days to leave out at the start of the history, such as 7 or 7d
    #[arg(long, value_name = "DAYS", default_value = "0d", value_parser = days)]
    pub(crate) skip: u32,
    /// Days of the history to use, such as 14 or 14d [default: all]
    #[arg(long, value_name = "DAYS", value_parser = days_in(1..=DAYS_MAX))]
    pub(crate) days: Option<u32>,
    /// Days at the start that are forecast and not scored; on the first day, the forecast uses the
    /// generic model
    #[arg(long, value_name = "DAYS", default_value = "1d", value_parser = days)]
    pub(crate) warmup: u32,
    /// Load that one instance serves at 100 % CPU, in the trace's unit [default: for a group 100;
    /// for a trace, the value at which the 99th percentile of the load needs 20 instances at 60 %]
    #[arg(long, value_name = "LOAD")]
    pub(crate) unit: Option<f64>,
    /// Folder for forecast.json and forecast.html
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
