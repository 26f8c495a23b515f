//! Networks as a configuration names them.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

/// The addresses of a network: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// Not a network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a network: expected an address, or a prefix such as 10.0.0.0/8")]
pub struct InvalidNetwork(String);

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let network = text.parse::<IpNet>();
        let network = network.or_else(|_| text.parse().map(|ip: IpAddr| ip.to_canonical().into()));
        network
            .map(Self)
            .map_err(|_| InvalidNetwork(text.to_owned()))
    }
}

impl Network {
    /// Whether `address` belongs to it; an IPv4 address in an IPv6 form counts as IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_prefix_or_one_address() {
        let contains = |network: &str, address: &str| {
            let network: Network = network.parse().unwrap();
            network.contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.1.2.3"));
        assert!(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("192.0.2.7", "192.0.2.7") && !contains("192.0.2.7", "192.0.2.8"));
        assert!(contains("fd00::/8", "fd12::1") && contains("::/0", "2001:db8::1"));
    }

    #[test]
    fn what_is_no_network_is_refused_by_its_text() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "proxy.internal",
            "10.0.0.0/-1",
            "fd00::/129",
        ] {
            let refused = text.parse::<Network>().unwrap_err();
            assert!(
                refused.to_string().contains(&format!("`{text}`")),
                "{refused}"
            );
        }
    }
}
