//! One Prometheus server: where it is, who calls it, and one range query.

use std::sync::Arc;
use std::time::Duration;

use foretide_domain::FailureKind;
use foretide_http::client::HttpClient;
use foretide_http::{Credentials, NoCertificates};
use foretide_outbound::{Authorities, Outbound};
use http::Uri;
use thiserror::Error;

use crate::answer::{Reading, SERIES_ASKED, Series};
use crate::error::Problem;
use crate::grid::Part;
use crate::query::PromQuery;
use crate::quote::{Quote, quoted};
use crate::signal::PrometheusSignal;
use crate::url::PrometheusUrl;

/// Most bytes of an answer. One series of 11,000 points has 0.6 MiB with the longest numbers, so
/// the second and third series of a wrong query are still seen and named.
pub const ANSWER_BYTES_MAX: usize = 2 << 20;
/// Timeout of one request if none is given.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// Longest timeout: Prometheus's own limit of a query, `query.timeout`.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(120);
/// Most characters of a cause of the HTTP client.
const CAUSE_MAX: usize = 300;

/// Where a server is, and who calls it.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Its address.
    pub url: PrometheusUrl,
    /// With which secret it is called.
    pub credentials: Credentials,
    /// The certificate authorities that vouch for it, in place of those of all other calls.
    pub authorities: Option<Authorities>,
    /// Timeout of one request, whole answer included: above 0, at most [`TIMEOUT_MAX`].
    pub timeout: Duration,
}

impl ServerSettings {
    /// The server at `url`: no credentials, the authorities of all other calls, the default
    /// timeout.
    pub const fn new(url: PrometheusUrl) -> Self {
        Self {
            url,
            credentials: Credentials::None,
            authorities: None,
            timeout: TIMEOUT_DEFAULT,
        }
    }
}

/// Why a server cannot be called as its settings say.
#[derive(Debug, Error)]
pub enum InvalidServer {
    /// A secret would cross a network in plain text.
    #[error(
        "token and password would cross the network in plain text: use https://, or leave out \
         token_file and password_file"
    )]
    PlainSecret,
    /// A proxy stands between, and no `http://` is passed through one.
    #[error(
        "a proxy is configured for http://, and Foretide passes only https:// through a proxy: use \
         https://, or name the host in NO_PROXY"
    )]
    PlainProxied,
    /// Out of bounds.
    #[error("timeout is above 0 s and at most {} s", TIMEOUT_MAX.as_secs())]
    Timeout,
    /// There are no certificate authorities.
    #[error(transparent)]
    Certificates(#[from] NoCertificates),
}

/// A Prometheus server. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Prometheus {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: HttpClient,
    settings: ServerSettings,
}

impl Prometheus {
    /// The server of `settings`, called as `outbound` says. Calls nothing yet.
    ///
    /// # Errors
    /// The settings contradict each other or `outbound`.
    pub fn new(settings: ServerSettings, outbound: &Outbound) -> Result<Self, InvalidServer> {
        let url = &settings.url;
        if url.is_plain_beyond_loopback() && !settings.credentials.is_none() {
            return Err(InvalidServer::PlainSecret);
        }
        if settings.timeout.is_zero() || settings.timeout > TIMEOUT_MAX {
            return Err(InvalidServer::Timeout);
        }
        let mut outbound = outbound.clone();
        if let Some(own) = &settings.authorities {
            outbound.authorities = Some(own.clone());
        }
        let client = HttpClient::new(&outbound)?;
        if !client.reaches(url.uri()) {
            return Err(InvalidServer::PlainProxied);
        }
        let inner = Arc::new(Inner { client, settings });
        Ok(Self { inner })
    }

    /// The signal of `query` on this server.
    pub fn signal(&self, query: PromQuery) -> PrometheusSignal {
        PrometheusSignal::new(self.clone(), query)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.inner.settings.url.to_string()
    }

    /// The series of the query `text` at the times of `part`; none if there is no series.
    pub(crate) async fn query_range(
        &self,
        text: &str,
        part: &Part,
    ) -> Result<Option<Series>, Problem> {
        let Inner { client, settings } = &*self.inner;
        let quote = Quote(&settings.credentials);
        let uri = self.address(text, part)?;
        let call = client.get(
            &uri,
            &settings.credentials,
            "application/json",
            ANSWER_BYTES_MAX,
        );
        let answer = tokio::time::timeout(settings.timeout, call).await;
        let answer = answer.map_err(|_| Problem::TimedOut(settings.timeout))?;
        let answer = answer.map_err(|failure| {
            let why = quote.text(&failure.detail, CAUSE_MAX);
            match failure.kind {
                FailureKind::Unavailable => Problem::Unreachable(why),
                _ => Problem::Unsendable(why),
            }
        })?;
        let answer = &answer;
        let reading = Reading {
            answer,
            part,
            quote,
        };
        reading.series()
    }

