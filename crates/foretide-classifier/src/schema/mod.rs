//! From nine features to the columns that the trees see: interaction features, scaling, one-hot by
//! the categories of the training, in the order of the schema. Steps 8 of the original, mended.
//!
//! A column that the schema names and nothing can fill is an error when the schema is built; no
//! column is ever filled with zeros for want of a value.

mod document;
mod numeric;
mod values;

use foretide_domain::{Features, TaskPriority, TaskType};

pub(crate) use self::document::SchemaDocument;
pub(crate) use self::numeric::Numeric;
pub use self::values::{FeatureValue, features_from_values};
use crate::error::{FeatureError, SchemaError};

/// More columns than any schema of these features needs; rows live on the stack at this width.
pub(crate) const MAX_COLUMNS: usize = 32;

/// Every live group is "completed" in the original; models trained with the column keep working.
const LIVE_STATUS: &str = "completed";

/// Which columns there are and how each is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    document: SchemaDocument,
    columns: Vec<Column>,
    categories: Vec<Categories>,
}

/// How one column is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    /// `(number − mean) / scale`.
    Scaled {
        source: Numeric,
        mean: f64,
        scale: f64,
    },
    /// 1 where the field has the category at this index, else 0.
    OneHot { field: Field, index: usize },
}

/// The categorical features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Type,
    Priority,
    Status,
}

/// The categories that a field had in training.
#[derive(Clone, Debug, PartialEq)]
struct Categories {
    field: Field,
    names: Vec<String>,
}

impl Field {
    const ALL: [Self; 3] = [Self::Type, Self::Priority, Self::Status];

    const fn name(self) -> &'static str {
        match self {
            Self::Type => "task_type",
            Self::Priority => "task_priority",
            Self::Status => "task_status",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    fn value_in(self, features: &Features) -> &'static str {
        match self {
            Self::Type => features.task_type.name(),
            Self::Priority => features.task_priority.name(),
            Self::Status => LIVE_STATUS,
        }
    }
}

impl Schema {
    /// Reads `{"feature_columns", "scaling_cols", "mean", "scale", "categories"}`, the form in
    /// which the preprocessing of a model trained in Python is brought in.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SchemaError> {
        let document = serde_json::from_slice(bytes).map_err(SchemaError::Document)?;
        Self::from_document(document)
    }

    /// The schema of Foretide's own training: every number but `energy_efficiency` (which the
    /// seed's model does not use either), every category but the first of its field; scaled to
    /// mean 0 and standard deviation 1 over `rows`, a constant number by 1.
    pub(crate) fn fitted<'a>(
        rows: &(impl Iterator<Item = &'a Features> + Clone),
    ) -> Result<Self, SchemaError> {
        let numbers = Numeric::ALL
            .into_iter()
            .filter(|&n| n != Numeric::EnergyEfficiency);
        let scaling_cols: Vec<_> = numbers.clone().map(|n| n.name().to_owned()).collect();
        let (mean, scale) = numbers.map(|n| n.moments(rows.clone())).unzip();
        let types = TaskType::ALL
            .iter()
            .map(|kind| kind.name().to_owned())
            .collect();
        let priorities = TaskPriority::ALL
            .iter()
            .map(|level| level.name().to_owned())
            .collect();
        let fields: [(Field, Vec<String>); 2] =
            [(Field::Type, types), (Field::Priority, priorities)];
        let one_hot = fields.iter().flat_map(|(field, names)| {
            names
                .iter()
                .skip(1)
                .map(|name| format!("{}_{name}", field.name()))
        });
        Self::from_document(SchemaDocument {
            feature_columns: scaling_cols.iter().cloned().chain(one_hot).collect(),
            scaling_cols,
            mean,
            scale,
            categories: fields
                .map(|(field, names)| (field.name().to_owned(), names))
                .into(),
        })
    }

    /// The columns' names in their order.
    pub fn column_names(&self) -> &[String] {
        &self.document.feature_columns
    }

    pub(crate) fn document(&self) -> &SchemaDocument {
        &self.document
    }

    /// The columns of one row, in the order of the schema.
    pub fn preprocess(&self, features: &Features) -> Result<Vec<f64>, FeatureError> {
        let mut row = [0.0; MAX_COLUMNS];
        Ok(self.fill(features, &mut row)?.to_vec())
    }

    /// [`Self::preprocess`] into the front of `row`.
    pub(crate) fn fill<'a>(
        &self,
        features: &Features,
        row: &'a mut [f64; MAX_COLUMNS],
    ) -> Result<&'a [f64], FeatureError> {
        check(features)?;
        let numbers = Numeric::all_of(features);
        let chosen = self.categories_of(features)?;
        let (row, _) = row.split_at_mut(self.columns.len());
        for (cell, column) in row.iter_mut().zip(&self.columns) {
            *cell = match *column {
                Column::Scaled {
                    source,
                    mean,
                    scale,
                } => (numbers[source as usize] - mean) / scale,
                Column::OneHot { field, index } => {
                    f64::from(u8::from(chosen[field as usize] == Some(index)))
                }
            };
        }
        Ok(row)
    }

    /// The index of each field's category among those of the training.
    fn categories_of(&self, features: &Features) -> Result<[Option<usize>; 3], FeatureError> {
        let mut chosen = [None; 3];
        for Categories { field, names } in &self.categories {
            let value = field.value_in(features);
            let index = names.iter().position(|name| name == value);
            chosen[*field as usize] =
                Some(index.ok_or_else(|| FeatureError::UntrainedCategory {
                    field: field.name(),
                    value,
                    expected: names.join(", "),
                })?);
        }
        Ok(chosen)
    }
}

/// Refuses numbers that no group has.
pub(crate) fn check(features: &Features) -> Result<(), FeatureError> {
    for (field, value) in Numeric::raw_of(features) {
        if !value.is_finite() {
            return Err(FeatureError::NotFinite { field, value });
        }
        if value < 0.0 {
            return Err(FeatureError::Negative { field, value });
        }
    }
    Ok(())
}
