//! Sealing: receipt, units, envelopes. Bytes in, bytes out; it knows nothing of tables or routes.
//!
//! What a stolen database gives away: ciphertexts padded to 4 KiB, envelopes that only their addressee's key opens, and
//! tags under keys that are not in the database. What it does not withstand: whoever runs the live server while it
//! seals, and members who can be compelled.
//!
//! Source: security.md, "The receipt", "Keys of people, and the roster", "Sealing", "Kept out".

pub mod cbor;
pub mod content;
pub mod digest;
pub mod envelope;
pub mod filing;
mod kdf;
pub mod kept_out;
pub mod keys;
pub mod receipt;
pub mod roster;
pub mod seed;
pub mod server;
mod symmetric;
pub mod unit;
pub mod words;

/// Length of a SHA-256 or HMAC-SHA256 in bytes.
pub const HASH_BYTES: usize = 32;

/// A SHA-256.
pub type Hash = [u8; HASH_BYTES];

pub use kdf::{derive, mac, same, sha256};
