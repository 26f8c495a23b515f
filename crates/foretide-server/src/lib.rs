//! What is served and asked over HTTP: the prediction service, for callers that keep the nine
//! features themselves ([`RemotePredictor`] asks one elsewhere); and the operator's page with its
//! API, over a [`Board`] that whoever runs groups tells of what happens. [`Server::bind`] and
//! [`Server::bind_page`] check the configuration and take the port, [`Server::run`] answers until
//! it is told to stop.
//!
//! It refuses: to listen beyond loopback without a token unless asked to; requests whose `Host`
//! is neither loopback nor configured (a web page cannot reach it by rebinding a name); features
//! that are not nine finite, non-negative, known values. Every refusal of a request is a 4xx
//! `application/problem+json` that names the field; only what is not HTTP at all is answered by
//! the protocol layer, with an empty 4xx body.
//!
//! Slow clients cannot keep a prober out: when all connections are taken, a new one takes the
//! place of the one that waited longest, and a reserve answers `/health` and `/ready` alone.
//!
//! Invariant: nothing here decides about capacity or knows a policy.

mod auth;
mod board;
mod body;
mod client;
mod config;
mod connections;
mod error;
mod host;
mod network;
mod openapi;
mod origin;
mod page;
mod predict;
mod problem;
mod remote;
mod routes;
mod serve;
mod view;
mod webhook;

pub use auth::{InvalidToken, Token};
pub use board::{
    Board, Calls, Clock, GroupFacts, Limits, Looked, Mark, MarkKind, Price, StoreHealth,
};
pub use client::NoCertificates;
pub use config::{
    DEFAULT_BODY_LIMIT_BYTES, DEFAULT_CONNECTIONS_PER_PEER, DEFAULT_LISTEN,
    DEFAULT_MAX_CONNECTIONS, MAX_BATCH_ROWS, ServeConfig,
};
pub use error::ServeError;
pub use host::{HostName, InvalidHostName};
pub use network::{InvalidNetwork, Network};
pub use origin::{InvalidOrigin, Origin};
pub use page::{Answer, Controls, History, Page, page_router};
pub use remote::{InvalidPredictorUrl, PredictorUrl, RemotePredictor};
pub use routes::router;
pub use serve::{Server, serve};
pub use webhook::{InvalidWebhookUrl, Webhook, WebhookUrl};
