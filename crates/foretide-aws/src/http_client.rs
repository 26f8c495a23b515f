//! The HTTP clients of the SDK: directly, and through the proxies of the environment. Every
//! request of a connection goes through them, those for credentials included.
//!
//! Which way a request takes is decided here, by [`Outbound`], so that the SDK and all other
//! clients agree; the SDK's own exceptions are not used.

use std::error::Error;
use std::fmt;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;
use foretide_outbound::Outbound;
use http::Uri;

/// A request that got no answer: names the host, which the SDK's errors do not.
#[derive(Debug)]
pub(crate) struct Unanswered {
    /// Host, with the proxy where there is one.
    pub(crate) host: String,
    source: BoxError,
}

impl Unanswered {
    /// Why, in words.
    pub(crate) fn cause(&self) -> String {
        foretide_outbound::cause(self.source.as_ref())
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not answer", self.host)
    }
}

impl Error for Unanswered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// The SDK's client for calls that leave the machine as `outbound` says.
pub(crate) fn client(outbound: &Outbound) -> SharedHttpClient {
    let context = tls_context(outbound);
    let direct = Builder::new()
        .tls_provider(provider())
        .tls_context(context.clone())
        .build_https();
    let proxied = |proxy: Option<&Uri>| {
        // Checked by `Proxies`: http or https, with a host.
        let proxy = ProxyConfig::all(proxy?.clone()).ok()?;
        Some(through(proxy, context.clone()))
    };
    SharedHttpClient::new(Routed {
        outbound: outbound.clone(),
        direct,
        https: proxied(outbound.proxies.https_address()),
        http: proxied(outbound.proxies.http_address()),
    })
}

/// Whether anybody is trusted to vouch for the other side of a call over https.
pub(crate) fn has_authorities(outbound: &Outbound) -> bool {
    outbound.authorities.is_some() || !rustls_native_certs::load_native_certs().certs.is_empty()
}

fn provider() -> tls::Provider {
    tls::Provider::Rustls(CryptoMode::Ring)
}

fn tls_context(outbound: &Outbound) -> TlsContext {
    let store = match &outbound.authorities {
        Some(authorities) => TrustStore::empty().with_pem_certificate(authorities.pem()),
        None if has_authorities(outbound) => TrustStore::default(),
        // Calls over http alone need none, and the SDK does not take a machine without any.
        None => TrustStore::empty(),
    };
    // The builder has no way to fail; the default is what it would have made.
    let context = TlsContext::builder().with_trust_store(store).build();
    context.unwrap_or_default()
}

/// A client whose every request goes through `proxy`.
fn through(proxy: ProxyConfig, context: TlsContext) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector
            .proxy_config(proxy.clone())
            .tls_provider(provider())
            .tls_context(context.clone())
            .build()
    })
}

/// `T` for each way that a request may take.
#[derive(Debug)]
struct Routed<T> {
    outbound: Outbound,
    direct: T,
    https: Option<T>,
    http: Option<T>,
}

impl<T> Routed<T> {
    fn all(&self) -> impl Iterator<Item = &T> {
        [Some(&self.direct), self.https.as_ref(), self.http.as_ref()]
            .into_iter()
            .flatten()
    }

    /// The way of a request to `destination`.
    fn way(&self, destination: &Uri) -> &T {
        let proxied = self.outbound.proxies.of(destination).is_some();
        let proxied = proxied.then_some(match destination.scheme_str() {
            Some("https") => self.https.as_ref(),
            _ => self.http.as_ref(),
        });
        proxied.flatten().unwrap_or(&self.direct)
    }
}

impl HttpClient for Routed<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // The clients keep their connectors, and with them their connections.
        let connector = |client: &SharedHttpClient| client.http_connector(settings, components);
        SharedHttpConnector::new(Routed {
            outbound: self.outbound.clone(),
            direct: connector(&self.direct),
            https: self.https.as_ref().map(connector),
            http: self.http.as_ref().map(connector),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let mut clients = self.all();
        clients.try_for_each(|client| client.validate_base_client_config(components, config))
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let mut clients = self.all();
        clients.try_for_each(|client| client.validate_final_config(components, config))
    }
}

impl HttpConnector for Routed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let destination: Uri = request.uri().parse().unwrap_or_default();
        let host = destination.authority().map_or("", |it| it.as_str());
        let host = format!("{host}{}", self.outbound.through(&destination));
        let answer = self.way(&destination).call(request);
        HttpConnectorFuture::new(async move { answer.await.map_err(|error| named(host, error)) })
    }
}

/// `error` with the host among its causes, of the same kind for the SDK's retries.
fn named(host: String, error: ConnectorError) -> ConnectorError {
    let (timeout, io, user) = (error.is_timeout(), error.is_io(), error.is_user());
    let kind = error.as_other();
    let source = error.into_source();
    let source = BoxError::from(Unanswered { host, source });
    if timeout {
        ConnectorError::timeout(source)
    } else if io {
        ConnectorError::io(source)
    } else if user {
        ConnectorError::user(source)
    } else {
        ConnectorError::other(source, kind)
    }
}
