//! Cosignatures: "at this time this was the largest tree that I had seen of this log, and it grew from those before".
//!
//! The time is the witness's, which is why a bundle is judged by it and not by the server's clock.
//!
//! Source: C2SP tlog-cosignature, "Ed25519 signed message".

use super::{
    key::{KeyKind, NoteSigner, VerifierKey},
    note::{Note, NoteError, NoteSignature},
};

/// Adds a witness's cosignature of a checkpoint's text, as of `at` (seconds since 1970).
pub fn cosign(text: &str, witness: &NoteSigner, at: u64) -> NoteSignature {
    witness.sign_bytes(message(text, at).as_bytes(), &at.to_be_bytes())
}

/// When a witness saw the checkpoint in this note, seconds since 1970; `None` if it did not.
///
/// # Errors
/// [`NoteError`] if its cosignature is false or there twice.
pub fn seen_at(note: &Note, witness: &VerifierKey) -> Result<Option<u64>, NoteError> {
    let Some(line) = note.signature_of(witness)? else { return Ok(None) };
    let (at, signature) = line.bytes.split_first_chunk::<8>().ok_or(NoteError::FalseSignature)?;
    let at = u64::from_be_bytes(*at);
    let is_sound = witness.kind() == KeyKind::Cosignature && i64::try_from(at).is_ok();
    if is_sound && witness.verifies(message(note.unverified(), at).as_bytes(), signature) {
        Ok(Some(at))
    } else {
        Err(NoteError::FalseSignature)
    }
}

fn message(text: &str, at: u64) -> String {
    format!("cosignature/v1\ntime {at}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::key::KeyName;

    const TEXT: &str = "log.example\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn witness(kind: KeyKind) -> NoteSigner {
        NoteSigner::new(KeyName::new("union.example").unwrap(), kind, &[2; 32])
    }

    fn cosigned(at: u64) -> Note {
        let log = NoteSigner::new(KeyName::new("log.example").unwrap(), KeyKind::Note, &[1; 32]);
        Note::sign(TEXT, &[&log]).unwrap().with(cosign(TEXT, &witness(KeyKind::Cosignature), at))
    }

    #[test]
    fn a_cosignature_says_when() {
        let key = witness(KeyKind::Cosignature);
        let note: Note = cosigned(1_679_315_147).to_string().parse().unwrap();
        assert_eq!(seen_at(&note, key.public()), Ok(Some(1_679_315_147)));
    }

    #[test]
    fn any_changed_byte_of_a_cosignature_is_found() {
        let key = witness(KeyKind::Cosignature);
        let log_only = cosigned(5).to_string();
        let line_at = log_only.rfind('\u{2014}').unwrap();
        for at in line_at..log_only.len() {
            for bit in 0..8 {
                let mut bytes = log_only.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let seen = text.parse::<Note>().and_then(|note| seen_at(&note, key.public()));
                assert!(!matches!(seen, Ok(Some(_))), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_note_key_is_no_witness_and_a_witness_no_log() {
        let as_note = witness(KeyKind::Note);
        assert_eq!(seen_at(&cosigned(5), as_note.public()), Ok(None));
        let line = cosign(TEXT, &as_note, 5);
        let forged = Note::sign(TEXT, &[&as_note]).unwrap();
        assert_eq!(seen_at(&forged, as_note.public()), Err(NoteError::FalseSignature));
        assert_eq!(seen_at(&forged.with(line), as_note.public()), Err(NoteError::Twice));
    }

    #[test]
    fn a_time_past_what_the_specification_allows_is_refused() {
        let key = witness(KeyKind::Cosignature);
        assert_eq!(seen_at(&cosigned(1 << 63), key.public()), Err(NoteError::FalseSignature));
    }
}
