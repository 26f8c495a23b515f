//! Calling out: one request to one address, with a bounded answer. Follows no redirect, keeps
//! no cookie; the deadline is the caller's.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use foretide_domain::{CallFailure, FailureKind};
use foretide_outbound::Outbound;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use thiserror::Error;

use crate::answer::Answer;
use crate::auth::Token;
use crate::credentials::Credentials;

/// An address that may be called: `https`, or `http` on loopback.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OutboundUrl(Uri);

/// Why a text is no address that may be called. Never shows the text: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidOutboundUrl {
    /// Not a URL with a host.
    #[error("not a URL with scheme and host, such as https://predictor.example")]
    NotAbsolute,
    /// Another scheme.
    #[error("the scheme is neither https nor http")]
    Scheme,
    /// Plain text over a network.
    #[error("http:// is for loopback only: use https://")]
    PlainHttp,
    /// A name or password in the address.
    #[error("a name or password in the URL would be shown in logs")]
    UserInfo,
}

impl FromStr for OutboundUrl {
    type Err = InvalidOutboundUrl;

    fn from_str(text: &str) -> Result<Self, InvalidOutboundUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidOutboundUrl::NotAbsolute)?;
        let authority = uri.authority().ok_or(InvalidOutboundUrl::NotAbsolute)?;
        if authority.as_str().contains('@') {
            return Err(InvalidOutboundUrl::UserInfo);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if is_loopback(authority.host()) => Ok(Self(uri)),
            Some("http") => Err(InvalidOutboundUrl::PlainHttp),
            _ => Err(InvalidOutboundUrl::Scheme),
        }
    }
}

impl OutboundUrl {
    /// Like the parser, but takes `http://` to any host. For calls that carry no secret and whose
    /// answers are not secret either.
    ///
    /// # Errors
    /// As the parser's, without [`InvalidOutboundUrl::PlainHttp`].
    pub fn plain_or_tls(text: &str) -> Result<Self, InvalidOutboundUrl> {
        match text.parse() {
            Err(InvalidOutboundUrl::PlainHttp) => {
                let uri = text.parse().map_err(|_| InvalidOutboundUrl::NotAbsolute)?;
                Ok(Self(uri))
            }
            checked => checked,
        }
    }

    /// Whether a call to it crosses a network in plain text.
    pub fn is_plain_beyond_loopback(&self) -> bool {
        self.0.scheme_str() == Some("http") && !self.0.host().is_some_and(is_loopback)
    }

    /// Scheme, host and port: what may be shown of it.
    pub fn origin(&self) -> String {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self
            .0
            .authority()
            .map_or("", |authority| authority.as_str());
        format!("{scheme}://{authority}")
    }

    /// Its path, without what may follow.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// All of it: it may hold a secret.
    pub fn uri(&self) -> &Uri {
        &self.0
    }
}

/// Shows the origin only: a path or query may be a secret.
impl fmt::Debug for OutboundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutboundUrl({})", self.origin())
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// To the destination itself, or to a proxy.
type Direct = HttpsConnector<HttpConnector>;
/// To the destination of an `https://` through a proxy.
type Tunnelled = HttpsConnector<Tunnel<Direct>>;

/// Carries requests out; keeps connections open between them.
#[derive(Clone, Debug)]
pub struct HttpClient {
    outbound: Outbound,
    direct: Client<Direct, Full<Bytes>>,
    /// None without a proxy for `https://`. What is called over `http://` is on this machine, or is
    /// refused by its caller where a proxy would be in between ([`HttpClient::reaches`]).
    tunnelled: Option<Client<Tunnelled, Full<Bytes>>>,
}

/// The certificate authorities cannot be used.
#[derive(Debug, Error)]
pub enum NoCertificates {
    /// Those of the system cannot be read.
    #[error("cannot read the system's certificates")]
    System(#[source] std::io::Error),
    /// The library refuses its own settings.
    #[error("cannot prepare TLS")]
    Tls(#[source] rustls::Error),
}

impl HttpClient {
    /// A client that calls as `outbound` says.
    pub fn new(outbound: &Outbound) -> Result<Self, NoCertificates> {
        let tls = Arc::new(tls(outbound)?);
        let mut http = HttpConnector::new();
        // Which schemes may be called is the address's matter.
        http.enforce_http(false);
        let direct = HttpsConnector::from((http, Arc::clone(&tls)));
        // Which destinations go through it is asked of `outbound` at each call.
        let proxy = outbound.proxies.of_https();
        let tunnelled = proxy.map(|proxy| {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), direct.clone());
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            Client::builder(TokioExecutor::new()).build(HttpsConnector::from((tunnel, tls)))
        });
        Ok(Self {
            outbound: outbound.clone(),
            direct: Client::builder(TokioExecutor::new()).build(direct),
            tunnelled,
        })
    }

    /// Whether this client can call `uri` as its proxies ask: it passes `https://` through a proxy,
    /// and no `http://`.
    pub fn reaches(&self, uri: &Uri) -> bool {
        uri.scheme_str() == Some("https") || self.outbound.proxies.of(uri).is_none()
    }

