//! One connection: the SDK's clients of one region and identity, and the rules of every call.

use std::fmt;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_cloudwatch::config::http::HttpResponse;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use foretide_domain::{CallFailure, FailureKind};
use foretide_runtime::BoxFuture;
use thiserror::Error;

use crate::answer;
use crate::bill::Bill;
use crate::config::AwsConfig;
use crate::credentials::SteadyCredentials;
use crate::endpoint;
use crate::failure;
use crate::http_client;
use crate::rate::RateLimit;
use crate::skew::SkewWatch;

/// Longest search for credentials. The SDK asks instance metadata last, which answers slowly where
/// there is none.
const CREDENTIALS_DEADLINE: Duration = Duration::from_secs(10);

/// Why a connection cannot be made.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Neither the configuration nor the SDK's chain names a region.
    #[error(
        "no AWS region: neither configured nor in AWS_REGION, the profile or instance metadata"
    )]
    NoRegion,
    /// An endpoint is no address.
    #[error(
        "the AWS endpoint `{endpoint}` is no address: it must begin with https:// or http://, \
         then name a host"
    )]
    NoEndpoint {
        /// The endpoint as it is configured, without name and password.
        endpoint: String,
    },
    /// This machine trusts no certificate authority, so no https call can succeed.
    #[error("this machine has no certificate authorities, so no call over https can be trusted")]
    NoAuthorities,
}

/// The priority of a call at the rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A call of a cycle: goes first.
    Cycle,
    /// A write: goes first as well. A failure after which AWS may have carried out the write is
    /// [`FailureKind::TimedOut`].
    Write,
    /// A call of a cycle that the cycle can do without: refused at once near the limit.
    Spare,
    /// A call beside the cycles: waits, and lets calls of cycles pass.
    Aside,
}

/// The clients of one region and one identity.
///
/// Share the clients behind an `Arc`; every method takes `&self`.
pub struct AwsClients {
    pub(crate) autoscaling: aws_sdk_autoscaling::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    #[cfg(feature = "parameter-store")]
    pub(crate) systems: aws_sdk_ssm::Client,
    #[cfg(feature = "target-groups")]
    pub(crate) load_balancing: aws_sdk_elasticloadbalancingv2::Client,
    credentials: Option<SharedCredentialsProvider>,
    region: String,
    warnings: Vec<String>,
    call_deadline: Duration,
    rate: RateLimit,
    bill: Bill,
    skew: SkewWatch,
}

