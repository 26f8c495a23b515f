//! The model that ships with the program: quantile trees trained on generated load, one set per
//! lead, for the hours before a group has a model of its own.
//!
//! `data/generic.bin` is written by `cargo run --release -p foretide-forecast --example
//! train_generic`; training again gives the same bytes (`-- --check` compares).

use thiserror::Error;

use crate::features::{FEATURES, FeatureState};
use crate::fitted::{FitError, FitParams, Fitted, TrainingSet, fit_set};
use crate::gbm::{Forest, GrowParams, Node, Tree};
use crate::generate::generated_load;
use crate::grid::Grid;

/// Leads, in periods of one and of five minutes, that a model ships for.
pub const GENERIC_LEADS: [(u32, &[u32]); 2] = [(1, &[3, 4, 5, 7, 9, 12]), (5, &[1, 2, 3, 4])];

const SHIPPED: &[u8] = include_bytes!("../data/generic.bin");
const MAGIC: &[u8; 4] = b"FTG1";
/// Made-up groups, the days of each, and rows taken of it.
const GROUPS: u64 = 2_000;
const MINUTES: usize = 2_400;
const ROWS_EACH: i64 = 31;
/// Before this the features reach back to nothing and target tracking decides.
const FIRST_MINUTE: i64 = 45;
const MISSING_LEFT: u8 = 0x80;

/// Bytes that are no set of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GenericError {
    /// The first bytes are not those of such a file.
    #[error("not a file of generic models")]
    Magic,
    /// The file ends early or goes on after its end.
    #[error("the file of generic models is cut off or too long at byte {0}")]
    Length(usize),
    /// A grid, feature or child that cannot be.
    #[error("a generic model holds an impossible value near byte {0}")]
    Value(usize),
}

/// The shipped model for `grid`: that of the nearest lead, the longer one of two as near.
pub fn generic(grid: Grid) -> Result<Option<Fitted>, GenericError> {
    let models = decode(SHIPPED)?;
    let distance = |m: &Fitted| {
        let lead = m.grid().lead_steps();
        let shorter = lead < grid.lead_steps();
        (lead.abs_diff(grid.lead_steps()), shorter)
    };
    Ok(models
        .into_iter()
        .filter(|m| m.grid().step_minutes() == grid.step_minutes())
        .min_by_key(distance)
        .map(|m| m.on(grid)))
}

/// Trains the model of one grid on generated load.
pub fn train_generic(grid: Grid) -> Result<Fitted, FitError> {
    let mut set = TrainingSet::default();
    for group in 0..GROUPS {
        add_group(&mut set, grid, group);
    }
    let params = FitParams {
        grow: GrowParams {
            min_rows: 300,
            ..GrowParams::default()
        },
    };
    fit_set(grid, &set, &params, 1)
}

/// Rows of one made-up group, spread evenly over its first day and a half.
fn add_group(set: &mut TrainingSet, grid: Grid, group: u64) {
    let step = i64::from(grid.step_minutes());
    let load = generated_load(group, MINUTES);
    let per = usize::try_from(step).unwrap_or(1);
    let periods: Vec<f64> = load
        .chunks_exact(per)
        .map(|c| c.iter().sum::<f64>() / per as f64)
        .collect();
    let lead = i64::from(grid.lead_steps());
    let last = i64::try_from(periods.len()).unwrap_or(0) - lead;
    let first = FIRST_MINUTE / step;
    let stride = ((last - first) / ROWS_EACH).max(1);
    let shift = i64::try_from(group).unwrap_or(0) % stride;
    // Groups start at different weekdays and minutes of the day.
    let start = i64::try_from(group).unwrap_or(0) * 997;
    let mut state = FeatureState::new(grid, start);
    let mut taken = 0;
    for (at, load) in (0_i64..last).zip(&periods) {
        state.push(*load);
        if at < first + shift || (at - first - shift) % stride != 0 || taken == ROWS_EACH {
            continue;
        }
        let later = usize::try_from(at + lead).ok().and_then(|t| periods.get(t));
        if let Some(later) = later {
            set.rows.push(state.row());
            set.targets
                .push(FeatureState::log_load(*later) - state.base());
            taken += 1;
        }
    }
}

