//! Keys of people: one X25519 key to read with, one Ed25519 key to sign with, and the id of the two.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hpke::{Deserializable, Kem, Serializable, kem::X25519HkdfSha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Hash, kdf};

/// The half of HPKE that opens.
pub(super) type ReadingKey = <X25519HkdfSha256 as Kem>::PrivateKey;
/// The half of HPKE that seals.
pub(super) type SealingKey = <X25519HkdfSha256 as Kem>::PublicKey;

/// Names a pair of public keys: the first 16 bytes of SHA-256(reading key | verify key).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The public half of an Ed25519 key, 32 bytes. A report's is its name towards phone, server and desks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyKey(pub [u8; 32]);

impl VerifyKey {
    /// Whether this key's holder signed exactly these bytes. Weak keys and signatures with two spellings are refused.
    ///
    /// Source: RFC 8032, section 5.1.7, with the stricter checks of `verify_strict`.
    pub fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
    }
}

impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Both public halves of a person or a report: what the roster and the report's row hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKeys {
    /// X25519, 32 bytes: text is sealed to it.
    pub reading: [u8; 32],
    /// Ed25519: signatures are checked with it.
    pub verify: VerifyKey,
}

impl PublicKeys {
    /// The id of the pair.
    pub fn id(&self) -> KeyId {
        let hash = kdf::sha256(&[&self.reading, &self.verify.0]);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        KeyId(id)
    }
}

/// Public keys made ready for sealing: parse once, seal often.
#[derive(Clone)]
pub struct SealTo {
    pub(super) id: KeyId,
    pub(super) key: SealingKey,
}

impl SealTo {
    /// Somebody to seal to.
    pub fn new(keys: &PublicKeys) -> Self {
        Self { id: keys.id(), key: sealing_key(&keys.reading) }
    }

    /// Whose envelope it will be.
    pub const fn id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Debug for SealTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealTo({})", self.id)
    }
}

pub(super) fn sealing_key(bytes: &[u8; 32]) -> SealingKey {
    let Ok(key) = SealingKey::from_bytes(bytes) else { unreachable!("every 32 bytes are an X25519 public key") };
    key
}

/// Somebody's secret keys with their public halves. Held for one request, then wiped.
#[derive(Clone)]
pub struct Keys {
    pub(super) reading: ReadingKey,
    signing: SigningKey,
    public: PublicKeys,
    id: KeyId,
}

impl Keys {
    /// Keys from two secrets of 32 bytes each.
    pub(super) fn new(reading: &[u8; 32], signing: &[u8; 32]) -> Self {
        let Ok(reading) = ReadingKey::from_bytes(reading) else {
            unreachable!("every 32 bytes, clamped, are an X25519 secret key")
        };
        let signing = SigningKey::from_bytes(signing);
        let public = PublicKeys {
            reading: X25519HkdfSha256::sk_to_pk(&reading).to_bytes().into(),
            verify: VerifyKey(signing.verifying_key().to_bytes()),
        };
        Self { reading, signing, public, id: public.id() }
    }

    /// Both public halves.
    pub const fn public(&self) -> &PublicKeys {
        &self.public
    }

    /// The id of the pair.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// These keys as somebody to seal to.
    pub fn seal_to(&self) -> SealTo {
        SealTo { id: self.id, key: sealing_key(&self.public.reading) }
    }

    /// Ed25519 over a label that names the purpose and a hash. The label keeps a signature for one purpose from
    /// being shown as one for another.
    pub fn sign(&self, label: &str, hash: &Hash) -> [u8; 64] {
        self.signing.sign(&signed_bytes(label, hash)).to_bytes()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.id)
    }
}

/// What [`Keys::sign`] signs.
pub(super) fn signed_bytes(label: &str, hash: &Hash) -> Vec<u8> {
    [label.as_bytes(), hash].concat()
}

/// The one secret of a member, 32 bytes, made while accepting the invitation. It exists in memory for one request at a
/// time and in the database only under locks (see [`super::seed`]).
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct MemberSeed([u8; 32]);

impl MemberSeed {
    /// A new seed of these random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The member's keys, the same every time.
    pub fn keys(&self) -> Keys {
        let reading = kdf::derive(&self.0, "lastlooks/v1/member/reading");
        let signing = kdf::derive(&self.0, "lastlooks/v1/member/signing");
        Keys::new(&reading, &signing)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MemberSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberSeed(secret)")
    }
}

/// The half of a stretched password that unlocks the seed. Never stored, never compared.
#[derive(Clone)]
pub struct UnlockHalf(Zeroizing<[u8; 32]>);

impl UnlockHalf {
    /// The half as derived from the stretched password.
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for UnlockHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnlockHalf(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_always_gives_the_same_keys_and_another_seed_others() {
        let keys = MemberSeed::new([7; 32]).keys();
        assert_eq!(keys.public(), MemberSeed::new([7; 32]).keys().public());
        assert_ne!(keys.id(), MemberSeed::new([8; 32]).keys().id());
    }

    #[test]
    fn a_signature_holds_for_its_label_hash_and_key_only() {
        let keys = MemberSeed::new([7; 32]).keys();
        let signature = keys.sign("a", &[1; 32]);
        let verify = keys.public().verify;
        assert!(verify.has_signed(&signed_bytes("a", &[1; 32]), &signature));
        assert!(!verify.has_signed(&signed_bytes("b", &[1; 32]), &signature));
        assert!(!verify.has_signed(&signed_bytes("a", &[2; 32]), &signature));
        assert!(!MemberSeed::new([8; 32]).keys().public().verify.has_signed(&signed_bytes("a", &[1; 32]), &signature));
    }

    #[test]
    fn a_weak_key_has_signed_nothing() {
        // The identity point accepts a signature of zeros under the lax rule of RFC 8032.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!VerifyKey(identity).has_signed(b"anything", &signature));
    }

    #[test]
    fn public_keys_are_those_of_rfc_9180_and_rfc_8032() {
        let secret = |text| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
        // skRm of RFC 9180, appendix A.2.1, and the secret key of RFC 8032, section 7.1, test 1.
        let keys = Keys::new(
            &secret("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
            &secret("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
        );
        assert_eq!(
            hex::encode(keys.public().reading),
            "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"
        );
        assert_eq!(
            format!("{:?}", keys.public().verify),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }

    #[test]
    fn secrets_do_not_print() {
        let seed = MemberSeed::new([0xab; 32]);
        for shown in [
            format!("{seed:?}"),
            format!("{:?}", seed.keys()),
            format!("{:?}", UnlockHalf::new(Zeroizing::new([0xab; 32]))),
        ] {
            assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
        }
    }
}
