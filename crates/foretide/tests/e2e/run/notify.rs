//! Notifications: what the webhook receives, and that nothing else depends on it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use foretide_emulator::Demand;
use serde_json::Value;

use crate::Room;

use super::page;
use super::rig::{Aws, PATIENCE, Running, busy, quick};

/// The secret part of the address.
const SECRET: &str = "T0-s3cr3t-B0";

/// A webhook on loopback: what it was sent.
struct Hook {
    origin: String,
    received: Receiver<(String, Value)>,
}

impl Hook {
    /// Answers every message with `status`; none never answers.
    fn start(status: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (put, received) = channel();
        thread::spawn(move || {
            // Connections that are not answered stay open to the end of the test.
            let mut open = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let request = read(&stream);
                if put.send(request).is_err() {
                    break;
                }
                match status {
                    Some(status) => answer(stream, status),
                    None => open.push(stream),
                }
            }
        });
        Self { origin, received }
    }

    fn url(&self) -> String {
        format!("{}/services/{SECRET}", self.origin)
    }

    #[track_caller]
    fn next(&self) -> (String, Value) {
        self.received.recv_timeout(PATIENCE).unwrap()
    }
}

/// Request line and body of one request.
fn read(stream: &TcpStream) -> (String, Value) {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    (
        first.trim().to_owned(),
        serde_json::from_slice(&body).unwrap(),
    )
}

fn answer(mut stream: TcpStream, status: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
}

fn told(url: &str, more: &str) -> String {
    quick("web", "enforce", "1s") + &format!("[notify]\nurl = \"{url}\"\n{more}")
}

#[test]
fn a_scale_out_is_told_and_the_address_is_shown_nowhere() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let hook = Hook::start(Some("200 OK"));
    room.write("foretide.toml", told(&hook.url(), ""));
    let mut run = Running::start(&room, &aws, &["--listen", "127.0.0.1:0"]);
    run.until(&format!(
        "notifications to {}: scaling, cannot-write, at-max",
        hook.origin
    ));
    let page = page::address(&mut run);
    run.until("SCALING UP: 2 -> 3 instances");
    let (request, body) = hook.next();
    assert_eq!(request, format!("POST /services/{SECRET} HTTP/1.1"));
    let text = body["text"].as_str().unwrap();
    assert!(
        text.starts_with("eu-west-1/web: Scale out 2 → 3: the model answers"),
        "{text}"
    );
    aws.emulator.set_demand("web", Demand::Constant(20.0));
    run.until("SCALING DOWN: ");
    // It may have grown once more before its load was gone.
    while !hook.next().1["text"]
        .as_str()
        .unwrap()
        .contains("Scale in ")
    {}
    let mut shown = Vec::new();
    for path in [
        "/",
        "/metrics",
        "/api/v1/groups",
        page::GROUP,
        "/openapi.json",
    ] {
        shown.push(page::get(&page, path).1);
    }
    // Told every second, and the first message was sent at least some looks ago.
    for outcome in ["sent", "failed", "dropped", "suppressed"] {
        let counted = format!("foretide_notifications_total{{outcome=\"{outcome}\"}}");
        assert!(shown[1].contains(&counted), "{}", shown[1]);
    }
    assert!(!shown[1].contains("foretide_notifications_total{outcome=\"sent\"} 0"));
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    shown.push(printed);
    for entry in std::fs::read_dir(room.path("output")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        shown.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    assert!(shown.len() >= 9, "journal, log and metrics are there");
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[test]
fn a_webhook_that_never_answers_delays_nothing() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let hook = Hook::start(None);
    room.write("foretide.toml", told(&hook.url(), ""));
    let mut run = Running::start(&room, &aws, &[]);
    run.until("SCALING UP: 2 -> 3 instances");
    hook.next();
    // It looks, and writes, while the first message waits for its answer.
    for _ in 0..3 {
        run.until("eu-west-1/web: PREDICTION");
    }
    aws.emulator.set_demand("web", Demand::Constant(20.0));
    run.until("SCALING DOWN: ");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert!(!printed.contains("Collection took"), "{printed}");
    assert!(printed.contains("stopped before the last notifications were sent"));
    assert!(!printed.contains(SECRET), "{printed}");
}

#[test]
fn a_webhook_that_fails_is_named_once_and_its_recovery_as_well() {
    let mut spec = busy("web");
    spec.demand = Demand::Constant(600.0);
    let aws = Aws::of(vec![spec]);
    let room = Room::new();
    let gone = Hook::start(Some("404 Not Found"));
    room.write("foretide.toml", told(&gone.url(), ""));
    let mut run = Running::start(&room, &aws, &[]);
    let failed = run.until("notifications are not sent");
    let why = format!("{}: not found: answered 404 Not Found", gone.origin);
    assert!(failed.contains(&why), "{failed}");
    // Told at 3, 4 and 5 instances, and that no more are allowed.
    while !gone.next().1["text"]
        .as_str()
        .unwrap()
        .contains("the maximum is 5")
    {}
    let works = Hook::start(Some("204 No Content"));
    room.write("foretide.toml", told(&works.url(), ""));
    run.signal("HUP");
    run.until("configuration taken anew");
    aws.emulator.set_demand("web", Demand::Constant(20.0));
    // A starved machine may have told of a late look as well.
    let again = run.until("notifications are sent again; ");
    let unsent = again
        .split("again; ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    assert!(unsent.parse::<u32>().unwrap() >= 4, "{again}");
    works.next();
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert_eq!(printed.matches("notifications are not sent").count(), 1);
    assert!(!printed.contains(SECRET), "{printed}");
}

#[test]
fn a_test_message_says_what_came_of_it() {
    let room = Room::new();
    room.fails(
        &["notify", "test"],
        78,
        &["no webhook is configured", "hint: "],
    );
    let works = Hook::start(Some("200 OK"));
    room.write("hook", works.url() + "\n");
    room.write(
        "foretide.toml",
        "[notify]\nurl_file = \"hook\"\ntemplate = '{\"m\": {{ event }}}'\n",
    );
    let said = room.done(&["notify", "test"]);
    let first = format!("sent to {}: answered 200\n", works.origin);
    assert!(said.starts_with(&first), "{said}");
    assert_eq!(works.next().1["m"], "test");
    let refuses = Hook::start(Some("400 Bad Request"));
    room.write("hook", refuses.url());
    room.fails(
        &["notify", "test"],
        69,
        &["rejected: answered 400 Bad Request", "notify.template"],
    );
    room.write("hook", "http://hooks.example/s3cr3t");
    room.fails(
        &["notify", "test"],
        78,
        &["hook holds no address of a webhook"],
    );
}
