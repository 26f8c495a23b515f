//! Where in the request the parser stands, so that a refusal can name the field.

use std::cell::Cell;
use std::fmt;

/// The features' names in the order of the positional form.
pub(super) const NAMES: [&str; 9] = [
    "cpu_usage",
    "memory_usage",
    "network_traffic",
    "power_consumption",
    "num_executed_instructions",
    "execution_time",
    "energy_efficiency",
    "task_type",
    "task_priority",
];

/// One place: the document, `features`, a row of the batch, or one feature of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// The document itself: no field to name.
    #[default]
    Document,
    /// `features`, or a row of it.
    Row(Option<usize>),
    /// The value at an index of a positional row.
    Positional { row: Option<usize>, index: usize },
    /// The value under a name of a named row.
    Named { row: Option<usize>, index: usize },
}

/// The place, shared by the nested seeds of one parse.
pub(super) type Trace = Cell<Place>;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Row(row) | Self::Positional { row, .. } | Self::Named { row, .. }) = *self
        else {
            return f.write_str("the document");
        };
        f.write_str("features")?;
        if let Some(row) = row {
            write!(f, "[{row}]")?;
        }
        let name = |index: usize| NAMES.get(index).copied().unwrap_or("beyond the ninth");
        match *self {
            Self::Positional { index, .. } => write!(f, "[{index}] ({})", name(index)),
            Self::Named { index, .. } => write!(f, ".{}", name(index)),
            Self::Document | Self::Row(_) => Ok(()),
        }
    }
}
