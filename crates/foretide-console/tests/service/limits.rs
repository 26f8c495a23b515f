//! The limits on what is asked of the page, as `docs/limits.md` lists them.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use foretide_console::{Answer as Later, Controls, GroupFacts, History, Page, page_router};
use foretide_domain::{Order, Record, Timestamp};
use foretide_http::{ServeConfig, Token};
use foretide_testing::{Answer, ask};

use crate::page::{at, board};

const TOKEN: &str = "correct-horse-battery";

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
        legacy_names: false,
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
