//! The listeners of a demo beside its viewer.

use foretide_domain::{Record, Timestamp};
use foretide_sim::Step;

use crate::page::Shown;
use crate::records::Records;

/// The receivers of records and steps, besides the viewer.
pub(crate) struct Told<'a> {
    pub(crate) records: &'a mut Records,
    pub(crate) page: Shown,
}

impl Told<'_> {
    /// A record of the controller.
    pub(crate) fn note(&mut self, at: Timestamp, record: &Record) {
        self.records.add(at, record);
        if let Some(feed) = self.page.feed() {
            feed.note(at, record);
        }
    }

    /// A step of the world.
    pub(crate) fn observe(&mut self, step: &Step) {
        if let Some(feed) = self.page.feed() {
            feed.observe(step);
        }
    }
}
