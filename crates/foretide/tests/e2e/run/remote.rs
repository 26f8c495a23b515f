//! The original's two processes: the monitor asks a prediction service over HTTP, and holds while
//! that fails.

use foretide_emulator::{Demand, GroupSpec};

use crate::Room;
use crate::serve::Service;

use super::page;
use super::rig::{Aws, Running, busy, quick};

/// Nothing about the group changes, so only asking for every datapoint can find out.
#[test]
fn a_service_that_stops_is_noticed_and_so_is_its_return() {
    // Below the upper bound of CPU, which adds an instance whatever the model says.
    let spec = GroupSpec {
        demand: Demand::Constant(170.0),
        ..busy("web")
    };
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    let service = Service::start_as("serve", &room, &[]);
    let address = service.address.clone();
    let predictor = format!("\npredictor = \"http://{address}\"\n");
    let text = quick("web", "observe", "1s").replacen('\n', &predictor, 1);
    room.write("foretide.toml", text);
    let mut run = Running::start(&room, &aws, &["--listen", "127.0.0.1:0"]);
    let page = page::address(&mut run);
    run.until("PREDICTION: 0 (Low)");
    service.end("KILL");
    let failed = run.until(&format!("prediction service http://{address}"));
    assert!(failed.contains("cannot be reached"), "{failed}");
    run.until("ALARM the predictor does not answer");
    for _ in 0..3 {
        let held = run.until_first(&["PREDICTION", "web: Hold at 2"]);
        assert!(
            held.contains("Hold at 2: the predictor does not answer"),
            "{held}"
        );
    }
    let told = health(&page);
    assert!(told.contains("the predictor does not answer"), "{told}");
    assert!(told.contains("critical"), "{told}");
    let (_, metrics) = page::get(&page, "/metrics");
    let gauge = "foretide_group_predictor_failing{account=\"eu-west-1\",group=\"web\"}";
    assert!(metrics.contains(&format!("{gauge} 1")), "{metrics}");
    let status = room.done(&["status"]);
    assert!(
        status.contains("ALARM predictor silent: the predictor does not answer"),
        "{status}"
    );

    let service = Service::start_on(&address, "serve", &room, &[]);
    run.until("the predictor answers again");
    run.until("PREDICTION: 0 (Low)");
    let told = health(&page);
    assert!(!told.contains("predictor"), "{told}");
    service.end("TERM");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
}

/// The health of the one group, as the page has it.
fn health(page: &str) -> String {
    let (_, body) = page::get(page, page::GROUP);
    let group: serde_json::Value = serde_json::from_str(&body).unwrap();
    group["group"]["health"].to_string()
}

#[test]
fn a_service_in_plain_text_off_loopback_is_refused() {
    let room = Room::new();
    let text = quick("web", "observe", "1s").replacen(
        '\n',
        "\npredictor = \"http://predictor.example\"\n",
        1,
    );
    room.write("foretide.toml", text);
    room.fails(
        &["config", "check"],
        78,
        &["http:// is for loopback only: use https://"],
    );
}
