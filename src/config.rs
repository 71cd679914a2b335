//! Typed settings, read once.
