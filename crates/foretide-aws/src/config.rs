//! Settings of a connection to AWS. For settings left out, the SDK asks its usual chain:
//! environment, profile, instance metadata.

use std::fmt;
use std::time::Duration;

use foretide_outbound::Outbound;

/// Whether this build has the client of Elastic Load Balancing: the feature `target-groups`.
pub const READS_TARGET_GROUPS: bool = cfg!(feature = "target-groups");

/// Settings of one connection: one region, one identity.
#[derive(Clone, Debug, PartialEq)]
pub struct AwsConfig {
    /// Region; none asks the SDK's chain.
    pub region: Option<String>,
    /// Profile of the shared configuration file; none asks the SDK's chain.
    pub profile: Option<String>,
    /// Role to assume with the identity from the chain.
    pub role_arn: Option<String>,
    /// Endpoint of all services; none asks the SDK's chain (`AWS_ENDPOINT_URL` and its variants).
    pub endpoint_url: Option<String>,
    /// Fixed credentials in place of the chain's, for an emulator.
    pub credentials: Option<StaticCredentials>,
    /// Longest duration of one call, its retries and its wait for the rate limit included. 5 s:
    /// half of the default interval, so that a cycle with a read and a write still fits.
    pub call_deadline: Duration,
    /// Longest duration of one attempt. 2 s: a healthy answer takes tens of milliseconds.
    pub attempt_timeout: Duration,
    /// Attempts of a read, with jittered back-off; none asks the SDK's chain (`AWS_MAX_ATTEMPTS`,
    /// else 3). A write has one attempt.
    pub max_attempts: Option<u32>,
    /// Mean calls a second. 10: a fifth of the quota of `GetMetricData`; AWS does not publish the
    /// quota of Auto Scaling.
    pub calls_per_second: u32,
    /// Calls that may go out at once after a pause.
    pub burst: u32,
    /// Proxies and certificate authorities.
    pub outbound: Outbound,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            role_arn: None,
            endpoint_url: None,
            credentials: None,
            call_deadline: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(2),
            max_attempts: None,
            calls_per_second: 10,
            burst: 50,
            outbound: Outbound::default(),
        }
    }
}

/// Fixed credentials. The `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticCredentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Session token of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticCredentials(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_do_not_show_in_debug_output() {
        let config = AwsConfig {
            credentials: Some(StaticCredentials {
                access_key_id: "AKIAEXAMPLE".into(),
                secret_access_key: "s3cr3t".into(),
                session_token: Some("t0k3n".into()),
            }),
            ..AwsConfig::default()
        };
        let shown = format!("{config:?}");
        for secret in ["AKIAEXAMPLE", "s3cr3t", "t0k3n"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
