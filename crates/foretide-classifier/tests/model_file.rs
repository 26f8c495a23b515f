//! A model file that is wrong, truncated, foreign or tampered with is a clear error, and no file,
//! however it was made, can make a prediction panic.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use foretide_classifier::{FeatureError, Model, ModelError, Schema, SchemaError};
use foretide_domain::{Features, TaskPriority, TaskType};
use proptest::prelude::*;
use serde_json::{Value, json};

use common::{SCHEMA, XGBOOST, import, rows};

fn file() -> String {
    String::from_utf8(import(XGBOOST).unwrap().to_bytes()).unwrap()
}

#[track_caller]
fn error_of(file: &str) -> ModelError {
    Model::from_bytes(file.as_bytes()).unwrap_err()
}

fn row() -> Features {
    Features {
        cpu_usage: 45.5,
        memory_usage: 60.2,
        network_traffic: 122.1,
        power_consumption: 35.6,
        num_executed_instructions: 1.2e9,
        execution_time: 0.8,
        energy_efficiency: 0.92,
        task_type: TaskType::Compute,
        task_priority: TaskPriority::High,
    }
}

#[test]
fn writing_and_reading_gives_the_same_bytes() {
    let file = file();
    assert!(Model::from_bytes(file.as_bytes()).unwrap().to_bytes() == file.as_bytes());
}

#[test]
fn a_truncated_file_says_so_wherever_it_ends() {
    let file = file();
    for length in [1, 30, 100, file.len() / 2, file.len() - 3] {
        let error = error_of(&file[..length]);
        assert!(
            matches!(error, ModelError::Truncated { bytes } if bytes == length),
            "{error:?}"
        );
    }
}

