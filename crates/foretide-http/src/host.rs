//! Which names the service answers to. A browser that follows a rebound DNS name sends that name
//! in `Host`; refusing unknown names keeps web pages away from a service on loopback.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use thiserror::Error;

use crate::problem::Problem;

/// A host name as a `Host` header carries it, without port, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// Not a bare host name or address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a host name: expected a name or an address, without scheme, port or path")]
pub struct InvalidHostName(String);

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, InvalidHostName> {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        let is_name = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if is_name || bare.parse::<IpAddr>().is_ok() {
            Ok(Self(bare.to_ascii_lowercase()))
        } else {
            Err(InvalidHostName(text.to_owned()))
        }
    }
}

/// The hosts that are answered.
#[derive(Debug)]
pub struct AllowedHosts {
    /// The address listened on; an unspecified one (`0.0.0.0`) never equals what a client sends.
    listen: IpAddr,
    names: Vec<HostName>,
}

impl AllowedHosts {
    /// Loopback, the address listened on, and `names`.
    pub fn new(listen: SocketAddr, names: Vec<HostName>) -> Self {
        Self {
            listen: listen.ip(),
            names,
        }
    }

    /// Whether the request is meant for this service. An absolute request target overrides the
    /// header (RFC 9112, 3.2.2).
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let authority = authority(uri, headers)?;
        if self.allows(authority.host()) {
            Ok(())
        } else {
            Err(Problem::misdirected(authority.host()))
        }
    }

    /// Whether a request may be for `host`.
    pub fn allows(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.eq_ignore_ascii_case("localhost") {
            return true;
        }
        if let Ok(address) = bare.parse::<IpAddr>()
            && (address.to_canonical().is_loopback() || self.is_listen_address(address))
        {
            return true;
        }
        self.names
            .iter()
            .any(|name| name.0.eq_ignore_ascii_case(bare))
    }

    fn is_listen_address(&self, address: IpAddr) -> bool {
        address == self.listen && !self.listen.is_unspecified()
    }
}

/// Whom the request is for: host, and port if it is not the usual one.
pub fn authority(uri: &Uri, headers: &HeaderMap) -> Result<Authority, Problem> {
    let mut given = headers.get_all(HOST).iter();
    let header = given.next();
    if given.next().is_some() {
        return Err(Problem::bad_request("more than one Host header"));
    }
    if let Some(authority) = uri.authority() {
        return Ok(authority.clone());
    }
    let header = header.ok_or_else(|| Problem::bad_request("the Host header is missing"))?;
    Authority::try_from(header.as_bytes())
        .map_err(|_| Problem::bad_request("the Host header is not a host"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode};

    use super::*;

    fn hosts() -> AllowedHosts {
        let names = vec![
            "Scaler.Internal".parse().unwrap(),
            "fd00::1".parse().unwrap(),
        ];
        AllowedHosts::new("10.0.0.5:8000".parse().unwrap(), names)
    }

    #[track_caller]
    fn status(host: &str) -> Option<StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        let checked = hosts().check(&Uri::from_static("/predict"), &headers);
        checked.err().map(|problem| problem.status())
    }

    #[test]
    fn loopback_the_listen_address_and_configured_names_pass() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:8000",
            "127.8.8.8",
            "[::1]:9",
            "[::ffff:127.0.0.1]",
            "10.0.0.5:8000",
            "scaler.internal:80",
            "[fd00::1]:8000",
        ] {
            assert_eq!(status(host), None, "{host}");
        }
    }

    #[test]
    fn every_other_host_is_misdirected() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.6",
            "0.0.0.0:8000",
            "notlocalhost",
        ] {
            assert_eq!(
                status(host),
                Some(StatusCode::MISDIRECTED_REQUEST),
                "{host}"
            );
        }
        assert_eq!(status("a b"), Some(StatusCode::BAD_REQUEST));
        assert_eq!(status(""), Some(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn no_host_two_hosts_and_an_absolute_target_are_told_apart() {
        let status = |uri: &'static str, hosts_given: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts_given {
                headers.append(HOST, HeaderValue::from_static(host));
            }
            let checked = hosts().check(&Uri::from_static(uri), &headers);
            checked.err().map(|problem| problem.status())
        };
        assert_eq!(status("/", &[]), Some(StatusCode::BAD_REQUEST));
        assert_eq!(
            status("/", &["localhost", "localhost"]),
            Some(StatusCode::BAD_REQUEST)
        );
        assert_eq!(status("http://localhost/", &["evil.example"]), None);
        assert_eq!(
            status("http://evil.example/", &["localhost"]),
            Some(StatusCode::MISDIRECTED_REQUEST)
        );
    }

    #[test]
    fn a_configured_name_with_port_scheme_or_path_is_refused() {
        for text in ["", "host:8000", "http://host", "host/path", "ho st", "*"] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }
}
