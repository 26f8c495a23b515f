//! Training is repeatable to the byte, its file is the committed one, and it refuses rows that
//! cannot teach.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use foretide_classifier::{
    CsvLimits, LabelledRow, Model, TrainError, TrainParams, default_rows, read_csv, train,
};
use foretide_domain::{Class, Features};

fn rows() -> Vec<LabelledRow> {
    default_rows().unwrap().into_iter().take(4000).collect()
}

#[test]
fn two_fits_give_identical_bytes() {
    let params = TrainParams {
        rounds: 8,
        ..TrainParams::default()
    };
    let (first, first_evaluation) = train(&rows(), &params).unwrap();
    let (second, second_evaluation) = train(&rows(), &params).unwrap();
    assert_eq!(first.to_bytes(), second.to_bytes());
    assert_eq!(first_evaluation, second_evaluation);
}

/// If this fails after a change of features, labels or workloads, run the example `train_default`
/// and commit the file it writes. Only where the file was made: the crate that fits the trees takes
/// exponentials by vector instructions, whose last bit differs between architectures.
#[cfg(target_arch = "x86_64")]
#[test]
fn training_again_gives_the_committed_model() {
    let (trained, evaluation) = foretide_classifier::train_default().unwrap();
    let committed = Model::built_in().unwrap();
    assert_eq!(trained.facts(), committed.facts());
    assert!(
        trained.to_bytes() == committed.to_bytes(),
        "same facts, other bytes"
    );
    assert_eq!(trained.facts().rounds * 3, trained.facts().trees);
    assert_eq!(
        Some(evaluation.rows_held_out),
        committed.facts().training.rows_held_out
    );
}

/// The built-in model is worth having: better than either baseline on what it has not seen.
#[test]
fn the_default_model_beats_both_baselines() {
    let facts = Model::built_in().unwrap().facts().clone();
    let scores = facts.training.hold_out.unwrap();
    assert!(
        scores.accuracy > scores.accuracy_of_commonest + 0.1,
        "{scores:?}"
    );
    assert!(
        scores.accuracy > scores.accuracy_of_thresholds + 0.05,
        "{scores:?}"
    );
    assert!(scores.calibration_error < 0.05, "{scores:?}");
}

/// What anyone expects of a scaler at both ends of the scale.
#[test]
fn the_default_model_knows_a_busy_group_from_an_idle_one() {
    use foretide_classifier::{Group, RawMetrics, derive};
    let model = Model::built_in().unwrap();
    for instance_count in [2, 5, 20] {
        let group = Group {
            instance_count,
            min_capacity: 1,
            max_capacity: 100,
        };
        let class = |cpu: f64| {
            let network = cpu * 1e4;
            let raw = RawMetrics {
                cpu,
                network_in: network,
                network_out: network * 2.0,
                memory: None,
            };
            model
                .predict(&derive(&raw, &group, 0.0).features)
                .unwrap()
                .class
        };
        assert_eq!(class(90.0), Class::ScaleOut, "{instance_count} instances");
        assert_eq!(class(8.0), Class::ScaleIn, "{instance_count} instances");
    }
}

#[test]
fn rows_that_cannot_teach_are_refused() {
    let few = train(&rows()[..99], &TrainParams::default()).unwrap_err();
    assert!(matches!(few, TrainError::RowCount { given: 99 }), "{few}");

    let only_hold: Vec<_> = rows()
        .into_iter()
        .map(|row| LabelledRow {
            class: Class::Hold,
            ..row
        })
        .collect();
    let missing = train(&only_hold, &TrainParams::default()).unwrap_err();
    assert!(
        missing.to_string().ends_with("is labelled scale_out"),
        "{missing}"
    );

    let mut broken = rows();
    broken[17].features = Features {
        cpu_usage: f64::NAN,
        ..broken[17].features
    };
    let error = train(&broken, &TrainParams::default()).unwrap_err();
    assert!(
        matches!(error, TrainError::Row { row: 17, .. }),
        "{error:?}"
    );

    let share = TrainParams {
        hold_out_share: 0.9,
        ..TrainParams::default()
    };
    let error = train(&rows(), &share).unwrap_err();
    assert!(
        matches!(
            error,
            TrainError::Parameter {
                name: "hold_out_share",
                ..
            }
        ),
        "{error:?}"
    );
}

/// A model trained from a CSV of rows is the one trained from the rows.
#[test]
fn rows_survive_a_csv() {
    let mut text = String::from(
        "cpu_usage,memory_usage,network_traffic,power_consumption,num_executed_instructions,\
         execution_time,energy_efficiency,task_type,task_priority,label\n",
    );
    let rows = rows();
    for LabelledRow { features: f, class } in &rows {
        use std::fmt::Write;
        writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{class}",
            f.cpu_usage,
            f.memory_usage,
            f.network_traffic,
            f.power_consumption,
            f.num_executed_instructions,
            f.execution_time,
            f.energy_efficiency,
            f.task_type,
            f.task_priority
        )
        .unwrap();
    }
    assert_eq!(
        read_csv(text.as_bytes(), CsvLimits::default()).unwrap(),
        rows
    );
}
