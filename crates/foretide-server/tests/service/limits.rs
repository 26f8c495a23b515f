//! The limits on requests and on the answers of services that are called, as `docs/limits.md`
//! lists them; those of bodies, times and connections are in `wire.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use foretide_domain::{FailureKind, Features, Order, Record, TaskPriority, TaskType, Timestamp};
use foretide_server::{
    Answer as Later, Controls, GroupFacts, History, MAX_BATCH_ROWS, Page, RemotePredictor,
    ServeConfig, Token, Webhook, page_router,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{Answer, Running, ask, post, service};
use crate::page::{at, board};

const TOKEN: &str = "correct-horse-battery";
/// What the buffers of both sockets and of the HTTP library may hold beyond what was read.
const BUFFERS: usize = 24 * 1024 * 1024;

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let service = Running::start(ServeConfig::default()).await;
    let long = "a".repeat(16 * 1024);
    let head = format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n");
    let answer = service.send(head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_batch_that_is_too_long_is_refused() {
    let row = r#"[45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, "compute", "high"]"#;
    let batch = |rows: usize| format!("{{\"features\": [{}]}}", vec![row; rows].join(","));
    let most = post(service(), batch(MAX_BATCH_ROWS)).await;
    assert_eq!(most.status, StatusCode::OK);
    let more = post(service(), batch(MAX_BATCH_ROWS + 1)).await;
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(more.json()["detail"].as_str().unwrap().contains("1024"));
}

/// Takes every order, knows no history.
struct Yes;

impl Controls for Yes {
    fn order(&self, _: &GroupFacts, _: Order, _: String) -> Later<Result<Timestamp, String>> {
        Box::pin(async { Ok(at(7)) })
    }
}

impl History for Yes {
    fn records(
        &self,
        _: &str,
        _: Timestamp,
        _: Timestamp,
    ) -> Later<Result<Vec<(Timestamp, Record)>, String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

async fn ask_page(request: axum::http::request::Builder, body: String) -> Answer {
    let config = ServeConfig {
        token: Some(Token::new(TOKEN).unwrap()),
        ..ServeConfig::default()
    };
    let page = Page {
        board: board(&["web"]),
        history: Some(Arc::new(Yes)),
        controls: Some(Arc::new(Yes)),
    };
    let request = request
        .header(HOST, "localhost:8080")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    ask(
        page_router(&config, page),
        request.body(Body::from(body)).unwrap(),
    )
    .await
}

#[tokio::test]
async fn an_order_that_is_too_long_is_refused() {
    let path = "/api/v1/groups/web/orders";
    let order = format!("{:1024}", r#"{"order":"pause"}"#);
    let answer = ask_page(Request::post(path), order.clone()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let answer = ask_page(Request::post(path), order + " ").await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn more_than_seven_days_of_history_are_refused() {
    const WEEK_S: i64 = 7 * 86_400;
    let to = -30 * 86_400;
    let window = |from: i64| {
        let (from, to) = (at(from).as_millis(), at(to).as_millis());
        Request::get(format!("/api/v1/groups/web?from={from}&to={to}"))
    };
    let answer = ask_page(window(to - WEEK_S), String::new()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = ask_page(window(to - WEEK_S - 1), String::new()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["field"], "from");
}

#[tokio::test]
async fn a_group_id_and_a_number_of_points_that_are_too_large_are_refused() {
    let group = |id: &str| Request::get(format!("/api/v1/groups/{id}"));
    let answer = ask_page(group(&"x".repeat(2304)), String::new()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "no such group");
    let answer = ask_page(group(&"x".repeat(2305)), String::new()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let points = |count| Request::get(format!("/api/v1/groups/web?points={count}"));
    let answer = ask_page(points(2000), String::new()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = ask_page(points(2001), String::new()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// A service that answers 200 and sends until the client hangs up; its origin, and what it sent.
async fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Ends with an error once the client has hung up.
            drop(send_until_cut_off(stream, &counted).await);
        }
    });
    (origin, sent)
}

async fn send_until_cut_off(mut stream: TcpStream, sent: &AtomicUsize) -> std::io::Result<()> {
    // The rest of the request, where there is one, need not be read.
    let _begun: usize = stream.read(&mut [0; 4096]).await?;
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        .await?;
    let block = vec![b' '; 64 * 1024];
    loop {
        stream.write_all(&block).await?;
        sent.fetch_add(block.len(), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn an_answer_of_a_predictor_without_end_is_read_up_to_the_limit() {
    let (origin, sent) = endless().await;
    let predictor = RemotePredictor::new(&origin.parse().unwrap(), None).unwrap();
    let features = Features {
        cpu_usage: 45.5,
        memory_usage: 60.2,
        network_traffic: 122.1,
        power_consumption: 35.6,
        num_executed_instructions: 1.2e9,
        execution_time: 0.8,
        energy_efficiency: 0.92,
        task_type: TaskType::Compute,
        task_priority: TaskPriority::High,
    };
    let failure = predictor.predict(&features).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed);
    assert!(failure.detail.contains("over 16384 bytes"), "{failure}");
    drop(predictor);
    assert!(sent.load(Ordering::SeqCst) <= BUFFERS);
}

#[tokio::test]
async fn the_body_of_a_webhooks_answer_is_not_read() {
    let (origin, sent) = endless().await;
    let webhook = Webhook::new(origin.parse().unwrap()).unwrap();
    assert_eq!(webhook.post(b"{}".to_vec()).await.unwrap(), 200);
    assert!(sent.load(Ordering::SeqCst) <= BUFFERS);
}
