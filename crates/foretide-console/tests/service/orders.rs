//! Orders through the page: who may give them, what is refused, what is passed on.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{Request, StatusCode};
use foretide_console::{Answer as Later, Board, Controls, GroupFacts, Page, page_router};
use foretide_domain::{Mode, Order, Timestamp};
use foretide_http::{ServeConfig, Token};
use foretide_testing::{Answer, ask};

use crate::page::{at, board};

const TOKEN: &str = "correct-horse-battery";
const PATH: &str = "/api/v1/groups/web/orders";
const PAUSE: &str = r#"{"order":"pause"}"#;

/// Notes what is ordered; takes all or nothing.
#[derive(Default)]
struct Notes {
    taken: Mutex<Vec<(String, Order, String)>>,
    refuses: bool,
}

impl Controls for Notes {
    fn order(
        &self,
        group: &GroupFacts,
        order: Order,
        by: String,
    ) -> Later<Result<Timestamp, String>> {
        let refuses = self.refuses;
        if !refuses {
            let noted = (group.name.clone(), order, by);
            self.taken.lock().unwrap().push(noted);
        }
        Box::pin(async move {
            if refuses {
                Err("stopping".to_owned())
            } else {
                Ok(at(7))
            }
        })
    }
}

fn service(controls: Option<Arc<Notes>>) -> Router {
    let config = ServeConfig {
        token: Some(Token::new(TOKEN).unwrap()),
        ..ServeConfig::default()
    };
    let board: Arc<Board> = board(&["web"]);
    let page = Page {
        board,
        history: None,
        controls: controls.map(|notes| notes as Arc<dyn Controls>),
        legacy_names: false,
    };
    page_router(&config, page)
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(HOST, "localhost:8080")
        .header(CONTENT_TYPE, "application/json")
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
}

async fn give(service: Router, path: &str, body: &'static str) -> Answer {
    ask(service, request(path).body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn an_order_is_passed_on_with_its_origin_and_told_when_it_is_carried_out() {
    let notes = Arc::new(Notes::default());
    let answer = give(service(Some(Arc::clone(&notes))), PATH, PAUSE).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json()["next_cycle_ms"], at(7).as_millis());
    let pin = r#"{"order":"pin","capacity":4,"for_s":60}"#;
    give(service(Some(Arc::clone(&notes))), PATH, pin).await;
    let mode = r#"{"order":"mode","mode":"enforce"}"#;
    give(service(Some(Arc::clone(&notes))), PATH, mode).await;
    let until = at(60);
    let orders = [
        Order::Pause { until: None },
        Order::Pin { capacity: 4, until },
        Order::Mode {
            mode: Some(Mode::Enforce),
        },
    ];
    let expected = orders.map(|order| ("web".to_owned(), order, "HTTP".to_owned()));
    assert_eq!(*notes.taken.lock().unwrap(), expected);
}

#[tokio::test]
async fn without_the_token_or_from_another_page_nothing_is_ordered() {
    let notes = Arc::new(Notes::default());
    let service = service(Some(Arc::clone(&notes)));
    let bare = Request::post(PATH)
        .header(HOST, "localhost:8080")
        .header(CONTENT_TYPE, "application/json");
    let answer = ask(service.clone(), bare.body(Body::from(PAUSE)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let foreign = request(PATH).header(ORIGIN, "https://evil.example");
    let answer = ask(service.clone(), foreign.body(Body::from(PAUSE)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let form = Request::post(PATH)
        .header(HOST, "localhost:8080")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, format!("Bearer {TOKEN}"));
    let answer = ask(service, form.body(Body::from("order=pause")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(notes.taken.lock().unwrap().is_empty());
}

/// The router alone, with every way to write an origin; the wire is tested with the program.
#[tokio::test]
async fn an_order_of_a_browser_comes_from_the_page_itself() {
    let notes = Arc::new(Notes::default());
    let config = ServeConfig {
        token: Some(Token::new(TOKEN).unwrap()),
        allowed_hosts: vec!["scaler.internal".parse().unwrap()],
        public_origin: Some("https://Scaler.example".parse().unwrap()),
        ..ServeConfig::default()
    };
    let page = Page {
        board: board(&["web"]),
        history: None,
        controls: Some(Arc::clone(&notes) as Arc<dyn Controls>),
        legacy_names: false,
    };
    let service = page_router(&config, page);
    for (host, origin, status) in [
        ("localhost:8080", "http://localhost:8080", 202),
        ("LOCALHOST:8080", "http://localhost:8080", 202),
        ("[::1]:8080", "http://[::1]:8080", 202),
        ("localhost", "http://localhost:80", 202),
        ("scaler.internal", "http://scaler.internal", 202),
        ("localhost:8080", "https://scaler.example", 202),
        ("scaler.example", "https://scaler.example:443", 202),
        ("scaler.example", "https://scaler.example:444", 403),
        ("localhost:8080", "http://localhost:3000", 403),
        ("localhost:8080", "http://127.0.0.1:8080", 403),
        ("localhost:8080", "https://localhost:8080", 403),
        ("localhost:8080", "http://scaler.internal", 403),
        ("localhost:8080", "null", 403),
        // A name rebound to this address: the browser then sends it in both.
        ("evil.example:8080", "http://evil.example:8080", 403),
    ] {
        let request = Request::post(PATH)
            .header(HOST, host)
            .header(ORIGIN, origin)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"));
        let answer = ask(service.clone(), request.body(Body::from(PAUSE)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{origin} at {host}");
    }
    assert_eq!(notes.taken.lock().unwrap().len(), 7);
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused_by_its_reason() {
    let notes = Arc::new(Notes::default());
    let service = service(Some(Arc::clone(&notes)));
    let answer = give(service.clone(), "/api/v1/groups/other/orders", PAUSE).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = give(service.clone(), PATH, r#"{"order":"halt"}"#).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["field"], "order");
    let long = r#"{"order":"pin","capacity":1,"for_s":99999999}"#;
    let answer = give(service, PATH, long).await;
    assert_eq!(answer.json()["field"], "for_s");
    assert!(notes.taken.lock().unwrap().is_empty());
    let refuses = Notes {
        refuses: true,
        ..Notes::default()
    };
    let answer = give(self::service(Some(Arc::new(refuses))), PATH, PAUSE).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["detail"], "stopping");
}

#[tokio::test]
async fn where_orders_are_off_they_are_refused_even_with_the_token() {
    let answer = give(service(None), PATH, PAUSE).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("run.controls = true"), "{detail}");
}
