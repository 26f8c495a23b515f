//! Clients that a service did not ask for: hundreds that are slow, and requests of other pages.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longest that a prober waits for an answer: less than any limit of the service that would end a
/// slow client, the shortest of which is 10 s for a body.
const PROBER: Duration = Duration::from_secs(9);

/// How slow a client is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slow {
    /// Sends nothing.
    Silent,
    /// Sends half a head.
    Head,
    /// Sends a head, and of the body nothing.
    Body(&'static str),
}

/// 600 clients, more than a service has connections for.
pub(crate) fn six_hundred(address: &str, how: Slow) -> Vec<TcpStream> {
    let head = match how {
        Slow::Silent => String::new(),
        Slow::Head => format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-Slow"),
        Slow::Body(path) => format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: 99\r\n\r\n"
        ),
    };
    let client = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    std::iter::repeat_with(client).take(600).collect()
}

/// The whole answer to a request, which ends its connection.
#[track_caller]
pub(crate) fn ask(address: &str, request: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PROBER)).unwrap();
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    assert!(read.is_ok(), "{request}: {read:?} after {answer:?}");
    answer
}

/// However slow its clients are, a prober gets its answer.
#[track_caller]
pub(crate) fn assert_probed(address: &str, slow_body: &'static str) {
    let mut crowd = Vec::new();
    for how in [Slow::Silent, Slow::Head, Slow::Body(slow_body)] {
        crowd.push(six_hundred(address, how));
        for probe in ["/health", "/ready"] {
            let answer = ask(address, &format!("GET {probe}"), "", "");
            assert!(answer.starts_with("HTTP/1.1 200 "), "{how:?}: {answer}");
        }
    }
}

/// The answer is a problem of RFC 9457 with this status.
#[track_caller]
pub(crate) fn assert_problem(answer: &str, status: u16) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let media_type = "content-type: application/problem+json";
    assert!(head.contains(media_type), "{answer}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["status"], status, "{problem}");
}
