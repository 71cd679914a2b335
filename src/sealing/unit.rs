//! A unit: what one author said once. Signed inside, sealed outside, bound to its place.
//!
//! The threat is somebody who can write to the database: they must not be able to move a text to another report, put
//! another author's name on it, or swap it for an older one. So the signature covers production, verify key, unit id and
//! author; the ciphertext is bound to the same place; and the data key is committed to, because XChaCha20-Poly1305 would
//! let one ciphertext open to two texts under two keys. A stolen database shows the length in steps of 4 KiB.
//!
//! Source: security.md, "Sealing".

use std::{fmt, str::FromStr};

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    Hash,
    cbor::{Decoder, Encoder},
    kdf,
    keys::{KeyId, Keys, VerifyKey, signed_bytes},
    symmetric::{self, NONCE_BYTES, TAG_BYTES},
};
use crate::{
    domain::ids::{ProductionId, UnitId},
    entropy::Entropy,
};

/// Plaintext is padded to a multiple of this many bytes, so that a length says little.
pub const PADDING_STEP_BYTES: usize = 4096;

const VERSION: u64 = 1;
const SIGNATURE_LABEL: &str = "lastlooks/v1/unit";
/// Room for everything of a unit but its body: fixed fields, heads, signature, padding mark.
const FRAME_BYTES: usize = 384;
const CLEAR_MARK: u8 = 0;
const PADDING_MARK: u8 = 0x80;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitKind {
    /// The part of a filing that both sides and the observers read.
    Shared,
    /// The part of a filing that only the union side reads.
    Union,
    /// The part of a filing that only its reporter reads: the exact second, the chosen severity, why it was raised.
    Own,
    /// An answer of the production's side.
    Answer,
    /// What was done about a planned answer.
    Completion,
    /// A message to or from the reporter.
    Message,
    /// A verdict of the union side with its note.
    Verification,
    /// What was stopped and who may restart it.
    StopWork,
    /// What changed before work went on.
    Resumption,
    /// The reporter's word on whether it is safe now.
    Safety,
    /// The reporter's word that it is worse.
    Worse,
    /// Why the union side told one level more.
    Escalation,
    /// Why a union member holds the report not to be credible.
    NotCredible,
    /// What the union side tells both sides about a retaliation report.
    Summary,
    /// A picture.
    Photo,
}

/// Whom a unit is addressed to. Its reporter can open it in any case where an envelope for them was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The reporter alone.
    Reporter,
    /// The union side and the reporter.
    Union,
    /// Both sides and the reporter.
    All,
}

/// A code that names no unit kind or audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known code")]
pub struct UnknownCode;

impl UnitKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Shared,
        Self::Union,
        Self::Own,
        Self::Answer,
        Self::Completion,
        Self::Message,
        Self::Verification,
        Self::StopWork,
        Self::Resumption,
        Self::Safety,
        Self::Worse,
        Self::Escalation,
        Self::NotCredible,
        Self::Summary,
        Self::Photo,
    ];

    /// Its code, fixed for ever: it is part of what was signed.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Union => "union",
            Self::Own => "own",
            Self::Answer => "answer",
            Self::Completion => "completion",
            Self::Message => "message",
            Self::Verification => "verification",
            Self::StopWork => "stop_work",
            Self::Resumption => "resumption",
            Self::Safety => "safety",
            Self::Worse => "worse",
            Self::Escalation => "escalation",
            Self::NotCredible => "not_credible",
            Self::Summary => "summary",
            Self::Photo => "photo",
        }
    }
}

impl FromStr for UnitKind {
    type Err = UnknownCode;

    fn from_str(code: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|kind| kind.code() == code).ok_or(UnknownCode)
    }
}

impl Audience {
    /// Its code, fixed for ever: it is part of what was signed.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Union => "union",
            Self::All => "all",
        }
    }
}

impl FromStr for Audience {
    type Err = UnknownCode;

    fn from_str(code: &str) -> Result<Self, UnknownCode> {
        [Self::Reporter, Self::Union, Self::All].into_iter().find(|to| to.code() == code).ok_or(UnknownCode)
    }
}

/// The report that something belongs to, by the names that phone, server and desks all know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The production.
    pub production: ProductionId,
    /// The public half of the reporter's signing key.
    pub verify_key: VerifyKey,
}

