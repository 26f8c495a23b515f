//! The capacity that the guard rails change one after another.

/// The capacity wanted, on its way through the guard rails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Capacity wanted so far.
    pub(crate) capacity: u32,
    /// Desired capacity as it is: writing nothing means this.
    pub(crate) desired: u32,
    /// Desired capacity as it is, moved into the bounds: holding means this.
    pub(crate) held: u32,
    /// Wanted by a rule that needs no data to grow by.
    pub(crate) unconditional: bool,
    /// Wanted by a signal with a fresh value: stale CPU does not stand against growth.
    pub(crate) by_signal: bool,
}

impl Wanted {
    pub(super) fn grows(self) -> bool {
        self.capacity > self.held
    }

    pub(super) fn shrinks(self) -> bool {
        self.capacity < self.held
    }

    /// Whether what is written would be more than desired capacity is.
    pub(super) fn raises(self) -> bool {
        self.capacity > self.desired
    }

    /// Whether it would be less.
    pub(super) fn lowers(self) -> bool {
        self.capacity < self.desired
    }
}
