//! Checkpoints: the notes in which a log says how long it is and what its root is.
//!
//! Source: C2SP tlog-checkpoint.

use std::{fmt, str::FromStr};

use super::{
    hash::Hash,
    key::{NoteSigner, VerifierKey},
    note::{Note, NoteError},
};

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: its first line.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The hash of the tree over all of them.
    pub root: Hash,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not the three lines.
    #[error("a checkpoint has three lines: origin, size and root")]
    Shape,
    /// Of another log.
    #[error("the checkpoint is of another log")]
    Origin,
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// The checkpoint in a note, once its log has signed it. The log's key has the name of the origin.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn of_note(note: &Note, log: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint: Self = note.verified(log)?.parse()?;
        if checkpoint.origin == log.name().as_str() { Ok(checkpoint) } else { Err(CheckpointError::Origin) }
    }

    /// The note that says it, signed.
    ///
    /// # Errors
    /// [`CheckpointError`] if the origin is not the signer's.
    pub fn sign(&self, log: &NoteSigner) -> Result<Note, CheckpointError> {
        if self.origin != log.public().name().as_str() {
            return Err(CheckpointError::Origin);
        }
        Ok(Note::sign(&self.to_string(), &[log])?)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// The text of a note. Lines behind the third are refused: no log of ours writes them, and nobody can audit them.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Shape);
        };
        let size = size.parse().map_err(|_| CheckpointError::Shape)?;
        let root = root.parse().map_err(|_| CheckpointError::Shape)?;
        let read = Self { origin: origin.to_owned(), size, root };
        // One spelling for each, and an empty tree has one root.
        let is_sound = !origin.is_empty() && (size > 0 || root == Hash::of_nothing());
        if is_sound && read.to_string() == text { Ok(read) } else { Err(CheckpointError::Shape) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::key::{KeyKind, KeyName};

    /// Source: C2SP tlog-checkpoint.
    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn signer(name: &str) -> NoteSigner {
        NoteSigner::new(KeyName::new(name).unwrap(), KeyKind::Note, &[1; 32])
    }

    #[test]
    fn the_checkpoint_of_the_specification_is_read_and_written_the_same() {
        let checkpoint: Checkpoint = TEXT.parse().unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_string(), TEXT);
    }

    #[test]
    fn other_spellings_and_more_lines_are_refused() {
        for wrong in [
            TEXT.replace("20852163", "020852163"),
            TEXT.replace("20852163", "+20852163"),
            TEXT.replace("20852163", "20852163 "),
            TEXT.replace("20852163", "18446744073709551616"),
            TEXT.replace("20852163", "0"),
            TEXT.replace("example.com/behind-the-sofa", ""),
            TEXT.replace("q2I=", "q2J="),
            format!("{TEXT}more\n"),
            TEXT.replace('\n', "\r\n"),
            TEXT.trim_end().to_owned(),
        ] {
            assert_eq!(wrong.parse::<Checkpoint>(), Err(CheckpointError::Shape), "{wrong:?}");
        }
    }

    #[test]
    fn a_checkpoint_is_signed_under_its_origin_only() {
        let checkpoint: Checkpoint = TEXT.parse().unwrap();
        let log = signer("example.com/behind-the-sofa");
        let note = checkpoint.sign(&log).unwrap();
        assert_eq!(Checkpoint::of_note(&note, log.public()), Ok(checkpoint.clone()));
        assert_eq!(checkpoint.sign(&signer("other")), Err(CheckpointError::Origin));
        let other = signer("other");
        let foreign = Note::sign(TEXT, &[&other]).unwrap();
        assert_eq!(Checkpoint::of_note(&foreign, other.public()), Err(CheckpointError::Origin));
        assert_eq!(Checkpoint::of_note(&foreign, log.public()), Err(CheckpointError::Note(NoteError::NotSigned)));
    }
}
