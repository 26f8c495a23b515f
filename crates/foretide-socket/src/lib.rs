//! Orders from a terminal on the machine of a run: the Unix socket that `foretide run` listens on,
//! and its client.
//!
//! A connection carries one request and its answer, each a line of JSON. Who may open the socket
//! decides who may order: the file's permissions let in the user of the process, and root. The
//! kernel tells the server the user of the client, and every order is recorded with it.
//!
//! Invariants: a request has a limit in length and time; a client that does nothing holds back no
//! other client and no cycle; no request ends the server.

mod client;
mod message;
mod server;

pub use client::{SendError, send};
pub use message::{Answer, Request, person};
pub use server::{ControlSocket, Orders};

/// Name of the socket in the folder of a run.
pub const FILE: &str = "control.sock";
