//! Features from nine bare values in the original's order.

use std::str::FromStr;

use foretide_domain::Features;

use super::{Field, Numeric};
use crate::error::FeatureError;

/// One of nine values: the first seven are numbers, the last two names of categories.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureValue {
    /// A number.
    Number(f64),
    /// A category's name.
    Text(String),
}

/// The features that nine values in the original's order stand for.
pub fn features_from_values(values: &[FeatureValue]) -> Result<Features, FeatureError> {
    let [
        cpu,
        memory,
        network,
        power,
        instructions,
        time,
        efficiency,
        kind,
        priority,
    ] = values
    else {
        let numbers = Numeric::ALL.iter().take(7).map(|number| number.name());
        let names: Vec<_> = numbers
            .chain([Field::Type.name(), Field::Priority.name()])
            .collect();
        return Err(FeatureError::WrongCount {
            given: values.len(),
            expected: names.join(", "),
        });
    };
    Ok(Features {
        cpu_usage: number(Numeric::CpuUsage, cpu)?,
        memory_usage: number(Numeric::MemoryUsage, memory)?,
        network_traffic: number(Numeric::NetworkTraffic, network)?,
        power_consumption: number(Numeric::PowerConsumption, power)?,
        num_executed_instructions: number(Numeric::NumExecutedInstructions, instructions)?,
        execution_time: number(Numeric::ExecutionTime, time)?,
        energy_efficiency: number(Numeric::EnergyEfficiency, efficiency)?,
        task_type: category(Field::Type, kind)?,
        task_priority: category(Field::Priority, priority)?,
    })
}

fn number(feature: Numeric, value: &FeatureValue) -> Result<f64, FeatureError> {
    match value {
        FeatureValue::Number(number) => Ok(*number),
        FeatureValue::Text(_) => Err(FeatureError::WrongType {
            field: feature.name(),
            expected: "a number",
        }),
    }
}

fn category<T>(field: Field, value: &FeatureValue) -> Result<T, FeatureError>
where
    T: FromStr,
    FeatureError: From<T::Err>,
{
    match value {
        FeatureValue::Text(name) => Ok(name.parse::<T>()?),
        FeatureValue::Number(_) => Err(FeatureError::WrongType {
            field: field.name(),
            expected: "the name of a category",
        }),
    }
}
