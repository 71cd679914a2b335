//! Signed notes: a text, an empty line, signature lines.
//!
//! A note says nothing until a key that the reader trusts has signed it: [`Note::verified`] is the only way to its text.
//!
//! Source: C2SP signed-note.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::key::{KeyKind, KeyName, NoteSigner, VerifierKey};

/// Bytes of a note, at most.
pub const MOST_BYTES: usize = 65_536;
/// Signatures of a note, at most; the specification asks for at least 16.
pub const MOST_SIGNATURES: usize = 64;

/// Begins a signature line.
const DASH: &str = "\u{2014} ";

/// A note as it was read; its text is not to be trusted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Whose.
    pub name: KeyName,
    /// Which key of that name.
    pub id: u32,
    /// What stands behind the id: the signature, with what its kind has in front of it. Not empty.
    pub bytes: Vec<u8>,
}

/// Why a note is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Too long, or too many signatures.
    #[error("the note is longer than {MOST_BYTES} bytes or has more than {MOST_SIGNATURES} signatures")]
    TooLong,
    /// Not a text, an empty line and signature lines.
    #[error("this is no signed note: a text, an empty line and signature lines, without control characters")]
    Shape,
    /// A signature line that is not one.
    #[error("a signature line is a dash, a key's name and base64")]
    SignatureLine,
    /// No signature of this key.
    #[error("the note is not signed by the key that is asked for")]
    NotSigned,
    /// A signature by this key's name and id that is not of the key.
    #[error("the note carries a false signature")]
    FalseSignature,
    /// Two signatures of this key.
    #[error("the note carries two signatures of one key")]
    Twice,
}

