//! Keys of notes: their names and ids, verifier keys as one line, and signers.
//!
//! A key's id only finds the key among those that a reader trusts; it binds nothing. What binds is the signature, checked
//! strictly (small-order keys and other spellings of a signature are refused).
//!
//! Source: C2SP signed-note, "Signatures" and "Verifier keys".

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::note::NoteSignature;

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The text of a note, Ed25519.
    Note,
    /// A checkpoint with the time at which it was seen, Ed25519.
    Cosignature,
}

/// The name of a key: not empty, without spaces, plus signs and control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// The public half of a key, with its name; written `name+id+key`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    key: [u8; 32],
}

/// Both halves of a key. Prints its public half only.
#[derive(Clone)]
pub struct NoteSigner {
    public: VerifierKey,
    key: SigningKey,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is not one.
    #[error("a key's name is not empty and has no spaces, plus signs or control characters")]
    Name,
    /// Not `name+id+key`.
    #[error("a verifier key is written <name>+<8 hex digits>+<base64>")]
    Shape,
    /// The id is another key's.
    #[error("the key's id does not belong to its name and key")]
    Id,
    /// Neither Ed25519 for notes nor Ed25519 for cosignatures.
    #[error("this program knows Ed25519 keys for notes and for cosignatures only")]
    Kind,
    /// Not a point of the curve, or one that everybody can sign for.
    #[error("this is no Ed25519 key")]
    Key,
}

impl KeyKind {
    /// The byte that stands for it in ids and verifier keys.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Note => 1,
            Self::Cosignature => 4,
        }
    }
}

impl KeyName {
    /// The name with these characters.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn new(name: impl Into<String>) -> Result<Self, KeyError> {
        let name = name.into();
        let strange = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(strange) { Err(KeyError::Name) } else { Ok(Self(name)) }
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl VerifierKey {
    /// The key with this name and these bytes.
    ///
    /// # Errors
    /// [`KeyError::Key`] if nobody could hold its other half, or everybody could.
    pub fn new(name: KeyName, kind: KeyKind, key: [u8; 32]) -> Result<Self, KeyError> {
        match VerifyingKey::from_bytes(&key) {
            Ok(point) if !point.is_weak() => Ok(Self { name, kind, key }),
            Ok(_) | Err(_) => Err(KeyError::Key),
        }
    }

    /// Its name.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// What finds it among others of its name.
    pub fn id(&self) -> u32 {
        let hash = Sha256::new_with_prefix(self.name.as_str()).chain_update([b'\n', self.kind.byte()]);
        let hash = hash.chain_update(self.key).finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    /// Whether it signed this message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (Ok(key), Ok(signature)) =
            (VerifyingKey::from_bytes(&self.key), ed25519_dalek::Signature::from_slice(signature))
        else {
            return false;
        };
        key.verify_strict(message, &signature).is_ok()
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Base64 has plus signs too, names and ids have none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Shape);
        };
        let bytes = STANDARD.decode(key).map_err(|_| KeyError::Shape)?;
        let (kind, key) = bytes.split_first().ok_or(KeyError::Shape)?;
        let kind = [KeyKind::Note, KeyKind::Cosignature].into_iter().find(|known| known.byte() == *kind);
        let key = key.try_into().map_err(|_| KeyError::Key)?;
        let read = Self::new(KeyName::new(name)?, kind.ok_or(KeyError::Kind)?, key)?;
        if format!("{:08x}", read.id()) == id { Ok(read) } else { Err(KeyError::Id) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()][..], &self.key].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id(), STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl NoteSigner {
    /// The signer with this name and seed.
    pub fn new(name: KeyName, kind: KeyKind, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { public: VerifierKey { name, kind, key: key.verifying_key().to_bytes() }, key }
    }

    /// The public half.
    pub const fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// The same key under another name: another origin of the same host.
    #[must_use]
    pub fn named(&self, name: KeyName) -> Self {
        Self { public: VerifierKey { name, ..self.public.clone() }, key: self.key.clone() }
    }

    /// A signature line over these bytes, `before` standing in front of the signature itself.
    pub(super) fn sign_bytes(&self, message: &[u8], before: &[u8]) -> NoteSignature {
        let signature = self.key.sign(message).to_bytes();
        NoteSignature { name: self.public.name.clone(), id: self.public.id(), bytes: [before, &signature].concat() }
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: C2SP signed-note, "Example".
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn the_verifier_key_of_the_specification_is_read_and_written_the_same() {
        let key: VerifierKey = VKEY.parse().unwrap();
        assert_eq!((key.name().as_str(), key.kind(), key.id()), ("example.com/foo", KeyKind::Note, 0x530d_903a));
        assert_eq!(key.to_string(), VKEY);
    }

    #[test]
    fn any_changed_character_of_a_verifier_key_is_found() {
        for at in 0..VKEY.len() {
            for other in ['A', 'b', '0', '9', '+', ' ', '='] {
                let mut changed = VKEY.to_owned();
                changed.replace_range(at..=at, &other.to_string());
                assert!(changed == VKEY || changed.parse::<VerifierKey>().is_err(), "{changed}");
            }
        }
    }

    #[test]
    fn a_name_with_spaces_plus_signs_or_nothing_is_refused() {
        for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb", "a\u{1}"] {
            assert_eq!(KeyName::new(name), Err(KeyError::Name), "{name:?}");
        }
    }

    #[test]
    fn a_key_that_anybody_can_sign_for_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let name = KeyName::new("weak").unwrap();
        assert_eq!(VerifierKey::new(name, KeyKind::Note, identity), Err(KeyError::Key));
    }

    #[test]
    fn a_signer_prints_its_public_half_only() {
        let signer = NoteSigner::new(KeyName::new("x").unwrap(), KeyKind::Note, &[0x41; 32]);
        assert_eq!(format!("{signer:?}"), format!("NoteSigner({})", signer.public()));
    }
}
