//! One row of nine features, positional as in the original or named. Built value by value, without
//! an intermediate tree, so that a wrong value ends the parse where it stands and a large body
//! never becomes larger in memory.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use foretide_domain::{Features, TaskPriority, TaskType};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use crate::rows::MAX_BATCH_ROWS;

use super::place::{NAMES, Place, Trace};

/// The first seven features are numbers, the last two categories.
const NUMBERS: usize = 7;

/// A row as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    numbers: [Option<f64>; NUMBERS],
    task_type: Option<TaskType>,
    task_priority: Option<TaskPriority>,
}

impl Draft {
    pub(super) fn beginning_with(cpu_usage: f64) -> Self {
        let mut draft = Self::default();
        draft.numbers[0] = Some(cpu_usage);
        draft
    }

    fn holds(&self, index: usize) -> bool {
        match self.numbers.get(index) {
            Some(number) => number.is_some(),
            None if index == NUMBERS => self.task_type.is_some(),
            None => self.task_priority.is_some(),
        }
    }

    /// The whole row, or the index of the first value that it lacks.
    fn finish(&self) -> Result<Features, usize> {
        let missing = || {
            (0..NAMES.len())
                .find(|&index| !self.holds(index))
                .unwrap_or(0)
        };
        let [
            Some(cpu_usage),
            Some(memory_usage),
            Some(network_traffic),
            Some(power_consumption),
            Some(num_executed_instructions),
            Some(execution_time),
            Some(energy_efficiency),
        ] = self.numbers
        else {
            return Err(missing());
        };
        let (Some(task_type), Some(task_priority)) = (self.task_type, self.task_priority) else {
            return Err(missing());
        };
        Ok(Features {
            cpu_usage,
            memory_usage,
            network_traffic,
            power_consumption,
            num_executed_instructions,
            execution_time,
            energy_efficiency,
            task_type,
            task_priority,
        })
    }
}

/// Reads the rest of a positional row, from value `from` on.
pub(super) fn finish_positional<'de, A: SeqAccess<'de>>(
    mut values: A,
    mut draft: Draft,
    from: usize,
    row: Option<usize>,
    trace: &Trace,
) -> Result<Features, A::Error> {
    for index in from..NAMES.len() {
        trace.set(Place::Positional { row, index });
        let draft = &mut draft;
        if values.next_element_seed(Value { draft, index })?.is_none() {
            trace.set(Place::Row(row));
            return Err(wrong_length(index));
        }
    }
    trace.set(Place::Row(row));
    let mut length = NAMES.len();
    while values.next_element::<IgnoredAny>()?.is_some() {
        length += 1;
    }
    if length > NAMES.len() {
        return Err(wrong_length(length));
    }
    draft.finish().map_err(|_| wrong_length(length))
}

fn wrong_length<E: Error>(length: usize) -> E {
    E::custom(format_args!(
        "{length} values, expected {}: {}",
        NAMES.len(),
        NAMES.join(", ")
    ))
}

/// Reads a named row.
pub(super) fn read_named<'de, A: MapAccess<'de>>(
    mut fields: A,
    row: Option<usize>,
    trace: &Trace,
) -> Result<Features, A::Error> {
    let mut draft = Draft::default();
    trace.set(Place::Row(row));
    while let Some(index) = fields.next_key_seed(Name)? {
        trace.set(Place::Named { row, index });
        if draft.holds(index) {
            return Err(A::Error::custom("given twice"));
        }
        let draft = &mut draft;
        fields.next_value_seed(Value { draft, index })?;
        trace.set(Place::Row(row));
    }
    draft.finish().map_err(|index| {
        trace.set(Place::Named { row, index });
        A::Error::custom("missing")
    })
}

/// A row of a batch.
pub(super) struct Row<'t> {
    pub(super) index: usize,
    pub(super) trace: &'t Trace,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Features;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Features, D::Error> {
        if self.index >= MAX_BATCH_ROWS {
            self.trace.set(Place::Row(None));
            return Err(D::Error::custom(format_args!(
                "more than {MAX_BATCH_ROWS} rows in a batch"
            )));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Features;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of 9 values or an object with the 9 names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Features, A::Error> {
        finish_positional(values, Draft::default(), 0, Some(self.index), self.trace)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Features, A::Error> {
        read_named(fields, Some(self.index), self.trace)
    }
}

/// The value at an index, into the draft.
struct Value<'d> {
    draft: &'d mut Draft,
    index: usize,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if let Some(number) = self.draft.numbers.get_mut(self.index) {
            *number = Some(deserializer.deserialize_f64(Number)?);
        } else if self.index == NUMBERS {
            self.draft.task_type = Some(deserializer.deserialize_str(Category(PhantomData))?);
        } else {
            self.draft.task_priority = Some(deserializer.deserialize_str(Category(PhantomData))?);
        }
        Ok(())
    }
}

/// A number of at least 0. JSON has no other kind that needs refusing: no NaN, no infinity.
pub(super) struct Number;

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of at least 0")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        if value >= 0.0 && value.is_finite() {
            Ok(value)
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }
}

/// The name of a category of type `T`.
struct Category<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Category<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a category")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        name.parse().map_err(E::custom)
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a feature")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        NAMES
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| E::unknown_field(name, &NAMES))
    }
}
