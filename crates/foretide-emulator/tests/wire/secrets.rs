//! No text of the adapter holds a credential, whatever the service answers.

use std::fmt::{Debug, Write as _};
use std::time::Duration;

use foretide_aws::{AwsConfig, Collector, MetricOptions, StaticCredentials};
use foretide_domain::{FailureKind, Mode, Plan, Timestamp};
use foretide_emulator::{Fault, FaultKind};

use crate::rig::{KEY_ID, Rig, SECRET, TOKEN, ask, connect, history, web};

/// All texts about one group while the fault `kind` strikes every call.
async fn told_under(kind: FaultKind) -> String {
    let rig = Rig::of(web()).await;
    let impatient = AwsConfig {
        attempt_timeout: Duration::from_millis(200),
        call_deadline: Duration::from_millis(300),
        ..AwsConfig::default()
    };
    let clients = connect(&rig.endpoint, impatient).await;
    let collector = Collector::new(
        clients.clone(),
        vec![foretide_aws::CollectSettings {
            group: "web".into(),
            metrics: MetricOptions::default(),
            warm_up: Some(Duration::ZERO),
            ready: foretide_aws::Ready::default(),
        }],
    );
    let now = rig.now();
    // Facts are only read of a group that has been read.
    collector.read_groups(&["web".into()], now).await;
    rig.emulator.add_fault(Fault::new(kind, &[]));
    let mut told = Told::default();
    told.add(&collector.read_groups(&["web".into()], now).await);
    let queries = [ask("web", rig.last(300))];
    told.add(&collector.read_metrics(&queries, now).await);
    let span = (Timestamp::from_seconds(0), now);
    told.add(&collector.read_history("web", history(span, 60)).await);
    collector.refresh_facts(now).await;
    told.add(&collector.facts("web"));
    told.add(&clients.read_launches("web", now).await);
    let found = clients.read_group("web").await;
    told.add(&found);
    let plan = Plan {
        desired: 3,
        expected_desired: 2,
        expected_bounds: foretide_domain::Bounds::new(1, 5).unwrap(),
    };
    told.add(&clients.set_desired("web", plan, Mode::Enforce).await);
    told.add(&collector);
    told.add(&clients.warnings());
    told.add(&clients.bill().snapshot());
    if let Err(failure) = found {
        assert_ne!(failure.kind, FailureKind::NotFound, "{failure}");
        told.0.push_str(&failure.to_string());
    } else {
        panic!("{kind:?} did not strike");
    }
    told.0
}

#[derive(Default)]
struct Told(String);

impl Told {
    fn add(&mut self, what: &impl Debug) {
        writeln!(self.0, "{what:?}\n{what:#?}").unwrap();
    }
}

#[track_caller]
fn check_silent(text: &str, of: &str) {
    for secret in [SECRET, TOKEN, KEY_ID] {
        assert!(!text.contains(secret), "{of}: {secret} is in:\n{text}");
    }
}

#[tokio::test]
async fn no_fault_makes_the_adapter_tell_a_credential() {
    for kind in FaultKind::ALL {
        check_silent(&told_under(kind).await, &format!("{kind:?}"));
    }
}

/// The search can find a token: AWS does send the token back.
#[tokio::test]
async fn a_wrong_signature_is_answered_with_the_token() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rig = Rig::of(web()).await;
    rig.emulator
        .add_fault(Fault::new(FaultKind::WrongSignature, &[]));
    let address = rig.endpoint.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Amz-Security-Token: {TOKEN}\r\n\
         Content-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(TOKEN), "{answer}");
    let failure = connect(&rig.endpoint, AwsConfig::default())
        .await
        .read_group("web")
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(
        failure.to_string().contains("SignatureDoesNotMatch"),
        "{failure}"
    );
}

#[test]
fn a_configuration_shows_no_credential() {
    let config = AwsConfig {
        credentials: Some(StaticCredentials {
            access_key_id: KEY_ID.into(),
            secret_access_key: SECRET.into(),
            session_token: Some(TOKEN.into()),
        }),
        ..AwsConfig::default()
    };
    check_silent(&format!("{config:?}\n{config:#?}"), "configuration");
}
