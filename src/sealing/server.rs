//! The server's own keys: one root secret outside the database, one HKDF key per use, told apart by the compiler.
//!
//! They hide links (which row belongs to which receipt, who is kept out, which code is on the poster) from whoever has
//! the database alone. They open nothing that was sealed to people.
//!
//! Source: security.md, "Keys of people, and the roster".

use std::{fmt, marker::PhantomData};

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Hash, kdf, symmetric};
use crate::entropy::Entropy;

/// What a server key is for. The label goes into HKDF: changing one orphans every stored row of that use.
pub trait Use {
    /// HKDF label.
    const LABEL: &'static str;
}

/// `K_lookup`: finds a report by its receipt.
#[derive(Debug)]
pub enum Lookup {}
/// `K_kept`: tags of who is kept out.
#[derive(Debug)]
pub enum Kept {}
/// `K_signin`: stored form of a password's sign-in half.
#[derive(Debug)]
pub enum SignIn {}
/// `K_otp`: seals the secrets of second factors.
#[derive(Debug)]
pub enum Otp {}
/// `K_notice`: idempotency keys of notices.
#[derive(Debug)]
pub enum Notice {}
/// `K_etag`: tags of answers.
#[derive(Debug)]
pub enum Etag {}
/// `K_cursor`: seals the sort key of the last row shown.
#[derive(Debug)]
pub enum Cursor {}
/// `K_crew`: finds a production by its crew code.
#[derive(Debug)]
pub enum Crew {}
/// Seals a crew code so that posters can be printed; apart from [`Crew`], because one key serves one algorithm.
#[derive(Debug)]
pub enum CrewPrint {}
/// Marks refresh tokens as ours, so that one that was made up is told from one of long ago.
#[derive(Debug)]
pub enum Refresh {}
/// Marks rows of events as written by the service.
#[derive(Debug)]
pub enum Written {}
/// Seed of the key that signs access tokens.
#[derive(Debug)]
pub enum Token {}

impl Use for Lookup {
    const LABEL: &'static str = "lastlooks/v1/server/lookup";
}
impl Use for Kept {
    const LABEL: &'static str = "lastlooks/v1/server/kept";
}
impl Use for SignIn {
    const LABEL: &'static str = "lastlooks/v1/server/sign-in";
}
impl Use for Otp {
    const LABEL: &'static str = "lastlooks/v1/server/otp";
}
impl Use for Notice {
    const LABEL: &'static str = "lastlooks/v1/server/notice";
}
impl Use for Etag {
    const LABEL: &'static str = "lastlooks/v1/server/etag";
}
impl Use for Cursor {
    const LABEL: &'static str = "lastlooks/v1/server/cursor";
}
impl Use for Crew {
    const LABEL: &'static str = "lastlooks/v1/server/crew";
}
impl Use for CrewPrint {
    const LABEL: &'static str = "lastlooks/v1/server/crew-print";
}
impl Use for Refresh {
    const LABEL: &'static str = "lastlooks/v1/server/refresh";
}
impl Use for Written {
    const LABEL: &'static str = "lastlooks/v1/server/written";
}
impl Use for Token {
    const LABEL: &'static str = "lastlooks/v1/server/token";
}

/// The server's root secret, 32 bytes, kept in a file or the environment, never in the database.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RootSecret([u8; 32]);

/// A text that is no root secret. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the root secret is 64 lower-case hex digits")]
pub struct InvalidRootSecret;

impl RootSecret {
    /// The root of these random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The root from the 64 hex digits of the secrets file.
    ///
    /// # Errors
    /// [`InvalidRootSecret`] for anything else.
    pub fn from_hex(text: &str) -> Result<Self, InvalidRootSecret> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidRootSecret)?;
        Ok(Self(bytes))
    }

    /// The 64 hex digits, for the secrets file.
    pub fn hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0))
    }

    /// The key for one use.
    pub fn key<U: Use>(&self) -> ServerKey<U> {
        let bytes = kdf::derive(&self.0, U::LABEL);
        ServerKey { keyed: kdf::keyed(&bytes), bytes, used_for: PhantomData }
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSecret(secret)")
    }
}

/// One key for one use.
pub struct ServerKey<U> {
    bytes: Zeroizing<[u8; 32]>,
    /// HMAC that has taken the key in: half of its work, of which each filing needs dozens.
    keyed: kdf::Keyed,
    used_for: PhantomData<fn() -> U>,
}

