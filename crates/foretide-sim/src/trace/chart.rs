//! A small text chart, so that a trace can be seen without leaving the terminal.

/// Eighths of a character cell, from empty to full.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws `values` as `height` lines of `width` characters, top line first, from 0 to the largest
/// value. Each column shows the largest of its values, so that no spike is lost.
pub fn chart(values: &[f64], width: usize, height: usize) -> String {
    let (width, height) = (width.min(values.len()).max(1), height.max(1));
    let most = values.iter().copied().fold(0.0, f64::max);
    let columns: Vec<usize> = (0..width)
        .map(|column| {
            let from = column * values.len() / width;
            let to = (column + 1) * values.len() / width;
            let column = values.get(from..to).unwrap_or_default();
            eighths(column.iter().copied().fold(0.0, f64::max), most, height)
        })
        .collect();
    let lines: Vec<String> = (0..height)
        .rev()
        .map(|line| {
            let block = |&filled: &usize| {
                let part = filled.saturating_sub(line * 8).min(8);
                BLOCKS.get(part).copied().unwrap_or(' ')
            };
            columns.iter().map(block).collect()
        })
        .collect();
    lines.join("\n")
}

fn eighths(value: f64, most: f64, height: usize) -> usize {
    if most <= 0.0 {
        return 0;
    }
    let full = (height * 8) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the height"
    )]
    let filled = (value / most * full).round() as usize;
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_rise_to_the_largest_value_and_keep_spikes() {
        assert_eq!(chart(&[0.0, 1.0, 2.0, 4.0], 4, 1), " ▂▄█");
        assert_eq!(chart(&[0.0, 4.0, 1.0, 1.0], 2, 2), "█ \n█▄");
    }

    #[test]
    fn nothing_and_zero_draw_nothing() {
        assert_eq!(chart(&[], 10, 1), " ");
        assert_eq!(chart(&[0.0, 0.0], 10, 1), "  ");
    }
}
