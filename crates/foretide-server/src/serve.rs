//! The listener: takes the port, accepts connections within a bound, gives slow clients a limit
//! and lets requests in flight finish when told to stop. HTTP/1.1 only: the callers are local.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use foretide_classifier::Model;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::ServeConfig;
use crate::error::ServeError;
use crate::page::{Page, Peer, Site, site};
use crate::routes::router;

/// Longest request head, and the read buffer of a connection. A legal head has a few hundred
/// bytes; a longer one is answered 431.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Pause after the system refused to accept (out of file descriptors): it will refuse again at
/// once, and a loop without a pause would burn a core until a connection closes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A service that has its port and answers once it runs.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    /// Dropped to end streams, which would outlast every grace.
    streams: Option<watch::Sender<()>>,
    config: ServeConfig,
}

impl Server {
    /// The prediction service: checks the configuration and takes the port.
    pub async fn bind(config: ServeConfig, model: Model) -> Result<Self, ServeError> {
        let site = Site {
            router: router(&config, model),
            streams: None,
        };
        Self::bind_site(config, site).await
    }

    /// The operator's page: checks the configuration and takes the port.
    pub async fn bind_page(config: ServeConfig, page: Page) -> Result<Self, ServeError> {
        let site = site(&config, page);
        Self::bind_site(config, site).await
    }

    async fn bind_site(config: ServeConfig, site: Site) -> Result<Self, ServeError> {
        config.check()?;
        let failed = |source| ServeError::from_bind(config.listen, source);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            router: site.router,
            streams: site.streams,
            config,
        })
    }

    /// The address taken, with the port that port 0 became.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` completes, then finishes what is in flight, for at most
    /// [`ServeConfig::shutdown_grace`].
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let permits = Arc::new(Semaphore::new(
            self.config.max_connections.min(Semaphore::MAX_PERMITS),
        ));
        let protocol = protocol(self.config.header_timeout);
        let service = TowerToHyperService::new(self.router);
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                (stream, peer, permit) = next_connection(&self.listener, &permits) => {
                    let io = TokioIo::new(stream);
                    let service = service.clone();
                    let named = service_fn(move |mut request: Request<Incoming>| {
                        request.extensions_mut().insert(Peer(peer));
                        service.call(request)
                    });
                    let connection = protocol.serve_connection(io, named);
                    let connection = graceful.watch(connection);
                    connections.spawn(async move {
                        // An error is a client that went away or spoke no HTTP, which the
                        // protocol layer has answered as far as it could.
                        drop(connection.await);
                        drop(permit);
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.listener);
        drop(self.streams);
        // Whether all finished or time ran out: what is left now is cut off.
        drop(tokio::time::timeout(self.config.shutdown_grace, graceful.shutdown()).await);
        connections.shutdown().await;
    }
}

/// Binds and runs: [`Server::bind`], then [`Server::run`].
pub async fn serve(
    config: ServeConfig,
    model: Model,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Server::bind(config, model).await?.run(shutdown).await;
    Ok(())
}

fn protocol(header_timeout: Duration) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .half_close(true);
    protocol
}

/// The permit comes first, so that connections over the bound wait in the listen queue.
async fn next_connection(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; without a permit the connection would merely go uncounted.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            // Answers are small and wait for no more data; without this each waits for an ACK.
            Ok((stream, peer)) if stream.set_nodelay(true).is_ok() => {
                return (stream, peer, permit);
            }
            Ok(_) => {}
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Errors of a connection that died in the queue, not of the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
