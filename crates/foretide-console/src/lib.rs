//! The operator's page with its API and metrics, over a [`Board`] that whoever runs groups tells of
//! what happens. [`bind`] checks the configuration and takes the port.
//!
//! A reader never delays who tells the board; what was not told is missing and shows as missing.
//!
//! Invariant: nothing here decides about capacity or knows a policy.

mod board;
mod page;
mod view;

pub use board::{
    Board, Calls, Clock, GroupFacts, Limits, Looked, Mark, MarkKind, Price, StoreHealth,
};
pub use page::{Answer, Controls, History, Page, bind, page_router};