    /// Gets `uri` in the media type `accept`. Reads at most `most` bytes of the answer's body, and
    /// says how the body ended.
    ///
    /// # Errors
    /// No answer came. An answer of any status is none.
    pub async fn get(
        &self,
        uri: &Uri,
        credentials: &Credentials,
        accept: &'static str,
        most: usize,
    ) -> Result<Answer, CallFailure> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some(value) = credentials.header()? {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Answer::read(self.send(request).await?, most).await)
    }

    /// Posts `body` to `uri`; answers the status and at most `most` bytes.
    pub async fn post_json(
        &self,
        uri: &Uri,
        token: Option<&Token>,
        body: Vec<u8>,
        most: usize,
    ) -> Result<(StatusCode, Bytes), CallFailure> {
        bounded(self.send(request(uri, token, body)?).await?, most).await
    }

    /// Posts `body` to `uri`; answers the status alone.
    pub(crate) async fn post_unread(
        &self,
        uri: &Uri,
        body: Vec<u8>,
    ) -> Result<StatusCode, CallFailure> {
        let answer = self.send(request(uri, None, body)?).await?;
        Ok(answer.status())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, CallFailure> {
        let proxied = self.outbound.proxies.of(request.uri()).is_some();
        let through = self.outbound.through(request.uri());
        let sent = match &self.tunnelled {
            Some(tunnelled) if proxied => tunnelled.request(request).await,
            _ => self.direct.request(request).await,
        };
        sent.map_err(|error| {
            let cause = foretide_outbound::cause(&error);
            let text = format!("cannot be reached{through}: {cause}");
            failure(FailureKind::Unavailable, text)
        })
    }
}

/// Status and body of an answer of at most `most` bytes.
async fn bounded(
    answer: Response<Incoming>,
    most: usize,
) -> Result<(StatusCode, Bytes), CallFailure> {
    let status = answer.status();
    let body = Limited::new(answer.into_body(), most).collect().await;
    let body = body.map_err(|error| {
        let text = format!("an answer of over {most} bytes, or cut off: {error}");
        failure(FailureKind::Malformed, text)
    })?;
    Ok((status, body.to_bytes()))
}

fn tls(outbound: &Outbound) -> Result<ClientConfig, NoCertificates> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(NoCertificates::Tls)?;
    let trusting = match &outbound.authorities {
        Some(authorities) => builder.with_root_certificates(authorities.roots()),
        None => builder
            .with_native_roots()
            .map_err(NoCertificates::System)?,
    };
    Ok(trusting.with_no_client_auth())
}

fn request(
    uri: &Uri,
    token: Option<&Token>,
    body: Vec<u8>,
) -> Result<Request<Full<Bytes>>, CallFailure> {
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(token) = token {
        let value = token
            .header()
            .ok_or_else(|| failure(FailureKind::Rejected, "the token cannot be sent".to_owned()))?;
        headers.insert(AUTHORIZATION, value);
    }
    Ok(request)
}

/// A call that failed.
pub fn failure(kind: FailureKind, detail: String) -> CallFailure {
    CallFailure { kind, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_may_be_called() {
        for text in [
            "https://predictor.example",
            "https://predictor.example:8443/base",
            "http://127.0.0.1:8000",
            "http://localhost:8000",
            "http://[::1]:8000",
        ] {
            assert!(text.parse::<OutboundUrl>().is_ok(), "{text}");
        }
        for (text, why) in [
            ("http://predictor.example", InvalidOutboundUrl::PlainHttp),
            ("http://127.0.0.1.example", InvalidOutboundUrl::PlainHttp),
            ("ftp://127.0.0.1", InvalidOutboundUrl::Scheme),
            ("/predict", InvalidOutboundUrl::NotAbsolute),
            ("", InvalidOutboundUrl::NotAbsolute),
            (
                "https://a:b@predictor.example",
                InvalidOutboundUrl::UserInfo,
            ),
        ] {
            assert_eq!(text.parse::<OutboundUrl>(), Err(why), "{text}");
        }
    }

    #[test]
    fn plain_text_over_a_network_is_for_those_who_ask_for_it() {
        let plain = |text| OutboundUrl::plain_or_tls(text).map(|it| it.is_plain_beyond_loopback());
        assert_eq!(plain("http://prometheus.example:9090"), Ok(true));
        assert_eq!(plain("http://127.0.0.1:9090"), Ok(false));
        assert_eq!(plain("https://prometheus.example"), Ok(false));
        for text in ["", "/x", "ftp://a", "http://a:b@prometheus.example"] {
            assert_eq!(plain(text).ok(), None, "{text}");
        }
    }

    #[test]
    fn a_path_is_not_shown() {
        let url: OutboundUrl = "https://hooks.example/T0/s3cr3t?k=v".parse().unwrap();
        assert_eq!(format!("{url:?}"), "OutboundUrl(https://hooks.example)");
    }
}
