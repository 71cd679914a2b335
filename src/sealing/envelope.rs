//! An envelope: the data keys that one reader may have, sealed to that reader.
//!
//! HPKE base mode to the reader's X25519 key, bound to the report and to the reader's key id, so that an envelope moved
//! to another report or seat does not open. Length depends on the shape alone: whoever is kept out has a decoy of the
//! same shape, and the rows do not tell. A stolen database shows who has a row, which is everybody of the side.
//!
//! HPKE base does not say who sealed; it need not, because each unit is signed by its author.
//!
//! Source: security.md, "Sealing"; RFC 9180.

use std::convert::Infallible;

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::AeadTag, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256, single_shot_open_inout_detached, single_shot_seal_inout_detached_with_rng,
};
use zeroize::Zeroizing;

use super::{
    keys::{KeyId, Keys, ReadingKey, SealTo, SealingKey, sealing_key},
    receipt::LedgerKey,
    unit::{Bound, DataKey},
};
use crate::{domain::ids::UnitId, entropy::Entropy};

const INFO: &[u8] = b"lastlooks/v1/envelope";
const VERSION: u8 = 1;
const ENCAPSULATED_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const LEDGER_KEY_BYTES: usize = 32;
/// A unit id (16) and its data key (32).
const SLOT_BYTES: usize = 48;

/// How an envelope is laid out. Envelopes of one shape have one length, whatever is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Data keys that there is room for, 0..=255.
    pub slots: u8,
    /// Whether there is room for L.
    pub with_ledger_key: bool,
}

impl Shape {
    /// A filing's envelope for a seat: the shared part and the union part, and L. 177 bytes of it are sealed.
    pub const FILING: Self = Self { slots: 2, with_ledger_key: true };
    /// A filing's envelope for its reporter: their own part as well.
    pub const FILING_OWN: Self = Self { slots: 3, with_ledger_key: true };
    /// The envelope of anything said later: one unit.
    pub const SAID: Self = Self { slots: 1, with_ledger_key: false };

    /// Bytes of a whole envelope of this shape.
    pub const fn envelope_bytes(self) -> usize {
        ENCAPSULATED_BYTES + self.text_bytes() + TAG_BYTES
    }

    const fn text_bytes(self) -> usize {
        1 + if self.with_ledger_key { LEDGER_KEY_BYTES } else { 0 } + SLOT_BYTES * self.slots as usize
    }
}

/// What an envelope gives its reader.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// L, where the shape has room for it.
    pub ledger_key: Option<LedgerKey>,
    /// Units and their keys, in the order in which they were put in.
    pub data_keys: Vec<(UnitId, DataKey)>,
}

impl Contents {
    /// The key of one unit, if this reader has it.
    pub fn key_of(&self, unit: UnitId) -> Option<&DataKey> {
        self.data_keys.iter().find(|(id, _)| *id == unit).map(|(_, key)| key)
    }

    /// `count (1) | L (32) if the shape has it | slots`, unused slots zero.
    fn encode(&self, shape: Shape, into: &mut Vec<u8>) -> Result<(), SealError> {
        let end = into.len() + shape.text_bytes();
        let count = u8::try_from(self.data_keys.len()).map_err(|_| SealError::TooMany)?;
        if count > shape.slots || self.ledger_key.is_some() != shape.with_ledger_key {
            return Err(SealError::TooMany);
        }
        into.push(count);
        if let Some(key) = &self.ledger_key {
            into.extend_from_slice(key.as_bytes());
        }
        for (unit, key) in &self.data_keys {
            into.extend_from_slice(unit.as_bytes());
            into.extend_from_slice(key.as_bytes());
        }
        into.resize(end, 0);
        Ok(())
    }

    fn decode(text: &[u8]) -> Option<Self> {
        let (&count, rest) = text.split_first()?;
        let (ledger_key, slots) = if rest.len() % SLOT_BYTES == LEDGER_KEY_BYTES {
            let (key, slots) = rest.split_first_chunk::<LEDGER_KEY_BYTES>()?;
            (Some(LedgerKey::new(*key)), slots)
        } else {
            (None, rest)
        };
        let (slots, left) = slots.as_chunks::<SLOT_BYTES>();
        let used = slots.get(..usize::from(count))?;
        left.is_empty().then(|| Self { ledger_key, data_keys: used.iter().map(slot).collect() })
    }
}

fn slot(bytes: &[u8; SLOT_BYTES]) -> (UnitId, DataKey) {
    let (mut unit, mut key) = ([0; 16], [0; 32]);
    unit.copy_from_slice(&bytes[..16]);
    key.copy_from_slice(&bytes[16..]);
    (UnitId::new(unit), DataKey::new(key))
}

