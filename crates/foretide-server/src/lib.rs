//! What is served and asked over HTTP: the prediction service, for callers that keep the nine
//! features themselves ([`RemotePredictor`] asks one elsewhere); and the operator's page with its
//! API, over a [`Board`] that whoever runs groups tells of what happens. [`bind`] and
//! [`bind_page`] check the configuration and take the port.
//!
//! Invariant: nothing here decides about capacity or knows a policy.

mod board;
mod openapi;
mod page;
mod predict;
mod remote;
mod routes;
mod view;

pub use board::{
    Board, Calls, Clock, Counterfactual, GroupFacts, Limits, Looked, Mark, MarkKind, Price,
    StoreHealth,
};
pub use foretide_http::{
    DEFAULT_BODY_LIMIT_BYTES, DEFAULT_CONNECTIONS_PER_PEER, DEFAULT_LISTEN,
    DEFAULT_MAX_CONNECTIONS, HostName, InvalidHostName, InvalidNetwork, InvalidOrigin,
    InvalidToken, InvalidWebhookUrl, Network, NoCertificates, Origin, ServeConfig, ServeError,
    Server, Token, Webhook, WebhookUrl,
};
pub use page::{Answer, Controls, History, Page, bind_page, page_router};
pub use predict::MAX_BATCH_ROWS;
pub use remote::{InvalidPredictorUrl, PredictorUrl, RemotePredictor};
pub use routes::{bind, router, serve};
