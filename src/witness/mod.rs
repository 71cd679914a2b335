//! Witnesses: somebody else's word that a log only grew, and when. Both ends of it: what `lastlooks witness` does, and how a
//! log asks.
//!
//! | file | job |
//! |---|---|
//! | [`request`] | the message with which a log asks |
//! | [`cosigner`] | what a witness cosigns, and why it refuses |
//! | [`folder`] | a witness's key and records on disk, for one process at a time |
//! | [`asking`] | asks a witness over HTTP |
//!
//! Everything that is read here may come from anybody. A witness knows nothing of reports: a size and a root is all it sees.
//!
//! Source: C2SP tlog-witness, tlog-cosignature; ledger.md, "What a bundle says".

pub mod asking;
pub mod cosigner;
pub mod folder;
pub mod request;
