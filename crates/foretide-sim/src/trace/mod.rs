//! A load trace: demand on a fixed grid of time, with the gaps of its source counted.
//!
//! Refuses to invent: a row that cannot be read is an error that names file, line and column. What
//! is missing is held from the row before and stays countable as a gap.

mod aws;
mod chart;
mod describe;
mod error;
mod grid;
mod limit;
mod read;
mod reading;
mod record;
mod stamp;
mod zone;

use foretide_domain::Timestamp;

pub use chart::chart;
pub use describe::{Burstiness, Description, Seasonality, describe};
pub use error::TraceError;
pub use read::{read_csv, read_trace};
pub use reading::{Counted, Reading, Repeated, UnknownRepeated, Why};
pub use record::ReadOptions;
pub use zone::{UnknownZone, Zone};

use reading::RawRow;

/// Seconds in a day: `skip` and `days` cut whole ones.
pub(crate) const DAY_S: u32 = 86_400;

/// Most cells that a trace may span: ten years of minutes. A file with one stray timestamp would
/// else ask for memory without bound.
pub const MAX_CELLS: usize = 5_300_000;

/// Consecutive cells for which the source had no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First empty cell.
    pub from_cell: usize,
    /// Number of empty cells.
    pub cells: usize,
}

/// Demand over time, piecewise constant over cells of `step_s` seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    name: String,
    start: Timestamp,
    step_s: u32,
    demand: Vec<f64>,
    gaps: Vec<Gap>,
    rows: usize,
    reading: Reading,
}

impl Trace {
    /// A trace of `demand` in cells of `step_s` seconds from `start` on; negative demand becomes 0.
    ///
    /// # Errors
    /// Where there is no cell or more than [`MAX_CELLS`], a value is not finite, or the step is not
    /// within 10 s to a day.
    pub fn new(
        name: &str,
        start: Timestamp,
        step_s: u32,
        mut demand: Vec<f64>,
    ) -> Result<Self, TraceError> {
        if demand.is_empty() || demand.iter().any(|value| !value.is_finite()) {
            return Err(TraceError::NoData { file: name.into() });
        }
        grid::check_step(name, step_s)?;
        grid::check_cells(name, demand.len())?;
        for value in &mut demand {
            *value = value.max(0.0);
        }
        let rows = demand.len();
        Ok(Self {
            name: name.into(),
            start,
            step_s,
            demand,
            gaps: Vec::new(),
            rows,
            reading: Reading {
                rows,
                used: rows,
                ..Reading::default()
            },
        })
    }

    /// Name of the trace, for tables and file names.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same trace under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Start of the first cell.
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// Length of a cell in seconds.
    pub const fn step_s(&self) -> u32 {
        self.step_s
    }

    /// Demand a cell, in the trace's own unit; finite and never negative, empty cells held.
    pub fn demand(&self) -> &[f64] {
        &self.demand
    }

    /// Cells without a row, in order of time.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Number of cells that no row fell into.
    pub fn missing_cells(&self) -> usize {
        self.gaps.iter().map(|gap| gap.cells).sum()
    }

    /// Rows read from the source with distinct timestamps, before any cut.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// What became of the rows of the source, before any cut.
    pub const fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Length in seconds.
    pub fn span_s(&self) -> i64 {
        i64::try_from(self.demand.len()).unwrap_or(i64::MAX) * i64::from(self.step_s)
    }

    /// Whole days cut out of the trace, counted from its first cell on: `skip_days` are dropped,
    /// then at most `days` kept. The day that the trace ends in is filled up by holding the last
    /// value where `days` reaches into it; days beyond it are not invented.
    ///
    /// # Errors
    /// Where nothing is left.
    pub fn cut(&self, skip_days: u32, days: Option<u32>) -> Result<Self, TraceError> {
        let per_day = (DAY_S / self.step_s) as usize;
        let from = (skip_days as usize).saturating_mul(per_day);
        let len = self.demand.len();
        if from >= len || days == Some(0) {
            return Err(TraceError::NothingLeft {
                file: self.name.clone(),
                skip_days,
                cells: len,
            });
        }
        let to = match days {
            None => len,
            Some(days) => {
                let wanted = from.saturating_add((days as usize).saturating_mul(per_day));
                wanted.min(len.div_ceil(per_day).saturating_mul(per_day))
            }
        };
        let mut demand: Vec<f64> = self.demand[from..to.min(len)].to_vec();
        let last = self.demand[to.min(len) - 1];
        demand.resize(to - from, last);
        Ok(Self {
            name: self.name.clone(),
            start: Timestamp::from_millis(
                self.start.as_millis() + grid::cells_ms(from, self.step_s),
            ),
            step_s: self.step_s,
            gaps: grid::cut_gaps(&self.gaps, from, to, len),
            demand,
            rows: self.rows,
            reading: self.reading.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hourly(hours: usize) -> Trace {
        let demand = (0..hours).map(|hour| hour as f64).collect();
        Trace::new("t", Timestamp::from_seconds(0), 3600, demand).unwrap()
    }

    #[test]
    fn cutting_takes_whole_days_from_the_first_row_on() {
        let cut = hourly(72).cut(1, Some(1)).unwrap();
        assert_eq!(cut.start(), Timestamp::from_seconds(86_400));
        assert_eq!(cut.demand().len(), 24);
        assert_eq!(cut.demand()[0].to_bits(), 24.0_f64.to_bits());
    }

    #[test]
    fn the_last_day_is_filled_up_and_counted_as_a_gap() {
        let cut = hourly(30).cut(0, Some(9)).unwrap();
        assert_eq!(cut.demand().len(), 48);
        assert_eq!(cut.demand()[47].to_bits(), 29.0_f64.to_bits());
        assert_eq!(
            cut.gaps(),
            [Gap {
                from_cell: 30,
                cells: 18
            }]
        );
    }

    #[test]
    fn cutting_everything_away_is_an_error_that_says_so() {
        let error = hourly(24).cut(1, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t: nothing is left after skipping 1 days; the trace has 24 periods"
        );
    }
}
