//! The `lastlooks` binary.
fn main() {}
