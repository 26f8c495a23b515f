//! The table at the end of a demo.

use foretide_sim::Score;

use crate::command::Context;
use foretide_terminal::Failure;
use foretide_terminal::wrap;

use super::plan::Plan;
use super::records::Records;

/// Columns of the table where it stands in one piece.
const WIDTH: usize = 76;

/// One line of the table.
struct Row {
    name: String,
    cells: Vec<(&'static str, String)>,
}

/// Prints it.
pub(crate) fn print(
    plan: &Plan,
    score: &Score,
    tracking: &Score,
    records: &Records,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let rows = [
        row(plan, &plan.config.policy.to_string(), score),
        row(plan, "reactive target tracking", tracking),
        optimum(plan, score),
    ];
    if context.terminal.is_interactive {
        let title = format!("{}; policy {}", plan.load, plan.config.policy);
        writeln!(
            context.out,
            "{}\n",
            wrap(&title, context.terminal.wrap_at(), 2)
        )?;
    }
    let fits = context.terminal.width() >= WIDTH;
    if fits {
        table(&rows, context)?;
    } else {
        blocks(&rows, context)?;
    }
    let days = plan.case.trace().span_s() as f64 / 86_400.0;
    let peak = plan.case.peak();
    writeln!(
        context.out,
        "\n{days:.1} days, at most {peak} instances needed"
    )?;
    let slo = plan.case.setup().slo_utilisation * 100.0;
    writeln!(
        context.out,
        "violation: demand above {slo:.0} % of capacity"
    )?;
    writeln!(context.out, "records: {} in", records.count())?;
    writeln!(context.out, "  {}", records.path().display())?;
    Ok(())
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
        cells.push(("cost", price.of(hours).to_string()));
    }
    Row {
        name: name.into(),
        cells,
    }
}

fn optimum(plan: &Plan, score: &Score) -> Row {
    let best = Score {
        instance_hours: score.optimum_hours,
        cost_ratio: 1.0,
        ..Score::default()
    };
    cells(
        plan,
        "optimum, with foresight",
        "0.00 %".into(),
        &best,
        "-".into(),
    )
}

fn table(rows: &[Row], context: &mut Context<'_>) -> Result<(), Failure> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    write!(context.out, "{:<25}", "")?;
    for (head, _) in &first.cells {
        write!(context.out, "{head:>12}")?;
    }
    writeln!(context.out)?;
    for row in rows {
        write!(context.out, "{:<25}", row.name)?;
        for (_, cell) in &row.cells {
            write!(context.out, "{cell:>12}")?;
        }
        writeln!(context.out)?;
    }
    Ok(())
}

fn blocks(rows: &[Row], context: &mut Context<'_>) -> Result<(), Failure> {
    for row in rows {
        writeln!(context.out, "{}", row.name)?;
        for (head, cell) in &row.cells {
            writeln!(context.out, "  {head:<12}{cell:>14}")?;
        }
    }
    Ok(())
}
