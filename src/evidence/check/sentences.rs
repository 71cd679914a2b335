//! What a bundle shows, in sentences.
//!
//! What it says to everybody depends on nothing but the bundle. What a verifier finds depends on the witnesses it trusts:
//! an answer counts as in time only if a quorum had seen it in the log within an hour of its deadline.

use super::{Checked, Entry};
use crate::{
    domain::{
        ledger::{EntryKind, LedgerKey, Mark, Opening},
        policy::Level,
        time::{Seconds, UtcMillis},
    },
    evidence::{bundle::BundledRun, shown},
};

/// How long after its deadline an answer must be in the log.
///
/// Source: ledger.md, "What a bundle says".
const GRACE: Seconds = Seconds::hours(1);
/// Numbers that are tried for each kind at a level and cycle: entries of a kind are numbered from 0 without gaps.
const NUMBERS: u32 = 64;

impl Entry<'_> {
    fn opening(&self) -> &Opening {
        &self.of.opening
    }

    /// It says that a deadline was missed.
    pub(super) fn is_breach(&self) -> bool {
        let silent =
            [EntryKind::Unanswered, EntryKind::NotNotified, EntryKind::Unreachable, EntryKind::PromisedNotDone];
        silent.contains(&self.opening().kind) && self.opening().deadline.is_some()
    }

    fn same_clock(&self, other: &Self) -> bool {
        let of = |entry: &Self| (entry.of.key, entry.opening().level, entry.opening().cycle);
        of(self) == of(other)
    }

    /// "Level 2 (Office)", or "The report" where it is about no level.
    fn where_it_is(&self) -> String {
        let opening = self.opening();
        if opening.level == Level(0) {
            return "The report".to_owned();
        }
        format!("Level {} ({})", opening.level.0, opening.desks.join(", "))
    }
}

