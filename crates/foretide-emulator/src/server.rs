//! Listening, on loopback only: there is no authentication, so nothing else may reach it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use thiserror::Error;
use tokio::net::TcpListener;

use crate::emulator::Emulator;
use crate::http;

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// An address that others could reach.
    #[error("the emulator listens on loopback only, and {0} is not")]
    NotLoopback(IpAddr),
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Listening ended.
    #[error("serving ended")]
    Serve(#[source] std::io::Error),
}

/// An emulator that listens, and is not serving yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    emulator: Emulator,
}

impl Server {
    /// Listens on `address`; port 0 takes a free one.
    pub async fn bind(emulator: Emulator, address: SocketAddr) -> Result<Self, ServeError> {
        if !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback(address.ip()));
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Bind { address, source })?;
        Ok(Self { listener, emulator })
    }

    /// Listens on a free port of 127.0.0.1.
    pub async fn bind_any(emulator: Emulator) -> Result<Self, ServeError> {
        Self::bind(emulator, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)).await
    }

    /// What to set `AWS_ENDPOINT_URL` to.
    pub fn endpoint_url(&self) -> Result<String, ServeError> {
        let address = self.listener.local_addr().map_err(ServeError::Serve)?;
        Ok(format!("http://{address}"))
    }

    /// Serves until `shutdown` ends.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        axum::serve(self.listener, http::router(self.emulator))
            .with_graceful_shutdown(shutdown)
            .await
            .map_err(ServeError::Serve)
    }
}
