//! Trains the model that comes with the program and writes it into the source tree:
//!
//! ```sh
//! cargo run --release -p foretide-classifier --example train_default
//! ```

use std::error::Error;
use std::path::Path;

use foretide_classifier::{Scores, train_default};

fn main() -> Result<(), Box<dyn Error>> {
    let (model, evaluation) = train_default()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("model/default.json");
    let bytes = model.to_bytes();
    std::fs::write(&path, &bytes)?;
    print(&format!(
        "{} bytes, {} trees, {} rows fitted, {} held out, sha256 {}",
        bytes.len(),
        model.facts().trees,
        evaluation.rows_fitted,
        evaluation.rows_held_out,
        model.facts().hash
    ))?;
    for (name, scores) in [
        ("model", &evaluation.model),
        ("commonest class", &evaluation.commonest),
        ("CPU thresholds", &evaluation.thresholds),
    ] {
        print(&line(name, scores))?;
    }
    for bin in evaluation
        .model
        .calibration
        .bins
        .iter()
        .filter(|bin| bin.rows > 0)
    {
        print(&format!(
            "  confidence {:.2}: right {:.3} ({} rows)",
            bin.mean_confidence, bin.accuracy, bin.rows
        ))?;
    }
    Ok(())
}

fn line(name: &str, scores: &Scores) -> String {
    format!(
        "{name:16} accuracy {:.3}  balanced {:.3}  log loss {:.3}  calibration error {:.3}  {:?}",
        scores.accuracy,
        scores.balanced_accuracy,
        scores.log_loss,
        scores.calibration.expected_error,
        scores.confusion
    )
}

fn print(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}")
}
