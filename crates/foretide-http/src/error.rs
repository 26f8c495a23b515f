//! Why the service could not start. Requests never end here: their errors are answers.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// The service could not take its port.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Neither a token nor an explicit wish guards an address that others can reach.
    #[error("refusing to listen on {listen} without a token: others could reach it")]
    RemoteWithoutToken {
        /// The address that was asked for.
        listen: SocketAddr,
    },
    /// A limit that refuses everything.
    #[error("{setting} is 0: no request could pass")]
    ZeroLimit {
        /// The field of [`ServeConfig`](crate::ServeConfig).
        setting: &'static str,
    },
    /// Another process has the port.
    #[error("{listen} is already in use")]
    AddressInUse {
        /// The address that was asked for.
        listen: SocketAddr,
    },
    /// The system refused the address for another reason.
    #[error("cannot listen on {listen}")]
    Bind {
        /// The address that was asked for.
        listen: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl ServeError {
    pub(crate) fn from_bind(listen: SocketAddr, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::AddrInUse {
            Self::AddressInUse { listen }
        } else {
            Self::Bind { listen, source }
        }
    }
}
