//! The crew code on the poster: eight characters, the same for everyone, proof of nothing but having seen the poster.
//!
//! The database keeps a keyed hash to find the production by, and the code sealed for printing: who has the database
//! alone cannot file in a crew's name, nor try all 40 bits.
//!
//! Source: security.md, "Being crew without saying who".

use std::{fmt, str::FromStr};

use crate::{
    domain::ids::ProductionId,
    entropy::Entropy,
    sealing::{
        Hash,
        server::{Crew, CrewPrint, ServerKey},
    },
};

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code.
pub const CHARS: usize = 8;

/// Eight characters of Crockford's base 32, upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CrewCode([u8; CHARS]);

/// A text that can be no crew code. Answered like a code that no production has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a crew code has 8 letters and digits")]
pub struct InvalidCrewCode;

impl CrewCode {
    /// A new code: 40 random bits.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes::<CHARS>().map(|byte| ALPHABET[usize::from(byte % 32)]))
    }

    /// The code as it is printed.
    pub fn text(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }

    /// What the production is found by: HMAC-SHA256(`K_crew`, code).
    pub fn stored(&self, key: &ServerKey<Crew>) -> Hash {
        key.mac(&[&self.0])
    }

    /// The code sealed, so that its production's poster can be printed again.
    pub fn seal(&self, production: ProductionId, key: &ServerKey<CrewPrint>, entropy: &dyn Entropy) -> Vec<u8> {
        key.seal(production.as_bytes(), &self.0, entropy)
    }

    /// A sealed code of this production, or `None` if it is not one.
    pub fn open(sealed: &[u8], production: ProductionId, key: &ServerKey<CrewPrint>) -> Option<Self> {
        let bytes = key.open(production.as_bytes(), sealed)?;
        std::str::from_utf8(&bytes).ok()?.parse().ok()
    }
}

impl FromStr for CrewCode {
    type Err = InvalidCrewCode;

    /// Reads what somebody typed from a poster: any case, I and L as 1, O as 0, spaces and hyphens ignored.
    fn from_str(text: &str) -> Result<Self, InvalidCrewCode> {
        let mut code = [0; CHARS];
        let mut places = code.iter_mut();
        for typed in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            *places.next().ok_or(InvalidCrewCode)? = character(typed).ok_or(InvalidCrewCode)?;
        }
        if places.next().is_some() { Err(InvalidCrewCode) } else { Ok(Self(code)) }
    }
}

fn character(typed: char) -> Option<u8> {
    let upper = u8::try_from(typed).ok()?.to_ascii_uppercase();
    let meant = match upper {
        b'I' | b'L' => b'1',
        b'O' => b'0',
        other => other,
    };
    ALPHABET.contains(&meant).then_some(meant)
}

impl fmt::Debug for CrewCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrewCode(secret)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{entropy::SystemEntropy, sealing::server::RootSecret};

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code: CrewCode = "AB1D0345".parse().unwrap();
        for typed in ["ab1d0345", "ABIDO345", "abldo345", "AB1D-0345", " ab1d 0345 "] {
            assert_eq!(typed.parse(), Ok(code), "{typed}");
        }
        assert_eq!(code.text(), "AB1D0345");
    }

    #[test]
    fn what_cannot_be_a_code_is_refused() {
        for wrong in ["", "AB1D034", "AB1D03456", "AB1D034U", "AB1D034!", "AB1D034é", "ＡB1D0345"] {
            assert_eq!(wrong.parse::<CrewCode>(), Err(InvalidCrewCode), "{wrong}");
        }
    }

    #[test]
    fn drawn_codes_differ_and_use_the_whole_alphabet() {
        let codes: HashSet<_> = (0..200).map(|_| CrewCode::draw(&SystemEntropy)).collect();
        assert_eq!(codes.len(), 200);
        let used: HashSet<_> = codes.iter().flat_map(|code| code.0).collect();
        assert_eq!(used.len(), ALPHABET.len());
        assert!(codes.iter().all(|code| code.text().parse() == Ok(*code)));
    }

    #[test]
    fn a_code_is_found_under_the_servers_key_only() {
        let code: CrewCode = "AB1D0345".parse().unwrap();
        let key = |root| RootSecret::new([root; 32]).key();
        assert_eq!(code.stored(&key(1)), "abldo345".parse::<CrewCode>().unwrap().stored(&key(1)));
        assert_ne!(code.stored(&key(1)), code.stored(&key(2)));
    }

    #[test]
    fn a_sealed_code_is_printed_for_its_own_production_only() {
        let code: CrewCode = "AB1D0345".parse().unwrap();
        let key = RootSecret::new([1; 32]).key();
        let (here, there) = (ProductionId::new([1; 16]), ProductionId::new([2; 16]));
        let sealed = code.seal(here, &key, &SystemEntropy);
        assert_eq!(CrewCode::open(&sealed, here, &key), Some(code));
        assert_eq!(CrewCode::open(&sealed, there, &key), None);
    }

    #[test]
    fn a_code_does_not_print() {
        assert_eq!(format!("{:?}", "AB1D0345".parse::<CrewCode>().unwrap()), "CrewCode(secret)");
    }
}
