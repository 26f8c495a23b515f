//! What the service answers to well-formed HTTP.

use axum::body::Body;
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use foretide_classifier::Model;
use foretide_http::{ServeConfig, Token};
use foretide_predict::router;
use foretide_testing::{Answer, ask};
use serde_json::{Value, json};

use crate::common::{SEED_BODY, post, service};

#[track_caller]
fn check_problem(answer: &Answer, status: u16, detail: &str) {
    assert_eq!(answer.status.as_u16(), status);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(
        problem["title"].as_str(),
        answer.status.canonical_reason(),
        "{problem}"
    );
    let said = problem["detail"].as_str().unwrap();
    assert!(said.contains(detail), "{said}");
}

#[tokio::test]
async fn the_seeds_request_is_answered_with_class_odds_and_model() {
    let answer = post(service(), SEED_BODY).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
    let body = answer.json();
    let class = usize::try_from(body["prediction"].as_u64().unwrap()).unwrap();
    let action = ["scale_out", "scale_in", "hold"][class];
    assert_eq!(body["predicted_class"], ["Low", "Medium", "High"][class]);
    assert_eq!(body["action"], action);
    assert_eq!(body["confidence"], body["probabilities"][action]);
    let odds = body["probabilities"].as_object().unwrap();
    let sum: f64 = odds.values().map(|odd| odd.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    for odd in odds.values() {
        assert!(odd.as_f64().unwrap() <= body["confidence"].as_f64().unwrap());
    }
    let id = body["model"]["id"].as_str().unwrap();
    assert_eq!(id.len(), 12);
    assert!(Model::built_in().unwrap().facts().hash.starts_with(id));
}

/// A batch must not depend on its neighbours or its size; 100 rows also cross the point where a
/// batch yields.
#[tokio::test]
async fn a_batch_answers_each_row_as_if_it_were_alone() {
    let rows: Vec<Value> = (0..100)
        .map(|cpu| json!([cpu, 50, 10, 30, 1e9, 0.5, 1.5, "io", "low"]))
        .collect();
    let batch = post(service(), json!({ "features": rows }).to_string()).await;
    let batch = batch.json();
    let predictions = batch["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), rows.len());
    for (row, expected) in rows.iter().zip(predictions) {
        let mut alone = post(service(), json!({ "features": row }).to_string())
            .await
            .json();
        let model = alone.as_object_mut().unwrap().remove("model").unwrap();
        assert_eq!(model, batch["model"]);
        assert_eq!(&alone, expected);
    }
}

#[tokio::test]
async fn a_wrong_feature_is_a_problem_that_names_it() {
    let body = SEED_BODY.replace("compute", "gpu");
    let answer = post(service(), body).await;
    check_problem(
        &answer,
        422,
        "unknown task_type `gpu`, expected one of: compute, io, network",
    );
    assert_eq!(answer.json()["field"], "features[7] (task_type)");
}

#[tokio::test]
async fn a_long_value_is_not_sent_back_whole() {
    let body = format!(r#"{{"features": ["{}"]}}"#, "é".repeat(100_000));
    let answer = post(service(), body).await;
    check_problem(&answer, 422, "features[0] (cpu_usage)");
    assert!(answer.bytes.len() < 2_000);
}

#[tokio::test]
async fn only_json_is_taken() {
    for (media_type, status) in [
        (Some("application/json"), 200),
        (Some("Application/JSON; charset=utf-8"), 200),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("application/jsonl"), 415),
        (None, 415),
    ] {
        let mut request = Request::post("/predict").header(HOST, "localhost");
        if let Some(media_type) = media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        let answer = ask(service(), request.body(Body::from(SEED_BODY)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{media_type:?}");
        if status == 415 {
            check_problem(&answer, 415, "expected application/json");
        }
    }
}

#[tokio::test]
async fn a_body_at_its_limit_passes_and_one_byte_more_does_not() {
    let config = ServeConfig {
        body_limit_bytes: SEED_BODY.len(),
        ..ServeConfig::default()
    };
    let service = router(&config, Model::built_in().unwrap());
    assert_eq!(
        post(service.clone(), SEED_BODY).await.status,
        StatusCode::OK
    );
    let answer = post(service, format!("{SEED_BODY} ")).await;
    check_problem(
        &answer,
        413,
        &format!("larger than {} bytes", SEED_BODY.len()),
    );
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_problems() {
    let request = |method: &str, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost");
        ask(service(), request.body(Body::empty()).unwrap())
    };
    check_problem(
        &request("GET", "/nothing").await,
        404,
        "no such path `/nothing`",
    );
    check_problem(
        &request("POST", "/predict/").await,
        404,
        "there are: /predict",
    );
    let answer = request("GET", "/predict").await;
    check_problem(&answer, 405, "/predict does not take GET");
    assert_eq!(answer.headers[ALLOW], "POST");
    let answer = request("DELETE", "/model").await;
    check_problem(&answer, 405, "/model does not take DELETE");
    assert_eq!(answer.headers[ALLOW], "GET,HEAD");
    assert_eq!(request("HEAD", "/health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn health_and_readiness_are_open_and_the_rest_wants_the_token() {
    let config = ServeConfig {
        token: Some(Token::new("correct-horse-battery").unwrap()),
        ..ServeConfig::default()
    };
    let service = router(&config, Model::built_in().unwrap());
    let request = |path: &str, authorization: Option<&str>| {
        let mut request = Request::get(path).header(HOST, "localhost");
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        ask(service.clone(), request.body(Body::empty()).unwrap())
    };
    for (path, json) in [
        ("/health", json!({"status": "ok"})),
        ("/ready", json!({"status": "ready"})),
    ] {
        let answer = request(path, None).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), json);
    }
    for path in [
        "/model",
        "/openapi.json",
        "/predict",
        "/nothing",
        "/health/",
    ] {
        let answer = request(path, None).await;
        check_problem(&answer, 401, "Authorization header is missing");
        assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
        let answer = request(path, Some("Bearer correct-horse-batterz")).await;
        check_problem(&answer, 401, "the bearer token is wrong");
        let answer = request(path, Some("Bearer correct-horse-battery")).await;
        assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn two_authorization_headers_are_refused_whichever_is_right() {
    let token = "correct-horse-battery";
    for token in [Some(Token::new(token).unwrap()), None] {
        let config = ServeConfig {
            token,
            ..ServeConfig::default()
        };
        let service = router(&config, Model::built_in().unwrap());
        for pair in [
            ["Bearer correct-horse-battery", "Basic x"],
            ["Basic x", "Bearer correct-horse-battery"],
        ] {
            let mut request = Request::get("/model").header(HOST, "localhost");
            for value in pair {
                request = request.header(AUTHORIZATION, value);
            }
            let answer = ask(service.clone(), request.body(Body::empty()).unwrap()).await;
            check_problem(&answer, 400, "more than one Authorization header");
        }
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_path_before_the_token_is_asked_for() {
    let config = ServeConfig {
        token: Some(Token::new("correct-horse-battery").unwrap()),
        allowed_hosts: vec!["scaler.internal".parse().unwrap()],
        ..ServeConfig::default()
    };
    let service = router(&config, Model::built_in().unwrap());
    for path in ["/health", "/ready", "/predict", "/model", "/nothing"] {
        let request = |host: &str| {
            let request = Request::get(path).header(HOST, host);
            ask(service.clone(), request.body(Body::empty()).unwrap())
        };
        let answer = request("evil.example").await;
        check_problem(&answer, 421, "does not answer for the host `evil.example`");
        let answer = request("scaler.internal:8000").await;
        assert_ne!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}
