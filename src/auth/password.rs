//! A password: what may be chosen, and what may be presented.
//!
//! Source: security.md, "Accounts".

use std::{borrow::Cow, fmt};

use secrecy::{ExposeSecret, SecretString};

use super::common_passwords::CommonPasswords;

/// Fewest characters of a chosen password.
pub const MIN_CHARS: usize = 12;
/// Most characters of a password.
pub const MAX_CHARS: usize = 128;

/// A password in memory for one request. It never prints and is wiped.
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a password cannot be chosen. The password is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsuitable {
    /// Under [`MIN_CHARS`].
    #[error("a password has at least {MIN_CHARS} characters, this one has {0}")]
    TooShort(usize),
    /// Over [`MAX_CHARS`].
    #[error("a password has at most {MAX_CHARS} characters, this one has {0}")]
    TooLong(usize),
    /// On the list of common passwords, or as good as on it.
    #[error(
        "this password is among the first that anybody would try: take five words that have nothing to do with each other"
    )]
    Common,
}

impl Password {
    /// A password that somebody chooses.
    ///
    /// # Errors
    /// [`Unsuitable`] naming the rule that it breaks.
    pub fn choose(text: &str, common: &CommonPasswords) -> Result<Self, Unsuitable> {
        let count = text.chars().count();
        if count < MIN_CHARS {
            return Err(Unsuitable::TooShort(count));
        }
        let password = Self::present(text)?;
        if common.contains(text) { Err(Unsuitable::Common) } else { Ok(password) }
    }

    /// A password that somebody signs in with. Only its length is limited: rules for choosing may change, and a wrong
    /// password must cost the same as a right one.
    ///
    /// # Errors
    /// [`Unsuitable::TooLong`].
    pub fn present(text: &str) -> Result<Self, Unsuitable> {
        let count = text.chars().count();
        if count > MAX_CHARS {
            return Err(Unsuitable::TooLong(count));
        }
        // One keyboard sends "ü" as one character, another as two: both must be the same password.
        let mut text = Cow::Borrowed(text);
        bip39::Mnemonic::normalize_utf8_cow(&mut text);
        Ok(Self(SecretString::from(text.into_owned())))
    }

    /// The bytes to stretch: UTF-8, normalised (NFKD).
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, Unsuitable> {
        Password::choose(text, &CommonPasswords::shipped())
    }

    #[test]
    fn a_chosen_password_has_12_to_128_characters() {
        assert_eq!(choose("x7Kq!vR2mZp").unwrap_err(), Unsuitable::TooShort(11));
        assert!(choose("x7Kq!vR2mZpW").is_ok());
        let long = "x7Kq!vR2".repeat(16);
        assert!(choose(&format!("{}y", &long[..127])).is_ok());
        assert_eq!(choose(&format!("{long}y")).unwrap_err(), Unsuitable::TooLong(129));
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(choose("ünß€語字漢文書").unwrap_err(), Unsuitable::TooShort(9));
    }

    #[test]
    fn a_common_password_cannot_be_chosen_but_can_be_presented() {
        assert_eq!(choose("Password1234!").unwrap_err(), Unsuitable::Common);
        assert!(Password::present("Password1234!").is_ok());
        assert!(Password::present("").is_ok());
    }

    #[test]
    fn two_spellings_of_one_letter_are_one_password() {
        let bytes = |text| Password::present(text).unwrap().as_bytes().to_vec();
        assert_eq!(bytes("schl\u{fc}ssel"), bytes("schlu\u{308}ssel"));
        assert_ne!(bytes("schlussel"), bytes("schlu\u{308}ssel"));
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", Password::present("cart").unwrap()), "Password(secret)");
    }
}
