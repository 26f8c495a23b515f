//! The features, classifications, aggregation and preprocessing agree exactly with the golden
//! vectors of the original's executable reference.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![expect(clippy::float_cmp, reason = "the vectors are exact")]

use std::collections::BTreeMap;

use foretide_classifier::{
    FeatureError, FeatureValue, Group, InstanceMetrics, RawMetrics, Schema, combine, derive,
    derive_from_nothing, features_from_values, task_priority, task_type,
};
use serde_json::{Value, json};

fn cases(text: &str) -> Vec<Value> {
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn group(input: &Value) -> Group {
    let count = |name: &str| u32::try_from(input[name].as_u64().unwrap()).unwrap();
    Group {
        instance_count: count("instance_count"),
        min_capacity: count("min_capacity"),
        max_capacity: count("max_capacity"),
    }
}

#[test]
fn combine_matches() {
    for case in cases(include_str!("golden/combine.json")) {
        let instances: Vec<InstanceMetrics> =
            serde_json::from_value(case["input"]["instances"].clone()).unwrap();
        let combined = combine(&instances);
        let expected: BTreeMap<String, BTreeMap<String, f64>> =
            serde_json::from_value(case["expected"].clone()).unwrap();
        assert_eq!(combined.len(), expected.len(), "{}", case["name"]);
        for (key, expected) in expected {
            let found = &combined[key.as_str()];
            let name = format!("{} {key}", case["name"]);
            assert_eq!(found.value, expected["value"], "{name}");
            assert_eq!(found.max_value, expected["max_value"], "{name}");
            assert_eq!(found.min_value, expected["min_value"], "{name}");
            assert_eq!(
                found.instance_count as f64, expected["instance_count"],
                "{name}"
            );
        }
    }
}

#[test]
fn derive_matches() {
    for case in cases(include_str!("golden/derive.json")) {
        let input = &case["input"];
        let value = |key: &str| input["cloudwatch_data"][key]["value"].as_f64();
        // Two vectors have no CPU: the bare formula reckons with 0 there, the product refuses.
        let raw = RawMetrics {
            cpu: value("cpu_utilization").unwrap_or(0.0),
            network_in: value("network_in").unwrap_or(0.0),
            network_out: value("network_out").unwrap_or(0.0),
            memory: value("memory_utilization"),
        };
        let noise = input["memory_noise"].as_f64().unwrap();
        let derived = if input["cloudwatch_data"] == json!({}) {
            derive_from_nothing(&group(input))
        } else {
            derive(&raw, &group(input), noise)
        };
        assert_eq!(derived.memory_estimated, raw.memory.is_none());
        let found = serde_json::to_value(derived.features).unwrap();
        for (field, found) in found.as_object().unwrap() {
            let expected = &case["expected"][field];
            let name = format!("{} {field}", case["name"]);
            match expected.as_f64() {
                Some(expected) => assert_eq!(found.as_f64(), Some(expected), "{name}"),
                None => assert_eq!(found, expected, "{name}"),
            }
        }
    }
}

#[test]
fn classify_matches() {
    for case in cases(include_str!("golden/classify.json")) {
        let input = &case["input"];
        let number = |name: &str| input[name].as_f64().unwrap();
        let (cpu, memory, network) = (number("cpu"), number("memory"), number("network"));
        let found = json!({
            "task_type": task_type(cpu, memory, network),
            "task_priority": task_priority(cpu, memory, network, &group(input)),
        });
        assert_eq!(found, case["expected"], "{} {input}", case["name"]);
    }
}

#[test]
fn preprocess_matches_what_was_intended() {
    let golden: Value = serde_json::from_str(include_str!("golden/preprocess.json")).unwrap();
    let keys = [
        "feature_columns",
        "scaling_cols",
        "mean",
        "scale",
        "categories",
    ];
    let schema: Value = keys
        .iter()
        .map(|&key| (key.to_owned(), golden[key].clone()))
        .collect();
    let schema = Schema::from_json(schema.to_string().as_bytes()).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let values: Vec<_> = case["input"]["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| match value {
                Value::String(text) => FeatureValue::Text(text.clone()),
                other => FeatureValue::Number(other.as_f64().unwrap()),
            })
            .collect();
        let found = features_from_values(&values).and_then(|row| schema.preprocess(&row));
        let expected = &case["expected_intended"];
        match expected["error"].as_str() {
            None => {
                let expected: Vec<f64> = serde_json::from_value(expected.clone()).unwrap();
                assert_eq!(found.unwrap(), expected, "{}", case["name"]);
            }
            Some("unknown category") => {
                assert!(
                    matches!(found, Err(FeatureError::UnknownCategory(_))),
                    "{found:?}"
                );
            }
            Some("wrong number of features") => {
                assert!(
                    matches!(found, Err(FeatureError::WrongCount { .. })),
                    "{found:?}"
                );
            }
            Some(other) => panic!("an error of the vectors that no test expects: {other}"),
        }
    }
}
