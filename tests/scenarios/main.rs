//! Stories.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

#[cfg(test)]
mod house;
mod mail_server;
mod support;
