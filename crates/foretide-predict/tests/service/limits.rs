//! The limits on requests and on the answers of a predictor, as `docs/limits.md` lists them; those
//! of bodies, times and connections are in `wire.rs`.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use foretide_domain::{FailureKind, Features, TaskPriority, TaskType};
use foretide_http::ServeConfig;
use foretide_outbound::Outbound;
use foretide_predict::{MAX_BATCH_ROWS, RemotePredictor};
use foretide_testing::{BUFFERS, endless};

use crate::common::{Running, post, service};

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

#[tokio::test]
async fn an_answer_of_a_predictor_without_end_is_read_up_to_the_limit() {
    let (origin, sent) = endless().await;
    let predictor =
        RemotePredictor::new(&origin.parse().unwrap(), None, &Outbound::default()).unwrap();
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
