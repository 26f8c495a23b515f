//! What is asked for, and what becomes of a good answer.

use foretide_domain::{CallFailure, FailureKind};
use foretide_http::{BasicAuth, Credentials};
use foretide_outbound::{Authorities, Outbound};
use foretide_prometheus::{POINTS_MAX, Problem, PromQuery, Prometheus, ServerSettings};
use foretide_runtime::{SignalPart, SignalSource};
use foretide_testing::{Authority, Network};

use crate::fake::{Does, Fake, Request};
use crate::{BEGIN, MINUTE, SECRET, at, history, newest, of, settings, shown, signal};

/// Every sample was taken half a minute before the end of its period.
fn fresh(request: &Request) -> Does {
    let times: Vec<String> = request
        .times()
        .iter()
        .map(|at| format!(r#"[{at},"{}"]"#, at - 30))
        .collect();
    Does::result(&format!(
        r#"{{"metric":{{}},"values":[{}]}}"#,
        times.join(",")
    ))
}

/// `values` as the answer, with fresh samples.
async fn with_values(values: &'static [(i64, &'static str)]) -> Fake {
    Fake::new(move |request| {
        if request.asks_for_times() {
            fresh(request)
        } else {
            Does::series(values)
        }
    })
    .await
}

#[tokio::test]
async fn the_value_at_the_end_of_a_period_is_that_of_the_period() {
    let fake = with_values(&[(BEGIN + 60, "1.5"), (BEGIN + 300, "2")]).await;
    let part = newest(&signal(&fake.origin)).await.unwrap();
    assert_eq!(shown(&part), [(0, 1.5), (240, 2.0)]);

    let seen = fake.seen();
    assert_eq!(seen.len(), 2);
    let asked = &seen[0];
    assert_eq!(asked.path, "/api/v1/query_range");
    let begin = (BEGIN + 60).to_string();
    let end = (BEGIN + 300).to_string();
    for (name, value) in [
        ("query", "load"),
        ("start", begin.as_str()),
        ("end", end.as_str()),
        ("step", "60"),
        ("lookback_delta", "60"),
        ("limit", "10"),
        ("timeout", "10000ms"),
    ] {
        assert_eq!(asked.parameter(name), value, "{name}");
    }
    assert_eq!(seen[1].parameter("query"), "timestamp(\nload\n)");
    assert_eq!(seen[1].times(), asked.times());
}

#[tokio::test]
async fn a_period_is_read_only_when_it_is_over_and_its_scrapes_have_ended() {
    let fake = with_values(&[(BEGIN + 60, "1")]).await;
    let server = Prometheus::new(settings(&fake.origin), &Outbound::default()).unwrap();
    let signal = server.signal(PromQuery::new("load", MINUTE).unwrap());
    let nothing = signal.newest(at(BEGIN), at(BEGIN + 69)).await.unwrap();
    assert_eq!(nothing, SignalPart::default());
    assert_eq!(fake.seen().len(), 0, "there was nothing to ask for");
    let one = signal.newest(at(BEGIN), at(BEGIN + 70)).await.unwrap();
    assert_eq!(shown(&one), [(0, 1.0)]);
}

#[tokio::test]
async fn missing_is_never_zero_and_zero_is_not_missing() {
    let fake = with_values(&[
        (BEGIN + 60, "NaN"),
        (BEGIN + 120, "0"),
        (BEGIN + 180, "+Inf"),
        (BEGIN + 240, "-Inf"),
    ])
    .await;
    let part = newest(&signal(&fake.origin)).await.unwrap();
    assert_eq!(shown(&part), [(60, 0.0)]);
}

#[tokio::test]
async fn a_sample_from_before_its_period_is_missing() {
    let fake = Fake::new(|request| {
        if request.asks_for_times() {
            // The last scrape was in the second period; Prometheus repeats its sample.
            let last = BEGIN + 61;
            let own = |at: &i64| (*at, last.min(at - 59).to_string());
            let times: Vec<(i64, String)> = request.times().iter().map(own).collect();
            let times: Vec<(i64, &str)> = times.iter().map(|(at, own)| (*at, &**own)).collect();
            Does::series(&times)
        } else {
            let times = request.times();
            let times: Vec<(i64, &str)> = times.iter().map(|at| (*at, "7")).collect();
            Does::series(&times)
        }
    })
    .await;
    let part = newest(&signal(&fake.origin)).await.unwrap();
    assert_eq!(shown(&part), [(0, 7.0), (60, 7.0)]);
}

/// `scalar(x)`, `time()` or `1` have no samples; Prometheus refuses to tell their own times.
#[tokio::test]
async fn the_values_of_a_scalar_are_taken_as_they_are() {
    let fake = Fake::new(|request| {
        if request.asks_for_times() {
            Does::json(
                "400 Bad Request",
                r#"{"status":"error","errorType":"bad_data","error":"expected type vector"}"#,
            )
        } else {
            Does::series(&[(BEGIN + 60, "3")])
        }
    })
    .await;
    let part = newest(&signal(&fake.origin)).await.unwrap();
    assert_eq!(shown(&part), [(0, 3.0)]);
}

