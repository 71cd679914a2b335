//! Use cases: one method each, one file per group.

pub mod error;
