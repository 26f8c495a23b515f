//! What every service and every call over HTTP shares. [`Server::bind`] checks the configuration
//! and takes the port of a [`Site`], [`Server::run`] answers requests until the stop signal.
//!
//! It refuses: to listen beyond loopback without a token unless asked to; requests whose `Host`
//! is neither loopback nor configured (a web page cannot reach it by rebinding a name). Every
//! refusal of a request is a 4xx `application/problem+json` that names the field; only what is not
//! HTTP at all is answered by the protocol layer, with an empty 4xx body. Calls out follow no
//! redirect, and their answers are bounded.
//!
//! Slow clients cannot keep a prober out: when all connections are taken, a new one takes the
//! place of the one that waited longest, and a reserve answers `/health` and `/ready` alone.
//!
//! Invariant: nothing here knows what is served.

mod answer;
pub mod auth;
pub mod body;
pub mod client;
mod config;
mod connections;
mod credentials;
mod error;
pub mod host;
mod lock;
mod network;
mod origin;
mod problem;
mod serve;
mod webhook;

pub use answer::{Answer, End};
pub use auth::{InvalidToken, Token};
pub use client::NoCertificates;
pub use config::{
    DEFAULT_BODY_LIMIT_BYTES, DEFAULT_CONNECTIONS_PER_PEER, DEFAULT_LISTEN,
    DEFAULT_MAX_CONNECTIONS, ServeConfig,
};
pub use credentials::{BasicAuth, Credentials, InvalidBasicAuth};
pub use error::ServeError;
pub use host::{HostName, InvalidHostName};
pub use lock::lock;
pub use network::{InvalidNetwork, Network};
pub use origin::{InvalidOrigin, Origin};
pub use problem::Problem;
pub use serve::{MAX_HEAD_BYTES, Peer, Server, Site};
pub use webhook::{InvalidWebhookUrl, Webhook, WebhookUrl};
