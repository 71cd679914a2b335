//! One entry's proof as a text: index, hashes, checkpoint.
//!
//! Source: C2SP tlog-proof.

use std::{fmt, str::FromStr};

use super::{hash::Hash, note::Note};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// Hashes on the way to the root of any tree, at most.
const MOST_HASHES: usize = 63;

/// A proof that an entry stands in a log, with the checkpoint that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Its place, 0 and up.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The checkpoint, with cosignatures.
    pub checkpoint: Note,
}

/// Not a proof of this format, or one with data that nobody here reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no proof in the form of c2sp.org/tlog-proof@v1 without extra data")]
pub struct NotAProof;

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = NotAProof;

    fn from_str(text: &str) -> Result<Self, NotAProof> {
        let (head, note) = text.split_once("\n\n").ok_or(NotAProof)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(NotAProof);
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(NotAProof)?;
        let index = index.parse().map_err(|_| NotAProof)?;
        let hashes = lines.map(str::parse).collect::<Result<Vec<_>, _>>().map_err(|_| NotAProof)?;
        let read = Self { index, hashes, checkpoint: note.parse().map_err(|_| NotAProof)? };
        if read.hashes.len() <= MOST_HASHES && read.to_string() == text { Ok(read) } else { Err(NotAProof) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "c2sp.org/tlog-proof@v1\nindex 7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nlog\n9\nx\n\n\u{2014} log AAAAAAE=\n";

    #[test]
    fn a_proof_is_read_and_written_the_same() {
        let proof: TlogProof = TEXT.parse().unwrap();
        assert_eq!((proof.index, proof.hashes.len()), (7, 1));
        assert_eq!(proof.to_string(), TEXT);
        let alone: TlogProof = TEXT.replace("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "").parse().unwrap();
        assert_eq!(alone.hashes, []);
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [
            "",
            &TEXT.replace("@v1", "@v2"),
            &TEXT.replace("index 7", "index 07"),
            &TEXT.replace("index 7", "extra AA==\nindex 7"),
            &TEXT.replace("CsUY", "CsU"),
            &TEXT.replace(
                "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                &"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n".repeat(64),
            ),
            &TEXT[..TEXT.len() - 1],
        ] {
            assert_eq!(wrong.parse::<TlogProof>(), Err(NotAProof), "{wrong}");
        }
    }
}
