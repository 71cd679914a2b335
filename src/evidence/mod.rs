//! What proves something to a stranger: promises and bundles, and how they are checked. Pure: bytes in, findings out.
//!
//! Everything that a verifier needs is here and nowhere else, so that the command line says the same as the script and the
//! page, which are written from these rules again:
//!
//! 1. A bundle has one spelling: its JSON written anew gives the same bytes (spaces behind it do not count); numbers are
//!    digits, keys and digests small hex digits of their length, all other bytes padded base64, lists are lists.
//! 2. Each checkpoint is signed by the log's key and grows from the one before it; every further line is the true
//!    cosignature of a witness that the bundle lists.
//! 3. Each entry, made anew from its opening and its key, stands in the first of the checkpoints that is long enough.
//! 4. Each run of leaves is whole, begins where a checkpoint before the level's `assigned` ended (or where the log begins),
//!    and holds none of the answers' tags that could be made for that level and cycle.
//! 5. Times are those of witnesses that the verifier trusts. Without a quorum of them the first line says so.
//!
//! Source: ledger.md, "Promises" and "What a bundle says".

pub mod bundle;
pub mod check;
pub mod claim;
pub mod promise;
pub mod quorum;
mod times;

pub use times::shown;