impl Note {
    /// A note with this text, signed by these keys. The text ends with a line feed and has no control characters.
    ///
    /// # Errors
    /// [`NoteError::Shape`] for any other text.
    pub fn sign(text: &str, signers: &[&NoteSigner]) -> Result<Self, NoteError> {
        check_text(text)?;
        let signatures = signers.iter().map(|signer| signer.sign_bytes(text.as_bytes(), &[])).collect();
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, once this key has signed it.
    ///
    /// # Errors
    /// [`NoteError`] if the key's signature is missing, false or there twice.
    pub fn verified(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let signature = self.signature_of(key)?.ok_or(NoteError::NotSigned)?;
        let is_note = key.kind() == KeyKind::Note;
        if is_note && key.verifies(self.text.as_bytes(), &signature.bytes) {
            Ok(&self.text)
        } else {
            Err(NoteError::FalseSignature)
        }
    }

    /// The one signature line with this key's name and id, unchecked.
    ///
    /// # Errors
    /// [`NoteError::Twice`].
    pub fn signature_of(&self, key: &VerifierKey) -> Result<Option<&NoteSignature>, NoteError> {
        let mut found = self.signatures.iter().filter(|s| s.name == *key.name() && s.id == key.id());
        let first = found.next();
        if found.next().is_some() { Err(NoteError::Twice) } else { Ok(first) }
    }

    /// The text, which nobody has vouched for: for telling which keys to ask for.
    pub fn unverified(&self) -> &str {
        &self.text
    }

    /// The signature lines.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The same, with one more signature line.
    #[must_use]
    pub fn with(mut self, signature: NoteSignature) -> Self {
        self.signatures.push(signature);
        self
    }

    /// The same text with these signature lines alone.
    #[must_use]
    pub fn only(self, signatures: Vec<NoteSignature>) -> Self {
        Self { signatures, ..self }
    }
}

/// A note's text: lines, the last one ended, without control characters.
fn check_text(text: &str) -> Result<(), NoteError> {
    let strange = |c: char| c < ' ' && c != '\n';
    if text.ends_with('\n') && !text.contains(strange) { Ok(()) } else { Err(NoteError::Shape) }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > MOST_BYTES {
            return Err(NoteError::TooLong);
        }
        check_text(note)?;
        let at = note.rfind("\n\n").ok_or(NoteError::Shape)?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let signatures: Vec<_> = lines.lines().map(str::parse).collect::<Result<_, _>>()?;
        match signatures.len() {
            0 => Err(NoteError::Shape),
            n if n > MOST_SIGNATURES => Err(NoteError::TooLong),
            _ => Ok(Self { text: text.to_owned(), signatures }),
        }
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// A line without its line feed.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let (name, rest) =
            line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(NoteError::SignatureLine)?;
        let name = KeyName::new(name).map_err(|_| NoteError::SignatureLine)?;
        let bytes = STANDARD.decode(rest).map_err(|_| NoteError::SignatureLine)?;
        match bytes.split_first_chunk::<4>() {
            Some((id, bytes)) if !bytes.is_empty() => {
                Ok(Self { name, id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
            }
            Some(_) | None => Err(NoteError::SignatureLine),
        }
    }
}

impl fmt::Display for NoteSignature {
    /// The line with its line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.to_be_bytes()[..], &self.bytes].concat();
        writeln!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: C2SP signed-note, "Example".
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    fn key() -> VerifierKey {
        VKEY.parse().unwrap()
    }

    #[test]
    fn the_note_of_the_specification_is_verified_and_written_the_same() {
        let note: Note = NOTE.parse().unwrap();
        assert_eq!(note.verified(&key()), Ok("This is an example message.\n"));
        assert_eq!(note.to_string(), NOTE);
    }

    #[test]
    fn any_changed_byte_of_a_note_is_found() {
        for at in 0..NOTE.len() {
            for bit in 0..8 {
                let mut bytes = NOTE.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let verified = text.parse::<Note>().and_then(|note| note.verified(&key()).map(str::to_owned));
                assert!(verified.is_err(), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_text_may_have_empty_lines_and_the_last_one_divides() {
        let signer = NoteSigner::new(KeyName::new("a").unwrap(), KeyKind::Note, &[1; 32]);
        let text = "one\n\n\ntwo\n";
        let note = Note::sign(text, &[&signer]).unwrap().to_string();
        assert_eq!(note.parse::<Note>().unwrap().verified(signer.public()), Ok(text));
    }

    #[test]
    fn a_signature_of_another_key_of_the_same_name_is_none() {
        let name = KeyName::new("a").unwrap();
        let signer = NoteSigner::new(name.clone(), KeyKind::Note, &[1; 32]);
        let other = NoteSigner::new(name, KeyKind::Note, &[2; 32]);
        let note = Note::sign("x\n", &[&other]).unwrap();
        assert_eq!(note.verified(signer.public()), Err(NoteError::NotSigned));
    }

    #[test]
    fn a_key_that_signed_twice_is_refused() {
        let signer = NoteSigner::new(KeyName::new("a").unwrap(), KeyKind::Note, &[1; 32]);
        let note = Note::sign("x\n", &[&signer, &signer]).unwrap();
        assert_eq!(note.verified(signer.public()), Err(NoteError::Twice));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let many = format!("x\n\n{}", NOTE.lines().last().unwrap().to_owned() + "\n").repeat(1);
        assert!(many.parse::<Note>().is_ok());
        let line = format!("{}\n", NOTE.lines().last().unwrap());
        let too_many = format!("x\n\n{}", line.repeat(MOST_SIGNATURES + 1));
        for (text, error) in [
            ("", NoteError::Shape),
            ("x\n", NoteError::Shape),
            ("x\n\n", NoteError::Shape),
            ("x\n\nx\n", NoteError::SignatureLine),
            ("x\n\n\u{2014} a b\n", NoteError::SignatureLine),
            ("x\n\n\u{2014} a AAAAAA==\n", NoteError::SignatureLine),
            ("x\ty\n\n\u{2014} a AAAAAAE=\n", NoteError::Shape),
            ("x\n\n\u{2014} a AAAAAAE=", NoteError::Shape),
            ("x\n\n\u{2014} a+b AAAAAAE=\n", NoteError::SignatureLine),
            ("x\n\n\u{2014} a AAAAAAF=\n", NoteError::SignatureLine),
            (&too_many, NoteError::TooLong),
            (&"x".repeat(MOST_BYTES + 1), NoteError::TooLong),
        ] {
            assert_eq!(text.parse::<Note>(), Err(error), "{:?}", &text[..text.len().min(40)]);
        }
        assert!("x\n\n\u{2014} a AAAAAAE=\n".parse::<Note>().is_ok());
    }
}
