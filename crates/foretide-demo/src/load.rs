//! The load of a demo on its group.

use foretide_sim::{Case, Setup, Workload};
use foretide_terminal::shell::visible;
use foretide_terminal::{Exit, Failure};

/// A load on a group.
#[derive(Debug)]
pub struct Load {
    /// What it is, in words.
    pub(crate) words: String,
    /// The load on the simulated group.
    pub(crate) case: Case,
}

impl Load {
    /// Generated load.
    ///
    /// # Errors
    /// Where `days` is 0 or too long, or `setup` makes no sense.
    pub fn generated(seed: u64, days: u32, setup: Setup) -> Result<Self, Failure> {
        let workload = Workload {
            days,
            ..Workload::demo(seed)
        };
        let trace = workload
            .generate("generated")
            .map_err(|error| Failure::of(Exit::Internal, &error))?;
        Ok(Self {
            words: format!("generated load (seed {seed})"),
            case: Case::new(trace, setup).map_err(|error| Failure::of(Exit::Config, &error))?,
        })
    }

    /// The load of a trace file.
    pub fn of_file(name: &str, case: Case) -> Self {
        Self {
            words: visible(name),
            case,
        }
    }

    /// The load on the simulated group.
    pub const fn case(&self) -> &Case {
        &self.case
    }
}
