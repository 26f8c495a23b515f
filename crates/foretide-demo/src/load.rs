//! The load of a demo on its group.

use foretide_sim::{Case, Setup, Workload};
use foretide_terminal::shell::visible;
use foretide_terminal::{Exit, Failure};

/// A load on a group.
#[derive(Debug)]
pub struct Load {
    /// What it is, in words.
    pub(crate) words: String,
    /// The load on the simulated group. Its warm-up is the group's past.
    pub(crate) case: Case,
}

/// Days of history of generated load: as much as the recorded traces have that Foretide is measured
/// on.
const HISTORY_DAYS: u32 = 7;

impl Load {
    /// Generated load: `days` of it after a week of history.
    ///
    /// # Errors
    /// Where `days` is 0 or too long, or `setup` makes no sense.
    pub fn generated(seed: u64, days: u32, mut setup: Setup) -> Result<Self, Failure> {
        let trace = Workload::demo(days.saturating_add(HISTORY_DAYS), seed)
            .generate("generated")
            .map_err(|error| Failure::of(Exit::Internal, &error))?;
        setup.warmup_days = HISTORY_DAYS;
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