impl Checked<'_> {
    /// A run begins before its level was assigned, at a place where a checkpoint ended.
    pub(super) fn fits(&self, run: &BundledRun) -> Result<(), String> {
        let breach = &self.entries[run.breach];
        let is_start = |entry: &&Entry<'_>| {
            entry.same_clock(breach) && entry.opening().kind == EntryKind::Assigned && entry.opening().n == 0
        };
        let start = self.entries.iter().find(is_start).ok_or("the entry that began the clock is not enclosed")?;
        let at_checkpoint = run.from == 0 || self.heads.iter().any(|head| head.size == run.from);
        if at_checkpoint && run.from <= start.of.index {
            return Ok(());
        }
        Err("it does not begin at a checkpoint before the clock began".to_owned())
    }

    /// What the bundle says: a sentence for each run.
    pub(super) fn says(&self) -> Vec<String> {
        if self.bundle.runs.is_empty() {
            return vec!["No missed deadline is shown here.".to_owned()];
        }
        (0..self.bundle.runs.len()).map(|n| self.missed(n)).collect()
    }

    fn missed(&self, n: usize) -> String {
        let breach = &self.entries[self.bundle.runs[n].breach];
        let (place, by) = (breach.where_it_is(), shown(over(breach)));
        let has = |kind| self.holds(n, kind);
        if breach.opening().kind == EntryKind::PromisedNotDone {
            let word = if has(EntryKind::Completed) {
                "says that what was promised was done"
            } else {
                "does not say that what was promised was done"
            };
            return format!("{place}: the log {word} by {by}.");
        }
        let held = match (has(EntryKind::Answered), has(EntryKind::Acknowledged)) {
            (true, _) => return format!("{place}: the log holds an answer by {by}."),
            (false, true) => "an acknowledgement and no answer",
            (false, false) => "no answer",
        };
        format!(
            "{place}: the log holds {held} by {by}. A member who answered would hold a signed receipt; none is enclosed."
        )
    }

    fn holds(&self, n: usize, kind: EntryKind) -> bool {
        let breach = &self.entries[self.bundle.runs[n].breach];
        let tags = tags(&self.keys[breach.of.key], breach.opening(), kind);
        self.runs[n].iter().any(|leaf| tags.iter().any(|tag| leaf.tag() == tag))
    }

    /// Everything that is established.
    pub(super) fn lines(&self, is_witnessed: bool, promised: Option<String>) -> Vec<String> {
        let mut lines = Vec::new();
        if !is_witnessed {
            lines.push("Not witnessed: whoever holds the server's key could have made this.".to_owned());
        }
        for n in 0..self.bundle.runs.len() {
            lines.push(self.early(n).unwrap_or_else(|| self.missed(n)));
        }
        if let Some(first) = self.entries.first() {
            lines.push(format!("The report has the digest {}.", first.opening().report));
        }
        lines.extend(self.entries.iter().map(|entry| self.line(entry)));
        lines.extend(promised);
        lines.push(format!("The log is {}.", self.bundle.log));
        lines
    }

    /// A run that ends before the hour after its deadline shows nothing yet.
    fn early(&self, n: usize) -> Option<String> {
        let run = &self.bundle.runs[n];
        let breach = &self.entries[run.breach];
        let seen = self.heads[run.checkpoint].seen.filter(|seen| *seen < over(breach))?;
        let (place, by) = (breach.where_it_is(), shown(over(breach)));
        Some(format!(
            "{place}: the log was seen at {} last, so it cannot be said yet what it holds by {by}.",
            shown(seen)
        ))
    }

    fn line(&self, entry: &Entry<'_>) -> String {
        let opening = entry.opening();
        let (place, kind, at) = (entry.where_it_is(), opening.kind.code().replace('_', " "), shown(opening.at.to));
        if matches!(opening.kind, EntryKind::Acknowledged | EntryKind::Answered) {
            return self.act(entry, &place, &kind, &at);
        }
        match (opening.moved, opening.deadline) {
            (Some(moved), _) => {
                format!("{place}: {kind} at {at} to {} ({}).", shown(moved.to), moved.why.code().replace('_', " "))
            }
            (None, Some(due)) => format!("{place}: {kind} at {at}, due {}.", shown(due)),
            (None, None) => format!("{place}: {kind} at {at}."),
        }
    }

    fn act(&self, entry: &Entry<'_>, place: &str, kind: &str, at: &str) -> String {
        let Some(due) = self.due(entry) else { return format!("{place}: claims {kind} at {at}.") };
        let (seen, due_shown) = (self.heads[entry.of.checkpoint].seen, shown(due));
        match seen {
            None => format!("{place}: claims {kind} at {at}; it was due {due_shown}."),
            Some(seen) if seen <= due.plus(GRACE) => {
                format!("{place}: {kind} at {at}, seen in the log at {}, in time: it was due {due_shown}.", shown(seen))
            }
            Some(seen) => format!("{place}: claims {kind} at {at}, logged {}; it was due {due_shown}.", shown(seen)),
        }
    }

    /// The deadline that an act had to meet: the one that the last entry before it on the same clock began, as far as it
    /// was moved.
    fn due(&self, act: &Entry<'_>) -> Option<UtcMillis> {
        let begins = |kind: EntryKind| {
            kind == EntryKind::Assigned || kind == EntryKind::Acknowledged && act.opening().kind == EntryKind::Answered
        };
        let before = |entry: &&Entry<'_>| {
            entry.same_clock(act) && begins(entry.opening().kind) && entry.opening().at.to <= act.opening().at.to
        };
        let rank = |entry: &&Entry<'_>| {
            let opening = entry.opening();
            (opening.at.to, opening.kind == EntryKind::Acknowledged, opening.n)
        };
        let mut due = self.entries.iter().filter(before).max_by_key(rank)?.opening().deadline?;
        let mut moves: Vec<_> = self.entries.iter().filter(|entry| entry.same_clock(act)).map(Entry::opening).collect();
        moves.sort_by_key(|opening| opening.n);
        for opening in moves.into_iter().filter(|opening| opening.kind == EntryKind::Extended) {
            if opening.deadline == Some(due) {
                due = opening.moved.map_or(due, |moved| moved.to);
            }
        }
        Some(due)
    }
}

/// When it is over: the deadline and an hour.
fn over(breach: &Entry<'_>) -> UtcMillis {
    breach.opening().deadline.unwrap_or_default().plus(GRACE)
}

fn tags(key: &LedgerKey, of: &Opening, kind: EntryKind) -> Vec<[u8; 32]> {
    (0..NUMBERS).map(|n| key.tag(&Mark { kind, level: of.level, cycle: of.cycle, n })).collect()
}
