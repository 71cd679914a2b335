//! Stories, on both databases.

#![expect(unreachable_pub, reason = "one binary: what is shared between its stories is simply public")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a story fails by panicking")]
#![expect(clippy::print_stdout, reason = "each story says which database it runs on")]

mod crew;
mod fuzz;
mod house;
mod ledger;
mod lists;
mod mail_server;
mod operations;
mod people;
mod reports;
mod rust_2021;
mod storage;
mod support;
mod workers;
