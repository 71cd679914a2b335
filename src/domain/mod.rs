//! The rules: pure, without I/O, clock or chance.

pub mod ids;
pub mod time;
