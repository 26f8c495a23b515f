//! Foretide.
