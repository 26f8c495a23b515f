//! The outlook, the price list and the load of the past, as the page and its API show them.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use foretide_console::{Board, GroupFacts, Limits, Page, Price, page_router};
use foretide_domain::{
    ForecastFigures, HourAhead, Hours, Outlook, PolicyKind, PriceTable, Priced, PricedShare,
    Pricing, Record, Timestamp,
};
use foretide_http::ServeConfig;
use serde_json::{Value, json};

use crate::page::{Told, at, board, decided_after, facts, get, group, observed, page, path_of};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const MINUTE: Duration = Duration::from_secs(60);

/// A board with group `web`, which is forecast and costs half a euro an instance-hour.
fn forecast_board() -> Arc<Board> {
    let board = Board::new(Arc::new(|| at(0)), Limits::for_groups(1));
    board.set_groups(vec![forecast_facts()]);
    Arc::new(board)
}

fn forecast_facts() -> GroupFacts {
    let price = Price {
        amount: 0.5,
        currency: "EUR".to_owned(),
    };
    GroupFacts {
        policy: PolicyKind::Forecast,
        price: Some(price),
        ..facts("web")
    }
}

async fn view(board: &Arc<Board>, query: &str) -> Value {
    let answer = get(
        page(Arc::clone(board)),
        &format!("{}{query}", path_of("web")),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{query}");
    answer.json()
}

fn hour(from: Timestamp, load: f64) -> HourAhead {
    HourAhead {
        from,
        loads: [load, 1.5 * load, 2.0 * load],
    }
}

#[tokio::test]
async fn the_hours_that_have_not_begun_are_shown_over_the_objective() {
    let board = forecast_board();
    assert_eq!(
        view(&board, "").await["outlook"],
        Value::Null,
        "none is made"
    );
    let outlook = |hours| {
        let of = at(-2 * HOUR);
        board.record("web", at(-HOUR), &Record::Outlook(Outlook { of, hours }));
    };
    // The second has begun just now; the next but one was never observed.
    outlook(vec![
        hour(at(-HOUR), 800.0),
        hour(at(0), 800.0),
        hour(at(HOUR), 160.0),
        hour(at(3 * HOUR), 200.0),
        hour(at(4 * HOUR), 200.0),
    ]);
    let shown = view(&board, "").await["outlook"].clone();
    let ms = |seconds| at(seconds).as_millis();
    let expected = json!({
        "of_ms": ms(-2 * HOUR),
        "levels": [0.5, 0.9, 0.99],
        "at_ms": [ms(HOUR), ms(3 * HOUR), ms(4 * HOUR)],
        "need_instances": [[2.0, 3.0, 4.0], [2.5, 3.75, 5.0], [2.5, 3.75, 5.0]],
        "most": { "at_ms": ms(3 * HOUR), "need_instances": 5 },
    });
    assert_eq!(shown, expected);
    outlook(vec![hour(at(0), 800.0)]);
    assert_eq!(
        view(&board, "").await["outlook"],
        Value::Null,
        "all have begun"
    );
}

fn prices() -> Record {
    let row = |violation_share, instances| PricedShare {
        violation_share,
        instances,
    };
    Record::Prices(PriceTable {
        until: Some(at(-DAY)),
        minutes: 7.0 * 1440.0,
        target: 50.0,
        tracking: Priced {
            instances: 5.0,
            violation_share: 0.02,
        },
        rows: vec![
            row(0.001, None),
            row(0.005, Some(6.0)),
            row(0.01, Some(4.0)),
        ],
    })
}

/// The decision of a group that follows a violation budget.
fn by_budget(decided: Record) -> Record {
    let Record::Decided(mut decision) = decided else {
        panic!("{decided}");
    };
    let inputs = &mut decision.explanation.inputs;
    let pricing = Pricing::Budget {
        share: 0.005,
        position: 12,
        position_max: 22,
    };
    inputs.forecast = inputs.forecast.map(|it| ForecastFigures { pricing, ..it });
    Record::Decided(decision)
}

#[tokio::test]
async fn the_price_list_has_todays_point_which_is_that_of_the_count() {
    let board = forecast_board();
    board.record("web", at(-60), &prices());
    let early = view(&board, "").await;
    assert_eq!(
        early["price_list"]["today"],
        Value::Null,
        "a share needs a day"
    );
    assert_eq!(early["price_list"]["until_ms"], at(-DAY).as_millis());
    let rows = &early["price_list"]["rows"];
    assert_eq!(rows[0]["instances"], Value::Null, "no price buys it");
    assert_eq!(rows[0]["cost_a_day"], Value::Null);
    let expected = json!({
        "violation_share": 0.005, "instances": 6.0, "instance_hours": 1008.0,
        "over_target_tracking": 1.2, "cost_a_day": 72.0,
    });
    assert_eq!(rows[1], expected);
    assert_eq!(
        early["price_list"]["target_tracking"]["instance_hours"],
        840.0
    );

    let days = 4 * 86_400;
    let week = Hours {
        since: at(-4 * DAY),
        until: at(0),
        known_s: days,
        used_instance_s: 9 * days / 2,
        baseline_instance_s: 5 * days,
        violation_s: days / 400,
        ..Hours::default()
    };
    // Of stated prices there is no list.
    board.record("web", at(-40), &decided_after(&week));
    assert_eq!(view(&board, "").await["price_list"], Value::Null);
    board.record("web", at(-30), &by_budget(decided_after(&week)));
    let told = view(&board, "").await;
    let (today, hours) = (&told["price_list"]["today"], &told["group"]["hours"]);
    assert_eq!(today["violation_share"], 0.0025);
    assert_eq!(today["violation_share"], hours["violation_share"]);
    assert_eq!(today["instance_hours"], hours["used_instance_hours"]);
    assert_eq!(
        (&today["instances"], &today["cost_a_day"]),
        (&json!(4.5), &json!(54.0))
    );
    assert_eq!(today["over_target_tracking"], 0.9);
    board.set_groups(vec![facts("web")]);
    assert_eq!(
        view(&board, "").await["price_list"],
        Value::Null,
        "no longer forecast"
    );
}

/// Two weeks of a load that was read: 160 instance-percent, and twice as much at noon for a minute.
fn two_weeks() -> impl Iterator<Item = (Timestamp, f64)> {
    let minutes = (-14 * DAY / 60..-5).filter(|minute| minute.rem_euclid(1440) != 100);
    minutes.map(|minute| {
        let load = if minute.rem_euclid(1440) == 720 {
            320.0
        } else {
            160.0
        };
        (at(60 * minute), load)
    })
}

#[tokio::test]
async fn the_chart_begins_with_the_history_that_was_read_and_invents_no_capacity() {
    let board = board(&["web"]);
    board.read("web", at(-300), &group(4, 3));
    board.record("web", at(-60), &observed(3, Some(80.0), 3.0));
    board.history("web", MINUTE, two_weeks());
    let from = at(-14 * DAY).as_millis();
    let query = format!(
        "?from={from}&to={}&points=2000&memory=true",
        at(0).as_millis()
    );
    let shown = view(&board, &query).await;
    assert_eq!(shown["history_from_ms"], from);
    assert_eq!(shown["kept_from_ms"], at(-300).as_millis());
    let series = &shown["series"];
    let column = |name: &str| series[name].as_array().unwrap().clone();
    let (loads, serving) = (column("load_instances"), column("in_service"));
    assert_eq!(
        (series["at_ms"][0].as_i64(), loads.len()),
        (Some(from), serving.len())
    );
    assert!(loads.len() > 1000, "{}", loads.len());
    assert_eq!((&loads[0], &serving[0]), (&json!(2.0), &Value::Null));
    let peaks = loads.iter().filter(|load| **load == json!(4.0)).count();
    assert!((14..=28).contains(&peaks), "no noon is lost: {peaks}");
    assert_eq!(loads[loads.len() - 1], json!(3.0), "what was observed");
    for name in [
        "cpu_percent",
        "desired",
        "in_service",
        "pending",
        "max",
        "baseline_instances",
    ] {
        let known = column(name).iter().filter(|value| !value.is_null()).count();
        assert!(known <= 1, "{name} is known of the last minutes alone");
    }
    // Minute by minute where the minutes are kept, a gap being a gap.
    let gap = at(60 * (100 - 1440));
    let (from, to) = (gap.as_millis() - 60_000, gap.as_millis() + 60_000);
    let near = view(&board, &format!("?from={from}&to={to}&memory=true")).await;
    assert_eq!(near["series"]["load_instances"], json!([2.0, null, 2.0]));
}

#[tokio::test]
async fn the_store_is_left_alone_where_memory_is_asked_for() {
    let board = board(&["web"]);
    board.history("web", MINUTE, two_weeks());
    let told = vec![(at(-3 * DAY + 600), observed(3 * 1440 - 10, Some(80.0), 7.0))];
    let page = Page {
        board,
        history: Some(Arc::new(Told(told))),
        controls: None,
        legacy_names: false,
    };
    let service = page_router(&ServeConfig::default(), page);
    let ask = |from: i64, to: i64, memory: bool| {
        let (from, to) = (at(from).as_millis(), at(to).as_millis());
        let query = format!("{}?from={from}&to={to}&memory={memory}", path_of("web"));
        let service = service.clone();
        async move { get(service, &query).await }
    };
    let window = (-3 * DAY, -3 * DAY + 660);
    let stored = ask(window.0, window.1, false).await.json();
    let loads = stored["series"]["load_instances"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(
        (&loads[0], &loads[10]),
        (&json!(2.0), &json!(7.0)),
        "{loads:?}"
    );
    let kept = ask(window.0, window.1, true).await.json();
    let loads = kept["series"]["load_instances"].as_array().unwrap().clone();
    assert!(loads.iter().all(|load| *load == json!(2.0)), "{loads:?}");
    let long = (-10 * DAY, 0);
    let refused = ask(long.0, long.1, false).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ask(long.0, long.1, true).await.status, StatusCode::OK);
}
