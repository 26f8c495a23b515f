//! Everything that is said in words: one rendering serves log, terminal and page.

mod baseline;
mod fact;
mod forecast;
mod health;
mod hours;
mod limit;
mod names;
mod record;
mod sentence;
mod signal;
mod unfold;

pub use baseline::Comparison;
pub use fact::Fact;
pub use unfold::{Section, Unfolded};
