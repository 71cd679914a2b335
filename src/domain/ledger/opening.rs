//! What an entry says, and its canonical bytes.

use std::fmt;

use ciborium::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{EntryFacts, EntryKind, Mark, Moved};
use crate::domain::{event::When, ids::ProductionId, policy::Level, time::UtcMillis};

/// A SHA-256 hash, shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Everything that an entry says: whoever holds it and L can open the leaf.
///
/// Source: ledger.md, "Entries" (commitment).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What happened.
    pub kind: EntryKind,
    /// Digest of the filing.
    pub report: Digest,
    /// The production.
    pub production: ProductionId,
    /// The level whose clock it starts or stops; 0 for the report as a whole.
    pub level: Level,
    /// The level's desks as the policy names them, whoever is kept out.
    pub desks: Vec<String>,
    /// Version of the policy that the report keeps.
    pub policy_version: i32,
    /// The deadline that it starts, meets or misses.
    pub deadline: Option<UtcMillis>,
    /// Where that deadline was moved to, and why.
    pub moved: Option<Moved>,
    /// When it happened.
    pub at: When,
    /// One salted hash of all notices and of the accepting servers' reply lines.
    pub notices: Option<Digest>,
    /// Hash of this report's previous leaf.
    pub previous: Option<Digest>,
    /// Hash of the answer's ciphertext (`answered` only).
    pub answer: Option<Digest>,
    /// The cycle, from 1; bound by tag and nonce, not repeated in the commitment.
    pub cycle: u16,
    /// Number among its kind, level and cycle; bound by tag and nonce.
    pub n: u32,
}

impl Opening {
    /// The opening of an entry: its facts, and what the use case knows beside them.
    pub fn new(
        facts: &EntryFacts,
        report: Digest,
        production: ProductionId,
        desks: Vec<String>,
        policy_version: i32,
    ) -> Self {
        let EntryFacts { mark: Mark { kind, level, cycle, n }, deadline, moved, at, .. } = *facts;
        let (notices, previous, answer) = (None, None, None);
        Self {
            kind,
            report,
            production,
            level,
            desks,
            policy_version,
            deadline,
            moved,
            at,
            notices,
            previous,
            answer,
            cycle,
            n,
        }
    }

    /// What makes its tag and nonce.
    pub const fn mark(&self) -> Mark {
        Mark { kind: self.kind, level: self.level, cycle: self.cycle, n: self.n }
    }

    /// The committed fields as one CBOR array of definite length, integers in their shortest form, absent fields null:
    /// one value has one encoding (RFC 8949, section 4.2.1).
    pub fn cbor(&self) -> Vec<u8> {
        let fields = vec![
            Value::from(self.kind.code()),
            bytes(&self.report.0),
            bytes(self.production.as_bytes()),
            Value::from(self.level.0),
            Value::Array(self.desks.iter().map(|d| Value::from(d.as_str())).collect()),
            Value::from(self.policy_version),
            optional(self.deadline.as_ref(), |at| millis(*at)),
            optional(self.moved.as_ref(), |m| Value::Array(vec![millis(m.to), Value::from(m.why.code())])),
            Value::Array(vec![millis(self.at.from), millis(self.at.to)]),
            optional(self.notices.as_ref(), |d| bytes(&d.0)),
            optional(self.previous.as_ref(), |d| bytes(&d.0)),
            optional(self.answer.as_ref(), |d| bytes(&d.0)),
        ];
        let mut encoded = Vec::new();
        // Writing these values to memory cannot fail; were it to, the leaf would commit to less and open for nobody.
        if ciborium::into_writer(&Value::Array(fields), &mut encoded).is_err() {
            encoded.clear();
        }
        encoded
    }
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn millis(at: UtcMillis) -> Value {
    Value::from(at.get())
}

fn optional<T>(value: Option<&T>, encode: impl Fn(&T) -> Value) -> Value {
    value.map_or(Value::Null, encode)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes).map_err(|_| D::Error::custom("a hash is 64 hex digits"))?;
        // One spelling per hash.
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(D::Error::custom("a hash is 64 lower-case hex digits"));
        }
        Ok(Self(bytes))
    }
}
