//! Canonical bytes of a ledger entry: tag, nonce, commitment, and how a leaf is opened again.
//!
//! A leaf is 65 bytes, all alike: `version (1) | tag (32) | commitment (32)`. Kind, level and time are inside the
//! commitment, so a stranger cannot tell an entry from padding, or two entries of one report from two reports. A stolen
//! database reveals which leaves belong to a report, because the server keeps L; an outsider with the whole log learns
//! nothing. Entries name levels and desks, never persons.
//!
//! | bytes | made of |
//! |---|---|
//! | mark | length of kind (1) \| kind \| level (1) \| cycle (2, big-endian) \| n (4, big-endian) |
//! | tag | HMAC-SHA256(L, "tag" \| mark) |
//! | nonce | HMAC-SHA256(L, "nonce" \| mark) |
//! | commitment | SHA-256("lastlooks/v1/leaf" \| nonce \| CBOR array of the fields of [`Opening`], in its order) |
//!
//! Source: ledger.md, "Entries".

mod entries;
mod opening;

pub(super) use entries::count;
pub use entries::{EntryFacts, EntryKind, Moved, Why, entries, entries_of};
pub use opening::{Digest, Opening};

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::policy::Level;

/// First byte of every leaf.
pub const VERSION: u8 = 1;
/// Bytes of a leaf.
pub const LEAF_BYTES: usize = 65;

/// L: makes and finds the entries of one report (or of the chain that a summary began). Prints nothing, is wiped.
#[derive(Clone)]
pub struct LedgerKey(Zeroizing<[u8; 32]>);

/// What makes an entry's tag and nonce: no two entries under one key have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// What happened.
    pub kind: EntryKind,
    /// The level whose clock it starts or stops; 0 for the report as a whole.
    pub level: Level,
    /// The cycle, from 1.
    pub cycle: u16,
    /// 0, then 1, 2, … for the next of its kind at that level and cycle.
    pub n: u32,
}

/// 65 bytes of the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leaf([u8; LEAF_BYTES]);

/// Entries that are about no report; anybody may read their body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicKind {
    /// A version of a production's policy.
    Policy,
    /// A version of a production's roster.
    Roster,
    /// The service was down.
    Outage,
    /// A new log begins; its body names the highest head of the old one.
    Link,
}

/// Why a leaf is not what its opening says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a version that this program knows.
    #[error("the entry has version {0}; this program knows version 1")]
    Version(u8),
    /// The tag is another one's: another report, kind, level, cycle or number.
    #[error("the entry's tag is not the one of this report, kind, level, cycle and number")]
    Tag,
    /// The commitment is to something else.
    #[error("the entry does not say what the opening says")]
    Commitment,
    /// Not 65 bytes.
    #[error("an entry is 65 bytes; this one has {0}")]
    Length(usize),
}

impl LedgerKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes, for storing and for envelopes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Finds an entry in the log.
    pub fn tag(&self, mark: &Mark) -> [u8; 32] {
        self.keyed(b"tag", &[&mark.bytes()])
    }

    /// Blinds an entry's commitment.
    pub fn nonce(&self, mark: &Mark) -> [u8; 32] {
        self.keyed(b"nonce", &[&mark.bytes()])
    }

    /// One hash of all notices of an entry: SHA-256 of each mail and the reply line of the server that took it. Salted
    /// by L and the entry, so that nobody can test a guess of a reply line against it.
    pub fn notices(&self, mark: &Mark, notices: &[(Digest, String)]) -> Digest {
        let lines: Vec<Vec<u8>> = notices
            .iter()
            .map(|(mail, reply)| [&mail.0[..], &length(reply.len()), reply.as_bytes()].concat())
            .collect();
        let parts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let mark = mark.bytes();
        Digest(self.keyed(b"notices", &[&[&mark[..]], &parts[..]].concat()))
    }

    fn keyed(&self, label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        // HMAC itself pads a shorter key with zeros up to the hash's block (RFC 2104); done here, it cannot fail.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&self.0[..]);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(label);
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerKey(..)")
    }
}

/// A length as it stands before variable bytes, so that no two lists have the same bytes.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

impl Mark {
    fn bytes(self) -> Vec<u8> {
        let kind = self.kind.code().as_bytes();
        let mut bytes = vec![u8::try_from(kind.len()).unwrap_or(u8::MAX)];
        bytes.extend_from_slice(kind);
        bytes.push(self.level.0);
        bytes.extend_from_slice(&self.cycle.to_be_bytes());
        bytes.extend_from_slice(&self.n.to_be_bytes());
        bytes
    }
}

impl Leaf {
    /// The leaf of an entry.
    pub fn of(opening: &Opening, key: &LedgerKey) -> Self {
        let nonce = key.nonce(&opening.mark());
        let hash = Sha256::new_with_prefix(b"lastlooks/v1/leaf").chain_update(nonce).chain_update(opening.cbor());
        Self::of_parts(key.tag(&opening.mark()), hash.finalize().into())
    }

    /// Padding: 64 random bytes behind the version, like any entry to whoever has no key.
    pub fn padding(random: [u8; 64]) -> Self {
        let mut leaf = [VERSION; LEAF_BYTES];
        leaf[1..].copy_from_slice(&random);
        Self(leaf)
    }

    /// The leaf of a public entry; its body is served as it stands.
    pub fn public(kind: PublicKind, body: &[u8]) -> Self {
        let tag = Sha256::new_with_prefix(b"lastlooks/v1/public").chain_update(kind.code());
        let body = Sha256::new_with_prefix(b"lastlooks/v1/public/body").chain_update(body);
        Self::of_parts(tag.finalize().into(), body.finalize().into())
    }

    /// The leaf with this tag and commitment.
    pub fn of_parts(tag: [u8; 32], commitment: [u8; 32]) -> Self {
        let mut leaf = [VERSION; LEAF_BYTES];
        leaf[1..33].copy_from_slice(&tag);
        leaf[33..].copy_from_slice(&commitment);
        Self(leaf)
    }

    /// The 65 bytes.
    pub const fn as_bytes(&self) -> &[u8; LEAF_BYTES] {
        &self.0
    }

    /// The tag.
    pub fn tag(&self) -> &[u8] {
        &self.0[1..33]
    }

    /// The commitment.
    pub fn commitment(&self) -> &[u8] {
        &self.0[33..]
    }

    /// SHA-256 of the leaf: what the report's next entry names as its previous one.
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.0).into())
    }

    /// Checks that the leaf is the one of this opening.
    ///
    /// # Errors
    /// [`OpenError`]: which of version, tag and commitment is another one.
    pub fn open(&self, opening: &Opening, key: &LedgerKey) -> Result<(), OpenError> {
        let expected = Self::of(opening, key);
        if self.0[0] != VERSION {
            return Err(OpenError::Version(self.0[0]));
        }
        if self.tag() != expected.tag() {
            return Err(OpenError::Tag);
        }
        if self.commitment() == expected.commitment() { Ok(()) } else { Err(OpenError::Commitment) }
    }
}

impl TryFrom<&[u8]> for Leaf {
    type Error = OpenError;

    fn try_from(bytes: &[u8]) -> Result<Self, OpenError> {
        bytes.try_into().map(Self).map_err(|_| OpenError::Length(bytes.len()))
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leaf({})", hex::encode(self.0))
    }
}

impl PublicKind {
    /// The code in the tag and at `/ledger/open/<index>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Roster => "roster",
            Self::Outage => "outage",
            Self::Link => "link",
        }
    }
}

#[cfg(test)]
mod tests;
