//! Endless answers over the wire: the adapter reads up to its limit and no further.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foretide_aws::{ANSWER_BYTES_MAX, AwsClients, AwsConfig, StaticCredentials};
use foretide_domain::{Bounds, CallFailure, FailureKind, Mode, Plan, WriteOutcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Bytes that the buffers of both sockets and of the HTTP library may hold beyond the bytes read.
const BUFFERS: usize = 24 * 1024 * 1024;
const BLOCK: usize = 64 * 1024;
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// A service with endless answers.
struct Endless {
    clients: AwsClients,
    sent: Arc<AtomicUsize>,
}

impl Endless {
    /// Answers requests that contain `operation` with `status`, `headers` and an endless body, and
    /// all others with `otherwise`.
    async fn start(
        status: u16,
        headers: &'static str,
        operation: &'static str,
        otherwise: &'static str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let sent = Arc::clone(&counted);
                tokio::spawn(async move {
                    // Ends with an error once the client has hung up.
                    drop(serve(stream, status, headers, operation, otherwise, &sent).await);
                });
            }
        });
        let config = AwsConfig {
            region: Some("eu-west-1".into()),
            endpoint_url: Some(endpoint),
            credentials: Some(StaticCredentials {
                access_key_id: "id".into(),
                secret_access_key: "secret".into(),
                session_token: None,
            }),
            max_attempts: Some(1),
            ..AwsConfig::default()
        };
        let clients = AwsClients::connect(&config).await.unwrap();
        Self { clients, sent }
    }

    /// Asserts that reading stopped at the limit.
    #[track_caller]
    fn assert_bounded(&self, failure: &CallFailure, kind: FailureKind) {
        assert_eq!(failure.kind, kind, "{failure}");
        let text = failure.to_string();
        assert!(text.contains("an answer longer than 16 MiB"), "{text}");
        let sent = self.sent.load(Ordering::SeqCst);
        assert!(sent <= ANSWER_BYTES_MAX + BUFFERS, "{sent} bytes were sent");
    }
}

async fn serve(
    mut stream: TcpStream,
    status: u16,
    headers: &str,
    operation: &str,
    otherwise: &str,
    sent: &AtomicUsize,
) -> std::io::Result<()> {
    let request = read_request(&mut stream).await?;
    if !request.contains(operation) {
        let length = otherwise.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n");
        let answer = format!("{head}Content-Type: text/xml\r\n\r\n{otherwise}");
        return stream.write_all(answer.as_bytes()).await;
    }
    let head = format!("HTTP/1.1 {status} Endless\r\nContent-Type: text/xml\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await?;
    let block = vec![b' '; BLOCK];
    loop {
        if headers.starts_with(CHUNKED) {
            stream.write_all(b"10000\r\n").await?;
        }
        stream.write_all(&block).await?;
        if headers.starts_with(CHUNKED) {
            stream.write_all(b"\r\n").await?;
        }
        sent.fetch_add(BLOCK, Ordering::SeqCst);
    }
}

/// Head and body of a request, as text.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap_or("0").parse().unwrap() {
                return Ok(text);
            }
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn check(headers: &'static str) {
    let service = Endless::start(200, headers, "DescribeAutoScalingGroups", "").await;
    let failure = service.clients.read_group("web").await.unwrap_err();
    service.assert_bounded(&failure, FailureKind::Malformed);
}

#[tokio::test]
async fn an_answer_in_chunks_without_end_is_read_up_to_the_limit() {
    check(CHUNKED).await;
}

#[tokio::test]
async fn an_answer_without_a_length_is_read_up_to_the_limit() {
    check("Connection: close\r\n").await;
}

#[tokio::test]
async fn an_answer_that_announces_too_much_is_not_read() {
    let service = Endless::start(
        200,
        "Content-Length: 4294967296\r\n",
        "DescribeAutoScalingGroups",
        "",
    )
    .await;
    let failure = service.clients.read_group("web").await.unwrap_err();
    service.assert_bounded(&failure, FailureKind::Malformed);
    let sent = service.sent.load(Ordering::SeqCst);
    assert!(sent <= BUFFERS, "{sent} bytes were sent");
}

/// The client does not decompress: the limit counts the bytes of the wire, and the client stores
/// those.
#[tokio::test]
async fn a_compressed_answer_without_end_is_read_up_to_the_limit() {
    check("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n").await;
}

#[tokio::test]
async fn an_error_without_end_keeps_the_kind_of_its_status() {
    let service = Endless::start(503, CHUNKED, "DescribeAutoScalingGroups", "").await;
    let failure = service.clients.read_group("web").await.unwrap_err();
    service.assert_bounded(&failure, FailureKind::Unavailable);
}

#[tokio::test]
async fn a_write_whose_answer_has_no_end_counts_as_carried_out() {
    const GROUP: &str = "<DescribeAutoScalingGroupsResponse \
        xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><DescribeAutoScalingGroupsResult>\
        <AutoScalingGroups><member><AutoScalingGroupName>web</AutoScalingGroupName>\
        <MinSize>1</MinSize><MaxSize>5</MaxSize><DesiredCapacity>2</DesiredCapacity>\
        <DefaultCooldown>300</DefaultCooldown><HealthCheckType>EC2</HealthCheckType>\
        <AvailabilityZones><member>eu-west-1a</member></AvailabilityZones>\
        <CreatedTime>2024-01-01T00:00:00Z</CreatedTime></member></AutoScalingGroups>\
        </DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>";
    let service = Endless::start(200, CHUNKED, "SetDesiredCapacity", GROUP).await;
    let plan = Plan {
        desired: 3,
        expected_desired: 2,
        expected_bounds: Bounds::new(1, 5).unwrap(),
    };
    let outcome = service
        .clients
        .set_desired("web", plan, Mode::Enforce)
        .await;
    let WriteOutcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    service.assert_bounded(&failure, FailureKind::TimedOut);
    assert!(
        failure.detail.contains("it may have been carried out"),
        "{failure}"
    );
}
