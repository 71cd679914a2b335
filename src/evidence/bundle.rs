//! The bundle: one file that proves something about one report without a network.
//!
//! JSON without spaces, fields in this order, each exactly once: every verifier writes it anew and compares. So nothing in
//! it can be changed that is not bound by a hash or a signature.

use serde::{Deserialize, Serialize};

use crate::{
    domain::ledger::{Digest, Opening},
    merkle::Hash,
};

/// What [`Bundle::format`] holds.
pub const FORMAT: &str = "lastlooks-bundle/v1";
/// Bytes of a bundle, at most: a run over thirty days of ticks is about 4 MiB.
pub const MOST_BYTES: usize = 64 << 20;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORMAT`].
    pub format: String,
    /// What it shows, in sentences; each verifier makes them anew from the rest.
    pub says: Vec<String>,
    /// The log's verifier key.
    pub log: String,
    /// Verifier keys of the witnesses whose cosignatures the checkpoints carry, each once. That they stand here makes
    /// nobody trust them.
    pub witnesses: Vec<String>,
    /// Keys (L) of the report's entries, 64 hex digits each: one, and another where a union summary began a chain.
    pub keys: Vec<Digest>,
    /// Signed checkpoints, each longer than the one before.
    pub checkpoints: Vec<String>,
    /// Between each checkpoint and the next: the proof that it grew.
    pub consistency: Vec<Vec<Written>>,
    /// Entries of the report.
    pub entries: Vec<BundledEntry>,
    /// Runs of leaves in which something is missing.
    pub runs: Vec<BundledRun>,
    /// A promise, and the leaves by which it is judged.
    pub promise: Option<BundledPromise>,
}

/// An entry and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledEntry {
    /// Its place in the log.
    pub index: u64,
    /// The first of the checkpoints that is longer than its place.
    pub checkpoint: usize,
    /// Its key.
    pub key: usize,
    /// What it says.
    pub opening: Opening,
    /// That it stands there.
    pub proof: Vec<Written>,
}

/// All leaves between two places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledRun {
    /// The entry that says what was missed.
    pub breach: usize,
    /// The first leaf: 0, or the size of a checkpoint here that was signed before the level was assigned.
    pub from: u64,
    /// The checkpoint at which it ends.
    pub checkpoint: usize,
    /// 65 bytes each, base64.
    pub leaves: String,
    /// That they stand there, all of them.
    pub proof: Vec<Written>,
}

/// A promise, and the leaves by which it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledPromise {
    /// The verifier key of promises.
    pub key: String,
    /// The signed promise.
    pub note: String,
    /// The first leaf: at most the promise's `after`.
    pub from: u64,
    /// The checkpoint at which they end.
    pub checkpoint: usize,
    /// 65 bytes each, base64.
    pub leaves: String,
    /// That they stand there, all of them.
    pub proof: Vec<Written>,
}

/// A hash as base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written(pub Hash);

impl Serialize for Written {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// Hashes as a bundle has them.
pub fn written(hashes: Vec<Hash>) -> Vec<Written> {
    hashes.into_iter().map(Written).collect()
}

/// Hashes as they are checked.
pub(super) fn hashes(written: &[Written]) -> Vec<Hash> {
    written.iter().map(|written| written.0).collect()
}

/// The text is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum NotABundle {
    /// Too long.
    #[error("the file is longer than {MOST_BYTES} bytes")]
    TooLong,
    /// Not the fields of a bundle.
    #[error("the file is no bundle")]
    Shape(#[source] serde_json::Error),
    /// Another spelling.
    #[error("the file is not spelt as it was made: something in it was changed")]
    Spelling,
    /// Another version.
    #[error("the file is a bundle of another version; this program knows {FORMAT}")]
    Format,
}

impl Bundle {
    /// Reads the file. Spaces behind it do not count: the inbox fills its answers up with them.
    ///
    /// # Errors
    /// [`NotABundle`].
    pub fn read(text: &str) -> Result<Self, NotABundle> {
        let text = text.trim_end_matches(' ');
        if text.len() > MOST_BYTES {
            return Err(NotABundle::TooLong);
        }
        let bundle: Self = serde_json::from_str(text).map_err(NotABundle::Shape)?;
        if bundle.format != FORMAT {
            return Err(NotABundle::Format);
        }
        let again = serde_json::to_string(&bundle).map_err(NotABundle::Shape)?;
        if again == text { Ok(bundle) } else { Err(NotABundle::Spelling) }
    }
}
