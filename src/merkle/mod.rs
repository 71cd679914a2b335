//! The Merkle log: RFC 6962 trees, tiles, proofs, signed notes, checkpoints and cosignatures. Pure; knows nothing of reports.
//!
//! | file | job |
//! |---|---|
//! | [`hash`] | hashing of leaves and nodes |
//! | [`span`] | which hashes a proof is made of |
//! | [`proof`] | checking inclusion, consistency, and an unbroken run of leaves |
//! | [`tile`] | how a tree lies in tiles, how it grows, and reading hashes out of tiles |
//! | [`path`] | tiles' addresses |
//! | [`entries`] | entry bundles |
//! | [`key`] | names of keys, verifier keys, signers |
//! | [`note`] | signed notes |
//! | [`checkpoint`] | the note that a log signs |
//! | [`cosignature`] | what a witness adds to it |
//! | [`tlog_proof`] | one entry's proof as a text that others' tools read |
//!
//! Everything that is read here may come from anybody: readers take one spelling per value, refuse in words, and never
//! panic.
//!
//! Source: RFC 6962, section 2.1; C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof.

pub mod checkpoint;
pub mod cosignature;
pub mod entries;
pub mod hash;
pub mod key;
pub mod note;
pub mod path;
pub mod proof;
pub mod span;
pub mod tile;
pub mod tlog_proof;

pub use hash::Hash;

#[cfg(test)]
mod oracles;
