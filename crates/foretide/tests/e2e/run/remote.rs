//! The seed's two processes: the monitor asks a prediction service over HTTP, and holds while that
//! fails.

use foretide_emulator::Demand;

use crate::Room;
use crate::serve::Service;

use super::rig::{Aws, Running, busy, quick};

#[test]
fn a_remote_service_decides_and_its_end_is_a_hold() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let service = Service::start_as("serve", &room, &[]);
    let predictor = format!("\npredictor = \"http://{}\"\n", service.address);
    let text = quick("web", "observe", "1s").replacen('\n', &predictor, 1);
    room.write("foretide.toml", text);
    let mut run = Running::start(&room, &aws, &[]);
    run.until("PREDICTION: 0 (Low)");
    let address = service.address.clone();
    service.end("TERM");
    // The same features are not asked again.
    aws.emulator.set_demand("web", Demand::Constant(170.0));
    let failed = run.until(&format!("prediction service http://{address}"));
    assert!(failed.contains("cannot be reached"), "{failed}");
    run.until("no prediction");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
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
