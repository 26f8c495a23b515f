//! What the tests of several crates share. It ships nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

mod ask;
mod endless;
mod tls;

pub use ask::{Answer, ask};
pub use endless::{BUFFERS, endless};
pub use tls::{Authority, Network, Proxy};
