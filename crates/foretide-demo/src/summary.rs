//! The summary at the end of a demo.

use std::io::{self, Write};

use foretide_console::Price;
use foretide_domain::{Comparison, Figures};
use foretide_sim::{FairRun, Score};
use foretide_terminal::{Terminal, wrap};

use crate::plan::Plan;
use crate::records::Records;

/// Columns of the widest table.
const WIDTH: usize = 76;

/// One line of the table.
struct Row {
    name: String,
    cells: Vec<(&'static str, String)>,
}

/// Prints the summary.
pub(crate) fn print(
    plan: &Plan,
    score: &Score,
    baseline: Option<&FairRun>,
    records: &Records,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rows = vec![row(plan, &plan.config.policy.to_string(), score)];
    rows.extend(baseline.map(|it| row(plan, &it.label(), &it.score)));
    rows.push(optimum(plan, score));
    if terminal.is_interactive {
        writeln!(out, "{}\n", wrap(&plan.sentence(), terminal.wrap_at(), 2))?;
    }
    let fits = terminal.width() >= WIDTH;
    if fits {
        table(&rows, out)?;
    } else {
        blocks(&rows, out)?;
    }
    if let Some(baseline) = baseline {
        let said = verdict(plan, score, baseline);
        writeln!(out, "\n{}", wrap(&said, terminal.wrap_at(), 2))?;
    }
    let days = plan.days();
    let peak = plan.load.case.peak();
    writeln!(out, "\n{days:.1} days, peak need: {peak} instances")?;
    let slo = plan.load.case.setup().slo_utilisation * 100.0;
    writeln!(out, "violation: demand above {slo:.0} % of capacity")?;
    let why = "The table counts every second of the simulation. Page and report show what Foretide \
               counted from one mean CPU value a period. CPU ends at 100 %, so Foretide does not see \
               all that was asked for then: target tracking looks better, and another target may be \
               the baseline.";
    writeln!(out, "{}", wrap(why, terminal.wrap_at(), 2))?;
    let counted = format!("Foretide's count: {}", records.hours());
    writeln!(out, "{}", wrap(&counted, terminal.wrap_at(), 2))?;
    writeln!(out, "records: {} in", records.count())?;
    writeln!(out, "  {}", records.path().display())?;
    writeln!(out, "the demo keeps no store")?;
    Ok(())
}

/// The policy against the fair baseline, in a sentence.
fn verdict(plan: &Plan, score: &Score, baseline: &FairRun) -> String {
    if plan.days() < 1.0 {
        return "Too early to compare with the baseline: 1 day of load is needed.".to_owned();
    }
    let figures = |score: &Score| Figures {
        instance_hours: score.instance_hours,
        violation_share: score.violation_share,
    };
    let budget = plan.config.forecast.budget;
    let compared = Comparison {
        own: figures(score),
        other: figures(&baseline.score),
        than: baseline.label(),
        budget,
        none_kept: !baseline.kept,
    };
    format!(
        "{}.",
        compared.of(&format!("Policy {}", plan.config.policy))
    )
}

fn row(plan: &Plan, name: &str, score: &Score) -> Row {
    let violations = 100.0 * score.violation_share;
    cells(
        plan,
        name,
        format!("{violations:.2} %"),
        score,
        score.actions.to_string(),
    )
}

fn cells(plan: &Plan, name: &str, violations: String, score: &Score, actions: String) -> Row {
    let hours = score.instance_hours;
    let mut cells = vec![
        ("violations", violations),
        ("instance-h", format!("{hours:.1}")),
        ("x optimum", format!("{:.2}", score.cost_ratio)),
        ("actions", actions),
    ];
    if let Some(price) = &plan.price {
        cells.push(("cost", cost(price, hours)));
    }
    Row {
        name: name.into(),
        cells,
    }
}

/// Price of these instance-hours, with its currency.
fn cost(price: &Price, instance_hours: f64) -> String {
    let amount = price.amount * instance_hours;
    format!("{amount:.2} {}", price.currency)
}

fn optimum(plan: &Plan, score: &Score) -> Row {
    let best = Score {
        instance_hours: score.optimum_hours,
        cost_ratio: 1.0,
        ..Score::default()
    };
    cells(
        plan,
        "hindsight optimum",
        "0.00 %".into(),
        &best,
        "-".into(),
    )
}

fn table(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    write!(out, "{:<25}", "")?;
    for (head, _) in &first.cells {
        write!(out, "{head:>12}")?;
    }
    writeln!(out)?;
    for row in rows {
        write!(out, "{:<25}", row.name)?;
        for (_, cell) in &row.cells {
            write!(out, "{cell:>12}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn blocks(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        writeln!(out, "{}", row.name)?;
        for (head, cell) in &row.cells {
            writeln!(out, "  {head:<12}{cell:>14}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_times_hours_is_money() {
        let price = Price {
            amount: 0.096,
            currency: "USD".into(),
        };
        assert_eq!(cost(&price, 100.0), "9.60 USD");
    }
}
