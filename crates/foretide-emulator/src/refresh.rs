//! Instance refreshes at work: one instance after the other is terminated and replaced.

use foretide_domain::Timestamp;

/// Refreshes of a group that are remembered.
pub(crate) const REFRESHES_KEPT: usize = 100;

/// An instance refresh.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) id: String,
    pub(crate) status: &'static str,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// Ordinals of the instances to replace, the oldest first.
    pub(crate) targets: Vec<u64>,
    pub(crate) total: usize,
}

impl Refresh {
    pub(crate) const fn is_under_way(&self) -> bool {
        self.ended.is_none()
    }

    pub(crate) fn left(&self) -> usize {
        self.targets.len()
    }

    /// Share of the instances that are replaced, in percent.
    pub(crate) fn percent(&self) -> usize {
        let done = self.total.saturating_sub(self.targets.len());
        (done * 100).checked_div(self.total).unwrap_or(100)
    }
}
