//! Orders from a terminal to a run on the same machine, and the messages of a run to systemd.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::Room;
use crate::serve::Service;

use super::rig::{Aws, PATIENCE, Running, busy, quick};

#[test]
fn a_pause_from_a_terminal_holds_a_group_until_it_is_resumed_also_after_a_kill() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1s"));
    room.fails(
        &["pause", "web"],
        69,
        &["no `foretide run` listens", "hint: "],
    );
    let mut run = Running::start(&room, &aws, &["--dry-run"]);
    run.until("PREDICTION");
    let said = room.done(&["pause", "web", "--by", "anna", "--why", "deploy 42"]);
    assert!(
        said.starts_with("eu-west-1/web: paused until `foretide resume`"),
        "{said}"
    );
    let status = room.done(&["status"]);
    let ordered = "pause until resumed, ordered by anna: deploy 42 (user id ";
    assert!(status.contains(ordered), "{status}");
    room.fails(&["pause", "nope"], 65, &["no group \"nope\""]);
    room.fails(
        &["pin", "web", "3", "--for", "999d"],
        64,
        &["within 30 days"],
    );
    run.stop("KILL");

    let mut run = Running::start(&room, &aws, &["--dry-run"]);
    run.until("PREDICTION");
    assert!(
        room.done(&["status"]).contains(ordered),
        "the pause survives"
    );
    room.done(&["resume", "web"]);
    assert!(!room.done(&["status"]).contains("ordered by"));
    let said = room.done(&["mode", "web", "observe"]);
    assert!(
        said.starts_with("eu-west-1/web: mode observe; next cycle "),
        "{said}"
    );
    run.stop("TERM");
    assert!(!room.path("output/control.sock").exists());
}

/// A socket as systemd has it.
fn manager(room: &Room) -> (UnixDatagram, String) {
    let path = room.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    (socket, path.to_str().unwrap().to_owned())
}

fn heard(socket: &UnixDatagram, wanted: &str) -> String {
    let mut buffer = [0; 4096];
    loop {
        let length = socket.recv(&mut buffer).unwrap();
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        if text.contains(wanted) {
            return text;
        }
    }
}

#[test]
fn systemd_is_told_when_a_run_is_ready_works_and_stops() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let (socket, path) = manager(&room);
    let watchdog = Duration::from_secs(60).as_micros().to_string();
    let env = [
        ("NOTIFY_SOCKET", path.as_str()),
        ("WATCHDOG_USEC", &watchdog),
    ];
    let run = Running::start_with(&room, &aws.endpoint, &[], &env);
    assert!(heard(&socket, "READY=1").contains("STATUS=groups: 1"));
    heard(&socket, "WATCHDOG=1");
    run.signal("TERM");
    heard(&socket, "STOPPING=1");
    let (status, said) = run.ended();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
fn systemd_is_told_of_the_prediction_service() {
    let room = Room::new();
    let (socket, path) = manager(&room);
    let service = Service::start_with(&room, &[("NOTIFY_SOCKET", &path)]);
    assert!(heard(&socket, "READY=1").contains("STATUS=listening on http://127.0.0.1:"));
    drop(service);
}
