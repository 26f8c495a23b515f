//! The price list of a group, as figures and as text: what each violation share would have cost.

use std::io::{self, Write};

use foretide_domain::Spent;
use foretide_sim::Prices;
use serde::Serialize;

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
    /// What the run itself did, by the controller's own count of its last seven days of UTC, days
    /// of the warm-up included. Null below a day of data.
    pub this_run: Option<PriceRow>,
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
    /// Their price, US dollars; null also where no price in US dollars is known.
    pub cost_usd: Option<f64>,
}

impl PriceFigures {
    /// The figures of `prices`, at `price_usd_per_hour` for an instance, where that is known.
    pub fn new(prices: &Prices, price_usd_per_hour: Option<f64>) -> Self {
        let Prices { list, spent } = prices;
        let rows = list.rows.iter().map(|row| {
            let hours = row.instances.map(|it| list.instance_hours(it));
            PriceRow {
                violation_share: row.violation_share,
                instance_hours: hours,
                over_target_tracking: row.instances.and_then(|it| list.over_tracking(it)),
                cost_usd: hours
                    .zip(price_usd_per_hour)
                    .map(|(hours, price)| hours * price),
            }
        });
        let this_run = |spent: Spent| PriceRow {
            violation_share: spent.priced.violation_share,
            instance_hours: Some(spent.instance_hours),
            over_target_tracking: spent.over_tracking,
            cost_usd: price_usd_per_hour.map(|price| spent.instance_hours * price),
        };
        Self {
            days: list.minutes / DAY_MINUTES,
            target_percent: list.target,
            target_tracking_hours: list.instance_hours(list.tracking.instances),
            target_tracking_violation_share: list.tracking.violation_share,
            rows: rows.collect(),
            this_run: spent.map(this_run),
        }
    }

    /// The list in a sentence, for a group that went on living: `this_run` is what it did itself.
    pub(crate) fn sentence(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let share = format!("{:.1} %", 100.0 * row.violation_share);
            match (row.instance_hours, row.over_target_tracking) {
                (Some(hours), Some(over)) => {
                    format!("{share} {hours:.1} instance-hours ({over:.2} times)")
                }
                (Some(hours), None) => format!("{share} {hours:.1} instance-hours"),
                (None, _) => format!("{share} was had at no price tried"),
            }
        });
        let rows: Vec<String> = rows.collect();
        let own = self.this_run.as_ref().and_then(|own| {
            let over = own.over_target_tracking?;
            Some(format!(
                "; the group itself, over the time counted above: {:.2} % at {over:.2} times",
                100.0 * own.violation_share
            ))
        });
        format!(
            "price list of a week ({:.1} days), in hindsight at one price, against target tracking at \
             {:.0} % in the same days: in violation {}{}",
            self.days,
            self.target_percent,
            rows.join(", "),
            own.unwrap_or_default()
        )
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
            let share = format!("{:.1} %", 100.0 * row.violation_share);
            let known = row.instance_hours.is_some() && row.instance_hours == before;
            before = row.instance_hours;
            if known {
                writeln!(out, "  {share:<12}the same: nothing cheaper was found")?;
            } else {
                row.print(&share, out)?;
            }
        }
        if let Some(row) = &self.this_run {
            let share = format!("run: {:.2} %", 100.0 * row.violation_share);
            row.print(&share, out)?;
            writeln!(
                out,
                "    the last line is this run, by its own count of up to seven days of UTC: compare \
                 the ratio, not the hours"
            )?;
        }
        Ok(())
    }
}

impl PriceRow {
    fn print(&self, share: &str, out: &mut dyn Write) -> io::Result<()> {
        let Some(hours) = self.instance_hours else {
            return writeln!(out, "  {share:<12}{:>12}", "at no price tried");
        };
        let cost = self
            .cost_usd
            .map_or("-".to_owned(), |cost| format!("{cost:.2}"));
        let over = self.over_target_tracking;
        let over = over.map_or("-".to_owned(), |over| format!("{over:.2}"));
        writeln!(out, "  {share:<12}{hours:>12.1}{over:>20}{cost:>10}")
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::{PriceTable, Priced, PricedShare};

    use super::*;

    fn prices(spent: Option<Spent>) -> Prices {
        let row = |violation_share, instances| PricedShare {
            violation_share,
            instances,
        };
        let priced = |instances, violation_share| Priced {
            instances,
            violation_share,
        };
        Prices {
            list: PriceTable {
                until: None,
                minutes: 10_080.0,
                target: 50.0,
                tracking: priced(5.0, 0.02),
                rows: vec![row(0.001, None), row(0.01, Some(4.0)), row(0.02, Some(4.0))],
            },
            spent,
        }
    }

    fn printed(figures: &PriceFigures) -> String {
        let mut text = Vec::new();
        figures.print(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_run_stands_on_its_own_price_list() {
        let spent = Spent {
            instance_hours: 756.0,
            over_tracking: Some(0.9),
            priced: Priced {
                instances: 4.5,
                violation_share: 0.0062,
            },
        };
        let figures = PriceFigures::new(&prices(Some(spent)), Some(0.1));
        assert_eq!(figures.rows[1].instance_hours, Some(672.0));
        assert_eq!(figures.rows[1].over_target_tracking, Some(0.8));
        assert_eq!(figures.rows[0].cost_usd, None);
        let run = figures.this_run.unwrap();
        assert_eq!(
            (run.instance_hours, run.violation_share),
            (Some(756.0), 0.0062)
        );
        let text = printed(&figures);
        for line in [
            "  0.1 %       at no price tried\n",
            "  1.0 %              672.0                0.80     67.20\n",
            "  2.0 %       the same: nothing cheaper was found\n",
            "  run: 0.62 %        756.0                0.90     75.60\n    the last line is this run",
        ] {
            assert!(text.contains(line), "{line:?} in\n{text}");
        }
    }

    #[test]
    fn a_price_list_in_a_sentence_says_what_no_price_buys_and_what_the_group_did() {
        let spent = Spent {
            instance_hours: 756.0,
            over_tracking: Some(0.9),
            priced: Priced {
                instances: 4.5,
                violation_share: 0.0062,
            },
        };
        let figures = PriceFigures::new(&prices(Some(spent)), None);
        assert_eq!(figures.rows[1].cost_usd, None);
        assert_eq!(
            figures.sentence(),
            "price list of a week (7.0 days), in hindsight at one price, against target tracking at \
             50 % in the same days: in violation 0.1 % was had at no price tried, 1.0 % 672.0 \
             instance-hours (0.80 times), 2.0 % 672.0 instance-hours (0.80 times); the group itself, \
             over the time counted above: 0.62 % at 0.90 times"
        );
    }

    #[test]
    fn a_run_of_less_than_a_day_has_no_point() {
        let figures = PriceFigures::new(&prices(None), Some(0.1));
        assert_eq!(figures.this_run, None);
        assert!(!printed(&figures).contains("this run"));
    }
}
