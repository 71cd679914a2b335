//! The escalation policy: windows, steps and levels, as immutable versions.

mod check;
mod document;
mod ladder;

pub use check::PolicyError;
pub use document::{PolicyDocument, Repeated, WindowRow, Windows};
pub use ladder::{Ladder, Rung};

use serde::{Deserialize, Serialize};

use super::{
    catalogue::Severity,
    ids::DeskId,
    time::{Seconds, UtcMillis},
};

/// Number of a level, 1..=9. Gaps mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Level(pub u8);

/// Which side of the table a desk sits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The employer's people: they must act.
    Production,
    /// The side that is not the employer's: they insist.
    Union,
    /// Financier, guarantor, insurer: told, owes nothing.
    Observer,
}

impl Side {
    /// The code in tables, JSON and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Union => "union",
            Self::Observer => "observer",
        }
    }
}

/// A desk as a policy version names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDesk {
    /// The desk.
    pub id: DeskId,
    /// Its name when the version was made.
    pub name: String,
    /// Its side.
    pub side: Side,
    /// Its level; observers have none.
    pub level: Option<Level>,
}

/// One version of a production's policy. Never changed: a change makes the next version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Number of the version, from 1.
    pub version: i32,
    /// Windows, steps and the rest.
    pub document: PolicyDocument,
    /// The desks and their levels.
    pub desks: Vec<PolicyDesk>,
}

impl Policy {
    /// The step of a row: what its instants are rounded up to.
    pub fn step(&self, row: WindowRow) -> Seconds {
        self.document.steps.get(&row).copied().unwrap_or(Seconds(1))
    }

    /// The windows of a row.
    pub fn windows(&self, row: WindowRow) -> Windows {
        // A checked document has every row; the shipped one stands in, so that nothing here can fail.
        let found = self.document.windows.get(&row).cloned();
        found.or_else(|| PolicyDocument::shipped().windows.remove(&row)).unwrap_or(Windows {
            acknowledge: vec![Seconds(10)],
            answer: Seconds(10),
            written: None,
        })
    }

    /// Levels of the chain whose clock runs on `side`, lowest first: from the lowest level to the last at which that
    /// side has a desk. A level between without such a desk is in it, and is skipped when entered.
    pub fn chain_levels(&self, side: Side) -> Vec<Level> {
        let last = self.desks.iter().filter(|d| d.side == side).filter_map(|d| d.level).max();
        let mut levels: Vec<Level> = self.desks.iter().filter_map(|d| d.level).collect();
        levels.sort_unstable();
        levels.dedup();
        levels.retain(|level| Some(*level) <= last);
        levels
    }

    /// All union levels, lowest first.
    pub fn union_levels(&self) -> Vec<Level> {
        let mut levels: Vec<Level> =
            self.desks.iter().filter(|d| d.side == Side::Union).filter_map(|d| d.level).collect();
        levels.sort_unstable();
        levels.dedup();
        levels
    }

    /// The desks of a side at a level.
    pub fn desks_at(&self, level: Level, side: Side) -> impl Iterator<Item = &PolicyDesk> {
        self.desks.iter().filter(move |d| d.level == Some(level) && d.side == side)
    }

    /// The time for a union verdict.
    pub fn verification(&self, severity: Severity) -> Seconds {
        self.document.verification.get(&severity).copied().unwrap_or(Seconds::hours(72))
    }

    /// An instant rounded up to the row's step.
    pub fn up(&self, row: WindowRow, at: UtcMillis) -> UtcMillis {
        at.up(self.step(row))
    }
}