#[test]
fn other_files_are_foreign() {
    for (text, expected) in [
        (XGBOOST, "a bare XGBoost model"),
        (SCHEMA, "it has no `format`"),
        ("{}", "it has no `format`"),
        ("[1, 2]", "not a Foretide model"),
        ("17", "not a Foretide model"),
        (r#"{"format": "pickle"}"#, "its format is `pickle`"),
        (
            r#"{"format": "foretide-classifier"}"#,
            "no `schema_version`",
        ),
        (
            r#"{"format": "foretide-classifier", "schema_version": 1}"#,
            "no `sha256`",
        ),
    ] {
        let error = error_of(text);
        assert!(matches!(error, ModelError::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn what_is_not_json_is_not_json() {
    for text in ["", "\u{80}\u{4}pickle", "hello", "{]"] {
        let error = error_of(text);
        assert!(matches!(error, ModelError::NotJson(_)), "{text}: {error:?}");
    }
}

/// Nesting is read without recursion, or refused before it is deep.
#[test]
fn deep_nesting_is_refused_without_a_stack_overflow() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    assert!(matches!(error_of(&deep), ModelError::Foreign { .. }));
    let behind_the_hash = with_hash(&format!(r#"{{"xgboost":{deep}}}"#));
    assert!(matches!(error_of(&behind_the_hash), ModelError::Payload(_)));
    let ignored = XGBOOST.replacen(r#""attributes":{}"#, &format!(r#""attributes":{deep}"#), 1);
    assert!(import(&ignored).is_ok());
}

#[test]
fn another_version_names_both() {
    let file = file().replacen(r#""schema_version":1"#, r#""schema_version":2"#, 1);
    let error = error_of(&file);
    assert_eq!(
        error.to_string(),
        "the model file has schema version 2, this program reads 1"
    );
}

#[test]
fn any_change_of_the_content_is_noticed() {
    for (from, to) in [
        (r#""source":"fixture""#, r#""source":"Fixture""#),
        (r#""scale_out","scale_in""#, r#""scale_in","scale_out""#),
        (
            r#""split_conditions":[3.708969E-1"#,
            r#""split_conditions":[3.708968E-1"#,
        ),
        (r#""payload":{"#, r#""payload":{ "#),
        (r#""sha256":""#, r#""sha256":"0"#),
    ] {
        let changed = file().replacen(from, to, 1);
        assert!(changed != file(), "`{from}` is not in the file");
        let error = error_of(&changed);
        assert!(
            matches!(error, ModelError::Tampered { .. }),
            "{from}: {error:?}"
        );
    }
}

/// Whoever can write a file can also write its hash: what is behind the hash is checked too.
#[test]
fn a_right_hash_does_not_excuse_wrong_content() {
    let rehashed = |from: &str, to: &str| {
        let file: Value = serde_json::from_str(&file()).unwrap();
        let payload = file["payload"].to_string();
        assert!(payload.contains(from), "`{from}` is not in the payload");
        let payload = payload.replacen(from, to, 1);
        error_of(&with_hash(&payload))
    };
    let classes = rehashed(r#"["scale_out","scale_in"#, r#"["scale_in","scale_out"#);
    assert!(matches!(classes, ModelError::Classes { .. }), "{classes:?}");
    let unknown = rehashed(r#""classes""#, r#""klasses""#);
    assert!(matches!(unknown, ModelError::Payload(_)), "{unknown:?}");
    let column = rehashed(r#"["cpu_usage""#, r#"["cpu_sausage""#);
    assert!(matches!(column, ModelError::Schema(_)), "{column:?}");
    let booster = rehashed(r#""gbtree""#, r#""gblinear""#);
    assert!(matches!(booster, ModelError::Trees(_)), "{booster:?}");
}

fn with_hash(payload: &str) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(format!("foretide-classifier\n1\n{payload}"));
    let hash = digest
        .iter()
        .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    format!(
        r#"{{"format":"foretide-classifier","schema_version":1,"sha256":"{hash}","payload":{payload}}}"#
    )
}

#[track_caller]
fn schema_error(change: impl FnOnce(&mut Value)) -> SchemaError {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    change(&mut schema);
    Schema::from_json(schema.to_string().as_bytes()).unwrap_err()
}

#[test]
fn a_schema_that_does_not_hold_together_is_refused() {
    let unknown = schema_error(|schema| schema["feature_columns"][0] = json!("disk_usage"));
    assert!(
        matches!(unknown, SchemaError::UnknownColumn { .. }),
        "{unknown:?}"
    );
    let twice = schema_error(|schema| schema["feature_columns"][0] = json!("memory_usage"));
    assert!(matches!(twice, SchemaError::Duplicate { .. }), "{twice:?}");
    let zero = schema_error(|schema| schema["scale"][3] = json!(0.0));
    assert!(matches!(zero, SchemaError::ScalingValue { .. }), "{zero:?}");
    let short = schema_error(|schema| schema["mean"] = json!([1.0]));
    assert!(
        matches!(short, SchemaError::ScalingLengths { means: 1, .. }),
        "{short:?}"
    );
    let merged = schema_error(|schema| {
        schema["categories"]["task_type"] = json!(["compute", "io", "network", "gpu"]);
    });
    assert!(
        matches!(merged, SchemaError::Categories { .. }),
        "{merged:?}"
    );
    let none = schema_error(|schema| schema["feature_columns"] = json!([]));
    assert!(
        matches!(none, SchemaError::ColumnCount { given: 0, .. }),
        "{none:?}"
    );
}

#[test]
fn a_row_that_no_group_shows_is_refused_by_field() {
    let model = import(XGBOOST).unwrap();
    let nan = Features {
        cpu_usage: f64::NAN,
        ..row()
    };
    assert_eq!(model.predict(&nan).unwrap_err().field(), Some("cpu_usage"));
    let infinite = Features {
        energy_efficiency: f64::INFINITY,
        ..row()
    };
    assert_eq!(
        model.predict(&infinite).unwrap_err().field(),
        Some("energy_efficiency")
    );
    let negative = Features {
        num_executed_instructions: -1.0,
        ..row()
    };
    let error = model.predict_batch(&[row(), negative]).unwrap_err();
    assert_eq!(
        (error.row, error.source.field()),
        (1, Some("num_executed_instructions"))
    );
}

#[test]
fn a_category_beyond_the_training_is_refused() {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    schema["categories"]["task_type"] = json!(["compute", "network"]);
    let columns = schema["feature_columns"].as_array_mut().unwrap();
    columns.retain(|column| column != "task_type_io");
    let schema = Schema::from_json(schema.to_string().as_bytes()).unwrap();
    let error = schema
        .preprocess(&Features {
            task_type: TaskType::Io,
            ..row()
        })
        .unwrap_err();
    assert!(
        matches!(error, FeatureError::UntrainedCategory { .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .ends_with("expected one of: compute, network"),
        "{error}"
    );
}

#[test]
fn huge_but_finite_features_still_give_probabilities() {
    let model = import(XGBOOST).unwrap();
    let huge = Features {
        cpu_usage: 1e308,
        memory_usage: 1e308,
        network_traffic: 1e308,
        ..row()
    };
    let total: f64 = model.predict(&huge).unwrap().probabilities.iter().sum();
    assert!((total - 1.0).abs() < 1e-12);
}

/// Changes one number somewhere in the trees.
fn damage(document: &mut Value, tree: usize, list: &str, at: usize, value: f64) {
    let trees = &mut document["learner"]["gradient_booster"]["model"]["trees"];
    let tree = tree % trees.as_array().unwrap().len();
    let list = trees[tree][list].as_array_mut().unwrap();
    let at = at % list.len();
    list[at] = if value.fract() == 0.0 && value.abs() < 1e9 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
        let whole = value as i64;
        json!(whole)
    } else {
        json!(value)
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Trees damaged at random are either refused or give probabilities.
    #[test]
    fn damaged_trees_are_refused_or_harmless(
        tree in 0..90_usize,
        list in prop::sample::select(vec![
            "left_children", "right_children", "split_indices", "split_conditions",
        ]),
        at in 0..64_usize,
        value in prop_oneof![(-2_i32..40).prop_map(f64::from), any::<f32>().prop_map(f64::from)],
    ) {
        let mut document: Value = serde_json::from_str(XGBOOST).unwrap();
        damage(&mut document, tree, list, at, value);
        if let Ok(model) = import(&document.to_string()) {
            for (features, _) in rows().iter().take(20) {
                let total: f64 = model.predict(features).unwrap().probabilities.iter().sum();
                prop_assert!((total - 1.0).abs() < 1e-9);
            }
        }
    }

    /// A file with one byte changed is refused or, where the byte did not matter, the same model.
    #[test]
    fn a_changed_byte_never_gives_another_model(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let file = file().into_bytes();
        let mut changed = file.clone();
        changed[at.index(file.len())] = byte;
        if let Ok(model) = Model::from_bytes(&changed) {
            let original = Model::from_bytes(&file).unwrap();
            prop_assert_eq!(&model.facts().hash, &original.facts().hash);
        }
    }
}
