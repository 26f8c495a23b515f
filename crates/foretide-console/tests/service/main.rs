//! The page as those who open it meet it.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

mod ahead;
mod deploy;
mod limits;
mod orders;
mod page;
mod runbook;
