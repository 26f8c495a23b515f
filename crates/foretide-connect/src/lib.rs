//! Connections to AWS as the configuration names them, one for each region and role, and the search
//! for groups over them; and Prometheus servers.
//!
//! Invariant: a search that fails lets no group go.

mod connection;
mod listing;
mod prometheus;
mod search;

pub use connection::{Connection, check_credentials, connect};
pub use listing::{Listed, Listing};
pub use prometheus::prometheus;
pub use search::{Found, Search, copied, list_groups, search_repeatedly};
