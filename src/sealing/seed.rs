//! A member's seed under lock: under the password, under the recovery words, under a session.
//!
//! A stolen database gives sealed seeds: opening one takes a guess of the password at argon2id's price, or 128 bits of
//! recovery words, or a session's key that no row holds. Each lock is bound to its purpose and its member, so that one
//! row cannot stand in for another.
//!
//! Source: security.md, "Keys of people, and the roster".

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    kdf,
    keys::{MemberSeed, UnlockHalf},
    symmetric, words,
};
use crate::{
    domain::ids::{MemberId, SessionId},
    entropy::Entropy,
};

/// Bytes of a sealed seed: nonce 24, seed 32, tag 16.
pub const SEALED_SEED_BYTES: usize = 72;

/// The key did not open the seed: a wrong password, wrong words, a wrong or old session key, or altered bytes. Which of
/// them it was cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this key does not open the seed")]
pub struct WrongKey;

/// Twelve words that bring a member back who forgot the password. 128 random bits, shown once, stored nowhere.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryWords([u8; 16]);

impl RecoveryWords {
    /// The words of these random bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Words as somebody typed them.
    ///
    /// # Errors
    /// [`words::InvalidWords`] naming what is wrong with them.
    pub fn parse(text: &str) -> Result<Self, words::InvalidWords> {
        words::secret(text).map(|secret| Self(*secret))
    }

    /// The words, to be shown once.
    pub fn words(&self) -> Zeroizing<String> {
        words::words(&self.0)
    }
}

impl fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryWords(secret)")
    }
}

/// U: 32 random bytes given to the signed-in device once, as `Unlock-Key`, and stored nowhere on the server.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct UnlockKey([u8; 32]);

impl UnlockKey {
    /// The key of these random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key as a request's header carries it: 43 characters of base64url without padding.
    ///
    /// # Errors
    /// [`WrongKey`] for anything else.
    pub fn parse(text: &str) -> Result<Self, WrongKey> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| WrongKey)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| WrongKey)
    }

    /// 43 characters of base64url.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for UnlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnlockKey(secret)")
    }
}

/// Something that closes and opens one member's seed.
pub struct SeedLock {
    key: Zeroizing<[u8; 32]>,
    place: Vec<u8>,
}

impl SeedLock {
    /// The lock of the member's password.
    pub fn password(half: &UnlockHalf, member: MemberId) -> Self {
        Self::new(half.as_bytes(), "lastlooks/v1/seed/password", &[member.as_bytes()])
    }

    /// The lock of the member's recovery words. 128 random bits need no slow hash.
    pub fn recovery(words: &RecoveryWords, member: MemberId) -> Self {
        Self::new(&words.0, "lastlooks/v1/seed/recovery", &[member.as_bytes()])
    }

    /// The lock of one session.
    pub fn session(key: &UnlockKey, session: SessionId, member: MemberId) -> Self {
        Self::new(&key.0, "lastlooks/v1/seed/session", &[session.as_bytes(), member.as_bytes()])
    }

    fn new(secret: &[u8], label: &str, place: &[&[u8]]) -> Self {
        Self { key: kdf::derive(secret, label), place: place.concat() }
    }

    /// The seed under this lock, [`SEALED_SEED_BYTES`] long; two sealings of one seed differ.
    pub fn seal(&self, seed: &MemberSeed, entropy: &dyn Entropy) -> Vec<u8> {
        symmetric::seal(&self.key, &self.place, seed.as_bytes(), entropy)
    }

    /// The seed.
    ///
    /// # Errors
    /// [`WrongKey`] if it was sealed under another lock or altered.
    pub fn open(&self, sealed: &[u8]) -> Result<MemberSeed, WrongKey> {
        let bytes = symmetric::open(&self.key, &self.place, sealed).ok_or(WrongKey)?;
        bytes.as_slice().try_into().map(MemberSeed::new).map_err(|_| WrongKey)
    }
}

impl fmt::Debug for SeedLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedLock(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const ANA: MemberId = MemberId::new([1; 16]);
    const BEN: MemberId = MemberId::new([2; 16]);
    const HERE: SessionId = SessionId::new([3; 16]);
    const THERE: SessionId = SessionId::new([4; 16]);

    fn half(byte: u8) -> UnlockHalf {
        UnlockHalf::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_seed_opens_under_each_of_its_three_locks() {
        let seed = MemberSeed::new([5; 32]);
        for lock in [
            SeedLock::password(&half(6), ANA),
            SeedLock::recovery(&RecoveryWords::new([7; 16]), ANA),
            SeedLock::session(&UnlockKey::new([8; 32]), HERE, ANA),
        ] {
            let sealed = lock.seal(&seed, &SystemEntropy);
            assert_eq!(sealed.len(), SEALED_SEED_BYTES);
            assert_eq!(lock.open(&sealed).unwrap(), seed);
        }
    }

    #[test]
    fn a_seed_sealed_under_one_password_is_not_opened_by_another() {
        let sealed = SeedLock::password(&half(6), ANA).seal(&MemberSeed::new([5; 32]), &SystemEntropy);
        assert_eq!(SeedLock::password(&half(7), ANA).open(&sealed), Err(WrongKey));
    }

    #[test]
    fn a_sealed_seed_does_not_open_in_somebody_elses_row_or_session() {
        let key = UnlockKey::new([8; 32]);
        let sealed = SeedLock::session(&key, HERE, ANA).seal(&MemberSeed::new([5; 32]), &SystemEntropy);
        assert_eq!(SeedLock::session(&key, THERE, ANA).open(&sealed), Err(WrongKey));
        assert_eq!(SeedLock::session(&key, HERE, BEN).open(&sealed), Err(WrongKey));
        let sealed = SeedLock::password(&half(6), ANA).seal(&MemberSeed::new([5; 32]), &SystemEntropy);
        assert_eq!(SeedLock::password(&half(6), BEN).open(&sealed), Err(WrongKey));
    }

    #[test]
    fn an_unlock_key_has_one_spelling() {
        let key = UnlockKey::new([0xfb; 32]);
        assert_eq!(key.text().len(), 43);
        assert_eq!(UnlockKey::parse(&key.text()).unwrap(), key);
        assert!(UnlockKey::parse("").is_err());
        assert!(UnlockKey::parse(&format!("{}=", key.text().as_str())).is_err());
        assert!(UnlockKey::parse(&key.text()[..42]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn a_sealed_seed_with_any_flipped_bit_is_refused(at in 0..SEALED_SEED_BYTES, bit in 0u32..8) {
            let lock = SeedLock::password(&half(6), ANA);
            let mut sealed = lock.seal(&MemberSeed::new([5; 32]), &SystemEntropy);
            sealed[at] ^= 1u8 << bit;
            proptest::prop_assert_eq!(lock.open(&sealed), Err(WrongKey));
        }
    }
}
