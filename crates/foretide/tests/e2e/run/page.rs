//! The page beside a running loop: what it knows, what it still knows after a restart.

use std::io::{Read, Write};
use std::net::TcpStream;

use foretide_emulator::GroupSpec;
use serde_json::Value;

use crate::Room;

use super::rig::{Aws, PATIENCE, Running, busy, now, quick};

pub(super) const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The page's address, once it is told.
pub(super) fn address(run: &mut Running) -> String {
    let line = run.until("page: http://");
    line.split("http://").nth(1).unwrap().trim().to_owned()
}

/// Status line and body of an answer.
pub(super) fn get(address: &str, path: &str) -> (String, String) {
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

/// Status line and body of the answer to an order.
pub(super) fn order(address: &str, token: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {GROUP}/orders HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n\
         {body}"
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

pub(super) const GROUP: &str = "/api/v1/groups/eu-west-1%2Fweb";

fn scaled_out(group: &Value) -> bool {
    let marks = group["marks"].as_array().unwrap();
    marks
        .iter()
        .any(|mark| mark["kind"] == "scale_out" && mark["to"] == 3)
}

/// The group's page once it has what the forecast knows: a load of before `oldest`, too.
fn forecast_page(page: &str, oldest: i64) -> Value {
    let began = now();
    loop {
        let group = json(page, &format!("{GROUP}?from=0&points=500&memory=true"));
        let known = ["outlook", "price_list", "kept_from_ms"];
        let from = group["history_from_ms"].as_i64();
        let begins = from.is_some_and(|from| from < oldest);
        if begins && known.iter().all(|name| !group[*name].is_null()) {
            return group;
        }
        assert!(now().since(began) < PATIENCE, "{group}");
    }
}

/// What the forecast read of the past is on the chart before the process is; the hours to come and
/// the price list are there as well, and all of it is after a restart.
#[test]
fn the_page_begins_with_the_history_that_the_forecast_read() {
    let days = GroupSpec {
        history_s: 4 * 86_400,
        ..busy("web")
    };
    let aws = Aws::of(vec![days]);
    let room = Room::new();
    let group = "[group.web]\nmode = \"observe\"\npolicy = \"forecast\"\ninterval = \"1s\"\n";
    room.write("foretide.toml", format!("{group}metric_delay = \"0s\"\n"));
    for start in ["first", "second"] {
        let mut run = Running::start(&room, &aws, &LISTEN);
        let page = address(&mut run);
        let three_days_ago = now().as_millis() - 3 * 86_400_000;
        let group = forecast_page(&page, three_days_ago);
        let from = group["history_from_ms"].as_i64();
        assert!(group["kept_from_ms"].as_i64().unwrap() > three_days_ago);
        let series = &group["series"];
        assert_eq!(series["at_ms"][0].as_i64(), from);
        // 180 instance-percent at 80 %.
        assert_eq!(series["load_instances"][0], 2.25, "{start} start");
        for unknown in ["in_service", "desired", "cpu_percent"] {
            assert_eq!(series[unknown][0], Value::Null, "{unknown}");
        }
        let hours = group["outlook"]["at_ms"].as_array().unwrap();
        assert!((42..=48).contains(&hours.len()), "{}", hours.len());
        assert_eq!(group["outlook"]["most"]["need_instances"], 3);
        assert_eq!(group["price_list"]["rows"].as_array().unwrap().len(), 4);
        assert_eq!(
            group["price_list"]["today"],
            Value::Null,
            "no day is counted"
        );
        run.stop("TERM");
    }
}

#[test]
fn the_page_shows_a_live_group_and_what_was_before_a_restart() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let price = "[defaults]\nprice = \"0.1 USD/h\"\n";
    room.write(
        "foretide.toml",
        format!("{price}{}", quick("web", "enforce", "1d")),
    );
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("SCALING UP: 2 -> 3 instances");
    run.until("eu-west-1/web: PREDICTION");
    let group = json(&page, GROUP);
    assert!(scaled_out(&group), "{}", group["marks"]);
    assert_eq!(group["group"]["capacity"]["desired"], 3);
    assert_eq!(group["group"]["mode"], "enforce");
    assert_eq!(group["group"]["hours"]["price_per_instance_hour"], 0.1);
    assert!(group["group"]["load"]["cpu_percent"].is_number(), "{group}");
    assert!(group["decision"]["sections"].as_array().unwrap().len() >= 4);
    let (status, ready) = get(&page, "/ready");
    assert!(status.contains(" 200 "), "{ready}");
    let (_, metrics) = get(&page, "/metrics");
    for part in [
        "foretide_group_desired_instances{account=\"eu-west-1\",group=\"web\"} 3",
        "foretide_aws_calls_total{account=\"eu-west-1\",operation=\"SetDesiredCapacity\"} 1",
        "foretide_group_cycle_duration_seconds{account=\"eu-west-1\",group=\"web\"}",
        "foretide_aws_call_errors_total{account=\"eu-west-1\",operation=\"SetDesiredCapacity\"} 0",
        "foretide_aws_call_throttles_total{account=\"eu-west-1\",operation=\"GetMetricData\"} 0",
        "foretide_group_prediction_duration_seconds{account=\"eu-west-1\",group=\"web\"}",
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

/// Readers who ask for the live rows and never read, more than the buffers of a connection hold.
#[test]
fn readers_who_never_read_delay_no_look() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    let dead: Vec<TcpStream> = std::iter::repeat_with(|| {
        let mut stream = TcpStream::connect(&page).unwrap();
        write!(
            stream,
            "GET /api/v1/stream HTTP/1.1\r\nHost: {page}\r\n\r\n"
        )
        .unwrap();
        stream
    })
    .take(100)
    .collect();
    for _ in 0..10 {
        run.until("eu-west-1/web: PREDICTION");
    }
    let (_, metrics) = get(&page, "/metrics");
    let overruns = "foretide_group_cycle_overruns_total{account=\"eu-west-1\",group=\"web\"} 0";
    assert!(metrics.contains(overruns), "{metrics}");
    drop(dead);
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
    assert!(
        !room.path("output").exists(),
        "it made its journal all the same"
    );
}

/// Visible ASCII, as a token is.
pub(super) const TOKEN: &str = "Zq7vB1nX4cRt9LmK2pWd";

#[test]
fn orders_are_kept_and_carried_out_and_outlast_a_kill() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("token", TOKEN);
    let orders = "[run]\ncontrols = true\ntoken_file = \"token\"\n";
    room.write(
        "foretide.toml",
        format!("{orders}{}", quick("web", "observe", "1s")),
    );
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    let (status, said) = order(&page, "wrong-wrong-wrong-wrong", r#"{"order":"resume"}"#);
    assert!(status.contains(" 401 "), "{status} {said}");
    for body in [
        r#"{"order":"pause"}"#,
        r#"{"order":"mode","mode":"enforce"}"#,
        r#"{"order":"pin","capacity":4,"for_s":3600}"#,
    ] {
        let (status, said) = order(&page, TOKEN, body);
        assert!(status.contains(" 202 "), "{status} {said}");
    }
    run.until("ordered by 127.0.0.1 over HTTP: pin 4 until");
    // The look that follows carries the orders out; what is paused is not written.
    run.until("eu-west-1/web: PREDICTION");
    run.until("eu-west-1/web: PREDICTION");
    let group = json(&page, GROUP);
    assert_eq!(group["group"]["orders"]["paused"], true, "{group}");
    assert_eq!(group["group"]["mode"], "enforce");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
    run.signal("KILL");
    drop(run.ended());

    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0);
    let (status, said) = order(&page, TOKEN, r#"{"order":"resume"}"#);
    assert!(status.contains(" 202 "), "{status} {said}");
    run.until("SCALING UP: 2 -> 4 instances");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert!(!printed.contains(TOKEN), "{printed}");
}

/// Asked until the answer has `part`: the journal proves itself every ten seconds.
fn ready_says(page: &str, run: &mut Running, part: &str) -> String {
    loop {
        let (status, body) = get(page, "/ready");
        let said = format!("{status} {body}");
        if said.contains(part) {
            return said;
        }
        run.until("PREDICTION");
    }
}

#[test]
fn a_store_that_is_moved_away_is_not_ready_until_it_is_back() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("PREDICTION");
    ready_says(&page, &mut run, " 200 ");
    let (there, away) = (room.path("output/foretide.db"), room.path("away.db"));
    std::fs::rename(&there, &away).unwrap();
    let said = ready_says(&page, &mut run, " 503 ");
    assert!(said.contains("moved or removed while in use"), "{said}");
    std::fs::rename(&away, &there).unwrap();
    ready_says(&page, &mut run, " 200 ");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    assert!(printed.contains("the journal works again"), "{printed}");
    let store = foretide_store::Reader::open(&there).unwrap();
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn orders_without_a_token_are_refused_at_the_start() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let settings = quick("web", "observe", "1s");
    room.write(
        "foretide.toml",
        format!("[run]\ncontrols = true\n{settings}"),
    );
    let (status, said) = Running::start(&room, &aws, &LISTEN).ended();
    assert_eq!(status.code(), Some(78), "{said}");
    assert!(said.contains("needs `run.token_file`"), "{said}");
    assert!(said.contains("hint: "), "{said}");
}
