//! Listens on loopback only: the emulator has no authentication, so no other machine may reach it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use thiserror::Error;
use tokio::net::TcpListener;

use crate::emulator::Emulator;
use crate::http;

/// Why the emulator cannot serve.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is not a loopback address.
    #[error(
        "{0} is not a loopback address, and the emulator has no authentication: listen on 127.0.0.1"
    )]
    NotLoopback(IpAddr),
    /// The address is not available.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The listener failed.
    #[error("the emulator's listener failed")]
    Serve(#[source] std::io::Error),
}

/// An emulator that listens, but does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    emulator: Emulator,
}

impl Server {
    /// Listens on `address`; port 0 takes a free port.
    ///
    /// # Errors
    /// The address is no loopback address, or not available.
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

    /// The value for `AWS_ENDPOINT_URL`.
    ///
    /// # Errors
    /// The system does not give the port.
    pub fn endpoint_url(&self) -> Result<String, ServeError> {
        let address = self.listener.local_addr().map_err(ServeError::Serve)?;
        Ok(format!("http://{address}"))
    }

    /// Serves until `shutdown` completes.
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
