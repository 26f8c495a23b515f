//! The page and its API as a browser, a prober and a scraper meet them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{Request, StatusCode};
use foretide_console::{
    Answer as Later, Board, Calls, GroupFacts, History, Limits, Looked, Page, StoreHealth,
    page_router,
};
use foretide_domain::{
    Bank, BaselineNow, Bounds, Cause, Counterfactual, Datapoint, Decision, Explanation,
    ForecastFigures, ForecastKept, ForecastRule, GroupState, Guard, Hours, Inputs, LifecycleCounts,
    Load, LoadSource, Mode, Percent, PolicyKind, Pricing, Proposal, Record, Rule, Severity,
    Staleness, Timestamp, Verdict,
};
use foretide_http::{ServeConfig, Token};
use foretide_testing::{Answer, ask};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// A name that would be markup, a label's end and a path at once.
const HOSTILE: &str = "a/<script>alert(1)</script>\"\\\n{}";
const NOW_S: i64 = 1_704_067_200;

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW_S + seconds)
}

pub(crate) fn facts(id: &str) -> GroupFacts {
    GroupFacts {
        id: id.to_owned(),
        account: Some("main".to_owned()),
        name: id.to_owned(),
        mode: Mode::Enforce,
        policy: PolicyKind::TargetTracking,
        interval: Duration::from_secs(10),
        objective: Percent::new(80.0).unwrap(),
        budget: 0.005,
        price: None,
        dry_run: false,
    }
}

pub(crate) fn board(ids: &[&str]) -> Arc<Board> {
    let board = Board::new(Arc::new(|| at(0)), Limits::for_groups(1));
    board.set_groups(ids.iter().map(|id| facts(id)).collect());
    Arc::new(board)
}

pub(crate) fn group(desired: u32, in_service: u32) -> GroupState {
    GroupState {
        counts: LifecycleCounts {
            in_service,
            pending: desired.saturating_sub(in_service),
            ..LifecycleCounts::default()
        },
        ..GroupState::at_rest(Bounds::new(1, 4).unwrap(), desired)
    }
}

/// The minute that started so many minutes ago.
pub(crate) fn observed(minutes_ago: i64, cpu: Option<f64>, instances: f64) -> Record {
    Record::Observed(Datapoint {
        start: at(-60 * minutes_ago),
        period: Duration::from_secs(60),
        cpu: cpu.and_then(Percent::new),
        instances,
        network_in: None,
        network_out: None,
        memory: None,
        demand: None,
        unaccounted: None,
    })
}

pub(crate) fn page(board: Arc<Board>) -> Router {
    page_with(board, &ServeConfig::default())
}

pub(crate) fn page_with(board: Arc<Board>, config: &ServeConfig) -> Router {
    let page = Page {
        board,
        history: None,
        controls: None,
        legacy_names: false,
    };
    page_router(config, page)
}

pub(crate) async fn get(service: Router, path: &str) -> Answer {
    let request = Request::get(path).header(HOST, "localhost:8080");
    ask(service, request.body(Body::empty()).unwrap()).await
}

pub(crate) fn path_of(id: &str) -> String {
    let encoded: Vec<String> = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/groups/{}", encoded.concat())
}

