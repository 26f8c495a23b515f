//! Address of a Prometheus server.

use std::fmt;
use std::str::FromStr;

use foretide_http::client::{InvalidOutboundUrl, OutboundUrl};
use http::Uri;
use thiserror::Error;

/// The path of range queries below the server's own path.
const QUERY_RANGE: &str = "/api/v1/query_range";

/// Address of a Prometheus server, with the path that a proxy puts before it, such as
/// `https://monitoring.example/prometheus`.
///
/// `http://` is allowed to any host, because a Prometheus inside a network often has no TLS.
/// [`Prometheus::new`](crate::Prometheus::new) refuses it where a secret would travel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrometheusUrl(OutboundUrl);

/// Why a text is no address of a Prometheus server. Never shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPrometheusUrl {
    /// No address that may be called.
    #[error("{}", of_address(*.0))]
    Address(InvalidOutboundUrl),
    /// A query behind the path: it would be lost, and may hold a secret.
    #[error(
        "an address of Prometheus ends with its path: put no `?` behind it, and a secret into \
         `token_file` or `password_file`"
    )]
    Query,
}

/// The example of the shared message is that of another service.
fn of_address(error: InvalidOutboundUrl) -> String {
    match error {
        InvalidOutboundUrl::NotAbsolute => {
            "not a URL with scheme and host, such as https://prometheus.example:9090".to_owned()
        }
        other => other.to_string(),
    }
}

impl FromStr for PrometheusUrl {
    type Err = InvalidPrometheusUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPrometheusUrl> {
        let url = OutboundUrl::plain_or_tls(text).map_err(InvalidPrometheusUrl::Address)?;
        if url.uri().query().is_some() {
            return Err(InvalidPrometheusUrl::Query);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for PrometheusUrl {
    /// Scheme, host and port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin())
    }
}

impl PrometheusUrl {
    /// Whether a call to it crosses a network in plain text.
    pub fn is_plain_beyond_loopback(&self) -> bool {
        self.0.is_plain_beyond_loopback()
    }

    /// Whether it is called over `https://`.
    pub fn is_tls(&self) -> bool {
        self.0.uri().scheme_str() == Some("https")
    }

    /// The whole address.
    pub(crate) fn uri(&self) -> &Uri {
        self.0.uri()
    }

    /// The address of a range query with `parameters`; none if they make no address.
    pub(crate) fn query_range(&self, parameters: &str) -> Option<Uri> {
        let below = self.0.path().trim_end_matches('/');
        let path = format!("{below}{QUERY_RANGE}?{parameters}");
        let mut parts = self.0.uri().clone().into_parts();
        parts.path_and_query = Some(path.parse().ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_proxy_stays_before_that_of_the_interface() {
        for (text, whole) in [
            (
                "http://prometheus.example:9090",
                "http://prometheus.example:9090/api/v1/query_range?a=b",
            ),
            (
                "https://monitoring.example/prometheus/",
                "https://monitoring.example/prometheus/api/v1/query_range?a=b",
            ),
        ] {
            let url: PrometheusUrl = text.parse().unwrap();
            assert_eq!(url.query_range("a=b").unwrap().to_string(), whole);
        }
    }

    #[test]
    fn an_address_with_a_secret_or_without_a_host_is_refused_unshown() {
        for text in [
            "",
            "prometheus",
            "/prometheus",
            "ftp://prometheus.example",
            "https://user:s3cr3t@prometheus.example",
            "https://prometheus.example?token=s3cr3t",
        ] {
            let error = text.parse::<PrometheusUrl>().unwrap_err().to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }
}
