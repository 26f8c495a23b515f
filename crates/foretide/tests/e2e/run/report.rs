//! What a run against the local AWS leaves is what the report tells.

use serde_json::Value;

use crate::Room;

use super::rig::{Aws, Running, busy, quick};

#[test]
fn a_run_is_reported_with_its_scaling_its_load_and_its_looks() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1d"));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("SCALING UP: 2 -> 3 instances");
    run.until("eu-west-1/web: PREDICTION");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    // Two days, so that midnight may pass meanwhile.
    let json = room.done(&["report", "web", "--days", "2", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let group = &json["groups"][0];
    let scaling = &group["scaling"];
    assert_eq!((&scaling["out"], &scaling["in"]), (&1.into(), &0.into()));
    let action = &scaling["actions"][0];
    assert_eq!((&action["from"], &action["to"]), (&2.into(), &3.into()));
    let before = action["cpu_before_percent"].as_f64().unwrap();
    assert!((before - 90.0).abs() < 0.5, "{action}");
    assert!(group["cpu_percent"].as_f64() > Some(0.0), "{group}");
    let response = &group["response"];
    assert!(response["cycle"]["count"].as_u64() > Some(0), "{response}");
    assert!(
        response["prediction"]["count"].as_u64() > Some(0),
        "{response}"
    );
}
