//! The proxies of the environment: which destination goes through which.
//!
//! Names and rules are those of curl: `https_proxy` for `https://`, `http_proxy` for `http://`,
//! `all_proxy` for both, `no_proxy` for exceptions, each in small or capital letters. Unlike in
//! curl, a value that is no proxy is an error: to go around a proxy unasked is worse than to stop.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use thiserror::Error;

/// The variables that are read. Of two spellings the first that is set and not empty counts.
pub const VARIABLES: [[&str; 2]; 4] = [
    ["https_proxy", "HTTPS_PROXY"],
    ["http_proxy", "HTTP_PROXY"],
    ["all_proxy", "ALL_PROXY"],
    ["no_proxy", "NO_PROXY"],
];

/// Why a variable names no proxy. Never shows the value, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidProxy {
    /// Not an address.
    #[error("{0} is set to something that is no address of a proxy")]
    NoAddress(&'static str),
    /// A protocol that is not supported, such as SOCKS.
    #[error("{0} names a proxy that is neither http:// nor https://")]
    Scheme(&'static str),
}

/// The proxies of all outgoing calls.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Uri>,
    https: Option<Uri>,
    exceptions: String,
    matcher: Option<Arc<Matcher>>,
}

impl PartialEq for Proxies {
    /// The matcher follows from the rest.
    fn eq(&self, other: &Self) -> bool {
        (&self.http, &self.https, &self.exceptions)
            == (&other.http, &other.https, &other.exceptions)
    }
}

/// Shows no password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.as_ref().map(shown))
            .field("https", &self.https.as_ref().map(shown))
            .field("exceptions", &self.exceptions)
            .finish_non_exhaustive()
    }
}

impl Proxies {
    /// The proxies that the environment names. `variable` returns the value of a variable.
    ///
    /// # Errors
    /// A variable is set and names no proxy that can be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidProxy> {
        let [https, http, all, exceptions] = VARIABLES.map(|names| {
            let set = |name: &'static str| variable(name).map(|value| (name, value));
            let mut found = names.into_iter().filter_map(set);
            found.find(|(_, value)| !value.trim().is_empty())
        });
        let https = parsed(https.as_ref().or(all.as_ref()))?;
        let http = parsed(http.as_ref().or(all.as_ref()))?;
        let exceptions = exceptions.map_or_else(String::new, |(_, value)| hosts(&value));
        let text = |uri: &Option<Uri>| uri.as_ref().map_or_else(String::new, Uri::to_string);
        let matcher = (https.is_some() || http.is_some()).then(|| {
            let matcher = Matcher::builder().https(text(&https)).http(text(&http));
            Arc::new(matcher.no(exceptions.as_str()).build())
        });
        Ok(Self {
            http,
            https,
            exceptions,
            matcher,
        })
    }

    /// The proxy for a call to `destination`; none goes there directly.
    ///
    /// This machine and its own link (instance metadata, the container's credentials) never go
    /// through a proxy: no proxy can reach them, and a proxy would be sent the credentials.
    pub fn of(&self, destination: &Uri) -> Option<Intercept> {
        let matcher = self.matcher.as_ref()?;
        if destination.host().is_none_or(is_near) {
            return None;
        }
        matcher.intercept(destination)
    }

    /// The proxy for `https://`, whatever destinations are excepted.
    pub fn of_https(&self) -> Option<Intercept> {
        let matcher = Matcher::builder().https(self.https.as_ref()?.to_string());
        matcher
            .build()
            .intercept(&Uri::from_static("https://destination.invalid/"))
    }

    /// Address of the proxy for `http://`, name and password included.
    pub const fn http_address(&self) -> Option<&Uri> {
        self.http.as_ref()
    }

    /// Address of the proxy for `https://`, name and password included.
    pub const fn https_address(&self) -> Option<&Uri> {
        self.https.as_ref()
    }
}

/// An address without name and password.
pub(crate) fn shown(proxy: &Uri) -> String {
    let scheme = proxy.scheme_str().unwrap_or("http");
    let authority = proxy.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}

fn parsed(variable: Option<&(&'static str, String)>) -> Result<Option<Uri>, InvalidProxy> {
    let Some((name, value)) = variable else {
        return Ok(None);
    };
    let value = value.trim();
    let with_scheme = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let uri: Uri = with_scheme
        .parse()
        .map_err(|_| InvalidProxy::NoAddress(name))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(InvalidProxy::NoAddress(name));
    }
    match uri.scheme_str() {
        Some("http" | "https") => Ok(Some(uri)),
        _ => Err(InvalidProxy::Scheme(name)),
    }
}