/// What is served of a group of which everything is known.
pub(crate) async fn every_metric() -> String {
    let board = board(&["web"]);
    board.read("web", at(-5), &group(4, 3));
    for minutes_ago in [9, 8, 7] {
        board.record("web", at(-1), &observed(minutes_ago, Some(50.0), 3.0));
        board.record("web", at(-60 * minutes_ago), &decided());
    }
    for minutes_ago in [4, 3, 2] {
        board.record("web", at(-1), &observed(minutes_ago, Some(50.0), 3.0));
    }
    board.looked(
        "web",
        Looked {
            at: at(-4),
            took: Duration::from_millis(120),
            overruns: 1,
            prediction: Some(Duration::from_millis(2)),
        },
    );
    let calls = Calls {
        account: "main".to_owned(),
        operation: "GetMetricData".to_owned(),
        total: 9,
        errors: Some(1),
        throttled: Some(1),
    };
    let unread = [(Severity::Notice, Cause::NoBetterThanBaseline)];
    let verdict = Verdict::new(unread, &Verdict::default(), at(-60));
    let ended = Vec::new();
    board.record("web", at(-60), &Record::Health { verdict, ended });
    board.set_calls(vec![calls], Some(3.5));
    board.set_store(StoreHealth::Writable);
    let answer = get(page(board), "/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    String::from_utf8(answer.bytes).unwrap()
}

/// A decision that rests on a forecast five minutes ahead.
fn decided() -> Record {
    decided_after(&Hours::default())
}

/// The same with a count of the last seven days.
pub(crate) fn decided_after(week: &Hours) -> Record {
    let group = group(4, 3);
    let inputs = Inputs {
        desired: 4,
        bounds: group.bounds,
        counts: group.counts,
        group_age: Duration::ZERO,
        suspended: group.suspended,
        refreshing: false,
        refresh_unknown: false,
        cpu: Percent::new(50.0),
        load: Load::new(150.0),
        instances: Some(3.0),
        data_age: Some(Duration::from_secs(60)),
        fresh: true,
        staleness: Staleness::Fresh,
        coverage: None,
        unaccounted: None,
        starting: 0,
        memory: None,
        features: None,
        forecast: Some(figures()),
        signals: Vec::new(),
        signal_forecast: None,
        event: None,
        class: None,
        streak: 0,
        streak_datapoints: 0,
        streak_needed: None,
        cooldown_left: Duration::ZERO,
        settings: None,
        orders: foretide_domain::Orders::default(),
        pace: foretide_domain::PaceFigures::default(),
        headroom: foretide_domain::Headroom::NONE,
        start_wait_left: None,
        breaker_open: false,
        health: Verdict::default(),
        hours: Hours::default(),
        week: *week,
        baseline: None,
    };
    Record::Decided(Box::new(Decision {
        at: at(-400),
        desired: None,
        next_look: at(-390),
        explanation: Explanation {
            mode: Mode::Enforce,
            policy: PolicyKind::Forecast,
            inputs,
            proposal: Proposal::new(None, Rule::Forecast(ForecastRule::Band)),
            steps: Vec::new(),
            bound_by: None,
        },
    }))
}

fn figures() -> ForecastFigures {
    let kept = |coverage| ForecastKept {
        minutes: None,
        coverage,
        short: 0.0,
    };
    let quantiles = [150.0, 160.0, 170.0, 180.0, 190.0];
    ForecastFigures {
        ahead: Duration::from_secs(300),
        objective: None,
        quantiles: Some(quantiles.map(|load| Load::new(load).unwrap())),
        own_model: true,
        price: 100.0,
        lead_time: Duration::from_secs(180),
        load_source: LoadSource::Cpu,
        uplift: 1.0,
        pricing: Pricing::Prices {
            short_per_instance: 100.0,
        },
        low: 2,
        high: 3,
        kept: [kept(Some([0.5, 0.9, 1.0, 1.0, 1.0])), kept(None)],
        against_tracking: Counterfactual {
            own: 3.0,
            own_short: 0.0,
            tracking: 3.0,
            tracking_short: 0.0,
        },
        short_chance: Some(0.01),
        low_chance: Some(0.05),
        need: 2,
        limit: None,
        history: Duration::from_secs(86_400),
        reading_history: false,
    }
}

#[tokio::test]
async fn a_forecast_and_how_it_held_are_told() {
    let metrics = every_metric().await;
    for line in [
        "foretide_group_forecast_coverage_ratio{account=\"main\",group=\"web\",level=\"0.9\",\
         window=\"day\"} 0.9",
        "foretide_group_forecast_load_instances{account=\"main\",group=\"web\",level=\"0.9\"} 1.6",
        "foretide_group_decisions_total{account=\"main\",group=\"web\",outcome=\"hold\"} 3",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("window=\"week\""), "not known");
}

#[tokio::test]
async fn the_page_and_each_of_its_files_are_answered_within_the_fence() {
    let html = get(page(board(&[])), "/").await;
    assert_eq!(html.status, StatusCode::OK);
    let text = String::from_utf8(html.bytes).unwrap();
    let mut files: Vec<&str> = text
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    files.extend(["/assets/ahead.js", "/assets/chart.js", "/assets/dom.js"]);
    files.extend(["/assets/draw.js", "/assets/controls.js", "/assets/group.js"]);
    files.extend(["/assets/overview.js", "/assets/stream.js"]);
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let answer = get(page(board(&[])), file).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
        let policy = answer.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = String::from_utf8(answer.bytes).unwrap();
        for markup in ["innerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(markup), "{file} has {markup}");
        }
    }
    for inline in ["<style", " style=", " onclick=", "javascript:"] {
        assert!(!text.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn a_hostile_name_is_data_everywhere() {
    let board = board(&[HOSTILE]);
    board.read(HOSTILE, at(-5), &group(2, 2));
    let overview = get(page(Arc::clone(&board)), "/api/v1/groups").await;
    assert_eq!(overview.headers[CONTENT_TYPE], "application/json");
    assert_eq!(overview.json()["groups"][0]["id"], HOSTILE);
    let one = get(page(Arc::clone(&board)), &path_of(HOSTILE)).await;
    assert_eq!(one.json()["group"]["name"], HOSTILE);
    let metrics = get(page(board), "/metrics").await;
    let text = String::from_utf8(metrics.bytes).unwrap();
    let line = "foretide_group_desired_instances{account=\"main\",\
                group=\"a/<script>alert(1)</script>\\\"\\\\\\n{}\"} 2";
    assert!(text.lines().any(|found| found.starts_with(line)), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn what_is_missing_is_null_and_no_metric() {
    let board = board(&["web"]);
    let answer = get(page(Arc::clone(&board)), &path_of("web")).await.json();
    let row = &answer["group"];
    for missing in [
        "capacity",
        "data_at_ms",
        "checked_at_ms",
        "decided_at_ms",
        "changed",
    ] {
        assert_eq!(row[missing], Value::Null, "{missing}");
    }
    assert_eq!(row["load"]["cpu_percent"], Value::Null);
    assert_eq!(row["budget"]["violation_share"], Value::Null);
    assert_eq!(row["hours"]["used_instance_hours"], Value::Null);
    assert_eq!(row["hours"]["since_ms"], Value::Null);
    assert_eq!(answer["decision"], Value::Null);
    board.record("web", at(0), &observed(2, None, 2.0));
    let answer = get(page(Arc::clone(&board)), &path_of("web")).await.json();
    assert_eq!(answer["group"]["load"]["cpu_percent"], Value::Null);
    assert_eq!(answer["series"]["load_instances"][0], Value::Null);
    let metrics = get(page(board), "/metrics").await;
    let text = String::from_utf8(metrics.bytes).unwrap();
    assert!(!text.contains("foretide_group_cpu_ratio{"), "{text}");
}

/// Who looks at all groups sees what was last changed, and whether it was carried out.
#[tokio::test]
async fn the_overview_has_the_last_change_and_says_where_the_mode_withheld_it() {
    for (bound_by, withheld) in [(None, false), (Some(Guard::Mode), true)] {
        let board = board(&["web"]);
        let Record::Decided(mut decision) = decided() else {
            panic!("it is a decision");
        };
        decision.desired = Some(5);
        decision.explanation.bound_by = bound_by;
        let decided_at = decision.at.as_millis();
        board.record("web", at(0), &Record::Decided(decision));
        let overview = get(page(board), "/api/v1/groups").await.json();
        let expected = json!({
            "at_ms": decided_at, "from": 4, "to": 5, "withheld": withheld,
        });
        assert_eq!(overview["groups"][0]["changed"], expected);
    }
}

/// The fair baseline is the cheapest target within the budget, under the name of its target, on the
/// row, in the chart and in the metrics; and no comparison goes without both violation shares.
#[tokio::test]
async fn page_chart_and_metrics_show_the_same_fair_baseline() {
    let board = board(&["web"]);
    board.read("web", at(-5), &group(4, 3));
    let mut bank = Bank {
        budget: 0.005,
        instance_s: [3600 * 100; 11],
        violation_s: [5000; 11],
        ..Bank::default()
    };
    // 65 %: half as dear again as what was used, and within the budget.
    bank.instance_s[7] = 3600 * 90;
    bank.violation_s[7] = 400;
    let week = Hours {
        known_s: 86_400,
        used_instance_s: 3600 * 60,
        baseline_instance_s: 3600 * 80,
        violation_s: 864,
        bank: Some(bank),
        ..Hours::new(at(-100_000))
    };
    let mut newest = decided();
    if let Record::Decided(decision) = &mut newest {
        decision.explanation.inputs.week = week;
        decision.explanation.inputs.baseline = Some(BaselineNow {
            configured: 7,
            bank: Some([20, 18, 16, 14, 12, 11, 10, 9, 8, 8, 7]),
        });
    }
    board.record("web", at(-60), &newest);
    let view = get(page(Arc::clone(&board)), &path_of("web")).await.json();
    let hours = &view["group"]["hours"];
    assert_eq!(hours["baseline"], "target tracking at 65 %");
    assert_eq!(hours["baseline_instance_hours"], 90.0);
    assert_eq!(hours["baseline_keeps_budget"], true);
    assert_eq!(
        hours["compared"],
        "Foretide did not keep the violation budget of 0.50 %: 33 % fewer instance-hours than \
         target tracking at 65 % (in violation 1.00 % of the time against 0.46 %)"
    );
    let drawn = view["series"]["baseline_instances"].as_array().unwrap();
    assert!(drawn.iter().all(|it| it.is_null() || *it == 9), "{drawn:?}");
    let metrics = get(page(board), "/metrics").await;
    let text = String::from_utf8(metrics.bytes).unwrap();
    let line = "foretide_group_baseline_target_ratio{account=\"main\",group=\"web\"} 0.65";
    assert!(text.contains(line), "{text}");
}

/// Page, API and metrics print the count of the newest decision: below a day of data without a
/// share.
#[tokio::test]
async fn hours_are_those_of_the_newest_decision_and_have_no_share_below_a_day() {
    let board = board(&["web"]);
    board.read("web", at(-5), &group(4, 3));
    let hours = |known_s| Hours {
        known_s,
        used_instance_s: 3600 * 60,
        baseline_instance_s: 3600 * 80,
        optimum_instance_s: 3600 * 48,
        violation_s: 864,
        ..Hours::new(at(-100_000))
    };
    let mut newest = decided();
    let mut record = |hours| {
        if let Record::Decided(decision) = &mut newest {
            decision.explanation.inputs.hours = hours;
            decision.explanation.inputs.week = hours;
        }
        board.record("web", at(-60), &newest);
    };
    record(hours(86_399));
    let row = get(page(Arc::clone(&board)), &path_of("web")).await.json()["group"].clone();
    assert_eq!(row["hours"]["too_early"], true);
    assert_eq!(row["hours"]["used_instance_hours"], 60.0);
    assert_eq!(row["hours"]["against_baseline"], Value::Null);
    assert_eq!(row["budget"]["spent_ratio"], Value::Null);
    record(hours(86_400));
    let row = get(page(Arc::clone(&board)), &path_of("web")).await.json()["group"].clone();
    assert_eq!(row["hours"]["since_ms"], at(-100_000).as_millis());
    assert_eq!(row["hours"]["against_baseline"], 0.75);
    assert_eq!(row["hours"]["against_optimum"], 1.25);
    assert_eq!(row["hours"]["violation_share"], 0.01);
    let metrics = get(page(board), "/metrics").await;
    let text = String::from_utf8(metrics.bytes).unwrap();
    for line in [
        "foretide_group_used_instance_seconds_total{account=\"main\",group=\"web\"} 216000",
        "foretide_group_violation_seconds_total{account=\"main\",group=\"web\"} 864",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
}

#[tokio::test]
async fn renamed_metrics_have_their_old_names_beside_where_it_is_asked_for() {
    let served = async |legacy_names| {
        let board = board(&["web"]);
        board.read("web", at(-5), &group(4, 3));
        let page = Page {
            board,
            history: None,
            controls: None,
            legacy_names,
        };
        let router = page_router(&ServeConfig::default(), page);
        String::from_utf8(get(router, "/metrics").await.bytes).unwrap()
    };
    let old = "foretide_group_short_allowed_ratio{account=\"main\",group=\"web\"} 0.005";
    let new = "foretide_group_violation_budget_ratio{account=\"main\",group=\"web\"} 0.005";
    let both = served(true).await;
    assert!(both.contains(old) && both.contains(new), "{both}");
    let now = served(false).await;
    assert!(now.contains(new) && !now.contains(old), "{now}");
}

#[tokio::test]
async fn load_need_violation_and_the_maximum_are_told() {
    let board = board(&["calm", "web"]);
    board.read("calm", at(-5), &group(2, 2));
    board.read("web", at(-5), &group(4, 3));
    for (minutes_ago, cpu) in [(4, 50.0), (3, 90.0), (2, 100.0)] {
        board.record("web", at(-1), &observed(minutes_ago, Some(cpu), 4.0));
        board.record("calm", at(-1), &observed(minutes_ago, Some(20.0), 2.0));
    }
    // The controller's verdict is shown as it is: nothing is judged here.
    let needed = Cause::AtMaximum { max: 4, needed: 5 };
    let verdict = Verdict::new([(Severity::Critical, needed)], &Verdict::default(), at(-60));
    let changed = Record::Health {
        verdict,
        ended: Vec::new(),
    };
    board.record("web", at(-60), &changed);
    let overview = get(page(Arc::clone(&board)), "/api/v1/groups").await.json();
    let row = &overview["groups"][0];
    assert_eq!(
        (&row["id"], &row["health"]["level"], &row["health"]["state"]),
        (&"web".into(), &"critical".into(), &"at_maximum".into())
    );
    // 4 instances at 100 % are 5 at 80 %.
    assert_eq!(row["load"]["need_instances"], 5);
    assert_eq!(row["budget"]["violation_now"], true);
    let reasons = row["health"]["reasons"].to_string();
    let reason = "5 instances are needed, the maximum is 4";
    assert!(reasons.contains(reason), "{reasons}");
    let condition = &row["health"]["conditions"][0];
    assert_eq!(condition["since_ms"], at(-60).as_millis());
    assert!(condition["next_step"].is_string(), "{condition}");
    assert_eq!(
        row["story"]["doing"],
        "Scaling out to 4: 3 in service, 1 pending"
    );
    let metrics = String::from_utf8(get(page(board), "/metrics").await.bytes).unwrap();
    for line in [
        "foretide_group_health{account=\"main\",group=\"web\",state=\"at_maximum\"} 1",
        "foretide_group_health{account=\"main\",group=\"web\",state=\"healthy\"} 0",
        "foretide_group_health{account=\"main\",group=\"calm\",state=\"healthy\"} 1",
        "foretide_group_health_severity{account=\"main\",group=\"web\",state=\"at_maximum\"} 3",
        "foretide_group_at_max{account=\"main\",group=\"web\"} 1",
        "foretide_group_at_max{account=\"main\",group=\"calm\"} 0",
        "foretide_group_load_instances{account=\"main\",group=\"web\"} 4",
        "foretide_group_data_age_seconds{account=\"main\",group=\"web\"} 60",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn a_bucket_shows_the_highest_load_and_the_fewest_in_service() {
    let board = board(&["web"]);
    for (minutes_ago, cpu, in_service) in [(4, 10.0, 4), (3, 80.0, 2), (2, 20.0, 3)] {
        let point = observed(minutes_ago, Some(cpu), 4.0);
        board.record("web", at(0), &point);
        board.read("web", at(-60 * minutes_ago), &group(4, in_service));
    }
    let path = format!("{}?points=1", path_of("web"));
    let series = &get(page(board), &path).await.json()["series"];
    assert_eq!(series["load_instances"][0], 4.0);
    assert_eq!(series["in_service"][0], 2);
    assert_eq!(series["bucket_ms"], 180_000);
    assert_eq!(series["at_ms"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_loop_that_falls_silent_and_a_store_that_fails_are_not_ready() {
    let ready = |board: &Arc<Board>| get(page(Arc::clone(board)), "/ready");
    let board = board(&["web"]);
    board.read("web", at(-60), &group(2, 2));
    let answer = ready(&board).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.json()["reasons"][0]
            .as_str()
            .unwrap()
            .contains("none of 1")
    );
    let row = &get(page(Arc::clone(&board)), "/api/v1/groups").await.json()["groups"][0];
    assert_eq!(row["health"]["level"], "critical");
    board.set_store(StoreHealth::Failing {
        since_ms: 0,
        why: "no room is left".to_owned(),
    });
    let reasons = ready(&board).await.json()["reasons"].to_string();
    assert!(reasons.contains("no room is left"), "{reasons}");
    let health = get(page(board), "/health").await;
    assert_eq!(health.status, StatusCode::OK);
}

#[tokio::test]
async fn another_host_and_another_origin_are_forbidden() {
    let status = |host: &'static str, origin: Option<&'static str>| async move {
        let mut request = Request::get("/api/v1/groups").header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let config = ServeConfig {
            allowed_hosts: vec!["scaler.internal".parse().unwrap()],
            ..ServeConfig::default()
        };
        let request = request.body(Body::empty()).unwrap();
        ask(page_with(board(&[]), &config), request).await.status
    };
    let (fine, refused) = (StatusCode::OK, StatusCode::FORBIDDEN);
    assert_eq!(status("127.0.0.1:8080", None).await, fine);
    assert_eq!(
        status("scaler.internal", Some("https://scaler.internal")).await,
        fine
    );
    assert_eq!(status("localhost", Some("http://[::1]:8080")).await, fine);
    assert_eq!(status("evil.example", None).await, refused);
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
    ] {
        assert_eq!(status("localhost", Some(origin)).await, refused, "{origin}");
    }
}

#[tokio::test]
async fn beyond_loopback_reading_needs_the_token_and_the_page_itself_does_not() {
    let config = ServeConfig {
        listen: "10.0.0.5:8080".parse().unwrap(),
        token: Some(Token::new("correct-horse-battery").unwrap()),
        ..ServeConfig::default()
    };
    let status = |path: &'static str, token: Option<&'static str>| {
        let mut request = Request::get(path).header(HOST, "10.0.0.5");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let service = page_with(board(&["web"]), &config);
        // A stream has no end to wait for.
        let request = request.body(Body::empty()).unwrap();
        async move { service.oneshot(request).await.unwrap().status() }
    };
    for path in ["/", "/assets/app.js", "/health"] {
        assert_eq!(status(path, None).await, StatusCode::OK, "{path}");
    }
    for path in [
        "/api/v1/groups",
        "/api/v1/stream",
        "/metrics",
        "/openapi.json",
    ] {
        assert_eq!(status(path, None).await, StatusCode::UNAUTHORIZED, "{path}");
        let wrong = status(path, Some("Bearer wrong-horse-battery!")).await;
        assert_eq!(wrong, StatusCode::UNAUTHORIZED, "{path}");
        let right = status(path, Some("Bearer correct-horse-battery")).await;
        assert_eq!(right, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told() {
    let status = |path: String| async move { get(page(board(&["web"])), &path).await };
    for (query, field) in [
        ("?from=yesterday", "from"),
        ("?points=0", "points"),
        ("?since=1", "since"),
        ("?memory=1", "memory"),
        ("/at", "time"),
        ("/at?time=x", "time"),
    ] {
        let answer = status(format!("{}{query}", path_of("web"))).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.json()["field"], field, "{query}");
    }
    assert_eq!(status(path_of("db")).await.status, StatusCode::NOT_FOUND);
}

/// A stream says all there is, then what has changed, and nothing of what has not.
#[tokio::test(start_paused = true)]
async fn a_stream_tells_all_rows_and_then_those_that_change() {
    let board = board(&["calm", "web"]);
    let request = Request::get("/api/v1/stream").header(HOST, "localhost");
    let service = page(Arc::clone(&board));
    let response = service.oneshot(request.body(Body::empty()).unwrap()).await;
    let mut body = response.unwrap().into_body();
    assert_eq!(ids(&mut body).await, ["calm", "web"]);
    board.read("web", at(-5), &group(2, 2));
    assert_eq!(ids(&mut body).await, ["web"]);
    // The heartbeat.
    assert!(ids(&mut body).await.is_empty());
}

async fn ids(body: &mut Body) -> Vec<String> {
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let text = std::str::from_utf8(&frame).unwrap();
    let json: Value = serde_json::from_str(text.strip_prefix("data: ").unwrap()).unwrap();
    let rows = json["groups"].as_array().unwrap();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    rows.iter().map(id).collect()
}

pub(crate) struct Told(pub(crate) Vec<(Timestamp, Record)>);

impl History for Told {
    fn records(
        &self,
        group: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Later<Result<Vec<(Timestamp, Record)>, String>> {
        let within = |(at, _): &&(Timestamp, Record)| (from..to).contains(at);
        let known = self.0.iter().filter(within).cloned().collect();
        let answer = match group {
            "web" => Ok(known),
            _ => Err("the store is closed".to_owned()),
        };
        Box::pin(async move { answer })
    }
}

#[tokio::test]
async fn what_the_board_no_longer_has_is_read_from_the_history() {
    let before = 60 * 24 * 10;
    let told = vec![
        (at(-60 * before), observed(before, Some(80.0), 3.0)),
        (at(-60 * before + 60), observed(before - 1, Some(80.0), 4.0)),
    ];
    let page = Page {
        board: board(&["db", "web"]),
        history: Some(Arc::new(Told(told))),
        controls: None,
        legacy_names: false,
    };
    let service = page_router(&ServeConfig::default(), page);
    let window = |minutes: i64| at(-60 * minutes).as_millis();
    let query = format!("?from={}&to={}", window(before), window(before - 5));
    let answer = get(service.clone(), &format!("{}{query}", path_of("web"))).await;
    assert_eq!(
        answer.json()["series"]["load_instances"],
        serde_json::json!([3.0, 4.0])
    );
    let answer = get(service, &format!("{}{query}", path_of("db"))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["detail"], "the store is closed");
}
