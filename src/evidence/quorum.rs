//! Whose word on time is taken: witnesses of both sides.
//!
//! A file has a line per witness: `union`, `production` or `other`, a space, its verifier key, and behind another space,
//! where it is known, its address, which only whoever runs the log needs. Empty lines and lines that begin with `#` are
//! passed over. The quorum is any witness of the union side and any of the production side; `other` ones count for neither.
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
    /// Anybody else: asked, and counted for neither side.
    Other,
}

impl WitnessSide {
    /// The word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Union => "union",
            Self::Production => "production",
            Self::Other => "other",
        }
    }
}

/// A witness that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    /// Its side.
    pub side: WitnessSide,
    /// Its key.
    pub key: VerifierKey,
    /// Where it is asked, if that is known: what stands before `/add-checkpoint`.
    pub url: Option<String>,
}

/// The witnesses that a verifier trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quorum(pub Vec<Trusted>);

/// A line that is no witness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line} of the witnesses is not `union`, `production` or `other`, the verifier key of a witness that stands in no \
     other line, and perhaps its address"
)]
pub struct NotAWitness {
    /// Which line, from 1.
    pub line: usize,
}

impl Quorum {
    /// Whether there is a witness of each side, so that a quorum can come about.
    pub fn has_both_sides(&self) -> bool {
        let has = |side| self.0.iter().any(|trusted| trusted.side == side);
        has(WitnessSide::Union) && has(WitnessSide::Production)
    }

    /// When a quorum had seen a tree, from what each witness says; seconds since 1970. `None` if there is none.
    pub fn seen_at(&self, seen: impl Fn(&VerifierKey) -> Option<u64>) -> Option<u64> {
        let first = |side| self.0.iter().filter(|t| t.side == side).filter_map(|t| seen(&t.key)).min();
        Some(first(WitnessSide::Union)?.max(first(WitnessSide::Production)?))
    }
}

impl FromStr for Quorum {
    type Err = NotAWitness;

    fn from_str(text: &str) -> Result<Self, NotAWitness> {
        let mut trusted: Vec<Trusted> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let read = witness(text).ok_or(NotAWitness { line })?;
            // One key under two names, or on both sides, would make one witness look like two.
            if trusted.iter().any(|known| known.key.bytes() == read.key.bytes()) {
                return Err(NotAWitness { line });
            }
            trusted.push(read);
        }
        Ok(Self(trusted))
    }
}

fn witness(line: &str) -> Option<Trusted> {
    let mut words = line.trim_end().split(' ');
    let (side, key, url) = (words.next()?, words.next()?, words.next());
    let sides = [WitnessSide::Union, WitnessSide::Production, WitnessSide::Other];
    let side = sides.into_iter().find(|known| known.code() == side)?;
    let key: VerifierKey = key.parse().ok()?;
    let is_sound = key.kind() == KeyKind::Cosignature && words.next().is_none();
    is_sound.then(|| Trusted { side, key, url: url.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::key::{KeyName, NoteSigner};

    fn key(name: &str, kind: KeyKind) -> VerifierKey {
        let seed = [name.as_bytes()[0]; 32];
        NoteSigner::new(KeyName::new(name).unwrap(), kind, &seed).public().clone()
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
        for wrong in [
            format!("observer {good}"),
            format!("union{good}"),
            format!("union  {}", key("x", KeyKind::Cosignature)),
            format!("union {} https://x y", key("x", KeyKind::Cosignature)),
            format!("union {}", key("x", KeyKind::Note)),
            format!("production {good}"),
            format!("union {}", key("lokal", KeyKind::Cosignature)),
        ] {
            let text = format!("union {good}\n{wrong}\n");
            assert_eq!(text.parse::<Quorum>(), Err(NotAWitness { line: 2 }));
        }
    }

    #[test]
    fn an_address_may_stand_behind_a_key_and_others_count_for_neither_side() {
        let [local, insurer] = ["local", "insurer"].map(|name| key(name, KeyKind::Cosignature));
        let quorum: Quorum = format!("union {local} https://w.example/a\nother {insurer}\n").parse().unwrap();
        assert_eq!(quorum.0[0].url.as_deref(), Some("https://w.example/a"));
        assert_eq!(quorum.seen_at(|_| Some(1)), None);
    }
}
