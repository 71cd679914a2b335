//! Whose word on time is taken: witnesses of both sides.
//!
//! A file has a line per witness: `union` or `production`, a space, its verifier key. Empty lines and lines that begin with
//! `#` are passed over. The quorum is one of each side.
//!
//! Source: ledger.md, "What a bundle says".

use std::str::FromStr;

use crate::merkle::key::{KeyKind, VerifierKey};

/// Which side a witness is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WitnessSide {
    /// A union or a guild.
    Union,
    /// A production, an insurer, a guarantor.
    Production,
}

/// A witness that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Its side.
    pub side: WitnessSide,
    /// Its key.
    pub key: VerifierKey,
}

/// The witnesses that a verifier trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quorum(pub Vec<Trusted>);

/// A line that is no witness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the witness file is not `union` or `production` and a verifier key of a witness")]
pub struct NotAWitness {
    /// Which line, from 1.
    pub line: usize,
}

impl Quorum {
    /// When a quorum had seen a tree, from what each witness says; seconds since 1970. `None` if there is none.
    pub fn seen_at(&self, seen: impl Fn(&VerifierKey) -> Option<u64>) -> Option<u64> {
        let first = |side| self.0.iter().filter(|t| t.side == side).filter_map(|t| seen(&t.key)).min();
        Some(first(WitnessSide::Union)?.max(first(WitnessSide::Production)?))
    }
}

impl FromStr for Quorum {
    type Err = NotAWitness;

    fn from_str(text: &str) -> Result<Self, NotAWitness> {
        let mut trusted = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            trusted.push(witness(text).ok_or(NotAWitness { line })?);
        }
        Ok(Self(trusted))
    }
}

fn witness(line: &str) -> Option<Trusted> {
    let (side, key) = line.trim_end().split_once(' ')?;
    let side = match side {
        "union" => WitnessSide::Union,
        "production" => WitnessSide::Production,
        _ => return None,
    };
    let key: VerifierKey = key.parse().ok()?;
    (key.kind() == KeyKind::Cosignature).then_some(Trusted { side, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::key::{KeyName, NoteSigner};

    fn key(name: &str, kind: KeyKind) -> VerifierKey {
        NoteSigner::new(KeyName::new(name).unwrap(), kind, &[1; 32]).public().clone()
    }

    #[test]
    fn a_quorum_is_one_witness_of_each_side_and_its_time_is_the_later_ones() {
        let [local, guild, insurer] = ["local", "guild", "insurer"].map(|name| key(name, KeyKind::Cosignature));
        let text = format!("# ours\nunion {local}\nunion {guild}\n\nproduction {insurer}\n");
        let quorum: Quorum = text.parse().unwrap();
        let seen = |times: [Option<u64>; 3]| {
            let all = [&local, &guild, &insurer];
            quorum.seen_at(|key| all.iter().zip(times).find(|(known, _)| **known == key).and_then(|(_, at)| at))
        };
        assert_eq!(seen([Some(7), Some(5), Some(6)]), Some(6));
        assert_eq!(seen([Some(7), None, Some(6)]), Some(7));
        assert_eq!(seen([Some(7), Some(5), None]), None);
        assert_eq!(seen([None, None, Some(6)]), None);
        assert_eq!(Quorum::default().seen_at(|_| Some(1)), None);
    }

    #[test]
    fn a_line_that_is_no_witness_is_named() {
        let good = key("local", KeyKind::Cosignature);
        for wrong in [format!("observer {good}"), format!("union{good}"), format!("union {}", key("x", KeyKind::Note))]
        {
            let text = format!("union {good}\n{wrong}\n");
            assert_eq!(text.parse::<Quorum>(), Err(NotAWitness { line: 2 }));
        }
    }
}
