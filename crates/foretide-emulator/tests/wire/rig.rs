//! An emulator on a free port, a clock moved by hand, and a connection to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use foretide_aws::{
    AwsClients, AwsConfig, CollectSettings, Collector, MetricOptions, MetricsAsk, Ready,
    StaticCredentials,
};
use foretide_domain::{GroupState, HistoryQuery, MetricsQuery, Timestamp};
use foretide_emulator::{Emulator, GroupSpec, Scenario, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// 2026-11-23T12:00:00Z, on the grid of five minutes.
pub(crate) const START_S: i64 = 1_795_435_200;
/// Credentials that no text may show.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";
pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";

pub(crate) struct Rig {
    pub emulator: Emulator,
    pub clients: Arc<AwsClients>,
    pub endpoint: String,
    clock: Arc<AtomicI64>,
}

impl Rig {
    pub(crate) async fn new(scenario: Scenario) -> Self {
        let clock = Arc::new(AtomicI64::new(START_S * 1000));
        let reads = Arc::clone(&clock);
        let now = move || Timestamp::from_millis(reads.load(Ordering::SeqCst));
        let emulator = Emulator::new(&scenario, now).unwrap();
        let server = Server::bind_any(emulator.clone()).await.unwrap();
        let endpoint = server.endpoint_url().unwrap();
        tokio::spawn(server.serve(std::future::pending()));
        Self {
            clients: connect(&endpoint, AwsConfig::default()).await,
            emulator,
            endpoint,
            clock,
        }
    }

    pub(crate) async fn of(group: GroupSpec) -> Self {
        Box::pin(Self::new(Scenario::of(group))).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::SeqCst))
    }

    /// Moves the clock on.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn collector(&self, group: &str, metrics: MetricOptions) -> Collector {
        let settings = CollectSettings {
            group: group.into(),
            metrics,
            warm_up: Some(Duration::from_secs(60)),
            ready: Ready::default(),
        };
        Collector::new(Arc::clone(&self.clients), vec![settings])
    }

    /// A collector of `group` whose target groups decide who serves.
    pub(crate) fn by_targets(&self, group: &str, warm_up: Option<u64>) -> Collector {
        let settings = CollectSettings {
            group: group.into(),
            metrics: MetricOptions::default(),
            warm_up: warm_up.map(Duration::from_secs),
            ready: Ready::TargetGroup,
        };
        Collector::new(Arc::clone(&self.clients), vec![settings])
    }

    pub(crate) async fn read(&self, collector: &Collector, group: &str) -> GroupState {
        let mut answers = collector.read_groups(&[group.into()], self.now()).await;
        answers.remove(group).unwrap().unwrap()
    }

    /// Sends a form as botocore does, signed for `region`. Returns status and body.
    pub(crate) async fn form(&self, region: &str, form: &str) -> (u16, String) {
        let scope = format!("AKID/20261123/{region}/autoscaling/aws4_request");
        let head = format!(
            "POST / HTTP/1.1\r\nHost: local\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, \
             Signature=0\r\nContent-Length: {}\r\n\r\n",
            form.len()
        );
        let address = self.endpoint.strip_prefix("http://").unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(form.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// A query for the last `seconds`.
    pub(crate) fn last(&self, seconds: u64) -> MetricsQuery {
        MetricsQuery {
            from: self.now().minus(Duration::from_secs(seconds)),
            instance_metrics: 20,
        }
    }
}

/// A connection to `endpoint` with one attempt a call, so that each fault shows once.
pub(crate) async fn connect(endpoint: &str, config: AwsConfig) -> Arc<AwsClients> {
    let config = AwsConfig {
        region: Some("eu-west-1".into()),
        endpoint_url: Some(endpoint.into()),
        credentials: Some(StaticCredentials {
            access_key_id: KEY_ID.into(),
            secret_access_key: SECRET.into(),
            session_token: Some(TOKEN.into()),
        }),
        max_attempts: config.max_attempts.or(Some(1)),
        calls_per_second: 10_000,
        ..config
    };
    Arc::new(AwsClients::connect(&config).await.unwrap())
}

/// A question for the metrics of `group`.
pub(crate) fn ask(group: &str, query: MetricsQuery) -> MetricsAsk {
    MetricsAsk {
        name: group.into(),
        query,
    }
}

/// A question for the history between two times, in periods of `period_s` seconds.
pub(crate) fn history((from, to): (Timestamp, Timestamp), period_s: u64) -> HistoryQuery {
    HistoryQuery {
        from,
        to,
        period: Duration::from_secs(period_s),
    }
}

pub(crate) fn web() -> GroupSpec {
    GroupSpec {
        name: "web".into(),
        max: 5,
        history_s: 1800,
        ..GroupSpec::default()
    }
}
