//! Promises: what the host owes to whoever filed or acted, signed at once.
//!
//! ```text
//! lastlooks-promise/v1
//! <origin>
//! digest <base64: digest of the report>
//! after <size of a checkpoint published before>
//! assigned <base64 tag> <base64 commitment> level <n> due <time or none>
//! in-log-by <time>
//! outcome-by <time> one of <tag> …
//! ```
//!
//! An `outcome-by` stands for each `assigned`, in the same order; acts of members have none. The note shows neither who
//! filed nor when: `after` and the times count from the end of the span that is kept of a filing.
//!
//! Source: ledger.md, "Promises".

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::times::{parsed, shown};
use crate::domain::{
    ledger::{Digest, Leaf},
    policy::Level,
    time::UtcMillis,
};

const FIRST_LINE: &str = "lastlooks-promise/v1";
/// Entries that one act can make: one for each level.
const MOST_ENTRIES: usize = 16;

/// What a host promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The log.
    pub origin: String,
    /// The report.
    pub digest: Digest,
    /// No entry that is promised stands before this place.
    pub after: u64,
    /// Entries that will be in the log, 1..=16.
    pub entries: Vec<Promised>,
    /// By then.
    pub in_log_by: UtcMillis,
    /// What ends each clock that was started, and by when one of it will be in the log; one for each entry, or none.
    pub outcomes: Vec<PromisedOutcome>,
}

/// An entry that will be in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// `assigned`, `acknowledged` or `answered`.
    pub kind: String,
    /// Its tag and commitment.
    pub leaf: Leaf,
    /// Its level.
    pub level: Level,
    /// The deadline that it starts or meets.
    pub due: Option<UtcMillis>,
}

/// One of these entries will be in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromisedOutcome {
    /// By then.
    pub by: UtcMillis,
    /// Tags, at least one.
    pub one_of: Vec<[u8; 32]>,
}

/// A promise that was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A promised entry is missing.
    #[error("an entry that was promised is not in the log")]
    Missing,
    /// Its tag is there, with another commitment: another level, deadline or time.
    #[error("an entry that was promised is in the log with other content")]
    Other,
    /// Neither an answer nor a breach is in the log.
    #[error("the log holds no outcome: neither an answer nor that there was none")]
    NoOutcome,
}

/// The text is no promise of this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no promise in the form of lastlooks-promise/v1")]
pub struct NotAPromise;

impl Promise {
    /// Judges the promise by all leaves from [`Promise::after`] on, of a log that witnesses had seen at `seen`.
    ///
    /// Whether the leaves are all of them, and when they were seen, is for the caller to establish.
    ///
    /// # Errors
    /// [`Broken`]: how.
    pub fn judge(&self, leaves: &[Leaf], seen: UtcMillis) -> Result<(), Broken> {
        let found = |promised: &Promised| leaves.iter().find(|leaf| leaf.tag() == promised.leaf.tag());
        if self.entries.iter().any(|promised| found(promised).is_some_and(|leaf| *leaf != promised.leaf)) {
            return Err(Broken::Other);
        }
        if seen > self.in_log_by && self.entries.iter().any(|promised| found(promised).is_none()) {
            return Err(Broken::Missing);
        }
        let is_there = |tag: &[u8; 32]| leaves.iter().any(|leaf| leaf.tag() == tag);
        let missing = |outcome: &&PromisedOutcome| seen > outcome.by && !outcome.one_of.iter().any(is_there);
        if self.outcomes.iter().any(|outcome| missing(&outcome)) { Err(Broken::NoOutcome) } else { Ok(()) }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\n{}\ndigest {}\nafter {}", self.origin, STANDARD.encode(self.digest.0), self.after)?;
        for Promised { kind, leaf, level, due } in &self.entries {
            let due = due.map_or_else(|| "none".to_owned(), shown);
            let (tag, commitment) = (STANDARD.encode(leaf.tag()), STANDARD.encode(leaf.commitment()));
            writeln!(f, "{kind} {tag} {commitment} level {} due {due}", level.0)?;
        }
        writeln!(f, "in-log-by {}", shown(self.in_log_by))?;
        for outcome in &self.outcomes {
            let tags: Vec<_> = outcome.one_of.iter().map(|tag| STANDARD.encode(tag)).collect();
            writeln!(f, "outcome-by {} one of {}", shown(outcome.by), tags.join(" "))?;
        }
        Ok(())
    }
}

impl FromStr for Promise {
    type Err = NotAPromise;

    fn from_str(text: &str) -> Result<Self, NotAPromise> {
        let read = read(text).ok_or(NotAPromise)?;
        // One spelling for each.
        if read.to_string() == text { Ok(read) } else { Err(NotAPromise) }
    }
}

