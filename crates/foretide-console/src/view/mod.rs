//! What the page shows, as plain data: the API's answers. Units stand in the names, times are
//! milliseconds since 1970, and what is missing is `null`, never zero.

mod ahead;
mod cache;
mod cached;
mod explanation;
mod group;
mod health;
mod hours_schema;
mod overview;
mod row;
mod shape;
mod story;

pub(crate) use cache::cached;
pub(crate) use cached::Cached;
pub(crate) use explanation::{MomentView, decision_view};
pub(crate) use group::{GroupView, POINTS_MAX, Window, accuracy, group_view};
pub(crate) use overview::{FleetView, fleet};
pub(crate) use row::row;
pub(crate) use shape::{Capacity, GroupRow, Level};

/// The version of the answers' form; it changes when a field goes or changes its meaning.
pub(crate) const VERSION: u32 = 1;
