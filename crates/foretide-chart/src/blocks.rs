//! Charts of block characters: bars to an eighth of a row, and a line over them.

/// Bars from empty to full.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A cell of a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Part of a bar, in eighths of the row.
    Bar(usize),
    /// The line, above the bar.
    Line,
    /// The line, within the bar: the bar is higher.
    LineWithin,
}

impl Cell {
    /// How it looks without colour.
    pub const fn symbol(self) -> char {
        match self {
            Self::Bar(eighths) => EIGHTHS[if eighths > 8 { 8 } else { eighths }],
            Self::Line => '─',
            Self::LineWithin => '┅',
        }
    }
}

/// Puts `values` into `columns` buckets of equal length and takes `of` each; none where a bucket is
/// empty, which happens only with fewer values than columns.
pub fn buckets(values: &[f64], columns: usize, of: impl Fn(&[f64]) -> f64) -> Vec<Option<f64>> {
    let columns_wanted = columns.max(1);
    (0..columns_wanted)
        .map(|column| {
            let from = column * values.len() / columns_wanted;
            let to = (column + 1) * values.len() / columns_wanted;
            let bucket = values.get(from..to).unwrap_or_default();
            (!bucket.is_empty()).then(|| of(bucket))
        })
        .collect()
}

/// The largest of `values`; 0 of none.
pub fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// The mean of `values`; 0 of none.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        0.0
    } else {
        values.iter().sum::<f64>() / values.len() as f64
    }
}

/// Draws `bars` and, where given, a `line` in `rows` rows of a scale from 0 to `top`; the first row
/// is the uppermost.
pub fn draw(bars: &[Option<f64>], line: &[Option<f64>], top: f64, rows: usize) -> Vec<Vec<Cell>> {
    let scale = if top > 0.0 {
        (rows * 8) as f64 / top
    } else {
        0.0
    };
    let height = |value: &Option<f64>| value.map(|value| eighths(value * scale, rows));
    let row_of = |row: usize| rows - 1 - row;
    (0..rows)
        .map(|row| {
            let below = row_of(row) * 8;
            let cells = bars.iter().enumerate().map(|(column, bar)| {
                let bar = height(bar).unwrap_or(0);
                let filled = bar.saturating_sub(below).min(8);
                let line = line.get(column).and_then(height);
                // The line lies in the row that its value ends in, even where that is full.
                match line.filter(|line| line.saturating_sub(1) / 8 == row_of(row)) {
                    Some(line) if bar > line => Cell::LineWithin,
                    Some(_) => Cell::Line,
                    None => Cell::Bar(filled),
                }
            });
            cells.collect()
        })
        .collect()
}

/// A height in eighths of a row; what is above nothing shows.
fn eighths(height: f64, rows: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and the chart's height bounds it"
    )]
    let whole = height.round().max(0.0) as usize;
    let visible = whole.max(usize::from(height > 0.0));
    visible.min(rows * 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cells: &[Vec<Cell>]) -> Vec<String> {
        let row = |row: &Vec<Cell>| row.iter().map(|cell| cell.symbol()).collect();
        cells.iter().map(row).collect()
    }

    #[test]
    fn bars_have_the_height_of_their_value() {
        let bars = [Some(0.0), Some(0.5), Some(1.0), Some(1.5), Some(2.0), None];
        assert_eq!(text(&draw(&bars, &[], 2.0, 2)), ["   ▄█ ", " ▄███ "]);
    }

    #[test]
    fn a_line_below_the_bar_is_told_from_one_above() {
        let bars = [Some(1.0), Some(4.0)];
        let line = [Some(3.0), Some(1.0)];
        assert_eq!(text(&draw(&bars, &line, 4.0, 4)), [" █", "─█", " █", "█┅"]);
    }

    #[test]
    fn what_is_little_is_still_seen_and_nothing_is_not() {
        let bars = [Some(0.001), Some(0.0)];
        assert_eq!(text(&draw(&bars, &[], 100.0, 1)), ["▁ "]);
        assert_eq!(text(&draw(&bars, &[], 0.0, 1)), ["  "]);
    }

    #[test]
    fn buckets_hold_every_value_once() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        let sums = buckets(&values, 3, |bucket| bucket.iter().sum());
        assert_eq!(sums, [Some(3.0), Some(12.0), Some(30.0)]);
        assert_eq!(buckets(&values[..1], 2, mean), [None, Some(0.0)]);
    }
}
