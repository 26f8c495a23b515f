//! From rows at any time to cells of a fixed step: the rules of the simulated world.
//!
//! The step is the commonest distance between neighbouring distinct timestamps (the smaller one
//! where two are equally common), rounded to whole seconds and at least the world's 10 s. Cells
//! start at multiples of it from midnight UTC of the day of the first row.

use foretide_domain::Timestamp;

use super::reading::{self, Counted, Row};
use super::{DAY_S, Gap, MAX_CELLS, RawRow, ReadOptions, Trace, TraceError, zone};

/// The world advances in steps of 10 s; finer rows are averaged into those.
const SMALLEST_STEP_S: u64 = 10;
const DAY_MS: i64 = DAY_S as i64 * 1000;

/// The trace that `rows` make, which may stand in any order. `no_datapoints` are lines of the file
/// beside them.
pub(super) fn build(
    name: &str,
    mut rows: Vec<RawRow>,
    options: &ReadOptions,
    no_datapoints: Option<Counted>,
) -> Result<Trace, TraceError> {
    zone::resolve(name, &mut rows, options.zone.as_ref())?;
    let (rows, reading) = reading::settled(name, rows, options.repeated, no_datapoints)?;
    let (Some(&(first, _)), Some(&(last, _))) = (rows.first(), rows.last()) else {
        return Err(TraceError::NoData { file: name.into() });
    };
    let step_s = match options.step_s {
        Some(step_s) => step_s,
        None => detect_step(name, &rows)?,
    };
    check_step(name, step_s)?;
    let step_ms = i64::from(step_s) * 1000;
    let midnight = first.div_euclid(DAY_MS) * DAY_MS;
    let start = midnight + (first - midnight).div_euclid(step_ms) * step_ms;
    let cells = ((last - start) / step_ms).unsigned_abs() + 1;
    let cells = usize::try_from(cells).unwrap_or(usize::MAX);
    check_cells(name, cells)?;
    let rows_with_value = rows.iter().filter(|(_, value)| value.is_some()).count();
    let (demand, gaps) = fill(&rows, start, step_ms, cells)
        .ok_or_else(|| TraceError::NoData { file: name.into() })?;
    Ok(Trace {
        name: name.into(),
        start: Timestamp::from_millis(start),
        step_s,
        demand,
        gaps,
        rows: rows_with_value,
        reading,
    })
}

/// Whether a step can be simulated.
pub(super) fn check_step(name: &str, step_s: u32) -> Result<(), TraceError> {
    let step_s = u64::from(step_s);
    if (SMALLEST_STEP_S..=u64::from(DAY_S)).contains(&step_s) {
        Ok(())
    } else {
        Err(TraceError::StepOutOfRange {
            file: name.into(),
            step_s,
        })
    }
}

/// Whether so many cells are within bounds.
pub(super) fn check_cells(name: &str, cells: usize) -> Result<(), TraceError> {
    if cells <= MAX_CELLS {
        Ok(())
    } else {
        Err(TraceError::TooLong {
            file: name.into(),
            cells: cells as u64,
            most: MAX_CELLS,
        })
    }
}

/// Milliseconds that so many cells take.
pub(super) fn cells_ms(cells: usize, step_s: u32) -> i64 {
    i64::try_from(cells).unwrap_or(i64::MAX / DAY_MS) * i64::from(step_s) * 1000
}

/// The gaps within `from..to`, counted from `from`; cells from `len` on are a gap as well.
pub(super) fn cut_gaps(gaps: &[Gap], from: usize, to: usize, len: usize) -> Vec<Gap> {
    let tail = Gap {
        from_cell: len,
        cells: to.saturating_sub(len),
    };
    let mut cut: Vec<Gap> = Vec::new();
    for gap in gaps.iter().chain([&tail]) {
        let start = gap.from_cell.max(from);
        let end = (gap.from_cell + gap.cells).min(to);
        if start >= end {
            continue;
        }
        match cut.last_mut() {
            Some(before) if before.from_cell + before.cells == start - from => {
                before.cells += end - start;
            }
            _ => cut.push(Gap {
                from_cell: start - from,
                cells: end - start,
            }),
        }
    }
    cut
}

fn detect_step(name: &str, rows: &[Row]) -> Result<u32, TraceError> {
    let mut distances: Vec<i64> = rows
        .windows(2)
        .filter_map(|pair| Some(pair.get(1)?.0 - pair.first()?.0))
        .collect();
    distances.sort_unstable();
    let mut commonest: Option<(usize, i64)> = None;
    for run in distances.chunk_by(|a, b| a == b) {
        if let Some(&distance) = run.first()
            && commonest.is_none_or(|(count, _)| run.len() > count)
        {
            commonest = Some((run.len(), distance));
        }
    }
    let (_, distance) = commonest.ok_or_else(|| TraceError::NoStep { file: name.into() })?;
    let seconds = (distance.unsigned_abs() + 500) / 1000;
    u32::try_from(seconds.max(SMALLEST_STEP_S)).map_err(|_| TraceError::StepOutOfRange {
        file: name.into(),
        step_s: seconds,
    })
}

/// Means a cell, empty cells held; none where the first value is missing for good. Cells before
/// the first value hold it, since there is nothing before it.
fn fill(rows: &[Row], start: i64, step_ms: i64, cells: usize) -> Option<(Vec<f64>, Vec<Gap>)> {
    let mut demand = vec![f64::NAN; cells];
    let mut counted: (usize, f64) = (usize::MAX, 0.0);
    for &(at, value) in rows {
        let Some(value) = value else { continue };
        let cell = usize::try_from((at - start) / step_ms).ok()?;
        let mean = demand.get_mut(cell)?;
        if counted.0 == cell {
            counted.1 += 1.0;
            *mean += (value - *mean) / counted.1;
        } else {
            counted = (cell, 1.0);
            *mean = value;
        }
    }
    let mut held = demand.iter().copied().find(|value| !value.is_nan())?;
    let mut gaps: Vec<Gap> = Vec::new();
    for (cell, value) in demand.iter_mut().enumerate() {
        if !value.is_nan() {
            held = *value;
            continue;
        }
        *value = held;
        match gaps.last_mut() {
            Some(gap) if gap.from_cell + gap.cells == cell => gap.cells += 1,
            _ => gaps.push(Gap {
                from_cell: cell,
                cells: 1,
            }),
        }
    }
    Some((demand, gaps))
}
