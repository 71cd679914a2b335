//! The rules: pure, without I/O, clock or chance.

pub mod ids;
pub mod notice;
pub mod time;
