//! How calls leave this machine: through which proxy, and which certificate authorities vouch for
//! the other side.
//!
//! One value, [`Outbound`], made once at the start from the environment. The clients of AWS, of
//! prediction services and of webhooks all take it, so that they cannot disagree. This crate reads
//! no environment and no file: the caller passes both in.

mod authorities;
mod cause;
mod proxy;

use http::Uri;

pub use authorities::{Authorities, InvalidAuthorities};
pub use cause::cause;
pub use proxy::{InvalidProxy, Proxies, VARIABLES};

/// Name of the variable with the path of the certificate authorities, as the AWS CLI and SDKs
/// know it.
pub const CA_VARIABLE: &str = "AWS_CA_BUNDLE";

/// Proxies and certificate authorities of all outgoing calls. The default has no proxy and trusts
/// the authorities of the system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbound {
    /// The proxies.
    pub proxies: Proxies,
    /// The authorities to trust in place of the system's; none trusts the system's.
    pub authorities: Option<Authorities>,
}

impl Outbound {
    /// How a call to `destination` travels, as words behind the name of a host in an error: empty
    /// without a proxy, else ` (through the proxy http://proxy.example:3128)`.
    pub fn through(&self, destination: &Uri) -> String {
        let proxy = self.proxies.of(destination);
        proxy.map_or_else(String::new, |proxy| {
            format!(" (through the proxy {})", proxy::shown(proxy.uri()))
        })
    }
}