/// `exceptions` as the matcher reads them: `*.example.com` means `.example.com`.
fn hosts(exceptions: &str) -> String {
    let hosts = exceptions.split(',').map(str::trim);
    let hosts = hosts.map(|host| match host.strip_prefix('*') {
        Some(rest) if rest.starts_with('.') => rest,
        _ => host,
    });
    hosts.collect::<Vec<_>>().join(",")
}

/// Whether `host` is this machine, or on the link that instance metadata and the credentials of
/// containers are served on: `169.254.0.0/16`, `fd00:ec2::/32`.
fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || matches!(ip.segments(), [0xfd00, 0x0ec2, ..]),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, InvalidProxy> {
        Proxies::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|&(_, value)| value.to_owned())
        })
    }

    fn through(proxies: &Proxies, destination: &str) -> Option<String> {
        let proxy = proxies.of(&destination.parse().unwrap());
        proxy.map(|proxy| shown(proxy.uri()))
    }

    #[test]
    fn each_scheme_has_its_variable_in_either_spelling_and_all_is_for_the_rest() {
        let https = "https://monitoring.eu-west-1.amazonaws.com/";
        let http = "http://aws.example/";
        for (variables, of_https, of_http) in [
            (&[][..], None, None),
            (&[("HTTPS_PROXY", "http://p:1")], Some("http://p:1"), None),
            (&[("https_proxy", "p:1")], Some("http://p:1"), None),
            (&[("HTTP_PROXY", "https://p:1")], None, Some("https://p:1")),
            (
                &[("ALL_PROXY", "http://a"), ("http_proxy", "http://h")],
                Some("http://a"),
                Some("http://h"),
            ),
            (
                &[
                    ("https_proxy", "http://small"),
                    ("HTTPS_PROXY", "http://large"),
                ],
                Some("http://small"),
                None,
            ),
            (
                &[("https_proxy", " "), ("HTTPS_PROXY", "http://large")],
                Some("http://large"),
                None,
            ),
        ] {
            let proxies = read(variables).unwrap();
            assert_eq!(
                through(&proxies, https).as_deref(),
                of_https,
                "{variables:?}"
            );
            assert_eq!(through(&proxies, http).as_deref(), of_http, "{variables:?}");
        }
    }

    #[test]
    fn exceptions_this_machine_and_its_link_are_reached_directly() {
        let exceptions = "internal.example, *.corp, 10.0.0.0/8";
        let proxies = read(&[("ALL_PROXY", "p:1"), ("NO_PROXY", exceptions)]).unwrap();
        for direct in [
            "https://internal.example/",
            "https://a.internal.example/",
            "https://a.corp/",
            "https://10.1.2.3/",
            "http://127.0.0.1:8000/",
            "http://localhost:8000/",
            "https://[::1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://169.254.170.2/v2/credentials",
            "http://[fd00:ec2::254]/latest",
        ] {
            assert_eq!(through(&proxies, direct), None, "{direct}");
        }
        for proxied in [
            "https://notinternal.example/",
            "https://corp.example/",
            "https://11.1.2.3/",
            "https://localhost.example/",
        ] {
            assert_eq!(
                through(&proxies, proxied).as_deref(),
                Some("http://p:1"),
                "{proxied}"
            );
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_its_variable_and_shows_no_password() {
        for (value, why) in [
            ("http://", InvalidProxy::NoAddress("HTTPS_PROXY")),
            ("a b", InvalidProxy::NoAddress("HTTPS_PROXY")),
            ("socks5://u:secret@p:1", InvalidProxy::Scheme("HTTPS_PROXY")),
        ] {
            let refused = read(&[("HTTPS_PROXY", value)]).unwrap_err();
            assert_eq!(refused, why, "{value}");
            assert!(!refused.to_string().contains("secret"));
        }
        let proxies = read(&[("HTTPS_PROXY", "http://user:secret@p:1")]).unwrap();
        assert!(!format!("{proxies:?}").contains("secret"));
        let proxy = proxies.of(&"https://a.example/".parse().unwrap()).unwrap();
        assert!(proxy.basic_auth().is_some(), "name and password are sent");
    }
}
