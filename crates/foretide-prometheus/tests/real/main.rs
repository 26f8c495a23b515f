//! Signals of a real Prometheus that scrapes a target of the test: read, refused, killed, started
//! again, and cut off in mid-answer.
//!
//! Where Prometheus or promtool (Debian's package prometheus) is not installed a test says
//! `skipped: …` on standard error; with `TEST_REQUIRE_BROWSER=1` it fails instead.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests: what fails here fails the test"
)]

mod exporter;
mod relay;
mod server;

use std::fmt::Write as _;
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind, HistoryQuery, Timestamp};
use foretide_http::{BasicAuth, Credentials};
use foretide_outbound::Outbound;
use foretide_prometheus::{
    POINTS_MAX, Problem, PromQuery, Prometheus, PrometheusSignal, ServerSettings,
};
use foretide_runtime::{SignalPart, SignalSource as _};

use crate::exporter::Exporter;
use crate::relay::Relay;
use crate::server::{Folder, PROMTOOL};

/// Longest that anything is waited for. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

const TARGET: &str = "\
# TYPE load gauge
load 42
part{zone=\"a\"} 1
part{zone=\"b\"} 2
broken NaN
";

#[expect(
    clippy::disallowed_methods,
    reason = "the time of a real Prometheus is that of the machine"
)]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_millis(i64::try_from(since.unwrap().as_millis()).unwrap())
}

/// The query `text` of the server at `origin`, in periods that are closed at their end.
fn signal(origin: &str, text: &str, period: Duration) -> PrometheusSignal {
    with(ServerSettings::new(origin.parse().unwrap()), text, period)
}

fn with(settings: ServerSettings, text: &str, period: Duration) -> PrometheusSignal {
    let server = Prometheus::new(settings, &Outbound::default()).unwrap();
    let query = PromQuery::new(text, period).unwrap();
    server.signal(query.with_delay(Duration::ZERO).unwrap())
}

fn values(part: &SignalPart) -> Vec<f64> {
    part.periods.iter().map(|it| it.value).collect()
}

