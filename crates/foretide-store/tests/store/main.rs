//! The store as the runtime and the readers use it, on real files.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails is the test"
)]

mod damage;
mod forecasts;
mod keeping;
mod made;
mod moving;
mod refusing;
mod rendering;
mod replaying;
mod thinning;
mod upgrading;
