//! Each way in which an answer can be wrong is an error of its own, and none shows a secret.

use std::sync::atomic::Ordering;
use std::time::Duration;

use foretide_domain::{CallFailure, FailureKind};
use foretide_prometheus::{ANSWER_BYTES_MAX, Problem, ServerSettings};
use foretide_testing::{BUFFERS, endless};

use crate::fake::{Does, Fake};
use crate::{BEGIN, SECRET, newest, of, settings, signal};

/// The failure of a reading that is answered so.
async fn failure(does: Does) -> CallFailure {
    let fake = Fake::same(does).await;
    newest(&signal(&fake.origin)).await.unwrap_err().into()
}

fn refusal(error_type: &str) -> String {
    // A careless proxy quotes the token that it was sent.
    format!(r#"{{"status":"error","errorType":"{error_type}","error":"no\nway, {SECRET}"}}"#)
}

const HTML: &str = "<html><body>502 Bad Gateway correct-horse-battery</body></html>";

#[tokio::test]
async fn what_the_server_refuses_is_said_in_its_own_words() {
    use FailureKind::{Denied, NotFound, Rejected, Throttled, TimedOut, Unavailable};
    for (status, error_type, kind) in [
        ("400 Bad Request", "bad_data", Rejected),
        ("422 Unprocessable Entity", "execution", Rejected),
        ("429 Too Many Requests", "too_many_requests", Throttled),
        ("503 Service Unavailable", "timeout", TimedOut),
        ("503 Service Unavailable", "canceled", Unavailable),
        ("500 Internal Server Error", "internal", Unavailable),
        ("404 Not Found", "not_found", NotFound),
        ("200 OK", "execution", Rejected),
    ] {
        let failure = failure(Does::json(status, &refusal(error_type))).await;
        assert_eq!(failure.kind, kind, "{status} {error_type}");
        let said = format!("Prometheus refused the query: {error_type}: no way, (secret)");
        assert!(failure.detail.contains(&said), "{failure}");
    }
    for (status, said) in [
        ("401 Unauthorized", "it refused the credentials: 401"),
        ("403 Forbidden", "it refused the credentials: 403"),
        (
            "407 Proxy Authentication Required",
            "it refused the credentials: 407",
        ),
    ] {
        let failure = failure(Does::answer(status, "text/plain", SECRET)).await;
        assert_eq!(failure.kind, Denied, "{status}");
        assert!(failure.detail.contains(said), "{failure}");
        assert!(failure.detail.contains("token_file"), "{failure}");
        assert!(!failure.detail.contains(SECRET), "{failure}");
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_is_told_from_an_answer_of_prometheus() {
    use FailureKind::{Malformed, NotFound, Rejected, Throttled, TimedOut, Unavailable};
    for (status, media, kind, content) in [
        ("502 Bad Gateway", "text/html", Unavailable, "text/html"),
        ("504 Gateway Timeout", "text/html", TimedOut, "text/html"),
        ("429 Too Many Requests", "text/html", Throttled, "text/html"),
        (
            "404 Not Found",
            "text/plain; charset=utf-8",
            NotFound,
            "text/plain",
        ),
        ("418 I'm a teapot", "", Rejected, "no media type"),
        ("200 OK", "Text/HTML", Malformed, "text/html"),
    ] {
        let failure = failure(Does::answer(status, media, HTML)).await;
        assert_eq!(failure.kind, kind, "{status}");
        let code = status.get(..3).unwrap();
        let said = format!("it answered {code}");
        assert!(failure.detail.contains(&said), "{failure}");
        let said = format!("with {content}, which is not an answer of Prometheus");
        assert!(failure.detail.contains(&said), "{failure}");
        assert!(!failure.detail.contains("horse"), "{failure}");
    }
    // JSON, but of somebody else.
    for body in [r#"{"status":"UP"}"#, r#"{"status":"success"}"#] {
        let failure = failure(Does::json("503 Service Unavailable", body)).await;
        assert_eq!(failure.kind, Unavailable, "{body}");
    }
}

#[tokio::test]
async fn no_redirect_is_followed_and_its_path_is_not_shown() {
    let elsewhere = Fake::same(Does::series(&[(BEGIN + 60, "1")])).await;
    for (location, to) in [
        (
            format!("{}/s3cr3t?k=s3cr3t", elsewhere.origin),
            &*elsewhere.origin,
        ),
        (
            "https://a:s3cr3t@login.example/s3cr3t".to_owned(),
            "https://login.example,",
        ),
        ("/s3cr3t".to_owned(), "another path of the same host"),
        ("\u{fffd}".to_owned(), "an unreadable address"),
    ] {
        let head = format!("Location: {location}\r\n");
        let failure = failure(Does::with_head("302 Found", &head, HTML)).await;
        assert_eq!(failure.kind, FailureKind::Rejected);
        let said = format!("it answered 302 Found, a redirect to {to}");
        assert!(failure.detail.contains(&said), "{failure}");
        assert!(!failure.detail.contains("s3cr3t"), "{failure}");
        assert!(failure.detail.contains("set url to"), "{failure}");
    }
    assert_eq!(elsewhere.seen().len(), 0, "the token was taken elsewhere");
    let nowhere = failure(Does::with_head("301 Moved Permanently", "", "")).await;
    assert!(
        nowhere.detail.contains("a redirect to nowhere"),
        "{nowhere}"
    );
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_malformed_and_says_where() {
    let success = |data: &str| format!(r#"{{"status":"success","data":{data}}}"#);
    let one = |values: &str| {
        let result = format!(r#"[{{"metric":{{}},"values":[{values}]}}]"#);
        success(&format!(r#"{{"resultType":"matrix","result":{result}}}"#))
    };
    let end = BEGIN + 60;
    for (body, said) in [
        (String::new(), "EOF while parsing"),
        (
            one("").trim_end_matches('}').to_owned(),
            "EOF while parsing",
        ),
        ("[1, 2".to_owned(), "line 1"),
        ("[".repeat(100_000), "line 1"),
        (r#"{"status":"success"}"#.to_owned(), "it has no data"),
        (
            success(r#"{"resultType":"vector","result":[]}"#),
            "its result is a `vector`",
        ),
        (
            success(r#"{"resultType":"scalar","result":[1,"2"]}"#),
            "line 1",
        ),
        (one(&format!(r#"[{end},"horse"]"#)), "`horse` is no number"),
        (one(&format!("[{end},1]")), "line 1"),
        (one(&format!(r#"[{},"1"]"#, end + 1)), "unasked"),
        (one(r#"[1e300,"1"]"#), "unasked"),
        (one(&format!(r#"[{BEGIN},"1"]"#)), "unasked"),
        (
            one(&format!(r#"[{end},"1"],[{end},"2"]"#)),
            "it has two values at",
        ),
        (
            format!(r#"{{"status":"success","data":"{SECRET}"}}"#),
            "(secret)",
        ),
    ] {
        let failure = failure(Does::json("200 OK", &body)).await;
        assert_eq!(failure.kind, FailureKind::Malformed, "{failure}");
        assert!(failure.detail.contains(said), "{said:?}: {failure}");
        assert!(!failure.detail.contains(SECRET), "{failure}");
        assert!(failure.detail.len() < 700, "{failure}");
    }
    let zipped = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let zipped = failure(Does::with_head("200 OK", zipped, "\u{1f}\u{8b}")).await;
    assert!(zipped.detail.contains("compressed (gzip)"), "{zipped}");
}

#[tokio::test]
async fn a_partial_answer_is_no_answer() {
    let body = format!(
        r#"{{"status":"success","warnings":["store a.example:10901 is down","{SECRET}","c","d"],
            "data":{{"resultType":"matrix","result":[]}}}}"#
    );
    let failure = failure(Does::json("200 OK", &body)).await;
    assert_eq!(failure.kind, FailureKind::Unavailable);
    let said = "the answer is partial: store a.example:10901 is down; (secret); c; 1 more;";
    assert!(failure.detail.contains(said), "{failure}");
}

#[tokio::test]
async fn several_series_are_named_with_their_labels() {
    let series =
        |zone: &str| format!(r#"{{"metric":{{"__name__":"load","zone":"{zone}"}},"values":[]}}"#);
    let result = ["a", "b\\u001b[2J", "c", "d"].map(series).join(",");
    let several = failure(Does::result(&result)).await;
    assert_eq!(several.kind, FailureKind::Rejected);
    let said = r#"it returned 4 series, and a signal has one: load{zone="a"}, load{zone="b\u{1b}[2J"}, load{zone="c"}, 1 more"#;
    assert!(several.detail.contains(said), "{several}");
    assert!(several.detail.contains("sum(…)"), "{several}");

    // A server that stops after as many as it was asked for may have more.
    let many = failure(Does::result(&["a"; 10].map(series).join(","))).await;
    assert!(many.detail.contains("at least 10 series"), "{many}");
    // However long the labels are.
    let long = "z".repeat(100_000);
    let long = failure(Does::result(&[&*long, &*long].map(series).join(","))).await;
    assert!(long.detail.len() < 700, "{long}");
}

#[tokio::test]
async fn native_histograms_are_no_numbers() {
    let result = r#"{"metric":{"__name__":"rt"},"histograms":[[1700000100,{"count":"1"}]]}"#;
    let failure = failure(Does::result(result)).await;
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert!(
        failure.detail.contains("native histograms for rt{}"),
        "{failure}"
    );
    assert!(failure.detail.contains("histogram_quantile"), "{failure}");
}

#[tokio::test]
async fn an_answer_without_end_is_read_up_to_the_limit() {
    let (origin, sent) = endless().await;
    let error = newest(&signal(&origin)).await.unwrap_err();
    let Problem::TooLong { most, .. } = *error.problem() else {
        panic!("{error}");
    };
    assert_eq!(most, ANSWER_BYTES_MAX);
    assert!(sent.load(Ordering::SeqCst) <= ANSWER_BYTES_MAX + BUFFERS);
}

/// Ten thousand series are as wrong as two, and the message says the same.
#[tokio::test]
async fn an_answer_that_is_too_long_names_the_series_that_came() {
    let values = format!(r#"[{BEGIN},"1"],"#).repeat(40_000);
    let series = ["a", "b", "c", "d"].map(|zone| {
        format!(r#"{{"metric":{{"__name__":"load","zone":"{zone}"}},"values":[{values}]}}"#)
    });
    let failure = failure(Does::result(&series.join(","))).await;
    assert_eq!(failure.kind, FailureKind::Rejected);
    let said = r#"and begins with load{zone="a"}, load{zone="b"}, load{zone="c"}, 1 more"#;
    assert!(failure.detail.contains(said), "{failure}");
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_cut_off_wherever_it_ends() {
    let Does::Says(whole) = Does::series(&[(BEGIN + 60, "1")]) else {
        panic!("it says something");
    };
    let head = whole.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    for length in 0..whole.len() {
        let failure = failure(Does::Says(whole[..length].to_vec())).await;
        assert_eq!(
            failure.kind,
            FailureKind::Unavailable,
            "{length}: {failure}"
        );
        if length >= head {
            let said = format!("cut off after {} bytes of the answer", length - head);
            assert!(failure.detail.contains(&said), "{failure}");
        } else {
            assert!(failure.detail.contains("cannot be reached"), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_speaks_something_else_cannot_be_reached() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = newest(&signal(&gone)).await.unwrap_err();
    let said = format!(
        "Prometheus {gone}, query `load`: cannot be reached: Connection refused (os error 111)"
    );
    assert_eq!(error.to_string().to_lowercase(), said.to_lowercase());
    let other = failure(Does::Says(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await;
    assert_eq!(other.kind, FailureKind::Unavailable, "{other}");
}

/// On paused time: the timeout passes at once when nothing else can happen.
#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_given_up_in_time_and_the_signal_stays_usable() {
    let fake = Fake::same(Does::Hangs).await;
    let signal = of(ServerSettings {
        timeout: Duration::from_secs(3),
        ..settings(&fake.origin)
    });
    for _ in 0..2 {
        let began = tokio::time::Instant::now();
        let error = newest(&signal).await.unwrap_err();
        let timeout = Duration::from_secs(3);
        assert_eq!(error.problem(), &Problem::TimedOut(timeout));
        assert_eq!(began.elapsed().as_secs(), 3);
        assert_eq!(CallFailure::from(error).kind, FailureKind::TimedOut);
    }
}

#[tokio::test]
async fn a_question_for_too_many_periods_is_not_sent() {
    let fake = Fake::same(Does::result("")).await;
    let error = crate::history(&signal(&fake.origin), 704_001).await;
    let error = error.unwrap_err();
    assert!(matches!(
        error.problem(),
        Problem::TooManyPeriods { periods: 704_001 }
    ));
    assert_eq!(fake.seen().len(), 0);
}
