//! A model trained with XGBoost in Python can be brought in and predicts what it predicted there;
//! the evaluator of the trees agrees with that of the crate that fits them.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use foretide_classifier::{Model, ModelError, TreesError, train_default};
use hessboost::data::DMatrix;
use hessboost::model::{BoostedModel, Iterations, ModelFormat};

use common::{XGBOOST, import, rows, schema};

#[test]
fn predictions_of_xgboost_are_reproduced() {
    let model = import(XGBOOST).unwrap();
    assert_eq!((model.facts().trees, model.facts().rounds), (90, 30));
    let rows = rows();
    assert!(rows.len() > 200);
    for (features, expected) in rows {
        let found = model.predict(&features).unwrap();
        for (found, expected) in found.probabilities.iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 1e-6,
                "{features:?}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn an_imported_model_survives_its_file() {
    let imported = import(XGBOOST).unwrap();
    let loaded = Model::from_bytes(&imported.to_bytes()).unwrap();
    assert_eq!(loaded.facts(), imported.facts());
    for (features, _) in rows() {
        assert_eq!(loaded.predict(&features), imported.predict(&features));
    }
}

/// The other evaluator reads the same trees; both see the same columns.
#[test]
fn the_evaluator_agrees_with_hessboost() {
    let (fixture, trained) = (import(XGBOOST).unwrap(), train_default().unwrap().0);
    for model in [fixture, trained] {
        let file: serde_json::Value = serde_json::from_slice(&model.to_bytes()).unwrap();
        let json = file["payload"]["xgboost"].to_string();
        let other = BoostedModel::decode(json, ModelFormat::XgboostJson).unwrap();
        for (features, _) in rows() {
            let columns = model.schema().preprocess(&features).unwrap();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the precision of the format"
            )]
            let columns: Vec<f32> = columns.into_iter().map(|column| column as f32).collect();
            let matrix = DMatrix::from_dense(&columns, 1, columns.len()).unwrap();
            let expected = other.predict(&matrix, Iterations::Best).unwrap();
            let found = model.predict(&features).unwrap();
            for (found, expected) in found.probabilities.iter().zip(expected.row(0).unwrap()) {
                assert!(
                    (found - f64::from(*expected)).abs() <= 1e-6,
                    "{found} for {expected}"
                );
            }
        }
    }
}

#[track_caller]
fn refused(from: &str, to: &str) -> TreesError {
    let changed = XGBOOST.replacen(from, to, 1);
    assert!(changed != XGBOOST, "`{from}` is not in the fixture");
    match import(&changed) {
        Err(ModelError::Trees(error)) => error,
        other => panic!("expected an error of the trees, got {other:?}"),
    }
}

#[test]
fn models_of_another_kind_are_refused_by_name() {
    for (from, to, expected) in [
        (
            r#""name":"gbtree""#,
            r#""name":"dart""#,
            "the booster is `dart`",
        ),
        (
            r#""name":"multi:softprob""#,
            r#""name":"binary:logistic""#,
            "the objective is",
        ),
        (
            r#""num_class":"3","num_feature""#,
            r#""num_class":"4","num_feature""#,
            "classes is `4`",
        ),
        (
            r#""num_feature":"14","num_target""#,
            r#""num_feature":"9","num_target""#,
            "columns is `9`",
        ),
        (
            r#""cpu_usage","memory_usage""#,
            r#""memory_usage","cpu_usage""#,
            "column 0 is `memory_",
        ),
        (
            r#""base_score":"["#,
            r#""base_score":"[x"#,
            "base_score is `[x",
        ),
        (
            r#""split_type":[0"#,
            r#""split_type":[1"#,
            "categorical splits",
        ),
    ] {
        let error = refused(from, to).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A cycle, a shared child, a child or a column out of range: none may reach evaluation.
#[test]
fn broken_trees_are_refused_by_node() {
    for (from, to, expected) in [
        (
            r#""left_children":[1,"#,
            r#""left_children":[0,"#,
            "two parents",
        ),
        (
            r#""left_children":[1,"#,
            r#""left_children":[2,"#,
            "two parents",
        ),
        (
            r#""left_children":[1,"#,
            r#""left_children":[9999,"#,
            "beyond the last node",
        ),
        (
            r#""left_children":[1,"#,
            r#""left_children":[-1,"#,
            "one child is missing",
        ),
        (
            r#""left_children":[1,"#,
            r#""left_children":["#,
            "differ in length",
        ),
        (
            r#""split_indices":[0,"#,
            r#""split_indices":[14,"#,
            "on no column",
        ),
        (
            r#""split_indices":[0,"#,
            r#""split_indices":[65535,"#,
            "on no column",
        ),
        (
            r#""split_conditions":["#,
            r#""split_conditions":[0.5,"#,
            "differ in length",
        ),
        (r#""tree_info":[0,"#, r#""tree_info":[3,"#, "no known class"),
        (
            r#""tree_info":[0,"#,
            r#""tree_info":["#,
            "90 trees with 89 classes",
        ),
    ] {
        let error = refused(from, to).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn leaves_that_could_overflow_are_refused() {
    let mut document: serde_json::Value = serde_json::from_str(XGBOOST).unwrap();
    let trees = &mut document["learner"]["gradient_booster"]["model"]["trees"];
    for value in trees[0]["split_conditions"].as_array_mut().unwrap() {
        *value = 3e38.into();
    }
    let error = import(&document.to_string()).unwrap_err();
    assert!(
        matches!(error, ModelError::Trees(TreesError::Shape { .. })),
        "{error:?}"
    );
}

#[test]
fn the_schema_of_the_fixture_lists_its_columns() {
    assert_eq!(schema().column_names().len(), 14);
}
