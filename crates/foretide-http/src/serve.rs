//! The listener: takes the port, accepts connections within bounds, gives slow clients a limit
//! and lets requests in flight finish when told to stop. HTTP/1.1 only: the callers are local.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use futures_util::TryFutureExt;
use futures_util::future::{Either, ready};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::ServeConfig;
use crate::connections::{Bounds, Connections};
use crate::error::ServeError;

/// Longest request head, and the read buffer of a connection. A legal head has a few hundred
/// bytes; a longer one is answered 431.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long a connection of the reserve may take for its head: a prober sends it at once.
const RESERVE_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause after the system refused to accept (out of file descriptors): it will refuse again at
/// once, and a loop without a pause would burn a core until a connection closes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is served: a router, and what ends its streams.
#[derive(Debug)]
pub struct Site {
    /// The routes.
    pub router: Router,
    /// Dropped to end streams, where there are any: a stream would otherwise outlast every grace.
    pub streams: Option<watch::Sender<()>>,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

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
    /// Checks the configuration and takes the port.
    pub async fn bind(config: ServeConfig, site: Site) -> Result<Self, ServeError> {
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
        let open = Connections::new(Bounds {
            total: self.config.max_connections,
            per_peer: self.config.connections_per_peer,
            trusted: self.config.trusted_proxies,
        });
        let header_timeout = self.config.header_timeout;
        let general = protocol(header_timeout);
        let mut reserve = protocol(header_timeout.min(RESERVE_HEAD_TIMEOUT));
        reserve.keep_alive(false);
        let service = TowerToHyperService::new(self.router);
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                (stream, peer) = next_connection(&self.listener) => {
                    let (place, closed) = open.admit(peer.ip());
                    let protocol = if place.is_reserve() { &reserve } else { &general };
                    let service = service.clone();
                    let placed = service_fn(move |mut request: Request<Incoming>| {
                        let (turn, refusal) = place.begin(request.uri().path());
                        request.extensions_mut().insert(Peer(peer));
                        let answer = match refusal {
                            Some(refusal) => Either::Left(ready(Ok(refusal))),
                            None => Either::Right(service.call(request)),
                        };
                        answer.map_ok(|response| response.map(|body| turn.sending(body)))
                    });
                    let connection = protocol.serve_connection(TokioIo::new(stream), placed);
                    let connection = graceful.watch(connection);
                    connections.spawn(async move {
                        tokio::select! {
                            biased;
                            _ = closed => {}
                            // An error is a client that went away or spoke no HTTP, which the
                            // protocol layer has answered as far as it could.
                            ended = connection => drop(ended),
                        }
                    });
                    // Its head is read before the next connection can take its place.
                    tokio::task::yield_now().await;
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

fn protocol(header_timeout: Duration) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .half_close(true);
    protocol
}

async fn next_connection(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            // Answers are small and wait for no more data; without this each waits for an ACK.
            Ok((stream, peer)) if stream.set_nodelay(true).is_ok() => return (stream, peer),
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
