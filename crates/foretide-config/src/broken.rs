//! How a check says which settings fail it.

use std::borrow::Cow;

/// A key, and why its value is refused.
pub(super) type Broken = (&'static str, Cow<'static, str>);

/// The checks that fail.
pub(super) fn broken<const N: usize>(
    checks: [(&'static str, bool, &'static str); N],
) -> Vec<Broken> {
    let broken = checks.into_iter().filter(|(_, holds, _)| !holds);
    broken.map(|(key, _, why)| (key, why.into())).collect()
}

/// Refuses a limit of 0, which would admit no connection.
pub(super) const fn per_peer(connections: usize) -> (&'static str, bool, &'static str) {
    (
        "connections_per_peer",
        connections > 0,
        "must be at least 1",
    )
}
