//! The price list of a group, as figures and as text: what each violation share would have cost.

use std::io::{self, Write};

use foretide_forecast::sizing::PriceList;
use serde::Serialize;

/// The violation shares of the list.
const SHARES: [f64; 4] = [0.001, 0.005, 0.01, 0.02];
const DAY_MINUTES: f64 = 1440.0;

/// The price list of the newest week of a history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PriceFigures {
    /// Days that are priced, at most seven.
    pub days: f64,
    /// Target of target tracking, in percent, as it is configured.
    pub target_percent: f64,
    /// Its instance-hours in these days.
    pub target_tracking_hours: f64,
    /// Its violation share, 0 to 1.
    pub target_tracking_violation_share: f64,
    /// One for each violation share, ascending.
    pub rows: Vec<PriceRow>,
}

/// What one violation share would have cost. The costs are null if no price buys it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PriceRow {
    /// The violation share, 0 to 1.
    pub violation_share: f64,
    /// Instance-hours.
    pub instance_hours: Option<f64>,
    /// Instance-hours over those of target tracking.
    pub over_target_tracking: Option<f64>,
    /// Their price, US dollars.
    pub cost_usd: Option<f64>,
}

impl PriceFigures {
    /// The figures of `list`, at `price_usd_per_hour` for an instance.
    pub fn new(list: &PriceList, price_usd_per_hour: f64) -> Self {
        let hours = |instances: f64| instances * list.minutes / 60.0;
        let tracking = hours(list.baseline.instances);
        let row = |share: f64| {
            let own = list.for_share(share).map(|point| hours(point.instances));
            PriceRow {
                violation_share: share,
                instance_hours: own,
                over_target_tracking: own.filter(|_| tracking > 0.0).map(|own| own / tracking),
                cost_usd: own.map(|own| own * price_usd_per_hour),
            }
        };
        Self {
            days: list.minutes / DAY_MINUTES,
            target_percent: list.target,
            target_tracking_hours: tracking,
            target_tracking_violation_share: list.baseline.violation_share,
            rows: SHARES.map(row).to_vec(),
        }
    }

    /// Prints the list, indented as a trace's figures are.
    pub(crate) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "  price list of the last {:.1} days, in hindsight at one price; a run that must find it \
             costs more\n  (target tracking at {:.0} %: {:.1} instance-h, in violation {:.2} %)\n  \
             {:<12}{:>12}{:>20}{:>10}",
            self.days,
            self.target_percent,
            self.target_tracking_hours,
            100.0 * self.target_tracking_violation_share,
            "violation",
            "instance-h",
            "x target tracking",
            "USD"
        )?;
        let mut before = None;
        for row in &self.rows {
            let known = row.instance_hours.is_some() && row.instance_hours == before;
            before = row.instance_hours;
            let share = format!("{:.1} %", 100.0 * row.violation_share);
            if known {
                writeln!(out, "  {share:<12}the same: nothing cheaper was found")?;
                continue;
            }
            let (Some(hours), Some(cost)) = (row.instance_hours, row.cost_usd) else {
                writeln!(out, "  {share:<12}{:>12}", "not for any price")?;
                continue;
            };
            let over = row.over_target_tracking;
            let over = over.map_or("-".to_owned(), |over| format!("{over:.2}"));
            writeln!(out, "  {share:<12}{hours:>12.1}{over:>20}{cost:>10.2}")?;
        }
        Ok(())
    }
}