#[tokio::test]
async fn what_prometheus_scraped_is_read_and_what_it_refuses_is_said() {
    let Some(folder) = Folder::new("a real Prometheus, read") else {
        return;
    };
    let mut exporter = Exporter::new(TARGET).await;
    folder.scrape(exporter.address);
    let server = folder.start().await;
    let began = now();
    exporter.scraped(4).await;
    let read = async |text: &str| {
        let signal = signal(&server.origin(), text, SECOND);
        signal.newest(began, now()).await
    };

    let steady = values(&read("load # with a remark").await.unwrap());
    assert!(steady.len() >= 2, "{steady:?}");
    assert!(steady.iter().all(|value| (value - 42.0).abs() < 1e-9));
    let sum = values(&read("sum(part)").await.unwrap());
    assert!((sum.last().unwrap() - 3.0).abs() < 1e-9, "{sum:?}");
    exporter.says(&TARGET.replace("42", "43.5"));
    exporter.scraped(3).await;
    let last = values(&read("load").await.unwrap());
    assert!((last.last().unwrap() - 43.5).abs() < 1e-9, "{last:?}");

    // Samples that are no numbers: the series is there, its values are missing.
    assert_eq!(read("broken").await.unwrap(), SignalPart::default());

    let target = exporter.address;
    let zone = |zone: &str| format!(r#"part{{instance="{target}", job="test", zone="{zone}"}}"#);
    let series = [zone("a"), zone("b")].into();
    let several = read("part").await.unwrap_err();
    let expected = Problem::SeveralSeries {
        series,
        more: false,
    };
    assert_eq!(several.problem(), &expected);
    let none = read("laod").await.unwrap_err();
    assert_eq!(none.problem(), &Problem::NoSeries(Duration::from_hours(1)));

    for (text, error_type, said) in [
        ("load{", "bad_data", "parse error"),
        ("load[5m]", "bad_data", "range vector"),
        ("part * on(job) part", "execution", "many-to-many"),
    ] {
        let error = read(text).await.unwrap_err();
        let sentence = error.to_string();
        let refused = format!("Prometheus refused the query: {error_type}: ");
        assert!(sentence.contains(&refused), "{sentence}");
        assert!(sentence.contains(said), "{sentence}");
        assert_eq!(CallFailure::from(error).kind, FailureKind::Rejected);
    }
}

/// Prometheus fills a gap with its last sample for five minutes. A signal has the gap.
#[tokio::test]
async fn a_prometheus_that_was_killed_goes_on_with_a_gap() {
    let Some(folder) = Folder::new("a real Prometheus, killed and started again") else {
        return;
    };
    let mut exporter = Exporter::new(TARGET).await;
    folder.scrape(exporter.address);
    let server = folder.start().await;
    let (address, began) = (server.address, now());
    let signal = signal(&server.origin(), "load", SECOND);
    exporter.scraped(4).await;
    assert!(
        !signal
            .newest(began, now())
            .await
            .unwrap()
            .periods
            .is_empty()
    );

    server.kill().await;
    let killed = now();
    let failure = signal.read_newest(began, now()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unavailable, "{failure}");
    assert!(failure.detail.contains("cannot be reached: "), "{failure}");
    assert!(failure.detail.contains("hint: "), "{failure}");
    // Nothing scrapes while it is gone.
    let idle = tokio::time::timeout(4 * SECOND, exporter.scraped(1)).await;
    idle.unwrap_err();

    let restarted = now();
    let server = folder.start_at(address).await;
    exporter.scraped(4).await;
    let part = signal.newest(began, now()).await.unwrap();
    let before = part.periods.iter().filter(|it| it.start < killed).count();
    let after = part.periods.iter().filter(|it| it.start >= restarted);
    assert!(before >= 2 && after.count() >= 2, "{part:?}");
    let gap = part.periods.iter().filter(|it| {
        let end = it.start.plus(it.period);
        it.start > killed && end < restarted
    });
    assert_eq!(gap.count(), 0, "{part:?}");
    drop(server);
}

#[tokio::test]
async fn an_answer_that_a_proxy_cuts_off_is_told_and_the_next_reading_goes_on() {
    let Some(folder) = Folder::new("a real Prometheus behind a proxy that cuts") else {
        return;
    };
    let server = folder.start().await;
    let relay = Relay::new(server.address).await;
    // The value of a period is then its end, in seconds.
    let signal = signal(&format!("http://{}", relay.address), "time()", SECOND);
    // Three requests, two of the longest that Prometheus answers.
    let periods = 2 * POINTS_MAX + 100;
    let query = HistoryQuery {
        from: Timestamp::from_seconds(1_700_000_000),
        to: Timestamp::from_seconds(1_700_000_000 + periods),
        period: SECOND,
    };
    for cut in [0, 1, 20, 5_000, 100_000] {
        relay.cut_after(cut);
        let error = signal.history(query).await.unwrap_err();
        match error.problem() {
            Problem::Unreachable(_) => assert!(cut < 200, "{cut}: {error}"),
            Problem::CutOff { bytes, .. } => assert!(*bytes < cut && cut > 200, "{cut}: {error}"),
            other => panic!("{cut}: {other}"),
        }
        assert_eq!(CallFailure::from(error).kind, FailureKind::Unavailable);
    }
    relay.cut_after(usize::MAX);
    let part = signal.history(query).await.unwrap();
    assert_eq!(i64::try_from(part.periods.len()), Ok(periods));
    for (start, it) in (1_700_000_000_i64..).zip(&part.periods) {
        assert_eq!(it.start.as_seconds(), start);
        assert!((it.value - (start + 1) as f64).abs() < 1e-9, "{it:?}");
    }
}

/// Nine days of minutes, with an hour without samples and one sample that is no number.
#[tokio::test]
async fn history_is_read_from_the_same_query() {
    const MINUTES: i64 = 9 * 24 * 60;
    let Some(folder) = Folder::new("a real Prometheus with a past") else {
        return;
    };
    let end = now().as_seconds() / 60 * 60 - 600;
    let begin = end - MINUTES * 60;
    let mut text = "# TYPE load gauge\n".to_owned();
    let gap = 5_000..5_060;
    for minute in (0..MINUTES).filter(|minute| !gap.contains(minute)) {
        let value = match minute {
            7_000 => f64::NAN,
            minute => minute as f64,
        };
        let at = begin + minute * 60 + 30;
        writeln!(text, "load {value} {at}").unwrap();
    }
    folder.write("past.txt", &format!("{text}# EOF\n"));
    let mut promtool = tokio::process::Command::new(PROMTOOL);
    // Blocks of two hours, as by default, take ten seconds to write.
    promtool.args(["tsdb", "create-blocks-from", "--max-block-duration=432h"]);
    promtool.arg("openmetrics").arg(folder.path("past.txt"));
    let made = promtool.arg(folder.path("data")).output().await.unwrap();
    assert!(made.status.success(), "{made:?}");

    let server = folder.start().await;
    let signal = signal(&server.origin(), "load", MINUTE);
    let query = HistoryQuery {
        // A day from before the first sample.
        from: Timestamp::from_seconds(begin - 86_400),
        to: Timestamp::from_seconds(end),
        period: MINUTE,
    };
    let part = signal.read_history(query).await.unwrap();
    let read: Vec<(i64, i64)> = part
        .periods
        .iter()
        .map(|it| {
            assert_eq!(it.period, MINUTE);
            let value = format!("{}", it.value).parse().unwrap();
            ((it.start.as_seconds() - begin) / 60, value)
        })
        .collect();
    let expected: Vec<(i64, i64)> = (0..MINUTES)
        .filter(|minute| !gap.contains(minute) && *minute != 7_000)
        .map(|minute| (minute, minute))
        .collect();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_prometheus_that_wants_a_password_gets_it() {
    const WRONG: &str = "close sesame";
    let Some(folder) = Folder::new("a real Prometheus with a password") else {
        return;
    };
    // bcrypt of "open sesame".
    let hash = "$2b$04$Sqkkz5yinpgJOrvG9v4p6.lPdiC1S/BxonOL2hWMkk0u5prDEe8Ve";
    folder.write(
        "web.yml",
        &format!("basic_auth_users: {{Aladdin: '{hash}'}}"),
    );
    let server = folder.start().await;
    let read = async |credentials: Credentials| {
        let settings = ServerSettings {
            credentials,
            ..ServerSettings::new(server.origin().parse().unwrap())
        };
        let signal = with(settings, "vector(7)", SECOND);
        let now = now();
        signal.newest(now.minus(3 * SECOND), now).await
    };
    let basic = |password: &str| Credentials::Basic(BasicAuth::new("Aladdin", password).unwrap());
    let part = read(basic("open sesame")).await.unwrap();
    assert!(part.periods.len() >= 2, "{part:?}");
    for wrong in [basic(WRONG), Credentials::None] {
        let error = read(wrong).await.unwrap_err();
        assert!(matches!(error.problem(), Problem::Denied { .. }), "{error}");
        assert!(!error.to_string().contains(WRONG), "{error}");
    }
}
