//! The command line.

use std::path::PathBuf;

use foretide_forecast::sizing::{BudgetConfig, SizingConfig};

#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Options {
    pub(crate) dir: PathBuf,
    pub(crate) boot: u32,
    pub(crate) q99: f64,
    pub(crate) monitoring: u32,
    pub(crate) cases: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) first_days: bool,
    pub(crate) hostile: bool,
    pub(crate) record: Option<PathBuf>,
    pub(crate) replay: Option<PathBuf>,
    pub(crate) set: Vec<(String, f64)>,
    pub(crate) coverage: bool,
    /// Whether every rolling week is held against target tracking.
    pub(crate) weeks: bool,
    /// Whether a price list is made every day.
    pub(crate) lists: bool,
}

impl Options {
    pub(crate) fn parse() -> Result<Self, String> {
        let mut o = Self {
            dir: PathBuf::new(),
            boot: 180,
            q99: 20.0,
            monitoring: 60,
            cases: Vec::new(),
            seed: 1,
            first_days: false,
            hostile: false,
            record: None,
            replay: None,
            set: Vec::new(),
            coverage: false,
            weeks: false,
            lists: false,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or(format!("{arg} needs a value"));
            let number = |v: &str| v.parse::<f64>().map_err(|e| format!("{v}: {e}"));
            match arg.as_str() {
                "--boot" => o.boot = number(&value()?)? as u32,
                "--q99" => o.q99 = number(&value()?)?,
                "--monitoring" => o.monitoring = number(&value()?)? as u32,
                "--seed" => o.seed = number(&value()?)? as u64,
                "--cases" => o.cases = value()?.split(',').map(str::to_owned).collect(),
                "--first-days" => o.first_days = true,
                "--hostile" => o.hostile = true,
                "--record" => o.record = Some(value()?.into()),
                "--replay" => o.replay = Some(value()?.into()),
                "--coverage" => o.coverage = true,
                "--weeks" => o.weeks = true,
                "--lists" => o.lists = true,
                "--set" => {
                    let pair = value()?;
                    let (key, v) = pair.split_once('=').ok_or("--set key=value")?;
                    o.set.push((key.to_owned(), number(v)?));
                }
                _ => o.dir = PathBuf::from(&arg),
            }
        }
        Ok(o)
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.cases.is_empty() || self.cases.iter().any(|c| name.contains(c.as_str()))
    }

    /// The cost limit of the run.
    pub(crate) fn max_cost(&self) -> f64 {
        let named = self.set.iter().rev().find(|(key, _)| key == "max_cost");
        named.map_or(BudgetConfig::default().max_cost, |(_, value)| *value)
    }

    /// Sets the constants of the optimiser that the command line names.
    pub(crate) fn apply(&self, config: &mut SizingConfig) -> Result<(), String> {
        for (key, value) in &self.set {
            let constant = match key.as_str() {
                "start" => &mut config.budget.start,
                "gain" => &mut config.budget.gain,
                "max" => &mut config.budget.max,
                "max_cost" => &mut config.budget.max_cost,
                "repay_share" => &mut config.budget.repay_share,
                "ease_from" => &mut config.budget.ease_from,
                "aim" => &mut config.aim,
                "widening" => &mut config.widening,
                "surplus" => &mut config.surplus,
                other => return Err(format!("no constant {other}")),
            };
            *constant = *value;
        }
        Ok(())
    }
}
