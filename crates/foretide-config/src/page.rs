//! Settings of the page's listener: where browsers find the page, and how many connections one peer
//! may have.

use foretide_http::{DEFAULT_CONNECTIONS_PER_PEER, InvalidNetwork, InvalidOrigin, Network, Origin};
use schemars::JsonSchema;
use serde::Deserialize;

use super::broken::{Broken, broken, per_peer};
use super::set::set;

/// Settings of the page's listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// Where browsers find the page.
    pub public_origin: Option<Origin>,
    /// Connections of one peer at a time.
    pub connections_per_peer: usize,
    /// Peers without a limit of connections.
    pub trusted_proxies: Vec<Network>,
}

impl PageSettings {
    /// Keys whose values differ in `next`.
    pub fn changed(&self, next: &Self) -> Vec<&'static str> {
        let keys = [
            (
                "page.public_origin",
                self.public_origin != next.public_origin,
            ),
            (
                "page.connections_per_peer",
                self.connections_per_peer != next.connections_per_peer,
            ),
            (
                "page.trusted_proxies",
                self.trusted_proxies != next.trusted_proxies,
            ),
        ];
        let changed = keys.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(key, _)| key).collect()
    }
}

impl Default for PageSettings {
    fn default() -> Self {
        Self {
            public_origin: None,
            connections_per_peer: DEFAULT_CONNECTIONS_PER_PEER,
            trusted_proxies: Vec::new(),
        }
    }
}

/// Settings of the page's listener.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPage {
    /// Address of the page for browsers, if a proxy stands before it: scheme, host and port, such
    /// as `https://foretide.example.com`. Pages from this origin may send operator's orders, and
    /// its host is accepted in the `Host` header.
    pub public_origin: Option<PageOrigin>,
    /// Connections of one peer at a time, IPv6 peers counted by /64. For a further one, the peer's
    /// connection that has waited longest for a request is closed; if all are busy, the further
    /// one gets status 429, except for `/health` and `/ready`. Does not apply on loopback.
    pub connections_per_peer: Option<usize>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies; `connections_per_peer` does not limit them.
    /// `X-Forwarded-For` is not read.
    pub trusted_proxies: Option<Vec<Proxy>>,
}

/// The origin of a page, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct PageOrigin(pub Origin);

impl TryFrom<String> for PageOrigin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse().map(Self)
    }
}

/// The network of a proxy, checked where it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Proxy(pub Network);

impl TryFrom<String> for Proxy {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        text.parse().map(Self)
    }
}

/// The settings with defaults for unset keys.
pub(super) fn resolved(raw: RawPage) -> PageSettings {
    let mut page = PageSettings {
        public_origin: raw.public_origin.map(|origin| origin.0),
        ..PageSettings::default()
    };
    set(&mut page.connections_per_peer, raw.connections_per_peer);
    set(&mut page.trusted_proxies, raw.trusted_proxies.map(networks));
    page
}

/// The parsed networks.
pub(super) fn networks(proxies: Vec<Proxy>) -> Vec<Network> {
    proxies.into_iter().map(|proxy| proxy.0).collect()
}

/// Refuses a limit of 0, which would admit no connection.
pub(super) fn checks(page: &PageSettings) -> Vec<Broken> {
    broken([per_peer(page.connections_per_peer)])
}