/// The one place where a unit belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The report.
    pub report: Bound,
    /// The unit.
    pub unit: UnitId,
}

impl Place {
    fn bytes(&self) -> Vec<u8> {
        [
            b"lastlooks/v1/sealed".as_slice(),
            self.report.production.as_bytes(),
            &self.report.verify_key.0,
            self.unit.as_bytes(),
        ]
        .concat()
    }
}

/// What one author said once.
#[derive(Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where it belongs.
    pub place: Place,
    /// Who said it: the id of the key that signs.
    pub author: KeyId,
    /// What it is.
    pub kind: UnitKind,
    /// Whom it is for.
    pub to: Audience,
    /// [`Unit::hash`] of what this author said before it in this report, so that nothing in between can be left out.
    pub previous: Option<Hash>,
    /// What was said, as the use case wrote it.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unit({}, {}, {} bytes)", self.place.unit, self.kind.code(), self.body.len())
    }
}

impl Unit {
    /// SHA-256 of its canonical CBOR: what is signed, and what the author's next unit names as previous.
    pub fn hash(&self) -> Hash {
        let mut encoder = Encoder::behind(Vec::with_capacity(self.body.len() + FRAME_BYTES));
        self.encode(&mut encoder);
        let text = Zeroizing::new(encoder.finish());
        kdf::sha256(&[&text])
    }

    /// Canonical CBOR: a map of nine, keys in the order of their bytes.
    fn encode(&self, to: &mut Encoder) {
        to.map(9);
        to.text("v").uint(VERSION);
        to.text("to").text(self.to.code());
        to.text("body").bytes(&self.body);
        to.text("kind").text(self.kind.code());
        to.text("unit").bytes(self.place.unit.as_bytes());
        to.text("author").bytes(&self.author.0);
        to.text("verify").bytes(&self.place.report.verify_key.0);
        to.text("previous").bytes_or_null(self.previous.as_ref().map(<[u8; 32]>::as_slice));
        to.text("production").bytes(self.place.report.production.as_bytes());
    }

    fn decode(from: &mut Decoder<'_>) -> Option<Self> {
        from.map(9)?;
        from.key("v")?;
        (from.uint()? == VERSION).then_some(())?;
        from.key("to")?;
        let to = from.text()?.parse().ok()?;
        from.key("body")?;
        let body = Zeroizing::new(from.bytes()?.to_vec());
        from.key("kind")?;
        let kind = from.text()?.parse().ok()?;
        from.key("unit")?;
        let unit = from.bytes()?.try_into().ok()?;
        from.key("author")?;
        let author = KeyId(from.bytes()?.try_into().ok()?);
        from.key("verify")?;
        let verify_key = VerifyKey(from.bytes()?.try_into().ok()?);
        from.key("previous")?;
        let previous = from.bytes_or_null()?.map(Hash::try_from).transpose().ok()?;
        from.key("production")?;
        let production = from.bytes()?.try_into().ok()?;
        let place = Place { report: Bound { production, verify_key }, unit };
        Some(Self { place, author, kind, to, previous, body })
    }
}

/// The key of one unit's ciphertext, used for this one alone. Whoever holds it can read the unit.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

impl DataKey {
    /// The key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, to be put into envelopes.
    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Says which key it is without giving it away; checked before opening.
    pub fn commit(&self) -> Hash {
        kdf::sha256(&[b"lastlooks/v1/commit", &self.0])
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(secret)")
    }
}

/// Whether ciphertexts are ciphertexts. There is one mode; no setting, file or request can name another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(not(test), expect(clippy::manual_non_exhaustive, reason = "the leak test uses the hidden variant"))]
pub enum SealMode {
    /// As it must be.
    #[default]
    Sealed,
    /// Text stays readable, so that the leak test can show that its search would find it.
    #[doc(hidden)]
    ClearForLeakTest,
}

/// What the database keeps of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedUnit {
    /// Its id.
    pub unit: UnitId,
    /// Nonce (24), ciphertext of a multiple of 4 KiB, tag (16).
    pub ciphertext: Vec<u8>,
    /// See [`DataKey::commit`].
    pub commit: Hash,
}

/// A unit that is not what its author sealed at this place, or not with this key. Shown as "altered after filing",
/// never as text; which check failed is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("altered after filing")]
pub struct Altered;

