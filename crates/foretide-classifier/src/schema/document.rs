//! The schema as it is written in files, and the checks between the two.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Categories, Column, Field, MAX_COLUMNS, Numeric, Schema};
use crate::error::SchemaError;

/// More than the categories that any field has.
const MAX_CATEGORIES: usize = 32;

/// Columns, scaling and categories under the names that the original's service uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchemaDocument {
    pub(crate) feature_columns: Vec<String>,
    pub(crate) scaling_cols: Vec<String>,
    pub(crate) mean: Vec<f64>,
    pub(crate) scale: Vec<f64>,
    pub(crate) categories: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// The schema of a document, if every column can be computed and every category told apart.
    pub(crate) fn from_document(document: SchemaDocument) -> Result<Self, SchemaError> {
        let given = document.feature_columns.len();
        if given == 0 || given > MAX_COLUMNS {
            return Err(SchemaError::ColumnCount {
                given,
                limit: MAX_COLUMNS,
            });
        }
        refuse_duplicates(&document.feature_columns)?;
        let scaling = scaling(&document)?;
        let categories = categories(&document)?;
        let columns = document
            .feature_columns
            .iter()
            .map(|name| {
                column(name, &scaling, &categories).ok_or_else(|| SchemaError::UnknownColumn {
                    column: shorten(name),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        for Categories { field, names } in &categories {
            let told_apart = |index| {
                columns.contains(&Column::OneHot {
                    field: *field,
                    index,
                })
            };
            if !(1..names.len()).all(told_apart) {
                return Err(SchemaError::Categories {
                    field: field.name().to_owned(),
                    problem: "every category but the first needs a feature column",
                });
            }
        }
        Ok(Self {
            document,
            columns,
            categories,
        })
    }
}

type Scaling = Vec<(Numeric, f64, f64)>;

fn scaling(document: &SchemaDocument) -> Result<Scaling, SchemaError> {
    let SchemaDocument {
        scaling_cols,
        mean,
        scale,
        ..
    } = document;
    if scaling_cols.len() != mean.len() || scaling_cols.len() != scale.len() {
        return Err(SchemaError::ScalingLengths {
            columns: scaling_cols.len(),
            means: mean.len(),
            scales: scale.len(),
        });
    }
    refuse_duplicates(scaling_cols)?;
    scaling_cols
        .iter()
        .zip(mean.iter().zip(scale))
        .map(|(name, (&mean, &scale))| {
            let number = Numeric::named(name).ok_or_else(|| SchemaError::UnknownScaled {
                column: shorten(name),
            })?;
            if mean.is_finite() && scale.is_finite() && scale > 0.0 {
                Ok((number, mean, scale))
            } else {
                Err(SchemaError::ScalingValue {
                    column: name.clone(),
                    mean,
                    scale,
                })
            }
        })
        .collect()
}

fn categories(document: &SchemaDocument) -> Result<Vec<Categories>, SchemaError> {
    document
        .categories
        .iter()
        .map(|(name, names)| {
            let refuse = |problem| SchemaError::Categories {
                field: shorten(name),
                problem,
            };
            let field = Field::named(name).ok_or_else(|| {
                refuse("no such field, expected task_type, task_priority or task_status")
            })?;
            if names.is_empty() || names.len() > MAX_CATEGORIES {
                return Err(refuse("expected 1 to 32 of them"));
            }
            refuse_duplicates(names)?;
            Ok(Categories {
                field,
                names: names.clone(),
            })
        })
        .collect()
}

/// A number that is not scaled is used as it is.
fn column(name: &str, scaling: &Scaling, categories: &[Categories]) -> Option<Column> {
    if let Some(source) = Numeric::named(name) {
        let scaled = scaling.iter().find(|(number, ..)| *number == source);
        let (mean, scale) = scaled.map_or((0.0, 1.0), |&(_, mean, scale)| (mean, scale));
        return Some(Column::Scaled {
            source,
            mean,
            scale,
        });
    }
    categories.iter().find_map(|Categories { field, names }| {
        let category = name.strip_prefix(field.name())?.strip_prefix('_')?;
        let index = names.iter().position(|name| name == category)?;
        Some(Column::OneHot {
            field: *field,
            index,
        })
    })
}

fn refuse_duplicates(names: &[String]) -> Result<(), SchemaError> {
    let mut seen = BTreeSet::new();
    match names.iter().find(|&name| !seen.insert(name)) {
        Some(name) => Err(SchemaError::Duplicate {
            name: shorten(name),
        }),
        None => Ok(()),
    }
}

/// Names of a foreign file go into messages, but not without bound.
fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}
