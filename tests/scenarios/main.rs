//! Stories.

#[cfg(test)]
mod house;
mod mail_server;
mod support;
