//! The figures of a backtest as text for a terminal.

use std::io::{self, Write};

use foretide_sim::BASELINE;

use crate::summary::{PolicyFigures, Summary, TraceFigures};

/// Columns of the figures of a table.
const FIGURES: usize = 72;
/// Least columns of the names.
const NAMES: usize = 15;

/// Prints the verdict of each trace, then one table for each trace; as blocks if the table is wider
/// than `width`. `wrap` breaks a text into lines of a width, with an indent after the first.
pub fn print_backtest(
    summary: &Summary,
    width: Option<usize>,
    wrap: fn(&str, Option<usize>, usize) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    for figures in &summary.traces {
        for said in verdict(figures) {
            writeln!(out, "{}", wrap(&said, width, 2))?;
        }
        for line in figures.suggestion.iter().flat_map(|it| &it.lines) {
            writeln!(out, "    {line}")?;
        }
    }
    for figures in &summary.traces {
        let setup = &figures.setup;
        writeln!(out, "\n{}", figures.name)?;
        writeln!(
            out,
            "  {:.1} days; the first {} warm up and are not scored",
            setup.days, setup.warmup_days
        )?;
        let optimum = figures.optimum_hours;
        writeln!(
            out,
            "  hindsight optimum {optimum:.1} instance-hours (cost ratio 1)"
        )?;
        if width.is_none_or(|width| width >= 2 + name_width(figures) + FIGURES) {
            wide(figures, out)?;
        } else {
            narrow(figures, out)?;
        }
        for list in figures
            .policies
            .iter()
            .filter_map(|it| it.price_list.as_ref())
        {
            list.print(out)?;
        }
        at_budget(summary, figures, out)?;
    }
    if let Some(figures) = summary.traces.first() {
        legend(figures, summary.price_usd_per_hour, out)?;
    }
    Ok(())
}

/// The verdict on a trace, and why the settings below it are suggested.
fn verdict(figures: &TraceFigures) -> Vec<String> {
    let named = |said: &String| format!("{}: {said}", figures.name);
    let verdict = figures.verdict.as_ref().map(named);
    let suggested = figures.suggestion.as_ref().map(|it| it.why.clone());
    let suggested = suggested.filter(|_| verdict.is_some());
    verdict.into_iter().chain(suggested).collect()
}

/// What the headings mean, once below all tables.
fn legend(figures: &TraceFigures, usd_per_hour: f64, out: &mut dyn Write) -> io::Result<()> {
    let objective = 100.0 * figures.setup.slo_utilisation;
    writeln!(
        out,
        "\ncost ratio: instance-hours ÷ hindsight optimum\nviolation: share of the time above \
         {objective:.0} % CPU\nunserved: share of the load beyond 100 % CPU\nUSD: at \
         {usd_per_hour} for an instance-hour (--price)"
    )
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

fn name_width(figures: &TraceFigures) -> usize {
    let names = figures.policies.iter();
    let longest = names.map(|policy| policy.label.chars().count()).max();
    longest.unwrap_or(0).max(NAMES)
}

fn wide(figures: &TraceFigures, out: &mut dyn Write) -> io::Result<()> {
    let name_width = name_width(figures);
    for (index, policy) in figures.policies.iter().enumerate() {
        if index == 0 {
            write!(out, "  {:<name_width$}", "")?;
            for (head, _) in cells(policy) {
                write!(out, "{head:>12}")?;
            }
            writeln!(out)?;
        }
        write!(out, "  {:<name_width$}", policy.label)?;
        for (_, cell) in cells(policy) {
            write!(out, "{cell:>12}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn narrow(figures: &TraceFigures, out: &mut dyn Write) -> io::Result<()> {
    for policy in &figures.policies {
        writeln!(out, "  {}", policy.label)?;
        for (head, cell) in cells(policy) {
            writeln!(out, "    {head:<12}{cell:>14}")?;
        }
    }
    Ok(())
}

fn at_budget(summary: &Summary, figures: &TraceFigures, out: &mut dyn Write) -> io::Result<()> {
    if figures.curves.is_empty() {
        return Ok(());
    }
    let budget = 100.0 * summary.violation_budget;
    writeln!(
        out,
        "  cost ratio at {budget} % violation, best target chosen in hindsight"
    )?;
    for curve in &figures.curves {
        let ratio = curve
            .cost_ratio_at_budget
            .map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
        let note = if curve.is_static { "  (static)" } else { "" };
        // A sweep of the baseline is one of the policy that it is chosen from.
        let name = if curve.name == BASELINE {
            "target-tracking"
        } else {
            &curve.name
        };
        writeln!(out, "    {name:<16}{ratio:>10}{note}")?;
    }
    Ok(())
}
