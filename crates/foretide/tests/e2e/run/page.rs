//! The page beside a running loop: what it knows, what it still knows after a restart.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::Room;

use super::rig::{Aws, Running, busy, quick};

const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The page's address, once it is told.
fn address(run: &mut Running) -> String {
    let line = run.until("page: http://");
    line.split("http://").nth(1).unwrap().trim().to_owned()
}

/// Status line and body of an answer.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn json(address: &str, path: &str) -> Value {
    let (status, body) = get(address, path);
    assert!(status.contains(" 200 "), "{path}: {status} {body}");
    serde_json::from_str(&body).unwrap()
}

const GROUP: &str = "/api/v1/groups/eu-west-1%2Fweb";

fn scaled_out(group: &Value) -> bool {
    let marks = group["marks"].as_array().unwrap();
    marks
        .iter()
        .any(|mark| mark["kind"] == "scale_out" && mark["to"] == 3)
}

#[test]
fn the_page_shows_a_live_group_and_what_was_before_a_restart() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1d"));
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("SCALING UP: 2 -> 3 instances");
    run.until("eu-west-1/web: PREDICTION");
    let group = json(&page, GROUP);
    assert!(scaled_out(&group), "{}", group["marks"]);
    assert_eq!(group["group"]["capacity"]["desired"], 3);
    assert_eq!(group["group"]["mode"], "enforce");
    assert!(group["group"]["load"]["cpu_percent"].is_number(), "{group}");
    assert!(group["decision"]["sections"].as_array().unwrap().len() >= 4);
    let (status, ready) = get(&page, "/ready");
    assert!(status.contains(" 200 "), "{ready}");
    let (_, metrics) = get(&page, "/metrics");
    for part in [
        "foretide_group_desired_instances{account=\"eu-west-1\",group=\"web\"} 3",
        "foretide_aws_calls_total{account=\"eu-west-1\",operation=\"SetDesiredCapacity\"} 1",
        "foretide_group_look_duration_seconds{account=\"eu-west-1\",group=\"web\"}",
        "foretide_store_writable 1",
    ] {
        assert!(metrics.contains(part), "{part} is not in\n{metrics}");
    }
    run.stop("TERM");

    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    let group = json(&page, GROUP);
    assert!(scaled_out(&group), "{}", group["marks"]);
    let decided = group["decision"]["at_ms"].as_i64().unwrap();
    let moment = json(&page, &format!("{GROUP}/at?time={decided}"));
    assert_eq!(moment["decision"]["at_ms"], decided);
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
}

#[test]
fn a_port_in_use_is_refused_where_it_was_asked_for() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, said) = Running::start(&room, &aws, &["--listen", &address]).ended();
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains("is already in use"), "{said}");
    assert!(said.contains("--no-page goes without"), "{said}");
}
