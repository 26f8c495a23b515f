//! A bound on the length of an answer: the SDK reads every body into memory, however long it is.
//!
//! The bound sits in the HTTP client, so it holds for every request of a connection: CloudWatch,
//! Auto Scaling, and the credentials that come over HTTP (STS, SSO, the container's endpoint,
//! instance metadata). It does not hold for what the SDK reads itself: its own files, and the
//! output of a `credential_process`.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::Limited;

/// Longest answer that is read, in bytes: 16 MiB.
///
/// The longest legal `GetMetricData` has 100,800 datapoints, 2 MB as CBOR. The longest page of
/// `DescribeAutoScalingGroups` has 100 groups; with 100 instances of 600 bytes and 50 tags of 500
/// bytes each it has 8.5 MB of XML. The limit is twice that. A higher limit gains nothing: three
/// attempts of several calls may hold as much memory at a time.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A client that reads at most [`ANSWER_BYTES_MAX`] bytes of an answer. The error of a longer
/// answer has [`http_body_util::LengthLimitError`] among its causes.
pub(crate) fn bounded(client: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Bounded(client))
}

#[derive(Debug)]
struct Bounded<T>(T);

impl HttpClient for Bounded<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // The inner client keeps its connectors, and with them its connections.
        SharedHttpConnector::new(Bounded(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

impl HttpConnector for Bounded<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move { Ok(bound(answer.await?)) })
    }
}

/// `answer` with a body that fails if it is too long: at the first byte if the answer announces its
/// length, else at the limit.
fn bound(answer: HttpResponse) -> HttpResponse {
    let announced = answer.headers().get("content-length");
    let announced = announced.and_then(|length| length.parse::<usize>().ok());
    let most = match announced {
        Some(length) if length > ANSWER_BYTES_MAX => 0,
        _ => ANSWER_BYTES_MAX,
    };
    answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, most)))
}
