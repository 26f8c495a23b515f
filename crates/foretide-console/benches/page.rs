//! Server time of page and metrics with 1,000 groups of twelve hours each, and what 200 streams
//! cost while every group is looked at every ten seconds.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures time, prints what it found and ends where something fails"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::HOST;
use foretide_console::{Board, GroupFacts, Limits, Page, page_router};
use foretide_domain::{
    Bounds, Datapoint, GroupState, Mode, Percent, PolicyKind, Record, Timestamp,
};
use foretide_http::ServeConfig;
use http_body_util::BodyExt;
use tower::ServiceExt;

const GROUPS: usize = 1000;
const HOURS: i64 = 12;
const STREAMS: usize = 200;
const ROUNDS: usize = 21;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_704_067_200 + seconds)
}

fn facts(index: usize) -> GroupFacts {
    GroupFacts {
        id: format!("main/web-{index:04}"),
        account: Some("main".to_owned()),
        name: format!("web-{index:04}"),
        mode: Mode::Enforce,
        policy: PolicyKind::Forecast,
        interval: Duration::from_secs(10),
        objective: Percent::new(80.0).unwrap(),
        budget: 0.005,
        price: None,
        dry_run: false,
    }
}

fn group(in_service: u32) -> GroupState {
    GroupState::at_rest(Bounds::new(1, 100).unwrap(), in_service)
}

fn observed(minute: i64) -> Record {
    Record::Observed(Datapoint {
        start: at(60 * minute),
        period: Duration::from_secs(60),
        cpu: Percent::new(50.0 + (minute % 40) as f64),
        instances: 7.0,
        network_in: None,
        network_out: None,
        memory: None,
        demand: None,
        unaccounted: None,
    })
}

fn board() -> Arc<Board> {
    let end = at(HOURS * 3600);
    let board = Board::new(Arc::new(move || end), Limits::for_groups(GROUPS));
    board.set_groups((0..GROUPS).map(facts).collect());
    for index in 0..GROUPS {
        let id = facts(index).id;
        for minute in 0..HOURS * 60 {
            board.read(&id, at(60 * minute + 55), &group(7));
            board.record(&id, at(60 * minute + 55), &observed(minute));
        }
    }
    Arc::new(board)
}

async fn get(service: &Router, path: &str) -> Vec<u8> {
    let request = Request::get(path).header(HOST, "localhost");
    let request = request.body(Body::empty()).unwrap();
    let response = service.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{path}");
    let body = response.into_body().collect().await.unwrap();
    body.to_bytes().to_vec()
}

/// The median of some rounds, in milliseconds; before each every group has changed.
async fn time(service: &Router, board: &Board, path: &str) -> f64 {
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        for index in 0..GROUPS {
            board.read(&facts(index).id, at(HOURS * 3600), &group(7));
        }
        let start = Instant::now();
        let bytes = get(service, path).await;
        took.push(start.elapsed().as_secs_f64() * 1e3);
        assert!(bytes.len() > 1000);
    }
    took.sort_by(f64::total_cmp);
    took[ROUNDS / 2]
}

/// Processor seconds of this process so far, in the kernel's ticks of 10 ms.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    [11, 12]
        .map(|index: usize| fields[index].parse::<f64>().unwrap())
        .iter()
        .sum::<f64>()
        / 100.0
}

/// Share of a core that so many streams take, each read as fast as it speaks.
async fn streams(service: &Router, board: &Board) -> f64 {
    for _ in 0..STREAMS {
        let request = Request::get("/api/v1/stream").header(HOST, "localhost");
        let request = request.body(Body::empty()).unwrap();
        let mut body = service.clone().oneshot(request).await.unwrap().into_body();
        // The first event has all rows; what a stream costs is what follows.
        body.frame().await.unwrap().unwrap();
        tokio::spawn(async move { while body.frame().await.is_some() {} });
    }
    let (before, start) = (processor_s(), Instant::now());
    let span = Duration::from_secs(20);
    let mut index = 0;
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while start.elapsed() < span {
        tick.tick().await;
        board.read(&facts(index % GROUPS).id, at(HOURS * 3600), &group(7));
        index += 1;
    }
    (processor_s() - before) / start.elapsed().as_secs_f64()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let board = board();
    let page = Page {
        board: Arc::clone(&board),
        history: None,
        controls: None,
        legacy_names: false,
    };
    let service = page_router(&ServeConfig::default(), page);
    let overview = time(&service, &board, "/api/v1/groups").await;
    println!("BENCH\tpage/overview_1000\t{overview:.1}\tms\t< 20");
    let detail = time(
        &service,
        &board,
        "/api/v1/groups/main%2Fweb-0500?points=2000",
    )
    .await;
    println!("BENCH\tpage/detail\t{detail:.2}\tms\t< 10");
    let scrape = time(&service, &board, "/metrics").await;
    println!("BENCH\tpage/scrape_1000\t{scrape:.1}\tms\t< 50");
    let share = streams(&service, &board).await * 100.0;
    println!("BENCH\tpage/200_streams\t{share:.1}\t% of a core\t< 5");
}
