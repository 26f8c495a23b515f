//! Time of one prediction with the built-in model, in microseconds.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use foretide_classifier::{Model, default_rows};

/// Runs of which the fastest counts: the others were disturbed.
const RUNS: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let model = Model::built_in()?;
    // Real rows, so that branches are as hard to foresee as they are in use.
    let rows: Vec<_> = default_rows()?
        .into_iter()
        .map(|row| row.features)
        .take(10_000)
        .collect();
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        for row in &rows {
            black_box(model.predict(black_box(row))?);
        }
        fastest = fastest.min(start.elapsed().as_secs_f64() / rows.len() as f64);
    }
    let line = format!(
        "BENCH\tclassifier/predict-one\t{:.2}\tµs\t<= 20",
        fastest * 1e6
    );
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
