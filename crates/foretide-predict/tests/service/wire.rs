//! The service on a real connection: malformed HTTP, slow and stubborn clients, shutdown.

use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use foretide_classifier::Model;
use foretide_http::{ServeConfig, ServeError};
use foretide_predict::serve;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Running, SEED_BODY, read_to_end};

fn post(body: &str, more: &str) -> String {
    let length = body.len();
    format!(
        "POST /predict HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{more}\r\n{body}"
    )
}

#[track_caller]
fn check_status(answer: &str, status: u16) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
}

/// The status line's start; the rest stays to be read.
async fn read_start(stream: &mut TcpStream) -> String {
    let mut start = [0; 13];
    stream.read_exact(&mut start).await.unwrap();
    String::from_utf8(start.to_vec()).unwrap()
}

/// Byte for byte what curl sends for the original's line.
#[tokio::test]
async fn the_seeds_curl_line_works_unchanged() {
    let service = Running::start(ServeConfig::default()).await;
    let port = service.address.port();
    let request = format!(
        "POST /predict HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: curl/8.5.0\r\n\
         Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{SEED_BODY}",
        SEED_BODY.len()
    );
    let answer = service.send(request.as_bytes()).await;
    check_status(&answer, 200);
    assert!(answer.contains(r#"{"prediction":"#), "{answer}");
}

#[tokio::test]
async fn what_is_not_http_is_answered_4xx_and_the_service_lives_on() {
    let service = Running::start(ServeConfig::default()).await;
    let long_header = format!(
        "GET /health HTTP/1.1\r\nX: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    let many_headers = format!("GET /health HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500));
    let both = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n";
    for bytes in [
        b"hello\r\n\r\n".as_slice(),
        b"GET /health HTTP/9.9\r\n\r\n",
        b"GET /he\x00alth HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        long_header.as_bytes(),
        many_headers.as_bytes(),
        both.as_bytes(),
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
    ] {
        let mut stream = service.connect().await;
        // The service may refuse and close before it has read everything.
        stream.write_all(bytes).await.ok();
        stream.shutdown().await.ok();
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.unwrap();
        assert!(start.starts_with(b"HTTP/1.1 4"), "{}", start.escape_ascii());
    }
    let answer = service
        .send(post(SEED_BODY, "Connection: close\r\n").as_bytes())
        .await;
    check_status(&answer, 200);
}

#[tokio::test]
async fn connections_are_kept_and_requests_may_be_pipelined() {
    let service = Running::start(ServeConfig::default()).await;
    let requests = [
        post(SEED_BODY, ""),
        post("{", ""),
        post(SEED_BODY, "Connection: close\r\n"),
    ];
    let answer = service.send(requests.concat().as_bytes()).await;
    let statuses: Vec<_> = answer.matches("HTTP/1.1 ").collect();
    assert_eq!(statuses.len(), 3, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 2, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400 ").count(), 1, "{answer}");
}

/// The whole body is sent before anything is read, as simple clients do: the refusal must still
/// arrive.
#[tokio::test]
async fn the_sender_of_a_huge_body_reads_the_refusal() {
    let service = Running::start(ServeConfig::default()).await;
    let body = " ".repeat(8 * 1024 * 1024);
    let answer = service
        .send(post(&body, "Connection: close\r\n").as_bytes())
        .await;
    check_status(&answer, 413);
    assert!(answer.contains("larger than 1048576 bytes"), "{answer}");
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_before_it_sends_a_huge_body() {
    let service = Running::start(ServeConfig::default()).await;
    let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 1000000000000\r\nExpect: 100-continue\r\n\r\n";
    let answer = service.send(head.as_bytes()).await;
    check_status(&answer, 413);
}

#[tokio::test]
async fn a_chunked_body_without_length_is_bounded_too() {
    let config = ServeConfig {
        body_limit_bytes: 100,
        ..ServeConfig::default()
    };
    let service = Running::start(config).await;
    let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let chunk = "1e\r\n                              \r\n";
    let answer = service
        .send(format!("{head}{}0\r\n\r\n", chunk.repeat(9)).as_bytes())
        .await;
    check_status(&answer, 413);
    let (first, second) = SEED_BODY.split_at(40);
    let chunks = format!(
        "28\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        second.len()
    );
    let answer = service.send(format!("{head}{chunks}").as_bytes()).await;
    check_status(&answer, 200);
}

#[tokio::test]
async fn slow_heads_and_idle_connections_are_cut_off() {
    let config = ServeConfig {
        header_timeout: Duration::from_millis(50),
        ..ServeConfig::default()
    };
    let service = Running::start(config).await;
    for bytes in ["POST /predict HTTP/1.1\r\nHost: loc", ""] {
        let mut stream = service.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "");
    }
}

#[tokio::test]
async fn slow_bodies_are_told_so() {
    let config = ServeConfig {
        body_timeout: Duration::from_millis(50),
        ..ServeConfig::default()
    };
    let service = Running::start(config).await;
    let whole = post(SEED_BODY, "");
    let answer = service.send(&whole.as_bytes()[..whole.len() - 1]).await;
    check_status(&answer, 408);
    assert!(answer.contains("did not arrive within 50ms"), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_makes_room_for_a_new_one() {
    let config = ServeConfig {
        max_connections: 1,
        ..ServeConfig::default()
    };
    let service = Running::start(config).await;
    let mut first = service.connect().await;
    first
        .write_all(post(SEED_BODY, "").as_bytes())
        .await
        .unwrap();
    check_status(&read_start(&mut first).await, 200);
    let last = post(SEED_BODY, "Connection: close\r\n");
    check_status(&service.send(last.as_bytes()).await, 200);
    // The rest of its answer, then the end.
    first.read_to_end(&mut Vec::new()).await.ok();
}

/// A request whose handler runs until the test sends the body.
async fn handled(address: SocketAddr) -> TcpStream {
    let (head, _) = post(SEED_BODY, "Expect: 100-continue\r\n")
        .split_once("\r\n\r\n")
        .map(owned)
        .unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{head}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut start = [0; 25];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

async fn ask_at(address: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(&mut stream).await
}

#[tokio::test]
async fn while_every_connection_is_busy_probes_are_answered_and_the_rest_may_come_later() {
    let config = ServeConfig {
        max_connections: 2,
        ..ServeConfig::default()
    };
    let service = Running::start(config).await;
    let mut busy = [
        handled(service.address).await,
        handled(service.address).await,
    ];
    for path in ["/health", "/ready"] {
        check_status(&ask_at(service.address, "localhost", path).await, 200);
    }
    let refused = ask_at(service.address, "localhost", "/model").await;
    check_status(&refused, 503);
    for part in [
        "\r\nretry-after: 1\r\n",
        "\r\nconnection: close\r\n",
        "\r\ncontent-type: application/problem+json\r\n",
    ] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
    let foreign = ask_at(service.address, "evil.example", "/health").await;
    check_status(&foreign, 421);
    for stream in &mut busy {
        stream.write_all(SEED_BODY.as_bytes()).await.unwrap();
        check_status(&read_start(stream).await, 200);
    }
    let request = "GET /model HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    check_status(&service.send(request.as_bytes()).await, 200);
}

/// The bound per peer does not apply on loopback, so this takes an address of the machine.
#[tokio::test]
async fn one_peer_is_bound_and_a_trusted_proxy_is_not() {
    let Some(address) = outward().filter(|address| !address.is_loopback()) else {
        drop(writeln!(
            std::io::stderr(),
            "skipped: no address but loopback"
        ));
        return;
    };
    let host = address.to_string();
    for (trusted, expected) in [(vec![], 429), (vec![host.parse().unwrap()], 200)] {
        let config = ServeConfig {
            listen: (address, 0).into(),
            allow_remote_without_token: true,
            connections_per_peer: 1,
            trusted_proxies: trusted,
            ..ServeConfig::default()
        };
        let server = foretide_predict::bind(config, Model::built_in().unwrap());
        let server = server.await.unwrap();
        let address = server.local_addr();
        let running = tokio::spawn(server.run(std::future::pending()));
        let _busy = handled(address).await;
        check_status(&ask_at(address, &host, "/model").await, expected);
        check_status(&ask_at(address, &host, "/health").await, 200);
        running.abort();
    }
}

/// The address from which the machine would reach others; nothing is sent.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[tokio::test]
async fn a_request_in_flight_is_finished_and_new_ones_are_not_taken() {
    let service = Running::start(ServeConfig::default()).await;
    let address = service.address;
    let (head, body) = post(SEED_BODY, "")
        .split_once("\r\n\r\n")
        .map(owned)
        .unwrap();
    let mut in_flight = service.connect().await;
    in_flight
        .write_all(format!("{head}\r\nExpect: 100-continue\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut start = [0; 25];
    in_flight.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut idle = service.connect().await;
    idle.write_all(post(SEED_BODY, "").as_bytes())
        .await
        .unwrap();
    check_status(&read_start(&mut idle).await, 200);

    let stopping = service.stop();
    // The rest of its answer, then the end: an idle connection is closed at once.
    read_to_end(&mut idle).await;
    assert!(TcpStream::connect(address).await.is_err());
    in_flight.write_all(body.as_bytes()).await.unwrap();
    check_status(&read_to_end(&mut in_flight).await, 200);
    stopping.await.unwrap();
}

fn owned((head, body): (&str, &str)) -> (String, String) {
    (head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn a_stubborn_client_does_not_hold_up_the_shutdown() {
    let config = ServeConfig {
        shutdown_grace: Duration::from_millis(50),
        ..ServeConfig::default()
    };
    let service = Running::start(config).await;
    let mut stubborn = service.connect().await;
    let whole = post(SEED_BODY, "Expect: 100-continue\r\n");
    stubborn
        .write_all(&whole.as_bytes()[..whole.len() - 1])
        .await
        .unwrap();
    let mut start = [0; 25];
    stubborn.read_exact(&mut start).await.unwrap();
    service.stop().await.unwrap();
    stubborn.read_to_end(&mut Vec::new()).await.ok();
}

#[tokio::test]
async fn a_port_in_use_and_an_unguarded_address_are_told_apart() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let config = ServeConfig {
        listen,
        ..ServeConfig::default()
    };
    let error = foretide_predict::bind(config, Model::built_in().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, ServeError::AddressInUse { .. }));
    assert_eq!(error.to_string(), format!("{listen} is already in use"));

    let config = ServeConfig {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..ServeConfig::default()
    };
    let stopped = std::future::ready(());
    let error = serve(config.clone(), Model::built_in().unwrap(), stopped.clone())
        .await
        .unwrap_err();
    assert!(matches!(error, ServeError::RemoteWithoutToken { .. }));
    let config = ServeConfig {
        allow_remote_without_token: true,
        ..config
    };
    serve(config, Model::built_in().unwrap(), stopped)
        .await
        .unwrap();
}
