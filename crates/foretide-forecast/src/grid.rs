//! The grid of monitoring periods that everything here counts in, and the lead time on it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Index of a monitoring period: whole periods since 1970-01-01T00:00:00Z.
pub type Period = i64;

/// Length of a period and lead of the forecast on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct Grid {
    step_minutes: u32,
    lead_steps: u32,
}

#[derive(Serialize, Deserialize)]
struct Record {
    step_minutes: u32,
    lead_steps: u32,
}

impl From<Grid> for Record {
    fn from(grid: Grid) -> Self {
        Self {
            step_minutes: grid.step_minutes,
            lead_steps: grid.lead_steps,
        }
    }
}

impl TryFrom<Record> for Grid {
    type Error = GridError;

    fn try_from(record: Record) -> Result<Self, GridError> {
        Self::new(record.step_minutes, record.lead_steps)
    }
}

/// A grid that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GridError {
    /// Periods must be one or five minutes, as EC2 publishes them.
    #[error("monitoring periods are one or five minutes long, not {0}")]
    Step(u32),
    /// The analogs reach back half an hour and must lie in the past.
    #[error("a lead of {lead_steps} periods is not between 1 and {max}")]
    Lead {
        /// The lead asked for.
        lead_steps: u32,
        /// The longest lead.
        max: u32,
    },
}

impl Grid {
    /// A grid of `step_minutes` (1 or 5) whose forecast aims `lead_steps` periods ahead.
    pub const fn new(step_minutes: u32, lead_steps: u32) -> Result<Self, GridError> {
        let max = match step_minutes {
            1 => 26,
            5 => 5,
            other => return Err(GridError::Step(other)),
        };
        if lead_steps == 0 || lead_steps > max {
            return Err(GridError::Lead { lead_steps, max });
        }
        Ok(Self {
            step_minutes,
            lead_steps,
        })
    }

    /// The grid for a boot of `boot_minutes` (rounded up), with metrics visible 60 s after a
    /// period.
    ///
    /// The lead is the first period that a launch decided on the newest one serves: with
    /// one-minute periods `2 + boot`; with five-minute ones a decision at minute `5p + 6` governs
    /// minutes `5p + 6 + boot` to `5p + 10 + boot`, so `floor((8 + boot) / 5)`. Leads beyond
    /// the longest are cut to it.
    pub const fn for_boot(step_minutes: u32, boot_minutes: u32) -> Result<Self, GridError> {
        let (lead, max) = match step_minutes {
            1 => (2_u32.saturating_add(boot_minutes), 26),
            5 => (8_u32.saturating_add(boot_minutes) / 5, 5),
            other => return Err(GridError::Step(other)),
        };
        Self::new(step_minutes, if lead > max { max } else { lead })
    }

    /// Minutes per period.
    pub const fn step_minutes(self) -> u32 {
        self.step_minutes
    }

    /// Periods from the newest one to the one forecast.
    pub const fn lead_steps(self) -> u32 {
        self.lead_steps
    }

    /// The period that holds a point in time given in seconds since the epoch.
    pub const fn period_at(self, epoch_seconds: i64) -> Period {
        epoch_seconds.div_euclid(self.step_minutes as i64 * 60)
    }

    /// Periods in `minutes`, to the nearest, at least one.
    pub fn periods(self, minutes: u32) -> i64 {
        let step = i64::from(self.step_minutes);
        ((i64::from(minutes) + step / 2) / step).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_follow_the_boot() {
        let lead = |step, boot| Grid::for_boot(step, boot).map(Grid::lead_steps);
        assert_eq!(lead(1, 3), Ok(5));
        assert_eq!(lead(1, 10), Ok(12));
        assert_eq!(lead(5, 3), Ok(2));
        assert_eq!(lead(1, 500), Ok(26));
        assert_eq!(lead(2, 3), Err(GridError::Step(2)));
    }
}
