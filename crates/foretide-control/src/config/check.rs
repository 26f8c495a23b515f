//! Rules on settings that their types leave open.

/// One rule on a setting.
pub(crate) struct Check {
    /// The setting, as in [`ConfigError`](super::ConfigError).
    pub(crate) key: &'static str,
    /// Whether the setting keeps the rule.
    pub(crate) holds: bool,
    /// The rule.
    pub(crate) why: &'static str,
}

/// The rule that `key` keeps where it `holds`.
pub(crate) const fn check(key: &'static str, holds: bool, why: &'static str) -> Check {
    Check { key, holds, why }
}
