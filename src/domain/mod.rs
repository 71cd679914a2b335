//! The rules: pure, without I/O, clock or chance.

pub mod access;
pub mod catalogue;
pub mod event;
pub mod ids;
pub mod ledger;
pub mod lifecycle;
pub mod policy;
pub mod report;
pub mod time;