/// Why nothing could be sealed. Neither happens with keys and shapes of our own making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A reading key of small order, with which everybody would share the same secret.
    #[error("the reading key of {0} cannot be sealed to")]
    UnusableKey(KeyId),
    /// More keys than the shape has room for, or L where it has none, or no L where it has.
    #[error("the envelope's contents do not fit its shape")]
    TooMany,
}

/// An envelope that this reader's key does not open: a decoy, one of another report, one sealed to older keys, or an
/// altered one. Which of them it is cannot be told, and must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this envelope does not open")]
pub struct Closed;

/// Seals contents to one reader: `encapsulated key (32) | ciphertext | tag (16)`, [`Shape::envelope_bytes`] long.
///
/// # Errors
/// [`SealError::UnusableKey`] for a key of small order, [`SealError::TooMany`] if the contents do not fit the shape.
pub fn seal(
    contents: &Contents,
    shape: Shape,
    reader: &SealTo,
    report: Bound,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, SealError> {
    let mut envelope = Vec::with_capacity(shape.envelope_bytes());
    envelope.resize(ENCAPSULATED_BYTES, 0);
    contents.encode(shape, &mut envelope)?;
    hpke_seal(&reader.key, INFO, &aad(report, reader.id), envelope, entropy).ok_or(SealError::UnusableKey(reader.id))
}

/// An envelope that nobody can open, as long as a real one: random bytes sealed to a random point, whose secret key was
/// never known. It takes the same work as a real one, so time does not tell either.
pub fn decoy(shape: Shape, reader: KeyId, report: Bound, entropy: &dyn Entropy) -> Vec<u8> {
    loop {
        let mut envelope = vec![0; ENCAPSULATED_BYTES + shape.text_bytes()];
        envelope.reserve_exact(TAG_BYTES);
        entropy.fill(&mut envelope[ENCAPSULATED_BYTES..]);
        let nobody = sealing_key(&entropy.bytes());
        // A random point is of small order once in 2^252 draws; then another one is drawn.
        if let Some(envelope) = hpke_seal(&nobody, INFO, &aad(report, reader), envelope, entropy) {
            return envelope;
        }
    }
}

/// Opens the reader's own envelope.
///
/// # Errors
/// [`Closed`] for a decoy and for everything else that was not sealed to this reader for this report.
pub fn open(envelope: &[u8], reader: &Keys, report: Bound) -> Result<Contents, Closed> {
    let text = hpke_open(&reader.reading, INFO, &aad(report, reader.id()), envelope).ok_or(Closed)?;
    Contents::decode(&text).ok_or(Closed)
}

fn aad(report: Bound, reader: KeyId) -> [u8; 65] {
    let mut aad = [VERSION; 65];
    aad[1..17].copy_from_slice(report.production.as_bytes());
    aad[17..49].copy_from_slice(&report.verify_key.0);
    aad[49..].copy_from_slice(&reader.0);
    aad
}

/// Seals in place what stands behind the first 32 bytes of `buffer`. `None` if the key is of small order.
fn hpke_seal(to: &SealingKey, info: &[u8], aad: &[u8], mut buffer: Vec<u8>, entropy: &dyn Entropy) -> Option<Vec<u8>> {
    let (head, text) = buffer.split_at_mut(ENCAPSULATED_BYTES);
    let (encapsulated, tag) =
        single_shot_seal_inout_detached_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            to,
            info,
            text.into(),
            aad,
            &mut Chance(entropy),
        )
        .ok()?;
    encapsulated.write_exact(head);
    buffer.extend_from_slice(&tag.to_bytes());
    Some(buffer)
}

fn hpke_open(key: &ReadingKey, info: &[u8], aad: &[u8], envelope: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (head, rest) = envelope.split_first_chunk::<ENCAPSULATED_BYTES>()?;
    let (text, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(head).ok()?;
    let tag = AeadTag::<ChaCha20Poly1305>::from_bytes(tag).ok()?;
    let mut text = Zeroizing::new(text.to_vec());
    single_shot_open_inout_detached::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        key,
        &encapsulated,
        info,
        text.as_mut_slice().into(),
        aad,
        &tag,
    )
    .ok()?;
    Some(text)
}

/// Our source of chance as the trait that the HPKE crate takes.
struct Chance<'a>(&'a dyn Entropy);

impl rand_core::TryRng for Chance<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.0.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.0.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Chance<'_> {}

#[cfg(test)]
mod tests;