impl<U: Use> ServerKey<U> {
    /// HMAC-SHA256 over the parts as if they were one.
    pub fn mac(&self, parts: &[&[u8]]) -> Hash {
        kdf::mac_with(self.keyed.clone(), parts)
    }
}

impl<U> fmt::Debug for ServerKey<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKey(secret)")
    }
}

impl<U> Clone for ServerKey<U> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), keyed: self.keyed.clone(), used_for: PhantomData }
    }
}

/// Uses that seal instead of tagging: the server reads back what it sealed.
pub trait Seals: Use {}
impl Seals for Otp {}
impl Seals for Cursor {}
impl Seals for CrewPrint {}

impl<U: Seals> ServerKey<U> {
    /// Seals bytes, bound to a place (an id, a route): elsewhere they do not open. 40 bytes longer than the text.
    pub fn seal(&self, place: &[u8], text: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        symmetric::seal(&self.bytes, place, text, entropy)
    }

    /// What was sealed for this place, or `None` for anything else.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        symmetric::open(&self.bytes, place, sealed)
    }
}

impl ServerKey<Token> {
    /// The Ed25519 seed itself, for the signer of access tokens.
    pub fn seed(&self) -> &[u8; 32] {
        &self.bytes
    }
}

/// Every server key, derived once at start.
#[derive(Debug, Clone)]
pub struct ServerKeys {
    /// See [`Lookup`].
    pub lookup: ServerKey<Lookup>,
    /// See [`Kept`].
    pub kept: ServerKey<Kept>,
    /// See [`SignIn`].
    pub sign_in: ServerKey<SignIn>,
    /// See [`Otp`].
    pub otp: ServerKey<Otp>,
    /// See [`Notice`].
    pub notice: ServerKey<Notice>,
    /// See [`Etag`].
    pub etag: ServerKey<Etag>,
    /// See [`Cursor`].
    pub cursor: ServerKey<Cursor>,
    /// See [`Crew`].
    pub crew: ServerKey<Crew>,
    /// See [`CrewPrint`].
    pub crew_print: ServerKey<CrewPrint>,
    /// See [`Refresh`].
    pub refresh: ServerKey<Refresh>,
    /// See [`Written`].
    pub written: ServerKey<Written>,
    /// See [`Token`].
    pub token: ServerKey<Token>,
}

impl From<&RootSecret> for ServerKeys {
    fn from(root: &RootSecret) -> Self {
        Self {
            lookup: root.key(),
            kept: root.key(),
            sign_in: root.key(),
            otp: root.key(),
            notice: root.key(),
            etag: root.key(),
            cursor: root.key(),
            crew: root.key(),
            crew_print: root.key(),
            refresh: root.key(),
            written: root.key(),
            token: root.key(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn every_use_has_a_key_of_its_own() {
        let keys = ServerKeys::from(&RootSecret::new([1; 32]));
        let tags = [
            keys.lookup.mac(&[]),
            keys.kept.mac(&[]),
            keys.sign_in.mac(&[]),
            keys.otp.mac(&[]),
            keys.notice.mac(&[]),
            keys.etag.mac(&[]),
            keys.cursor.mac(&[]),
            keys.crew.mac(&[]),
            keys.crew_print.mac(&[]),
            keys.refresh.mac(&[]),
            keys.token.mac(&[]),
        ];
        assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), tags.len());
    }

    #[test]
    fn a_cursor_opens_only_where_it_was_sealed() {
        let key = RootSecret::new([1; 32]).key::<Cursor>();
        let sealed = key.seal(b"reports", b"row 9", &SystemEntropy);
        assert_eq!(key.open(b"reports", &sealed).unwrap().as_slice(), b"row 9");
        assert!(key.open(b"roster", &sealed).is_none());
    }

    #[test]
    fn a_root_secret_is_64_hex_digits_and_does_not_print() {
        let root = RootSecret::new([0xab; 32]);
        assert_eq!(RootSecret::from_hex(&root.hex()).unwrap().hex(), root.hex());
        assert!(RootSecret::from_hex("ab").is_err());
        assert_eq!(format!("{root:?} {:?}", root.key::<Kept>()), "RootSecret(secret) ServerKey(secret)");
    }
}
