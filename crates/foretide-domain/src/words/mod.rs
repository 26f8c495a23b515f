//! Everything that is said in words: one rendering serves log, terminal and page.

mod health;
mod hours;
mod names;
mod record;
mod sentence;
mod unfold;

pub use unfold::{Fact, Section, Unfolded};
