//! A signal from Prometheus, from the server to the write.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use foretide_emulator::{Demand, GroupSpec};

use crate::Room;

use super::rig::{Aws, Running, busy};

/// A server that answers every range query with one series of the number 40.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(&stream));
        }
    });
    url
}

/// Answers the requests of one connection.
fn serve(mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(request) = lines.find(|line| line.starts_with("GET ")) {
        // The head ends with an empty line.
        let _ = lines.find(String::is_empty);
        let body = answer(&request);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The number 40 at each time that is asked for; the time itself where the samples' own times are.
fn answer(request: &str) -> String {
    let number = |name: &str| -> i64 {
        let (_, rest) = request.split_once(&format!("{name}=")).unwrap();
        let end = rest.find(|it: char| !it.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().unwrap()
    };
    let (start, end, step) = (number("start"), number("end"), number("step"));
    let own_times = request.contains("timestamp");
    let values: Vec<String> = (start..=end)
        .step_by(usize::try_from(step).unwrap())
        .map(|at| {
            let value = if own_times { at } else { 40 };
            format!("[{at},\"{value}\"]")
        })
        .collect();
    format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[\
         {{\"metric\":{{\"job\":\"web\"}},\"values\":[{}]}}]}}}}",
        values.join(",")
    )
}

/// CPU asks for one instance. The queue has 40 messages, and an instance carries 10.
#[test]
fn a_signal_from_prometheus_asks_for_capacity_and_is_named() {
    let calm = GroupSpec {
        demand: Demand::Constant(20.0),
        ..busy("web")
    };
    let aws = Aws::of(vec![calm]);
    let room = Room::new();
    let url = server();
    room.write(
        "foretide.toml",
        format!(
            "[prometheus.main]\nurl = \"{url}\"\n[group.web]\nmode = \"enforce\"\n\
             policy = \"target-tracking\"\ninterval = \"1s\"\nmetric_delay = \"0s\"\n\
             lead_time = \"1s\"\n[group.web.target_tracking]\nout_points = 1\n\
             [[group.web.signal]]\nname = \"queue\"\nsource = \"prometheus\"\n\
             server = \"main\"\nquery = \"sum(queue_length)\"\nper_instance = 10.0\n"
        ),
    );
    let mut run = Running::start(&room, &aws, &[]);
    let line = run.until("by signal `queue`");
    assert!(line.contains("Scale out 2 → 4"), "{line}");
    assert!(line.contains("queue 40"), "{line}");
    run.until("SCALING UP: 2 -> 4 instances");
}
