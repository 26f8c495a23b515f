//! `PutMetricData`: custom metrics.

use std::time::Duration;

use foretide_domain::Timestamp;
use serde::Deserialize;

use super::shapes::Dimension;
use super::statistics::align;
use crate::custom::Name;
use crate::emulator::State;
use crate::epoch::Epoch;
use crate::error::ApiError;
use crate::series::StatSet;

/// Most metrics, values and dimensions, as in `CloudWatch`.
const METRICS_MAX: usize = 1000;
const VALUES_MAX: usize = 150;
const DIMENSIONS_MAX: usize = 30;
/// How far a point may lie in the past and in the future, as in `CloudWatch`.
const PAST: Duration = Duration::from_hours(14 * 24);
const FUTURE: Duration = Duration::from_hours(2);
/// Largest number that `CloudWatch` takes: 2 to the power of 360.
const LARGEST: f64 = 2.348_542_582_773_834e108;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct PutMetricData {
    namespace: String,
    metric_data: Vec<Datum>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Datum {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(default)]
    timestamp: Option<Epoch>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(default)]
    statistic_values: Option<Set>,
    #[serde(default)]
    values: Option<Vec<f64>>,
    #[serde(default)]
    counts: Option<Vec<f64>>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    storage_resolution: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Set {
    sample_count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl Set {
    fn samples(
        &self,
        start: Timestamp,
        named: &impl Fn(&str) -> String,
    ) -> Result<StatSet, ApiError> {
        for (number, member) in [
            (self.sum, "Sum"),
            (self.minimum, "Minimum"),
            (self.maximum, "Maximum"),
            (self.sample_count, "SampleCount"),
        ] {
            check_number(number, &named(&format!("StatisticValues.{member}")))?;
        }
        if self.sample_count <= 0.0 || self.minimum > self.maximum {
            return Err(ApiError::parameter(
                "the StatisticValues contradict each other",
            ));
        }
        Ok(StatSet {
            start,
            samples: self.sample_count,
            sum: self.sum,
            min: self.minimum,
            max: self.maximum,
        })
    }
}

/// Either all metrics of the call are stored or none, limits of the emulator aside.
pub(super) fn metric_data(
    state: &mut State,
    input: PutMetricData,
    now: Timestamp,
) -> Result<(), ApiError> {
    let namespace = input.namespace;
    if namespace.starts_with("AWS/") {
        return Err(ApiError::parameter(
            "The value AWS/ for parameter Namespace is invalid. Namespaces that begin with AWS/ \
             are reserved for AWS services.",
        ));
    }
    if !(1..=255).contains(&namespace.len()) || namespace.starts_with(':') {
        return Err(ApiError::parameter(
            "Namespace has 1 to 255 characters, the first is no colon",
        ));
    }
    if input.metric_data.is_empty() || input.metric_data.len() > METRICS_MAX {
        return Err(ApiError::parameter("MetricData has 1 to 1000 metrics"));
    }
    let mut all = Vec::with_capacity(input.metric_data.len());
    for (place, datum) in input.metric_data.into_iter().enumerate() {
        let unit = checked_unit(datum.unit.as_deref())?
            .unwrap_or("None")
            .to_owned();
        let samples = datum.samples(place + 1, now)?;
        let mut dimensions: Vec<_> = datum
            .dimensions
            .into_iter()
            .map(|one| (one.name, one.value))
            .collect();
        dimensions.sort();
        let proper = |(name, value): &(String, String)| {
            (1..=255).contains(&name.len()) && (1..=1024).contains(&value.len())
        };
        if dimensions.len() > DIMENSIONS_MAX || !dimensions.iter().all(proper) {
            return Err(ApiError::parameter(
                "a metric has 30 dimensions at most, with names of 1 to 255 and values of 1 to \
                 1024 characters",
            ));
        }
        if !(1..=255).contains(&datum.metric_name.len()) {
            return Err(ApiError::parameter("MetricName has 1 to 255 characters"));
        }
        let name = Name {
            namespace: namespace.clone(),
            metric: datum.metric_name,
            dimensions,
        };
        all.push((name, unit, samples));
    }
    for (name, unit, samples) in all {
        state.custom.put(name, &unit, samples)?;
    }
    Ok(())
}

impl Datum {
    /// The samples of the metric, the one at `place` of its call.
    fn samples(&self, place: usize, now: Timestamp) -> Result<StatSet, ApiError> {
        let named = |member: &str| format!("MetricData.member.{place}.{member}");
        let exclusive = |code, other: &str| {
            let message = format!(
                "The parameters {} and {} are mutually exclusive and you have specified both.",
                named("Value"),
                named(other)
            );
            Err(ApiError::new(400, code, message))
        };
        let resolution = match self.storage_resolution {
            Some(1) => 1,
            None | Some(60) => 60,
            Some(_) => return Err(ApiError::parameter("StorageResolution is not 1 or 60")),
        };
        let at = self.timestamp.map_or(now, |at| at.0);
        if at < now.minus(PAST) || at > now.plus(FUTURE) {
            return Err(ApiError::parameter(format!(
                "The parameter {} must specify a time no more than two weeks in the past and two \
                 hours in the future.",
                named("Timestamp")
            )));
        }
        let start = align(at, resolution);
        let (value, values, set) = (self.value, &self.values, &self.statistic_values);
        let samples = match (value, values, set) {
            (Some(_), Some(_), _) => return exclusive("InvalidParameterValue", "Values"),
            (Some(_), _, Some(_)) => {
                return exclusive("InvalidParameterCombination", "StatisticValues");
            }
            (Some(value), None, None) => {
                check_number(value, &named("Value"))?;
                StatSet {
                    start,
                    samples: 1.0,
                    sum: value,
                    min: value,
                    max: value,
                }
            }
            (None, Some(values), None) => self.weighted(values, start, &named)?,
            (None, None, Some(set)) => set.samples(start, &named)?,
            _ => {
                return Err(ApiError::new(
                    400,
                    "MissingParameter",
                    format!(
                        "At least one of {}, {} and {} is required.",
                        named("Value"),
                        named("Values"),
                        named("StatisticValues")
                    ),
                ));
            }
        };
        Ok(samples)
    }

    fn weighted(
        &self,
        values: &[f64],
        start: Timestamp,
        named: &impl Fn(&str) -> String,
    ) -> Result<StatSet, ApiError> {
        let ones = vec![1.0; values.len()];
        let counts = self.counts.as_ref().unwrap_or(&ones);
        if counts.len() != values.len() {
            return Err(ApiError::parameter(format!(
                "The parameters {} and {} must be of the same size.",
                named("Values"),
                named("Counts")
            )));
        }
        let (Some(first), true) = (values.first(), values.len() <= VALUES_MAX) else {
            return Err(ApiError::parameter(format!(
                "{} has 1 to 150 values",
                named("Values")
            )));
        };
        let empty = StatSet {
            start,
            samples: 0.0,
            sum: 0.0,
            min: *first,
            max: *first,
        };
        let pairs = values.iter().zip(counts);
        pairs
            .into_iter()
            .try_fold(empty, |mut all, (value, count)| {
                check_number(*value, &named("Values"))?;
                check_number(*count, &named("Counts"))?;
                if *count <= 0.0 {
                    return Err(ApiError::parameter(format!(
                        "{} are above 0",
                        named("Counts")
                    )));
                }
                all.add(&StatSet {
                    start,
                    samples: *count,
                    sum: value * count,
                    min: *value,
                    max: *value,
                });
                Ok(all)
            })
    }
}

fn check_number(number: f64, parameter: &str) -> Result<(), ApiError> {
    if number.is_finite() && number.abs() <= LARGEST {
        return Ok(());
    }
    let message = format!("The value {number} for parameter {parameter} is invalid.");
    Err(ApiError::parameter(message))
}

/// `unit` if `CloudWatch` knows it.
///
/// # Errors
/// It does not.
pub(super) fn checked_unit(unit: Option<&str>) -> Result<Option<&str>, ApiError> {
    const PLAIN: [&str; 14] = [
        "Seconds",
        "Microseconds",
        "Milliseconds",
        "Bytes",
        "Kilobytes",
        "Megabytes",
        "Gigabytes",
        "Terabytes",
        "Bits",
        "Kilobits",
        "Megabits",
        "Gigabits",
        "Terabits",
        "Count",
    ];
    let Some(unit) = unit else {
        return Ok(None);
    };
    let rate = unit.strip_suffix("/Second");
    let has_rate = |plain: &str| PLAIN.contains(&plain) && !plain.ends_with("econds");
    let known =
        PLAIN.contains(&unit) || matches!(unit, "Percent" | "None") || rate.is_some_and(has_rate);
    if known {
        return Ok(Some(unit));
    }
    let unit: String = unit.chars().take(40).collect();
    Err(ApiError::parameter(format!(
        "The value {unit} for parameter Unit is invalid."
    )))
}
