//! Connections to AWS: one for each configured region and role.

use std::sync::Arc;

use foretide_aws::{AwsClients, AwsConfig, ConnectError};
use foretide_config::Reach;
use foretide_domain::FailureKind;
use foretide_terminal::{Exit, Failure};

/// A connection with its label.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The account's label in keys of groups: the region, and the role if one is assumed.
    pub label: String,
    /// The clients.
    pub clients: Arc<AwsClients>,
}

/// Prepares a connection. No call is made yet.
pub async fn connect(aws: &AwsConfig, reach: &Reach) -> Result<Connection, Failure> {
    let config = AwsConfig {
        region: reach.region.clone(),
        role_arn: reach.role_arn.clone(),
        ..aws.clone()
    };
    let clients = AwsClients::connect(&config).await.map_err(|error| {
        let hint = match error {
            ConnectError::NoRegion => {
                "set AWS_REGION, or region = \"eu-west-1\" below [defaults] or the group"
            }
            ConnectError::NoEndpoint { .. } => {
                "endpoint_url below [aws], AWS_ENDPOINT_URL or the profile names it: for example \
                 http://localhost:4566"
            }
            ConnectError::NoAuthorities => {
                "install them (Debian: apt-get install ca-certificates), or name a file of them in \
                 AWS_CA_BUNDLE"
            }
        };
        Failure::of(Exit::Config, &error).hint(hint)
    })?;
    let label = match &reach.role_arn {
        Some(role) => format!("{}@{}", clients.region(), role_name(role)),
        None => clients.region().to_owned(),
    };
    Ok(Connection {
        label,
        clients: Arc::new(clients),
    })
}

/// Account and role of an ARN: `123456789012:role/foretide`.
fn role_name(arn: &str) -> &str {
    arn.splitn(5, ':').last().unwrap_or(arn)
}

/// Checks that credentials exist, so that missing credentials are reported first.
pub async fn check_credentials(connection: &Connection) -> Result<(), Failure> {
    connection.clients.check_credentials().await.map_err(|failure| {
        let what = format!("no credentials for AWS ({})", connection.label);
        let hint = match failure.kind {
            FailureKind::Denied => {
                "aws sso login, AWS_PROFILE=…, or a role for this instance; `foretide emulator` \
                 is a local AWS that takes any"
            }
            _ => "is the network up, and the instance metadata service reachable?",
        };
        Failure::new(Exit::Unavailable, what)
            .because(&Told(failure.to_string()))
            .hint(hint)
    })
}

/// A failure's text as a cause.
#[derive(Debug)]
struct Told(String);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Told {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_called_by_account_and_name() {
        let arn = "arn:aws:iam::123456789012:role/foretide";
        assert_eq!(role_name(arn), "123456789012:role/foretide");
        assert_eq!(role_name("odd"), "odd");
    }
}
