//! Sixteen bytes as twelve words that can be written on paper, and back. The last word's checksum catches typing errors.
//!
//! Source: BIP-39, English list.

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

/// How many words stand for 16 bytes.
pub const WORDS: usize = 12;

/// Words that stand for no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWords {
    /// Not twelve.
    #[error("there must be 12 words, not {0}")]
    Count(usize),
    /// One that is not on the list; counted from 1.
    #[error("word {0} is not on the list")]
    Unknown(usize),
    /// All on the list, but one is wrong or two changed places.
    #[error("the words do not belong together: one is wrong, or two have changed places")]
    Checksum,
}

/// The twelve words, lower case, one space between them.
pub fn words(secret: &[u8; 16]) -> Zeroizing<String> {
    let Ok(mnemonic) = Mnemonic::from_entropy_in(Language::English, secret) else {
        unreachable!("sixteen bytes are a length that BIP-39 knows")
    };
    let mut text = Zeroizing::new(String::with_capacity(WORDS * 9));
    for word in mnemonic.words() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// The 16 bytes behind twelve words. Case and the amount of white space do not matter.
///
/// # Errors
/// [`InvalidWords::Count`], [`InvalidWords::Unknown`] with the place of the first bad word, [`InvalidWords::Checksum`].
pub fn secret(words: &str) -> Result<Zeroizing<[u8; 16]>, InvalidWords> {
    let words = Zeroizing::new(words.to_lowercase());
    let count = words.split_whitespace().count();
    if count != WORDS {
        return Err(InvalidWords::Count(count));
    }
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &words).map_err(why)?;
    let (bytes, _) = mnemonic.to_entropy_array();
    let bytes = Zeroizing::new(bytes);
    let mut secret = Zeroizing::new([0; 16]);
    secret.copy_from_slice(&bytes[..16]);
    Ok(secret)
}

fn why(error: bip39::Error) -> InvalidWords {
    match error {
        bip39::Error::UnknownWord(place) => InvalidWords::Unknown(place + 1),
        bip39::Error::BadWordCount(count) => InvalidWords::Count(count),
        bip39::Error::InvalidChecksum | bip39::Error::BadEntropyBitCount(_) | bip39::Error::AmbiguousLanguages(_) => {
            InvalidWords::Checksum
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_bip_39_test_vectors() {
        assert_eq!(
            words(&[0x7f; 16]).as_str(),
            "legal winner thank year wave sausage worth useful legal winner thank yellow"
        );
        let text = " Letter advice cage absurd amount DOCTOR acoustic avoid letter advice cage  above\n";
        assert_eq!(*secret(text).unwrap(), [0x80; 16]);
    }

    #[test]
    fn a_typing_error_is_named_by_its_place() {
        let eleven = "legal winner thank year wave sausage worth useful legal winner thank";
        assert_eq!(secret(eleven), Err(InvalidWords::Count(11)));
        assert_eq!(secret(&format!("{eleven} yelow")), Err(InvalidWords::Unknown(12)));
        assert_eq!(secret(&format!("{eleven} zoo")), Err(InvalidWords::Checksum));
    }

    proptest::proptest! {
        #[test]
        fn every_secret_comes_back_from_its_words(bytes: [u8; 16]) {
            proptest::prop_assert_eq!(*secret(&words(&bytes)).unwrap(), bytes);
        }
    }
}