fn read(text: &str) -> Option<Promise> {
    let mut lines = text.lines();
    (lines.next()? == FIRST_LINE).then_some(())?;
    let origin = lines.next()?.to_owned();
    let digest = Digest(hash(lines.next()?.strip_prefix("digest ")?)?);
    let after = lines.next()?.strip_prefix("after ")?.parse().ok()?;
    let mut entries = Vec::new();
    let in_log_by = loop {
        let line = lines.next()?;
        if let Some(by) = line.strip_prefix("in-log-by ") {
            break parsed(by)?;
        }
        entries.push(promised(line)?);
    };
    let outcomes = lines.map(outcome).collect::<Option<Vec<_>>>()?;
    let fits = (1..=MOST_ENTRIES).contains(&entries.len()) && (outcomes.is_empty() || outcomes.len() == entries.len());
    fits.then_some(Promise { origin, digest, after, entries, in_log_by, outcomes })
}

fn promised(line: &str) -> Option<Promised> {
    let parts: Vec<&str> = line.split(' ').collect();
    let [kind @ ("assigned" | "acknowledged" | "answered"), tag, commitment, "level", level, "due", due] = parts[..]
    else {
        return None;
    };
    let due = if due == "none" { None } else { Some(parsed(due)?) };
    let leaf = Leaf::of_parts(hash(tag)?, hash(commitment)?);
    Some(Promised { kind: kind.to_owned(), leaf, level: Level(level.parse().ok()?), due })
}

fn outcome(line: &str) -> Option<PromisedOutcome> {
    let (by, tags) = line.strip_prefix("outcome-by ")?.split_once(" one of ")?;
    Some(PromisedOutcome { by: parsed(by)?, one_of: tags.split(' ').map(hash).collect::<Option<Vec<_>>>()? })
}

fn hash(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> UtcMillis {
        UtcMillis::new(1_634_403_300_000 + minutes * 60_000)
    }

    fn promise() -> Promise {
        let leaf = Leaf::of_parts([1; 32], [2; 32]);
        Promise {
            origin: "looks.example/ledger".to_owned(),
            digest: Digest([9; 32]),
            after: 64,
            entries: vec![Promised { kind: "assigned".to_owned(), leaf, level: Level(1), due: Some(at(15)) }],
            in_log_by: at(31),
            outcomes: vec![PromisedOutcome { by: at(75), one_of: vec![[3; 32], [4; 32]] }],
        }
    }

    #[test]
    fn a_promise_is_read_and_written_the_same() {
        let text = promise().to_string();
        assert_eq!(text.lines().count(), 7);
        assert_eq!(text.parse::<Promise>(), Ok(promise()));
        let of_act = Promise { outcomes: Vec::new(), ..promise() };
        assert_eq!(of_act.to_string().parse(), Ok(of_act));
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = promise().to_string();
        for (from, to) in [
            ("after 64", "after 064"),
            ("level 1", "level 01"),
            ("level 1", "level 256"),
            ("assigned", "opened"),
            ("v1", "v2"),
            ("one of", "one  of"),
            ("00Z", "00.0Z"),
            ("in-log-by", "in-log-at"),
        ] {
            assert_eq!(text.replace(from, to).parse::<Promise>(), Err(NotAPromise), "{to}");
        }
        assert_eq!(format!("{text}more\n").parse::<Promise>(), Err(NotAPromise));
        assert_eq!(text.trim_end().parse::<Promise>(), Err(NotAPromise));
    }

    #[test]
    fn a_promise_is_kept_while_its_entries_are_there_in_time() {
        let (promised, other) = (Leaf::of_parts([1; 32], [2; 32]), Leaf::of_parts([7; 32], [7; 32]));
        let outcome = Leaf::of_parts([4; 32], [8; 32]);
        assert_eq!(promise().judge(&[other, promised, outcome], at(80)), Ok(()));
        assert_eq!(promise().judge(&[other, promised], at(75)), Ok(()), "there is time yet");
        assert_eq!(promise().judge(&[other], at(31)), Ok(()));
    }

    #[test]
    fn a_host_that_drops_a_report_or_its_outcome_or_changes_it_is_convicted() {
        let promised = Leaf::of_parts([1; 32], [2; 32]);
        assert_eq!(promise().judge(&[], at(32)), Err(Broken::Missing));
        assert_eq!(promise().judge(&[promised], at(76)), Err(Broken::NoOutcome));
        assert_eq!(promise().judge(&[Leaf::of_parts([1; 32], [3; 32])], at(1)), Err(Broken::Other));
    }
}
