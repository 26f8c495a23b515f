//! What the service is told: where to listen, whom to answer, how much to read. Refuses a listen
//! address that would expose predictions to a network without a token.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::auth::Token;
use crate::error::ServeError;
use crate::host::HostName;
use crate::network::Network;
use crate::origin::Origin;

/// The original's address: loopback only.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// Four times the largest batch written with names, so that a legal body never meets the limit.
pub const DEFAULT_BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// Connections served at a time: more than a fleet of callers keeps open, and half of the 1024 file
/// descriptors that a process usually has.
pub const DEFAULT_MAX_CONNECTIONS: usize = 512;

/// Connections of one peer, an eighth of all: a browser opens 6, a prober or scraper 1.
pub const DEFAULT_CONNECTIONS_PER_PEER: usize = 64;

/// How the service listens and whom it answers.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Bearer token that every route but `/health` and `/ready` then requires.
    pub token: Option<Token>,
    /// Whether listening beyond loopback without a token was asked for.
    pub allow_remote_without_token: bool,
    /// Names accepted in `Host` beside loopback and the listen address itself.
    pub allowed_hosts: Vec<HostName>,
    /// Where browsers find the page, if not at the address in `Host` without TLS: behind a proxy.
    /// Orders of a page there are accepted, and its name is in `Host`.
    pub public_origin: Option<Origin>,
    /// Request bodies longer than this, in bytes, are refused.
    pub body_limit_bytes: usize,
    /// Connections served at a time. A further one takes the place of the one that has waited
    /// longest for a request; while all run handlers, it is answered 503, except on `/health` and
    /// `/ready`.
    pub max_connections: usize,
    /// Connections of one peer at a time, IPv6 peers counted by /64. A further one takes the place
    /// of the peer's own; while all of these run handlers, it is answered 429, except on `/health`
    /// and `/ready`. Does not apply on loopback and to `trusted_proxies`.
    pub connections_per_peer: usize,
    /// Peers that stand for many: their connections are bound by `max_connections` alone.
    pub trusted_proxies: Vec<Network>,
    /// How long a client may take for the request head, which is also how long a connection may
    /// stay idle.
    pub header_timeout: Duration,
    /// How long a client may take for the request body.
    pub body_timeout: Duration,
    /// How long requests in flight may go on after the shutdown signal.
    pub shutdown_grace: Duration,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            token: None,
            allow_remote_without_token: false,
            allowed_hosts: Vec::new(),
            public_origin: None,
            body_limit_bytes: DEFAULT_BODY_LIMIT_BYTES,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            connections_per_peer: DEFAULT_CONNECTIONS_PER_PEER,
            trusted_proxies: Vec::new(),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(5),
        }
    }
}

impl ServeConfig {
    /// Names that requests may carry in `Host`, beside loopback and the listen address.
    pub fn hosts(&self) -> Vec<HostName> {
        let public = self.public_origin.iter().map(Origin::host);
        self.allowed_hosts.iter().chain(public).cloned().collect()
    }

    /// Refuses to expose the service to a network unguarded, and limits that let nothing through.
    ///
    /// ```
    /// use foretide_http::{ServeConfig, ServeError};
    /// let config = ServeConfig { listen: "0.0.0.0:8000".parse().unwrap(), ..Default::default() };
    /// assert!(matches!(config.check(), Err(ServeError::RemoteWithoutToken { .. })));
    /// ```
    pub fn check(&self) -> Result<(), ServeError> {
        for (setting, is_zero) in [
            ("body_limit_bytes", self.body_limit_bytes == 0),
            ("max_connections", self.max_connections == 0),
            ("connections_per_peer", self.connections_per_peer == 0),
            ("header_timeout", self.header_timeout.is_zero()),
            ("body_timeout", self.body_timeout.is_zero()),
        ] {
            if is_zero {
                return Err(ServeError::ZeroLimit { setting });
            }
        }
        let guarded = self.token.is_some() || self.allow_remote_without_token;
        if guarded || self.listen.ip().to_canonical().is_loopback() {
            Ok(())
        } else {
            Err(ServeError::RemoteWithoutToken {
                listen: self.listen,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str) -> ServeConfig {
        ServeConfig {
            listen: listen.parse().unwrap(),
            ..ServeConfig::default()
        }
    }

    #[test]
    fn loopback_in_every_spelling_needs_no_token() {
        for listen in [
            "127.0.0.1:8000",
            "127.9.9.9:1",
            "[::1]:8000",
            "[::ffff:127.0.0.1]:80",
        ] {
            assert!(config(listen).check().is_ok(), "{listen}");
        }
    }

    #[test]
    fn beyond_loopback_a_token_or_an_explicit_wish_is_needed() {
        for listen in ["0.0.0.0:8000", "[::]:8000", "10.0.0.5:8000"] {
            let bare = config(listen);
            assert!(matches!(
                bare.check(),
                Err(ServeError::RemoteWithoutToken { .. })
            ));
            let with_token = ServeConfig {
                token: Some(Token::new("s3cret-s3cret-s3cret").unwrap()),
                ..bare.clone()
            };
            assert!(with_token.check().is_ok());
            let asked_for = ServeConfig {
                allow_remote_without_token: true,
                ..bare
            };
            assert!(asked_for.check().is_ok());
        }
    }

    #[test]
    fn a_limit_of_zero_is_refused_by_its_name() {
        let config = ServeConfig {
            max_connections: 0,
            ..ServeConfig::default()
        };
        let error = config.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "max_connections is 0: no request could pass"
        );
        let config = ServeConfig {
            body_timeout: Duration::ZERO,
            ..ServeConfig::default()
        };
        let error = config.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "body_timeout is 0: no request could pass"
        );
    }
}
