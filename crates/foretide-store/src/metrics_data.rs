//! One line of JSON a cycle: measured values, prediction and decision, or why there is none.

use foretide_domain::{Decision, Record, Timestamp};
use foretide_runtime::{Entry, GroupKey, What};
use serde::Serialize;

use crate::lines::Metrics;

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(flatten)]
    cycle: Cycle,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Cycle {
    Decided {
        metrics: Option<Metrics>,
        prediction: Option<Prediction>,
        desired_capacity: u32,
        min_size: u32,
        max_size: u32,
        new_desired_capacity: Option<u32>,
        mode: String,
        decision: String,
    },
    Failed {
        error: String,
    },
}

/// The field names of the original's prediction service.
#[derive(Serialize)]
struct Prediction {
    #[serde(rename = "prediction")]
    class: usize,
    predicted_class: &'static str,
    confidence: f64,
}

/// The line for `entry`, with its newline; none if `entry` does not end a cycle.
pub(crate) fn line(entry: &Entry) -> Option<String> {
    let cycle = match &entry.what {
        What::Record(Record::Decided(decision)) => decided(decision),
        What::Record(Record::CallFailed(failure)) => Cycle::Failed {
            error: failure.to_string(),
        },
        _ => return None,
    };
    let timestamp: Timestamp = entry.at;
    let line = Line {
        timestamp: timestamp.to_string(),
        account: entry.group.as_ref().map(GroupKey::account),
        group: entry.group.as_ref().map(GroupKey::name),
        cycle,
    };
    let mut text = serde_json::to_string(&line).ok()?;
    text.push('\n');
    Some(text)
}

fn decided(decision: &Decision) -> Cycle {
    let why = &decision.explanation;
    let inputs = &why.inputs;
    Cycle::Decided {
        metrics: inputs
            .features
            .map(|features| Metrics::new(&features, inputs)),
        prediction: inputs.class.map(|(class, confidence)| Prediction {
            class: class.index(),
            predicted_class: class.original_name(),
            confidence,
        }),
        desired_capacity: inputs.desired,
        min_size: inputs.bounds.min(),
        max_size: inputs.bounds.max(),
        new_desired_capacity: decision.desired,
        mode: why.mode.to_string(),
        decision: why.to_string(),
    }
}