    fn address(&self, text: &str, part: &Part) -> Result<Uri, Problem> {
        let period = seconds(part.period);
        let mut parameters = form_urlencoded::Serializer::new(String::new());
        parameters
            .append_pair("query", text)
            .append_pair("start", &seconds(part.first))
            .append_pair("end", &seconds(part.last))
            .append_pair("step", &period)
            // Prometheus 2.43 and newer then take no sample from before the period. Older ones
            // ignore the parameter; `signal` asks for the samples' own times as well.
            .append_pair("lookback_delta", &period)
            .append_pair("limit", &SERIES_ASKED.to_string());
        let timeout = self.inner.settings.timeout;
        parameters.append_pair("timeout", &format!("{}ms", timeout.as_millis().max(1)));
        let address = self.inner.settings.url.query_range(&parameters.finish());
        address.ok_or_else(|| {
            let shown = quoted(&self.origin(), CAUSE_MAX);
            Problem::Unsendable(format!("it makes no address at {shown}"))
        })
    }
}

/// Milliseconds as seconds, with a fraction where there is one.
fn seconds(millis: i64) -> String {
    let (whole, rest) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{rest:03}")
}

#[cfg(test)]
mod tests {
    use foretide_http::Token;
    use foretide_outbound::Proxies;

    use super::*;

    fn settings(url: &str) -> ServerSettings {
        ServerSettings::new(url.parse().unwrap())
    }

    fn with_token(url: &str) -> ServerSettings {
        ServerSettings {
            credentials: Credentials::Bearer(Token::new("correct-horse-battery").unwrap()),
            ..settings(url)
        }
    }

    #[test]
    fn a_secret_never_crosses_a_network_in_plain_text() {
        let outbound = Outbound::default();
        let refused = Prometheus::new(with_token("http://prometheus.example"), &outbound);
        assert!(matches!(refused, Err(InvalidServer::PlainSecret)));
        for taken in [
            with_token("https://prometheus.example"),
            with_token("http://127.0.0.1:9090"),
            settings("http://prometheus.example"),
        ] {
            Prometheus::new(taken, &outbound).unwrap();
        }
    }

    #[test]
    fn no_proxy_is_gone_around_unasked() {
        let proxies = |no: &'static str| {
            let read = Proxies::read(|name| match name {
                "http_proxy" => Some("http://proxy.example:3128".to_owned()),
                "no_proxy" => Some(no.to_owned()),
                _ => None,
            });
            Outbound {
                proxies: read.unwrap(),
                authorities: None,
            }
        };
        let plain = || settings("http://prometheus.example");
        let refused = Prometheus::new(plain(), &proxies(""));
        assert!(matches!(refused, Err(InvalidServer::PlainProxied)));
        Prometheus::new(plain(), &proxies("prometheus.example")).unwrap();
    }

    #[test]
    fn a_timeout_has_bounds() {
        for timeout in [Duration::ZERO, TIMEOUT_MAX + Duration::from_millis(1)] {
            let settings = ServerSettings {
                timeout,
                ..settings("https://prometheus.example")
            };
            let refused = Prometheus::new(settings, &Outbound::default());
            assert!(matches!(refused, Err(InvalidServer::Timeout)));
        }
    }

    #[test]
    fn neither_the_server_nor_its_settings_show_a_secret() {
        let settings = with_token("https://prometheus.example/s3cr3t-path");
        let server = Prometheus::new(settings.clone(), &Outbound::default()).unwrap();
        for shown in [format!("{settings:?}"), format!("{server:?}")] {
            assert!(!shown.contains("correct-horse"), "{shown}");
            assert!(!shown.contains("s3cr3t-path"), "{shown}");
        }
    }

    #[test]
    fn times_are_sent_exactly() {
        assert_eq!(seconds(1_795_889_126_000), "1795889126");
        assert_eq!(seconds(1_795_889_126_007), "1795889126.007");
    }
}