/// Models as bytes, little-endian.
pub fn encode(models: &[Fitted]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(byte(models.len()));
    for model in models {
        out.push(byte(model.grid().step_minutes() as usize));
        out.push(byte(model.grid().lead_steps() as usize));
        out.extend(
            u32::try_from(model.rows())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
        for forest in model.forests() {
            out.extend(forest.start.to_le_bytes());
            out.push(byte(forest.trees.len()));
            forest
                .trees
                .iter()
                .for_each(|tree| encode_tree(tree, &mut out));
        }
    }
    out
}

fn encode_tree(tree: &Tree, out: &mut Vec<u8>) {
    out.push(byte(tree.nodes.len()));
    for node in &tree.nodes {
        out.push(node.feature | if node.missing_left { MISSING_LEFT } else { 0 });
        out.extend(node.threshold.to_le_bytes());
        out.extend(node.left.to_le_bytes());
        out.extend(node.right.to_le_bytes());
    }
    for leaf in &tree.leaves {
        out.extend(leaf.to_le_bytes());
    }
}

fn byte(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

/// Models from bytes that [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Result<Vec<Fitted>, GenericError> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(GenericError::Magic);
    }
    let count = reader.byte()?;
    let models = (0..count)
        .map(|_| decode_model(&mut reader))
        .collect::<Result<Vec<_>, _>>()?;
    if reader.at == bytes.len() {
        Ok(models)
    } else {
        Err(GenericError::Length(reader.at))
    }
}

fn decode_model(reader: &mut Reader<'_>) -> Result<Fitted, GenericError> {
    let (step, lead) = (reader.byte()?, reader.byte()?);
    let grid = Grid::new(step.into(), lead.into()).map_err(|_| GenericError::Value(reader.at))?;
    let rows = u32::from_le_bytes(reader.array()?) as usize;
    let mut forests: [Forest; 5] = Default::default();
    for forest in &mut forests {
        forest.start = reader.float()?;
        let trees = reader.byte()?;
        forest.trees = (0..trees)
            .map(|_| decode_tree(reader))
            .collect::<Result<Vec<_>, _>>()?;
    }
    Ok(Fitted::from_forests(grid, forests, rows))
}

fn decode_tree(reader: &mut Reader<'_>) -> Result<Tree, GenericError> {
    let count = reader.byte()?;
    let mut nodes = Vec::with_capacity(count.into());
    for _ in 0..count {
        let packed = reader.byte()?;
        let threshold = reader.float()?;
        let [left, right] = reader.array()?.map(|b: u8| i8::from_le_bytes([b]));
        let feature = packed & !MISSING_LEFT;
        let child_is_there = |c: i8| {
            let inner = u8::try_from(c).is_ok_and(|c| c < count);
            inner || u8::try_from(!c).is_ok_and(|leaf| leaf <= count)
        };
        if usize::from(feature) >= FEATURES || !child_is_there(left) || !child_is_there(right) {
            return Err(GenericError::Value(reader.at));
        }
        nodes.push(Node {
            threshold,
            feature,
            missing_left: packed & MISSING_LEFT != 0,
            left,
            right,
        });
    }
    let leaves = (0..=count)
        .map(|_| reader.float())
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Tree { nodes, leaves })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], GenericError> {
        let end = self.at.saturating_add(count);
        let taken = self.bytes.get(self.at..end);
        let taken = taken.ok_or(GenericError::Length(self.at))?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GenericError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| GenericError::Length(self.at))
    }

    fn byte(&mut self) -> Result<u8, GenericError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    fn float(&mut self) -> Result<f32, GenericError> {
        let value = f32::from_le_bytes(self.array()?);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(GenericError::Value(self.at))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_what_encoding_it_again_gives() {
        let models = decode(SHIPPED).unwrap();
        assert_eq!(encode(&models), SHIPPED);
        let leads: usize = GENERIC_LEADS.iter().map(|(_, leads)| leads.len()).sum();
        assert_eq!(models.len(), leads);
    }

    #[test]
    fn every_grid_gets_a_model_of_its_own_period() {
        for (step, boot) in [(1, 1), (1, 3), (1, 10), (1, 20), (5, 3), (5, 12)] {
            let grid = Grid::for_boot(step, boot).unwrap();
            let model = generic(grid).unwrap().unwrap();
            assert_eq!(model.grid(), grid);
            let rough = model.quantiles(&[f32::NAN; FEATURES]);
            assert!(rough[4] > rough[0], "{rough:?}");
        }
    }

    #[test]
    fn damaged_bytes_are_refused_and_never_panic() {
        assert_eq!(decode(b"nope"), Err(GenericError::Magic));
        for cut in (4..SHIPPED.len()).step_by(4_999) {
            assert!(decode(&SHIPPED[..cut]).is_err(), "{cut}");
        }
        let longer = [SHIPPED, b"x"].concat();
        assert_eq!(decode(&longer), Err(GenericError::Length(SHIPPED.len())));
        let mut flipped = SHIPPED.to_vec();
        for at in (0..flipped.len()).step_by(997) {
            flipped[at] ^= 0xff;
            drop(decode(&flipped));
            flipped[at] ^= 0xff;
        }
    }
}
