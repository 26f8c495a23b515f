//! Trains the models that ship with the program on generated load, and writes
//! `data/generic.bin`; with `--check` only compares.
//!
//! `cargo run --release -p foretide-forecast --example train_generic [-- --check]`
#![expect(clippy::print_stdout, reason = "a command")]

use foretide_forecast::{GENERIC_LEADS, Grid, encode, train_generic};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/generic.bin");
    let mut models = Vec::new();
    for (step, leads) in GENERIC_LEADS {
        for &lead in leads {
            models.push(train_generic(Grid::new(step, lead)?)?);
            println!("trained: periods of {step} min, lead {lead}");
        }
    }
    let bytes = encode(&models);
    if std::env::args().any(|a| a == "--check") {
        if std::fs::read(path)? != bytes {
            return Err("data/generic.bin differs from what training gives".into());
        }
        println!("{} bytes, identical", bytes.len());
    } else {
        std::fs::write(path, &bytes)?;
        println!("{} bytes written", bytes.len());
    }
    Ok(())
}
