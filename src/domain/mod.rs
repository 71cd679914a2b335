//! The rules: pure, without I/O, clock or chance.

pub mod ids;
pub mod text;
pub mod time;