/// Shows the region alone, because the SDK's own form shows the access key's id.
impl fmt::Debug for AwsClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsClients")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl AwsClients {
    /// Resolves the configuration and makes the clients. The first call looks for credentials, or
    /// [`AwsClients::check_credentials`] does.
    ///
    /// # Errors
    /// Neither the configuration nor the SDK's chain names a region, an endpoint is no address, or
    /// there is an https endpoint and the machine has no certificate authorities.
    pub async fn connect(config: &AwsConfig) -> Result<Self, ConnectError> {
        let sdk = load(config).await;
        let endpoints = endpoint::configured(&sdk);
        if let Some(endpoint) = endpoint::wrong(&endpoints) {
            return Err(ConnectError::NoEndpoint { endpoint });
        }
        if endpoint::any_https(&endpoints) && !http_client::has_authorities(&config.outbound) {
            return Err(ConnectError::NoAuthorities);
        }
        let Some(region) = sdk.region().map(ToString::to_string) else {
            return Err(ConnectError::NoRegion);
        };
        let sdk = match &config.role_arn {
            Some(role) => with_steady_credentials(&assume(&sdk, role).await),
            None => with_steady_credentials(&sdk),
        };
        let skew = SkewWatch::default();
        let autoscaling = aws_sdk_autoscaling::config::Builder::from(&sdk);
        let autoscaling = autoscaling.interceptor(skew.clone()).build();
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(&sdk);
        let cloudwatch = cloudwatch.interceptor(skew.clone()).build();
        #[cfg(feature = "parameter-store")]
        let systems = {
            let config = aws_sdk_ssm::config::Builder::from(&sdk);
            aws_sdk_ssm::Client::from_conf(config.interceptor(skew.clone()).build())
        };
        #[cfg(feature = "target-groups")]
        let load_balancing = {
            let config = aws_sdk_elasticloadbalancingv2::config::Builder::from(&sdk);
            let config = config.interceptor(skew.clone()).build();
            aws_sdk_elasticloadbalancingv2::Client::from_conf(config)
        };
        Ok(Self {
            autoscaling: aws_sdk_autoscaling::Client::from_conf(autoscaling),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
            #[cfg(feature = "parameter-store")]
            systems,
            #[cfg(feature = "target-groups")]
            load_balancing,
            credentials: sdk.credentials_provider(),
            region,
            warnings: endpoint::warnings(&endpoints),
            call_deadline: config.call_deadline,
            rate: RateLimit::new(config.calls_per_second, config.burst),
            bill: Bill::default(),
            skew,
        })
    }

    /// The region of all calls.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Warnings for a person: an endpoint beyond loopback over plain http.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Seconds by which this machine's clock is ahead of AWS's clock, negative if behind. Exact to
    /// two seconds. None before the first answer.
    pub fn clock_ahead_s(&self) -> Option<f64> {
        self.skew.ahead_s()
    }

    /// Calls and metrics requested since the connection was made.
    pub fn bill(&self) -> &Bill {
        &self.bill
    }

    /// Looks for credentials now, so that a lack of credentials shows before the first cycle.
    ///
    /// # Errors
    /// There are no credentials, or their provider failed.
    pub async fn check_credentials(&self) -> Result<(), CallFailure> {
        const WHAT: &str = "credentials";
        let Some(provider) = &self.credentials else {
            return Ok(());
        };
        match tokio::time::timeout(CREDENTIALS_DEADLINE, provider.provide_credentials()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure::of_credentials(WHAT, &error)),
            Err(_) => Err(failure::timed_out(WHAT)),
        }
    }

    /// Makes one call: waits for the rate limit as `turn` says, counts the call, limits its
    /// duration and maps its failure. Boxed, because the SDK's futures are large and would add up
    /// on the stack.
    pub(crate) fn call<'a, T, E>(
        &'a self,
        turn: Turn,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, CallFailure>>
    where
        T: Send + 'a,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    {
        Box::pin(self.carry_out(turn, operation, call))
    }

    async fn ready(&self, turn: Turn) -> bool {
        match turn {
            Turn::Cycle | Turn::Write => self.rate.ready(self.call_deadline / 2).await,
            Turn::Spare => self.rate.ready_aside(self.call_deadline / 10).await,
            Turn::Aside => self.rate.ready_aside(self.call_deadline / 2).await,
        }
    }

    async fn carry_out<T, E>(
        &self,
        turn: Turn,
        operation: &'static str,
        call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CallFailure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let limited = async {
            if !self.ready(turn).await {
                let detail =
                    format!("{operation}: not sent, the client-side rate limit is reached");
                return Err(failure::failure(FailureKind::Throttled, detail));
            }
            self.bill.count_call(operation);
            call.await.map_err(|error| match turn {
                Turn::Write => failure::of_write(operation, &error),
                _ => failure::of_sdk(operation, &error),
            })
        };
        let answer = match tokio::time::timeout(self.call_deadline, limited).await {
            Ok(answer) => answer,
            Err(_) => Err(failure::timed_out(operation)),
        };
        if let Err(failure) = &answer {
            self.bill.count_failure(operation, failure.kind);
        }
        answer
    }
}

async fn load(config: &AwsConfig) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.attempt_timeout)
        .operation_attempt_timeout(config.attempt_timeout)
        .operation_timeout(config.call_deadline)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(answer::bounded(http_client::client(&config.outbound)))
        .timeout_config(timeouts);
    if let Some(attempts) = config.max_attempts {
        loader = loader.retry_config(RetryConfig::standard().with_max_attempts(attempts.max(1)));
    }
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &config.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &config.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(fixed) = &config.credentials {
        loader = loader.credentials_provider(Credentials::new(
            &fixed.access_key_id,
            &fixed.secret_access_key,
            fixed.session_token.clone(),
            None,
            "foretide",
        ));
    }
    loader.load().await
}

async fn assume(sdk: &SdkConfig, role: &str) -> SdkConfig {
    let provider = AssumeRoleProvider::builder(role)
        .session_name("foretide")
        .configure(sdk)
        .build()
        .await;
    sdk.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .build()
}

fn with_steady_credentials(sdk: &SdkConfig) -> SdkConfig {
    let Some(provider) = sdk.credentials_provider() else {
        return sdk.clone();
    };
    let steady = SharedCredentialsProvider::new(SteadyCredentials::new(provider));
    sdk.to_builder().credentials_provider(steady).build()
}