/// Signs a unit and seals it under a fresh data key. Gives the sealed unit, its key for the envelopes, and its hash.
///
/// The author in the unit must be the signer: `unit.author == signer.id()`, else nobody will be able to open it.
pub fn seal(unit: &Unit, signer: &Keys, mode: SealMode, entropy: &dyn Entropy) -> (SealedUnit, DataKey, Hash) {
    let key = DataKey::new(entropy.bytes());
    // Room for all of it from the start: growing would leave copies of the text behind in freed memory.
    let room = NONCE_BYTES + (unit.body.len() + FRAME_BYTES).next_multiple_of(PADDING_STEP_BYTES) + TAG_BYTES;
    let mut buffer = Vec::with_capacity(room);
    buffer.resize(NONCE_BYTES, 0);
    let mut encoder = Encoder::behind(buffer);
    encoder.array(2);
    let start = encoder.written().len();
    unit.encode(&mut encoder);
    let hash = kdf::sha256(&[&encoder.written()[start..]]);
    encoder.bytes(&signer.sign(SIGNATURE_LABEL, &hash));
    let ciphertext = close(pad(encoder.finish()), &key, &unit.place, mode, entropy);
    (SealedUnit { unit: unit.place.unit, ciphertext, commit: key.commit() }, key, hash)
}

fn pad(mut buffer: Vec<u8>) -> Vec<u8> {
    buffer.push(PADDING_MARK);
    let text = (buffer.len() - NONCE_BYTES).next_multiple_of(PADDING_STEP_BYTES);
    buffer.resize(NONCE_BYTES + text, 0);
    buffer
}

fn unpad(text: &[u8]) -> Option<&[u8]> {
    let mark = text.iter().rposition(|byte| *byte != 0)?;
    (text[mark] == PADDING_MARK).then(|| &text[..mark])
}

fn close(mut buffer: Vec<u8>, key: &DataKey, place: &Place, mode: SealMode, entropy: &dyn Entropy) -> Vec<u8> {
    match mode {
        SealMode::Sealed => symmetric::seal_in_place(&key.0, &place.bytes(), buffer, entropy),
        SealMode::ClearForLeakTest => {
            buffer.drain(..NONCE_BYTES - 1);
            buffer[0] = CLEAR_MARK;
            buffer
        }
    }
}

/// Opens a unit and checks everything about it: commit, ciphertext, signature, place.
///
/// `author` gives the verify key that belongs to a key id: the report's own for the reporter's units, the roster's for
/// members'. Who said it comes from there alone, never from a row.
///
/// # Errors
/// [`Altered`] if anything is not as it was sealed, or its author is unknown.
pub fn open(
    sealed: &SealedUnit,
    report: Bound,
    key: &DataKey,
    mode: SealMode,
    author: &dyn Fn(KeyId) -> Option<VerifyKey>,
) -> Result<Unit, Altered> {
    let place = Place { report, unit: sealed.unit };
    if !kdf::same(&key.commit(), &sealed.commit) {
        return Err(Altered);
    }
    let text = match mode {
        SealMode::Sealed => symmetric::open(&key.0, &place.bytes(), &sealed.ciphertext),
        SealMode::ClearForLeakTest => {
            sealed.ciphertext.strip_prefix(&[CLEAR_MARK]).map(|text| Zeroizing::new(text.to_vec()))
        }
    };
    let (unit, hash, signature) = text.as_deref().and_then(|text| parse(text)).ok_or(Altered)?;
    let signed_by = author(unit.author).ok_or(Altered)?;
    if unit.place == place && signed_by.has_signed(&signed_bytes(SIGNATURE_LABEL, &hash), &signature) {
        Ok(unit)
    } else {
        Err(Altered)
    }
}

fn parse(text: &[u8]) -> Option<(Unit, Hash, [u8; 64])> {
    let mut decoder = Decoder::new(unpad(text)?);
    decoder.array(2)?;
    let from = decoder.rest();
    let unit = Unit::decode(&mut decoder)?;
    let hash = kdf::sha256(&[&from[..from.len() - decoder.rest().len()]]);
    let signature = decoder.bytes()?.try_into().ok()?;
    decoder.rest().is_empty().then_some((unit, hash, signature))
}

#[cfg(test)]
mod tests;
