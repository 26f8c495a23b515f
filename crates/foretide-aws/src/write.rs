//! `SetDesiredCapacity`: the only write.

use aws_sdk_autoscaling::config::Config;
use aws_sdk_autoscaling::config::retry::RetryConfig;
use foretide_domain::{CallFailure, FailureKind, Mode, Plan, WriteOutcome};

use crate::clients::{AwsClients, Turn};
use crate::failure::{failure, not_sent};

const OPERATION: &str = "SetDesiredCapacity";

impl AwsClients {
    /// Sets the desired capacity of `group` as `plan` says, if `mode` allows. Reads the group again
    /// before, and writes only if bounds and desired capacity still are those that the plan
    /// expects. Sends at most one write and never retries: the next cycle decides anew.
    ///
    /// After a failure of kind [`FailureKind::TimedOut`] AWS may have carried out the write: the
    /// request was sent, and no answer says that AWS refused. After every other failure nothing was
    /// changed.
    ///
    /// The write ignores the group's own cooldown; the controller has a cooldown of its own.
    pub async fn set_desired(&self, group: &str, plan: Plan, mode: Mode) -> WriteOutcome {
        if mode == Mode::Observe {
            return WriteOutcome::DryRun;
        }
        let found = match self.read_group(group).await {
            Ok(reading) => reading,
            Err(error) => return WriteOutcome::Failed(not_sent(&error)),
        };
        if found.bounds != plan.expected_bounds || found.desired != plan.expected_desired {
            return WriteOutcome::Moved {
                bounds: found.bounds,
                desired: found.desired,
            };
        }
        if let Some(refusal) = refusal(plan, mode) {
            return WriteOutcome::Failed(failure(FailureKind::Rejected, refusal));
        }
        let Ok(desired) = i32::try_from(plan.desired) else {
            let detail = format!(
                "{OPERATION}: {} is beyond what AWS can be asked",
                plan.desired
            );
            return WriteOutcome::Failed(failure(FailureKind::Rejected, detail));
        };
        match self.send(group, desired).await {
            Ok(()) => WriteOutcome::Accepted,
            Err(error) => WriteOutcome::Failed(error),
        }
    }

    async fn send(&self, group: &str, desired: i32) -> Result<(), CallFailure> {
        let request = self
            .autoscaling
            .set_desired_capacity()
            .auto_scaling_group_name(group)
            .desired_capacity(desired)
            .honor_cooldown(false)
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()));
        let answer = self.call(Turn::Write, OPERATION, request.send()).await;
        answer.map(|_| ())
    }
}

/// Why the mode or the bounds forbid `plan`; none if they allow it.
fn refusal(plan: Plan, mode: Mode) -> Option<String> {
    let (desired, bounds) = (plan.desired, plan.expected_bounds);
    if !bounds.contains(desired) {
        return Some(format!(
            "not written: {desired} is outside the group's bounds {bounds}"
        ));
    }
    let lowers = desired < plan.expected_desired;
    (mode == Mode::ScaleOutOnly && lowers)
        .then(|| format!("not written: mode {mode} never lowers capacity"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};

    use foretide_domain::Bounds;

    use super::*;
    use crate::config::{AwsConfig, StaticCredentials};

    /// Takes one request in and gives `answer`; then the connection ends.
    fn answers_once(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut taken = [0; 8192];
            let _length = stream.read(&mut taken).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    async fn write_to(address: SocketAddr) -> Result<(), CallFailure> {
        let config = AwsConfig {
            region: Some("eu-west-1".into()),
            endpoint_url: Some(format!("http://{address}")),
            credentials: Some(StaticCredentials {
                access_key_id: "AKIAEXAMPLE".into(),
                secret_access_key: "secret".into(),
                session_token: None,
            }),
            ..AwsConfig::default()
        };
        let clients = AwsClients::connect(&config).await.unwrap();
        clients.send("web", 3).await
    }

    #[tokio::test]
    async fn a_write_whose_answer_is_lost_may_have_been_carried_out() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n<SetDesired",
            "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nBusy",
        ] {
            let failure = write_to(answers_once(answer)).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::TimedOut, "{answer}: {failure}");
            assert!(failure.detail.contains("may have been"), "{failure}");
        }
    }

    #[tokio::test]
    async fn a_write_that_was_refused_or_never_left_changed_nothing() {
        let xml = "<ErrorResponse><Error><Code>ScalingActivityInProgress</Code></Error>\
                   </ErrorResponse>";
        let length = xml.len();
        let head = format!("HTTP/1.1 400 No\r\ncontent-length: {length}\r\n\r\n{xml}");
        let refused = write_to(answers_once(head.leak())).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Rejected, "{refused}");
        let throttled = "HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n";
        let throttled = write_to(answers_once(throttled)).await.unwrap_err();
        assert_eq!(throttled.kind, FailureKind::Throttled, "{throttled}");
        let left = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = left.local_addr().unwrap();
        drop(left);
        let unreachable = write_to(nobody).await.unwrap_err();
        assert_eq!(unreachable.kind, FailureKind::Unavailable, "{unreachable}");
    }

    fn plan(desired: u32) -> Plan {
        Plan {
            desired,
            expected_desired: 3,
            expected_bounds: Bounds::new(1, 5).unwrap(),
        }
    }

    #[test]
    fn nothing_outside_the_bounds_and_nothing_against_the_mode_is_written() {
        assert_eq!(refusal(plan(5), Mode::Enforce), None);
        assert_eq!(refusal(plan(1), Mode::Enforce), None);
        assert!(refusal(plan(6), Mode::Enforce).is_some());
        assert!(refusal(plan(0), Mode::Enforce).is_some());
        assert!(refusal(plan(2), Mode::ScaleOutOnly).is_some());
        assert_eq!(refusal(plan(4), Mode::ScaleOutOnly), None);
    }
}
