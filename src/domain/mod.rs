//! The rules: pure, without I/O, clock or chance.

pub mod access;
pub mod audience;
pub mod catalogue;
pub mod event;
pub mod ids;
pub mod ledger;
pub mod lifecycle;
pub mod notice;
pub mod object;
pub mod policy;
pub mod production;
pub mod report;
pub mod text;
pub mod time;
