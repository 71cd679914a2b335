//! Random tokens that are given out once and stored as a hash: invitations, links in mails, refresh tokens.
//!
//! 256 random bits need no key and no slow hash: a stolen database gives SHA-256 of them and nothing to guess.
//!
//! Source: security.md, "Accounts".

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::sealing::{Hash, sha256};

/// 32 random bytes, shown as 43 characters of base64url.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct OneTime([u8; 32]);

/// A text that is no token of ours. Answered like a token that nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is 43 characters of base64url")]
pub struct InvalidOneTime;

impl OneTime {
    /// The token of these random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The text that is given out.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What is stored: SHA-256 of the bytes.
    pub fn stored(&self) -> Hash {
        sha256(&[&self.0])
    }
}

impl FromStr for OneTime {
    type Err = InvalidOneTime;

    fn from_str(text: &str) -> Result<Self, InvalidOneTime> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidOneTime)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| InvalidOneTime)
    }
}

impl fmt::Debug for OneTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTime(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_43_characters_and_one_spelling() {
        let token = OneTime::new([0xfb; 32]);
        assert_eq!(token.text().len(), 43);
        assert_eq!(token.text().parse(), Ok(token.clone()));
        for wrong in
            ["", "x", &format!("{}=", token.text().as_str()), &token.text()[..42], &token.text().replace('-', "+")]
        {
            assert_eq!(wrong.parse::<OneTime>(), Err(InvalidOneTime), "{wrong}");
        }
        // The last character carries four bits; a spelling with the two spare bits set is another text for the same bytes.
        let spare = format!("{}9", &token.text()[..42]);
        assert_eq!(spare.parse::<OneTime>(), Err(InvalidOneTime));
    }

    #[test]
    fn what_is_stored_is_the_hash_of_the_bytes() {
        assert_eq!(
            hex::encode(OneTime::new([0; 32]).stored()),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }

    #[test]
    fn a_token_does_not_print() {
        assert_eq!(format!("{:?}", OneTime::new([0xab; 32])), "OneTime(secret)");
    }
}
