//! Locks that outlive a defect.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A defect while a lock was held must not silence a service.
pub fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
