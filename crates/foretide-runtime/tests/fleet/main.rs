//! The runtime over fake adapters, on paused time.
#![expect(
    clippy::unwrap_used,
    reason = "in a fake, an unwrap that fails is the test failing"
)]

mod fakes;
mod history;
mod isolation;
mod journal;
mod orders;
mod reload;
mod replay;
mod sources;
mod writes;
