//! The figures at the end of a backtest, for a person at a terminal.

use crate::command::Context;
use crate::failure::Failure;
use foretide_report::{PolicyFigures, Summary, TraceFigures};

/// Columns of the table where it stands in one piece.
const WIDTH: usize = 89;

/// Prints a table a trace.
pub(crate) fn print(summary: &Summary, context: &mut Context<'_>) -> Result<(), Failure> {
    for figures in &summary.traces {
        let setup = &figures.setup;
        writeln!(context.out, "\n{}", figures.name)?;
        writeln!(
            context.out,
            "  {:.1} days, {} of them warm-up; optimum {:.1} instance-hours",
            setup.days, setup.warmup_days, figures.optimum_hours
        )?;
        if context.terminal.width() >= WIDTH || context.terminal.wrap_at().is_none() {
            wide(figures, context)?;
        } else {
            narrow(figures, context)?;
        }
        at_budget(summary, figures, context)?;
    }
    Ok(())
}

fn cells(policy: &PolicyFigures) -> [(&'static str, String); 6] {
    let ratio = policy
        .cost_ratio
        .map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
    [
        ("cost ratio", ratio),
        (
            "violation",
            format!("{:.3} %", 100.0 * policy.violation_share),
        ),
        (
            "unserved",
            format!("{:.3} %", 100.0 * policy.unserved_share),
        ),
        ("instance-h", format!("{:.1}", policy.instance_hours)),
        ("USD", format!("{:.2}", policy.cost_usd)),
        ("actions", policy.actions.to_string()),
    ]
}

fn wide(figures: &TraceFigures, context: &mut Context<'_>) -> Result<(), Failure> {
    let longest = figures
        .policies
        .iter()
        .map(|policy| policy.name.chars().count())
        .max();
    let name_width = longest.unwrap_or(0).max(15);
    for (index, policy) in figures.policies.iter().enumerate() {
        if index == 0 {
            write!(context.out, "  {:<name_width$}", "")?;
            for (head, _) in cells(policy) {
                write!(context.out, "{head:>12}")?;
            }
            writeln!(context.out)?;
        }
        write!(context.out, "  {:<name_width$}", policy.name)?;
        for (_, cell) in cells(policy) {
            write!(context.out, "{cell:>12}")?;
        }
        writeln!(context.out)?;
    }
    Ok(())
}

fn narrow(figures: &TraceFigures, context: &mut Context<'_>) -> Result<(), Failure> {
    for policy in &figures.policies {
        writeln!(context.out, "  {}", policy.name)?;
        for (head, cell) in cells(policy) {
            writeln!(context.out, "    {head:<12}{cell:>14}")?;
        }
    }
    Ok(())
}

fn at_budget(
    summary: &Summary,
    figures: &TraceFigures,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    if figures.curves.is_empty() {
        return Ok(());
    }
    let budget = 100.0 * summary.violation_budget;
    writeln!(
        context.out,
        "  cost ratio at {budget} % violation, knob turned in hindsight"
    )?;
    for curve in &figures.curves {
        let ratio = curve
            .cost_ratio_at_budget
            .map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
        let note = if curve.is_static { "  (static)" } else { "" };
        writeln!(context.out, "    {:<16}{ratio:>10}{note}", curve.name)?;
    }
    Ok(())
}
