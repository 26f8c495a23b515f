//! `foretide trace`: describes a trace file.

use foretide_domain::Timestamp;
use foretide_sim::{Description, Trace, chart, describe};
use foretide_terminal::{Failure, wrap};

use crate::cli::TraceArgs;

use super::Context;

/// Rows of the chart.
const CHART_ROWS: usize = 8;
/// Columns of the labels.
const LABEL: usize = 12;

/// Runs it.
pub(crate) fn run(args: &TraceArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let trace = args.traced.read(&args.file)?;
    let facts = describe(&trace);
    let room = context.terminal.wrap_at();
    let room = room.map(|columns| columns.saturating_sub(LABEL));
    for (label, lines) in facts_in_words(&trace, &facts) {
        let mut label = label;
        for line in lines {
            for part in wrap(&line, room, 2).lines() {
                writeln!(context.out, "{label:<LABEL$}{part}")?;
                label = "";
            }
        }
    }
    let drawn = chart(trace.demand(), context.terminal.width(), CHART_ROWS);
    writeln!(context.out)?;
    for line in drawn.lines() {
        writeln!(context.out, "{}", line.trim_end())?;
    }
    Ok(())
}

type Fact = (&'static str, Vec<String>);

fn facts_in_words(trace: &Trace, facts: &Description) -> Vec<Fact> {
    let days = facts.span_s as f64 / 86_400.0;
    let end = Timestamp::from_millis(trace.start().as_millis() + facts.span_s * 1000);
    let missing = 100.0 * facts.missing_cells as f64 / facts.cells.max(1) as f64;
    let longest_h = facts.longest_gap_s as f64 / 3600.0;
    let gaps = match facts.gaps {
        0 => vec!["none".into()],
        gaps => vec![
            format!("{gaps}, {} steps ({missing:.2} %)", facts.missing_cells),
            format!("longest {longest_h:.1} h"),
        ],
    };
    let or_none = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.2}"));
    let (season, burst) = (facts.seasonality, facts.burstiness);
    vec![
        ("file", vec![trace.name().to_owned()]),
        (
            "span",
            vec![
                trace.start().to_string(),
                end.to_string(),
                format!("{days:.1} days"),
            ],
        ),
        ("step", step(facts)),
        ("rows", rows(trace, facts)),
        ("gaps", gaps),
        (
            "load",
            vec![
                format!("mean {}", number(facts.mean)),
                format!("min {}, max {}", number(facts.min), number(facts.max)),
            ],
        ),
        (
            "seasonality",
            vec![
                format!("autocorrelation at 24 h {}", or_none(season.day)),
                format!("autocorrelation at 7 d  {}", or_none(season.week)),
            ],
        ),
        (
            "burstiness",
            vec![
                format!("standard deviation ÷ mean {}", or_none(burst.variation)),
                format!("p99 ÷ median {}", or_none(burst.p99_to_median)),
                format!("maximum ÷ mean {}", or_none(burst.max_to_mean)),
                format!(
                    "largest rise in 5 min ÷ mean {}",
                    or_none(burst.rise_to_mean)
                ),
            ],
        ),
    ]
}

/// The rows of distinct times, and how many rows of the file they come from.
fn rows(trace: &Trace, facts: &Description) -> Vec<String> {
    let reading = trace.reading();
    let mut lines = vec![facts.rows.to_string()];
    if reading.rows != facts.rows {
        let lost = reading.rows - reading.used;
        lines.push(format!(
            "(of {} in the file, {} used and {lost} left out)",
            reading.rows, reading.used
        ));
    }
    lines
}

/// The step, and a note where rows are finer than the step and were averaged.
fn step(facts: &Description) -> Vec<String> {
    let filled = facts.cells.saturating_sub(facts.missing_cells).max(1);
    let each = facts.rows as f64 / filled as f64;
    let step = format!("{} s", facts.step_s);
    // With an irregular step, a few rows share a cell; only systematic averaging is reported.
    if each < 1.5 {
        return vec![step];
    }
    vec![step, format!("(each the mean of {each:.0} rows)")]
}

/// The number with two decimals, from 1000 on without decimals.
fn number(value: f64) -> String {
    if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}
