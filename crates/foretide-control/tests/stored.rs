//! States as version 0.1 has stored them read, and are written again byte for byte: whoever
//! restarts goes on from them, and a replay compares them.
//!
//! The files in `tests/stored` were saved during the scenarios: `*.state.json` is a controller's
//! state, `*.forecast.json` what its forecast rests on. They are never made anew. A new field needs
//! a default, and must not be written where it has that default. What bounds the risk price is
//! excepted: its rules were replaced, so of the optimiser's budget only the price step is the same.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::{Path, PathBuf};

use foretide_control::{ForecastSnapshot, SavedState};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn stored(ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored");
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect()
}

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned>(files: &[PathBuf]) {
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let read: T = serde_json::from_str(&text).unwrap();
        let written = serde_json::to_string(&read).unwrap();
        let again: T = serde_json::from_str(&written).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
        let kept = |text: &str| serde_json::to_string(&without_bounds(text)).unwrap();
        assert_eq!(kept(&written), kept(&text), "{}", file.display());
    }
}

/// The stored value without what bounds the risk price.
fn without_bounds(text: &str) -> serde_json::Value {
    let mut value = serde_json::from_str(text).unwrap();
    strip(&mut value);
    value
}

fn strip(value: &mut serde_json::Value) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    // A state without an optimiser has none, and one that has wraps it under the same key.
    let law = object.get_mut("law");
    if let Some(law) = law.filter(|it| it["budget"].is_object()) {
        let position = law["budget"]["position"].clone();
        assert!(position.is_number(), "{law}");
        law["budget"] = position;
        law["config"]["budget"] = law["config"]["budget"]["start"].clone();
    }
    object.values_mut().for_each(strip);
}

#[test]
fn a_stored_state_is_written_as_it_was_read() {
    let files = stored(".state.json");
    assert_eq!(files.len(), 10);
    round_trip::<SavedState>(&files);
}

#[test]
fn a_stored_forecast_is_written_as_it_was_read() {
    let files = stored(".forecast.json");
    assert_eq!(files.len(), 1);
    round_trip::<ForecastSnapshot>(&files);
}

/// Keys that earlier versions did not write have defaults.
#[test]
fn a_state_of_an_earlier_version_reads() {
    const LATER: [&str; 7] = [
        "pace",
        "prediction",
        "predictor_failing",
        "orders",
        "scheduled",
        "health",
        "hours",
    ];
    for file in stored(".state.json") {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut state: serde_json::Value = serde_json::from_str(&text).unwrap();
        let keys = state.as_object_mut().unwrap();
        assert!(LATER.iter().all(|key| keys.remove(*key).is_some()));
        let read: SavedState = serde_json::from_value(state).unwrap();
        assert!(read.orders().pinned.is_none(), "{}", file.display());
    }
}
