//! Stories.

mod mail_server;
mod support;
