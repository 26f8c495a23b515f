//! Gradient-boosted quantile trees: histograms over 127 bins, leaf-wise growth, leaves renewed to
//! the quantile of the residuals in them (the scheme of `LightGBM`, Ke et al., NIPS 2017, with the
//! pinball gradient).
//!
//! Own code because no maintained crate fits five quantiles on 20,160 rows × 59 columns within a
//! second on one core: the pinball gradient has only two values, so a histogram cell is one packed
//! integer (rows, rows above the score) and a row's bins are one cache line.
//!
//! Refuses: weights, other losses, more than 65,535 rows (16 bits count them in a cell).

mod bins;
mod forest;
mod grow;
mod histogram;
mod quantile;
mod tree;

pub use forest::{Forest, GrowParams};
pub use quantile::empirical_quantile;
pub use tree::{Node, Tree};

pub(crate) use bins::{BinnedMatrix, MAX_ROWS};
pub(crate) use forest::values;
