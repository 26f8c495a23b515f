//! The prediction service as its callers meet it.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

mod common;
mod garbage;
mod http;
mod limits;
mod wire;
