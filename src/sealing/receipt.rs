//! The reporter's receipt: 16 random bytes from which everything of a report that is the reporter's own is derived.
//!
//! Whoever holds the words is the reporter. The server keeps a keyed hash of the lookup key and the public halves; with
//! the whole database and every server key it still cannot find the 128 bits.
//!
//! Source: security.md, "The receipt".

use std::{fmt, str::FromStr};

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    Hash, kdf,
    keys::Keys,
    server::{Lookup, ServerKey},
    words,
};

/// 128 random bits, made on the phone; shown as 32 lower-case hex digits or twelve words.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Receipt([u8; 16]);

/// A text that is not 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a receipt is 32 lower-case hex digits")]
pub struct InvalidReceipt;

impl Receipt {
    /// The receipt of these random bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The receipt behind twelve words.
    ///
    /// # Errors
    /// [`words::InvalidWords`] naming what is wrong with them.
    pub fn from_words(text: &str) -> Result<Self, words::InvalidWords> {
        words::secret(text).map(|secret| Self(*secret))
    }

    /// The twelve words.
    pub fn words(&self) -> Zeroizing<String> {
        words::words(&self.0)
    }

    /// The 32 hex digits.
    pub fn hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0))
    }

    /// The key under which the report is found. The only secret that is needed to look it up.
    pub fn lookup_key(&self) -> LookupKey {
        LookupKey(kdf::derive(&self.0, "lastlooks/v1/lookup"))
    }

    /// The report's keys: answers are sealed to the first, the reporter's units are signed with the second. The public
    /// half of the second is the report's verify key.
    pub fn keys(&self) -> Keys {
        let reading = kdf::derive(&self.0, "lastlooks/v1/reading");
        Keys::new(&reading, &self.signing_seed())
    }

    /// The seed of the key that the reporter's units are signed with, for signing a claim as well.
    ///
    /// Source: ledger.md, "The packet".
    pub fn signing_seed(&self) -> Zeroizing<[u8; 32]> {
        kdf::derive(&self.0, "lastlooks/v1/signing")
    }
}

impl FromStr for Receipt {
    type Err = InvalidReceipt;

    fn from_str(text: &str) -> Result<Self, InvalidReceipt> {
        // One spelling, as for ids: a second one would make "the same receipt" a matter of opinion.
        if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidReceipt);
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidReceipt)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt(secret)")
    }
}

/// Finds a report; gives no access to anything sealed. 32 bytes.
#[derive(Clone)]
pub struct LookupKey(Zeroizing<[u8; 32]>);

impl LookupKey {
    /// What the server keeps under its unique index: HMAC-SHA256(`K_lookup`, lookup key).
    pub fn row(&self, key: &ServerKey<Lookup>) -> Hash {
        key.mac(&[self.0.as_slice()])
    }

    /// L, from which the tags and nonces of this report's ledger entries are made.
    ///
    /// Source: ledger.md, "Entries".
    pub fn ledger_key(&self) -> LedgerKey {
        LedgerKey(kdf::derive(self.0.as_slice(), "lastlooks/v1/ledger"))
    }

    /// The key of the content tag; see [`super::content`].
    pub(super) fn content_key(&self) -> Zeroizing<[u8; 32]> {
        kdf::derive(self.0.as_slice(), "lastlooks/v1/content")
    }
}

impl fmt::Debug for LookupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupKey(secret)")
    }
}

/// L: 32 bytes that link a report to its ledger entries. Reporter, seats and server hold it; outsiders do not.
///
/// Source: ledger.md, "Entries".
#[derive(Clone, PartialEq, Eq)]
pub struct LedgerKey(Zeroizing<[u8; 32]>);

impl LedgerKey {
    /// L as stored, as opened from an envelope, or random for a chain that starts with a union summary.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerKey(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::server::RootSecret;

    const HEX: &str = "9f2c4a1b00ff00ff00ff00ff00ff00ff";

    #[test]
    fn a_receipt_is_32_lower_case_hex_digits_or_its_twelve_words() {
        let receipt: Receipt = HEX.parse().unwrap();
        assert_eq!(receipt.hex().as_str(), HEX);
        assert_eq!(Receipt::from_words(&receipt.words()).unwrap(), receipt);
        assert_eq!(HEX.to_uppercase().parse::<Receipt>(), Err(InvalidReceipt));
        assert_eq!("9f2c".parse::<Receipt>(), Err(InvalidReceipt));
        assert_eq!("zz2c4a1b00ff00ff00ff00ff00ff00ff".parse::<Receipt>(), Err(InvalidReceipt));
    }

    #[test]
    fn a_receipt_always_gives_the_same_keys_and_another_one_others() {
        let (one, other) = (Receipt::new([1; 16]), Receipt::new([2; 16]));
        let key = RootSecret::new([9; 32]).key::<Lookup>();
        assert_eq!(one.keys().public(), Receipt::new([1; 16]).keys().public());
        assert_eq!(one.lookup_key().row(&key), Receipt::new([1; 16]).lookup_key().row(&key));
        assert_ne!(one.keys().public(), other.keys().public());
        assert_ne!(one.lookup_key().row(&key), other.lookup_key().row(&key));
        assert_ne!(one.lookup_key().ledger_key(), other.lookup_key().ledger_key());
    }

    #[test]
    fn the_stored_row_needs_the_servers_key_as_well() {
        let lookup = Receipt::new([1; 16]).lookup_key();
        let row = |root| lookup.row(&RootSecret::new(root).key::<Lookup>());
        assert_ne!(row([8; 32]), row([9; 32]));
    }

    #[test]
    fn secrets_do_not_print() {
        let receipt: Receipt = HEX.parse().unwrap();
        assert_eq!(format!("{receipt:?}"), "Receipt(secret)");
        assert_eq!(format!("{:?}", receipt.lookup_key()), "LookupKey(secret)");
        assert_eq!(format!("{:?}", receipt.lookup_key().ledger_key()), "LedgerKey(secret)");
    }
}
