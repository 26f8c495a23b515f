//! The origin of a web page: scheme, host and port, as a browser sends it in `Origin`.

use std::str::FromStr;

use axum::http::uri::Authority;
use thiserror::Error;

use crate::host::HostName;

/// Where a web page comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    is_https: bool,
    host: HostName,
    port: u16,
}

/// Not the origin of a page.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not an origin: expected http:// or https:// with a host, a port at most, no path"
)]
pub struct InvalidOrigin(String);

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let parse = || {
            let (scheme, rest) = text.split_once("://")?;
            let is_https = match scheme {
                "http" => false,
                "https" => true,
                _ => return None,
            };
            Self::at(is_https, &rest.parse().ok()?)
        };
        parse().ok_or_else(|| InvalidOrigin(text.to_owned()))
    }
}

impl Origin {
    /// The origin of a page that is asked for under this authority, without TLS.
    pub fn plain(authority: &Authority) -> Option<Self> {
        Self::at(false, authority)
    }

    fn at(is_https: bool, authority: &Authority) -> Option<Self> {
        let port = match (authority.port(), is_https) {
            (Some(port), _) => port.as_u16(),
            (None, false) => 80,
            (None, true) => 443,
        };
        // Neither a name before the host nor a port that is no number.
        let bare = authority.as_str().strip_prefix(authority.host())?;
        let is_bare = bare.is_empty() || authority.port().is_some();
        is_bare.then_some(Self {
            is_https,
            host: authority.host().parse().ok()?,
            port,
        })
    }

    /// The name that requests for the page carry in `Host`.
    pub fn host(&self) -> &HostName {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_equal_by_scheme_host_and_port() {
        let same = |a: &str, b: &str| a.parse::<Origin>().unwrap() == b.parse().unwrap();
        assert!(same("http://localhost", "http://LOCALHOST:80"));
        assert!(same("https://a.example:443", "https://a.example"));
        assert!(same("http://[::1]:8080", "http://[::1]:8080"));
        assert!(!same("http://localhost:8080", "http://localhost:8081"));
        assert!(!same("http://localhost:8080", "http://127.0.0.1:8080"));
        assert!(!same("http://a.example:8080", "https://a.example:8080"));
    }

    #[test]
    fn what_a_browser_does_not_send_for_a_page_is_no_origin() {
        for text in [
            "",
            "null",
            "a.example",
            "//a.example",
            "ftp://a.example",
            "https://",
            "https://a.example/",
            "https://a.example/page",
            "https://a.example?x",
            "https://a.example#x",
            "https://user@a.example",
            "https://a.example:port",
            "https://a.example:99999",
            "https://a b",
            "https://a.example, https://b.example",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
