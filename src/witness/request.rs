//! The message with which a log asks for a cosignature: the size that the witness saw last, the proof that the log grew from
//! there, and the checkpoint.
//!
//! Source: C2SP tlog-witness, "add-checkpoint".

use std::{fmt, str::FromStr};

use crate::merkle::{
    Hash,
    note::{MOST_BYTES, Note},
};

/// Hashes of a proof, at most.
///
/// Source: C2SP tlog-witness, "add-checkpoint".
pub const MOST_HASHES: usize = 63;
/// Bytes of a message, at most: the longest checkpoint, and a proof before it.
pub const MOST_MESSAGE_BYTES: usize = MOST_BYTES + 4096;

/// The message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Leaves of the last checkpoint that the witness cosigned, as far as the log knows; 0 if it never did.
    pub old: u64,
    /// That the log grew from there.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed by the log.
    pub checkpoint: Note,
}

/// Not such a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a request is a line `old <size>`, at most {MOST_HASHES} lines of hashes, an empty line and a signed checkpoint"
)]
pub struct NotARequest;

/// What a checkpoint says. Lines behind the third are let through: they are the log's own business, and covered by its
/// signature and by the cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'t> {
    /// Which log.
    pub origin: &'t str,
    /// How many leaves.
    pub size: u64,
    /// The hash over all of them.
    pub root: Hash,
}

impl<'t> Claim<'t> {
    /// What this text of a checkpoint says.
    ///
    /// # Errors
    /// [`NotARequest`] unless it has an origin, a size in its one spelling, a root, and no empty lines.
    ///
    /// Source: C2SP tlog-checkpoint.
    pub fn read(text: &'t str) -> Result<Self, NotARequest> {
        let text = text.strip_suffix('\n').ok_or(NotARequest)?;
        if text.split('\n').any(str::is_empty) {
            return Err(NotARequest);
        }
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NotARequest);
        };
        Ok(Self { origin, size: number(size)?, root: root.parse().map_err(|_| NotARequest)? })
    }
}

/// A decimal number in its one spelling.
fn number(text: &str) -> Result<u64, NotARequest> {
    let number: u64 = text.parse().map_err(|_| NotARequest)?;
    if number.to_string() == text { Ok(number) } else { Err(NotARequest) }
}

impl FromStr for AddCheckpoint {
    type Err = NotARequest;

    fn from_str(text: &str) -> Result<Self, NotARequest> {
        if text.len() > MOST_MESSAGE_BYTES {
            return Err(NotARequest);
        }
        let (head, note) = text.split_once("\n\n").ok_or(NotARequest)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(NotARequest)?;
        // One more than are allowed is enough to refuse.
        let hashes = lines.take(MOST_HASHES + 1).map(str::parse).collect::<Result<Vec<_>, _>>();
        let proof = hashes.map_err(|_| NotARequest)?;
        if proof.len() > MOST_HASHES {
            return Err(NotARequest);
        }
        Ok(Self { old: number(old)?, proof, checkpoint: note.parse().map_err(|_| NotARequest)? })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Source: C2SP tlog-witness, "add-checkpoint".
    const EXAMPLE: &str = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
        \n\
        example.com/behind-the-sofa\n\
        20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
        \n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn the_message_of_the_specification_is_read_and_written_the_same() {
        let message: AddCheckpoint = EXAMPLE.parse().unwrap();
        assert_eq!((message.old, message.proof.len()), (20_852_014, 4));
        assert_eq!(message.to_string(), EXAMPLE);
        let claim = Claim::read(message.checkpoint.unverified()).unwrap();
        assert_eq!((claim.origin, claim.size), ("example.com/behind-the-sofa", 20_852_163));
    }

    #[test]
    fn anything_else_is_refused() {
        let hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n";
        for wrong in [
            String::new(),
            EXAMPLE.replace("old ", "new "),
            EXAMPLE.replace("old ", "old  "),
            EXAMPLE.replace("old 20852014", "old 020852014"),
            EXAMPLE.replace("old 20852014", "old -1"),
            EXAMPLE.replace("old 20852014", "old +1"),
            EXAMPLE.replace("old 20852014", "old 18446744073709551616"),
            EXAMPLE.replace("old 20852014\n", ""),
            EXAMPLE.replace("PlRN", "PlR"),
            EXAMPLE.replace(hash, &hash.repeat(61)),
            EXAMPLE.replace('\n', "\r\n"),
            EXAMPLE.trim_end().to_owned(),
            EXAMPLE.replace('\u{2014}', "-"),
            format!("{EXAMPLE}\n"),
            EXAMPLE.replace("\n\n", "\n"),
            EXAMPLE.replace("sofa\n20852163", &format!("{}\n20852163", "x".repeat(MOST_MESSAGE_BYTES))),
        ] {
            assert_eq!(wrong.parse::<AddCheckpoint>(), Err(NotARequest), "{:?}", &wrong[..wrong.len().min(80)]);
        }
    }

    #[test]
    fn a_checkpoint_may_have_more_lines_but_no_empty_ones() {
        let text = "log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n";
        assert_eq!(Claim::read(text).map(|claim| claim.size), Ok(7));
        for wrong in ["log\n7\n", &text.replace("more", ""), &text.replace('7', "07"), &text.replace("log", ""), "x"] {
            assert_eq!(Claim::read(wrong), Err(NotARequest), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), at in 0..EXAMPLE.len(), with in any::<char>()) {
            let _: Result<AddCheckpoint, _> = text.parse();
            let mut changed = EXAMPLE.to_owned();
            if changed.is_char_boundary(at) && changed.is_char_boundary(at + 1) {
                changed.replace_range(at..=at, &with.to_string());
                if let Ok(read) = changed.parse::<AddCheckpoint>() {
                    prop_assert_eq!(read.to_string(), changed);
                }
            }
        }
    }
}
