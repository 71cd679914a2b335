//! The only door to a database.
//!
//! [`Storage::write`] runs a closure inside a shared transaction on a writer thread and answers once it is on disk;
//! [`Storage::read`] runs one on a consistent snapshot. What is carried is bytes: nothing here can open them.

pub mod absences;
pub mod boards;
pub mod changes;
mod checkpoints;
mod connection;
pub mod copy;
mod crowd;
pub mod engine;
mod error;
pub mod filings;
pub mod heads;
mod job;
pub mod ledger;
mod migrations;
pub mod outbox;
mod packing;
pub mod people;
pub mod productions;
mod reader;
pub mod renewals;
pub mod report_parts;
pub mod reports;
pub mod resealings;
mod schema;
mod sealed;
mod store;
pub mod test_notices;
mod types;
pub mod vitals;
mod writer;

pub use connection::{Conn, Target, Tx};
pub use crowd::Coming;
pub use error::StorageError;
pub use store::{Storage, WriterSettings};
pub use types::{Bytes, beside};
