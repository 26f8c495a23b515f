//! Whatever is posted, the answer is a prediction or a problem of the client's: never a 5xx, never
//! a panic.

use foretide_testing::Answer;
use proptest::collection::{hash_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{SEED_BODY, post, service};

fn answer(body: Vec<u8>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(post(service(), body))
}

/// 200 or 4xx with a body that is JSON and says the same status.
fn check(body: Vec<u8>) -> Result<(), TestCaseError> {
    let answer = answer(body);
    let status = answer.status.as_u16();
    let json = answer.json();
    match status {
        200 => prop_assert!(json["model"]["id"].is_string()),
        400..500 => prop_assert_eq!(&json["status"], status),
        _ => prop_assert!(false, "{}: {}", status, json),
    }
    Ok(())
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..1e12).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(&["compute", "io", "network", "high", "medium", "low", "gpu"][..])
            .prop_map(Value::from),
    ]
}

const KEYS: [&str; 5] = [
    "features",
    "cpu_usage",
    "memory_usage",
    "task_type",
    "task_priority",
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&KEYS[..]).prop_map(str::to_owned),
        ".{0,6}"
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 64, 10, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..11).prop_map(Value::from),
            hash_map(key(), inner, 0..10)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The right shape with any finite or infinite, tiny or huge number in it.
fn row() -> impl Strategy<Value = Value> {
    let category = |names: &'static [&'static str]| prop::sample::select(names);
    let numbers = vec(any::<f64>().prop_map(f64::abs), 7);
    let kinds = (
        category(&["compute", "io", "network"]),
        category(&["high", "low", "medium"]),
    );
    (numbers, kinds).prop_map(|(numbers, (kind, priority))| {
        let mut row: Vec<Value> = numbers.into_iter().map(Value::from).collect();
        row.extend([kind.into(), priority.into()]);
        Value::from(row)
    })
}

proptest! {
    #[test]
    fn random_bytes(body in vec(any::<u8>(), 0..300)) {
        check(body)?;
    }

    #[test]
    fn random_json(features in anything(), around in any::<bool>()) {
        let body = if around { json!({ "features": features }) } else { features };
        check(body.to_string().into_bytes())?;
    }

    #[test]
    fn rows_of_extreme_numbers(rows in vec(row(), 1..4)) {
        check(json!({ "features": rows }).to_string().into_bytes())?;
        check(json!({ "features": rows[0] }).to_string().into_bytes())?;
    }

    #[test]
    fn a_good_body_with_bytes_changed(
        changes in vec((0..SEED_BODY.len(), any::<u8>()), 1..6),
        length in 0..=SEED_BODY.len(),
    ) {
        let mut body = SEED_BODY.as_bytes().to_vec();
        for (at, byte) in changes {
            body[at] = byte;
        }
        body.truncate(length);
        check(body)?;
    }
}