#[tokio::test]
async fn a_query_without_a_series_is_an_error_and_a_target_that_pauses_is_none() {
    let fake = Fake::same(Does::result("")).await;
    let error = newest(&signal(&fake.origin)).await.unwrap_err();
    let hour = std::time::Duration::from_hours(1);
    assert_eq!(error.problem(), &Problem::NoSeries(hour));
    let failure = CallFailure::from(error);
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(
        failure.detail,
        format!(
            "Prometheus {}, query `load`: it returned no series for the last 3600 s; hint: try \
             the query on Prometheus's own page: is a name or a label wrong, or is the target \
             down?",
            fake.origin
        )
    );

    // The newest five minutes have no value, the hour before has one.
    let fake = Fake::new(|request| {
        if request.times().len() > 5 {
            Does::series(&[(BEGIN, "1")])
        } else {
            Does::result("")
        }
    })
    .await;
    let part = newest(&signal(&fake.origin)).await.unwrap();
    assert_eq!(part, SignalPart::default());
}

#[tokio::test]
async fn history_from_before_the_first_value_is_empty() {
    let fake = Fake::same(Does::result("")).await;
    let part = history(&signal(&fake.origin), 100).await.unwrap();
    assert_eq!(part, SignalPart::default());
    assert_eq!(fake.seen().len(), 1);
}

#[tokio::test]
async fn history_is_read_in_parts_that_prometheus_answers() {
    let fake = Fake::new(|request| {
        if request.asks_for_times() {
            return fresh(request);
        }
        let times = request.times();
        let values: Vec<(i64, String)> = times.iter().map(|at| (*at, at.to_string())).collect();
        let values: Vec<(i64, &str)> = values.iter().map(|(at, text)| (*at, &**text)).collect();
        Does::series(&values)
    })
    .await;
    let minutes = POINTS_MAX + 3;
    let part = history(&signal(&fake.origin), minutes).await.unwrap();
    let periods: Vec<i64> = part
        .periods
        .iter()
        .map(|it| it.start.as_seconds())
        .collect();
    let all: Vec<i64> = (0..minutes).map(|minute| BEGIN + minute * 60).collect();
    assert_eq!(periods, all);
    for it in &part.periods {
        assert!(it.value.to_bits() == ((it.start.as_seconds() + 60) as f64).to_bits());
    }
    let points: Vec<usize> = fake.seen().iter().map(|it| it.times().len()).collect();
    assert_eq!(points, [11_000, 11_000, 3, 3], "values, then their times");
}

/// A history that ends within a period has that period: it starts before the end.
#[tokio::test]
async fn the_last_period_of_a_history_starts_before_its_end() {
    let fake = with_values(&[(BEGIN + 120, "1")]).await;
    let query = foretide_domain::HistoryQuery {
        from: at(BEGIN + 1),
        to: at(BEGIN + 61),
        period: MINUTE,
    };
    let part = signal(&fake.origin).read_history(query).await.unwrap();
    assert_eq!(shown(&part), [(60, 1.0)]);
}

#[tokio::test]
async fn token_and_password_travel_in_the_head_alone() {
    let line = |request: &Request| {
        let mut lines = request.head.lines();
        let found = lines.find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
        found.map(|line| line.split_once(' ').unwrap().1.to_owned())
    };
    let fake = with_values(&[(BEGIN + 60, "1")]).await;
    newest(&signal(&fake.origin)).await.unwrap();
    let basic = Credentials::Basic(BasicAuth::new("Aladdin", "open sesame").unwrap());
    for credentials in [basic, Credentials::None] {
        let signal = of(ServerSettings {
            credentials,
            ..settings(&fake.origin)
        });
        newest(&signal).await.unwrap();
    }
    let seen = fake.seen();
    let bearer = Some(format!("Bearer {SECRET}"));
    let basic = Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".to_owned());
    let sent: Vec<_> = seen.iter().map(line).collect();
    assert_eq!(
        sent,
        [bearer.clone(), bearer, basic.clone(), basic, None, None]
    );
    assert!(seen.iter().all(|it| !it.path.contains(SECRET)));
}

/// The authority of one server is trusted for that server alone, and in place of all others.
#[test]
fn a_server_is_trusted_by_its_own_authority() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let fake = runtime.block_on(with_values(&[(BEGIN + 60, "1")]));
    let network = Network::new();
    let (own, other) = (Authority::new(), Authority::new());
    let behind = fake.origin.trim_start_matches("http://").parse().unwrap();
    let address = network.tls(&own, "127.0.0.1", behind);
    let read = |authority: &Authority| {
        let authorities = Authorities::from_pem(authority.pem().as_bytes()).unwrap();
        let signal = of(ServerSettings {
            authorities: Some(authorities),
            ..settings(&format!("https://{address}"))
        });
        runtime.block_on(newest(&signal))
    };
    assert_eq!(shown(&read(&own).unwrap()), [(0, 1.0)]);
    let error = read(&other).unwrap_err();
    let unknown = "no authority that is trusted here vouches for its certificate";
    assert!(error.to_string().contains(unknown), "{error}");
    assert!(error.hint().contains("ca_file"), "{}", error.hint());
}
