//! A setting that replaces its default.

/// Replaces what is set.
pub(super) fn set<T>(target: &mut T, value: Option<impl Into<T>>) {
    if let Some(value) = value {
        *target = value.into();
    }
}
