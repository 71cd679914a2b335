//! The escalation policy: windows, steps and levels, as immutable versions.

use std::collections::BTreeMap;

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

/// Windows of one severity. All lengths in seconds.
///
/// Source: domain.md, "Windows".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Time to acknowledge, by position of the level; the last one serves all further levels, but for `concern` and
    /// `retaliation`, which end with their windows. Each 10..=2_592_000.
    pub acknowledge: Vec<Seconds>,
    /// Time to answer, from the level's anchor. 10..=2_592_000.
    pub answer: Seconds,
    /// After stop work, time for the written answer (`immediate` only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Seconds>,
}

/// Which row of the windows table a report uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowRow {
    /// Somebody could be hurt right now.
    Immediate,
    /// The next time this is done.
    NextSetup,
    /// Tomorrow.
    NextCall,
    /// In general.
    Concern,
    /// The union chain's row, and afterwards the production chain's, at any severity.
    Retaliation,
}

impl WindowRow {
    /// All rows.
    pub const ALL: [Self; 5] = [Self::Immediate, Self::NextSetup, Self::NextCall, Self::Concern, Self::Retaliation];

    /// The key of the row in a policy document.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::NextSetup => "next_setup",
            Self::NextCall => "next_call",
            Self::Concern => "concern",
            Self::Retaliation => "retaliation",
        }
    }
}

impl From<Severity> for WindowRow {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Immediate => Self::Immediate,
            Severity::NextSetup => Self::NextSetup,
            Severity::NextCall => Self::NextCall,
            Severity::Concern => Self::Concern,
        }
    }
}

/// When another report of the category counts as repetition. Seconds before the filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    /// Delivered longer ago than this.
    pub after: Seconds,
    /// And less than this ago.
    pub within: Seconds,
}

/// The document of a policy: everything but the levels, which come from the desks.
///
/// Source: api.md, "Policy".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyDocument {
    /// Rounding step per row, seconds, 1..=86_400.
    pub steps: BTreeMap<WindowRow, Seconds>,
    /// Windows per row.
    pub windows: BTreeMap<WindowRow, Windows>,
    /// Time to contest an answer, seconds.
    pub contest_seconds: Seconds,
    /// Time for a union verdict, per severity, seconds.
    pub verification: BTreeMap<Severity, Seconds>,
    /// Severities whose exhaustion observers are told of.
    pub observers: Vec<Severity>,
    /// When repetition raises the severity.
    pub repeated: Repeated,
}

impl Default for PolicyDocument {
    fn default() -> Self {
        Self::shipped()
    }
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

/// Why a policy is refused. `path` names the place in the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A window under ten seconds or over thirty days.
    #[error("{path} is {seconds} s; a window is 10 to 2592000 seconds")]
    WindowOutOfRange {
        /// Where.
        path: String,
        /// What stands there.
        seconds: u32,
    },
    /// A row without any window to acknowledge, or with more than nine.
    #[error("{path} needs one to nine windows")]
    WindowCount {
        /// Where.
        path: String,
    },
    /// Nobody could acknowledge in time and still have time to answer.
    #[error("{path} is {acknowledge} s, longer than the {answer} s to answer")]
    AcknowledgeLongerThanAnswer {
        /// Where.
        path: String,
        /// The window to acknowledge.
        acknowledge: u32,
        /// The window to answer.
        answer: u32,
    },
    /// A step of zero or over a day.
    #[error("{path} is {seconds} s; a step is 1 to 86400 seconds")]
    StepOutOfRange {
        /// Where.
        path: String,
        /// What stands there.
        seconds: u32,
    },
    /// `repeated.after` not before `repeated.within`.
    #[error("repeated.after is {after} s and must be less than repeated.within, {within} s")]
    RepeatedEmpty {
        /// Start.
        after: u32,
        /// End.
        within: u32,
    },
}

const MIN_WINDOW: u32 = 10;
const MAX_WINDOW: u32 = 2_592_000;

impl PolicyDocument {
    /// The shipped policy.
    ///
    /// Source: domain.md, "Windows".
    pub fn shipped() -> Self {
        let row = |acknowledge: [Seconds; 3], answer: Seconds| Windows {
            acknowledge: acknowledge.to_vec(),
            answer,
            written: None,
        };
        let (min, hour, day) = (Seconds::minutes, Seconds::hours, Seconds::days);
        Self {
            steps: BTreeMap::from([
                (WindowRow::Immediate, min(1)),
                (WindowRow::NextSetup, min(1)),
                (WindowRow::NextCall, min(15)),
                (WindowRow::Concern, hour(1)),
                (WindowRow::Retaliation, hour(1)),
            ]),
            windows: BTreeMap::from([
                (
                    WindowRow::Immediate,
                    Windows { acknowledge: vec![min(5), min(15)], answer: min(15), written: Some(hour(2)) },
                ),
                (WindowRow::NextSetup, row([min(15), min(15), min(30)], min(60))),
                (WindowRow::NextCall, row([hour(2), hour(2), hour(4)], hour(12))),
                (WindowRow::Concern, row([hour(24), hour(24), hour(48)], hour(72))),
                (WindowRow::Retaliation, row([hour(24), hour(48), hour(48)], day(5))),
            ]),
            contest_seconds: hour(72),
            verification: BTreeMap::from([
                (Severity::Immediate, hour(4)),
                (Severity::NextSetup, hour(24)),
                (Severity::NextCall, hour(72)),
                (Severity::Concern, hour(72)),
            ]),
            observers: vec![Severity::Immediate, Severity::NextSetup, Severity::NextCall],
            repeated: Repeated { after: hour(1), within: day(7) },
        }
    }

    /// Fills what a partial document left out with what is shipped, then checks it.
    ///
    /// # Errors
    /// [`PolicyError`], naming the path.
    pub fn completed(mut self) -> Result<Self, PolicyError> {
        let shipped = Self::shipped();
        for (row, step) in shipped.steps {
            self.steps.entry(row).or_insert(step);
        }
        for (row, windows) in shipped.windows {
            let entry = self.windows.entry(row).or_insert_with(|| windows.clone());
            if row == WindowRow::Immediate && entry.written.is_none() {
                entry.written = windows.written;
            }
        }
        for (severity, window) in shipped.verification {
            self.verification.entry(severity).or_insert(window);
        }
        self.check()?;
        Ok(self)
    }

    /// Checks every number.
    ///
    /// # Errors
    /// The first [`PolicyError`], naming the path.
    pub fn check(&self) -> Result<(), PolicyError> {
        for (row, step) in &self.steps {
            if !(1..=86_400).contains(&step.0) {
                return Err(PolicyError::StepOutOfRange { path: format!("steps.{}", row.code()), seconds: step.0 });
            }
        }
        for (row, windows) in &self.windows {
            check_row(row.code(), windows)?;
        }
        for (severity, window) in &self.verification {
            in_range(format!("verification.{}", severity.code()), *window)?;
        }
        in_range("contest_seconds".into(), self.contest_seconds)?;
        if self.repeated.after >= self.repeated.within {
            return Err(PolicyError::RepeatedEmpty { after: self.repeated.after.0, within: self.repeated.within.0 });
        }
        Ok(())
    }

    /// The paths whose windows are longer here than in `before`: those need a union member's agreement.
    pub fn longer_than(&self, before: &Self) -> Vec<String> {
        let mut paths = Vec::new();
        for row in WindowRow::ALL {
            let (Some(new), Some(old)) = (self.windows.get(&row), before.windows.get(&row)) else { continue };
            for position in 0..new.acknowledge.len().max(old.acknowledge.len()) {
                if new.window_at(position) > old.window_at(position) {
                    paths.push(format!("windows.{}.acknowledge[{position}]", row.code()));
                }
            }
            if new.answer > old.answer {
                paths.push(format!("windows.{}.answer", row.code()));
            }
            if new.written > old.written {
                paths.push(format!("windows.{}.written", row.code()));
            }
        }
        for (row, step) in &self.steps {
            if before.steps.get(row).is_some_and(|old| step > old) {
                paths.push(format!("steps.{}", row.code()));
            }
        }
        for (severity, window) in &self.verification {
            if before.verification.get(severity).is_some_and(|old| window > old) {
                paths.push(format!("verification.{}", severity.code()));
            }
        }
        paths
    }
}

impl Windows {
    /// The window to acknowledge at a position among the levels, the last one serving all further positions.
    fn window_at(&self, position: usize) -> Option<Seconds> {
        self.acknowledge.get(position).or(self.acknowledge.last()).copied()
    }
}

fn in_range(path: String, window: Seconds) -> Result<(), PolicyError> {
    if (MIN_WINDOW..=MAX_WINDOW).contains(&window.0) {
        return Ok(());
    }
    Err(PolicyError::WindowOutOfRange { path, seconds: window.0 })
}

fn check_row(row: &str, windows: &Windows) -> Result<(), PolicyError> {
    let path = format!("windows.{row}.acknowledge");
    if !(1..=9).contains(&windows.acknowledge.len()) {
        return Err(PolicyError::WindowCount { path });
    }
    in_range(format!("windows.{row}.answer"), windows.answer)?;
    if let Some(written) = windows.written {
        in_range(format!("windows.{row}.written"), written)?;
    }
    for (i, window) in windows.acknowledge.iter().enumerate() {
        let path = format!("{path}[{i}]");
        in_range(path.clone(), *window)?;
        if *window > windows.answer {
            return Err(PolicyError::AcknowledgeLongerThanAnswer {
                path,
                acknowledge: window.0,
                answer: windows.answer.0,
            });
        }
    }
    Ok(())
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
            acknowledge: vec![Seconds(MIN_WINDOW)],
            answer: Seconds(MIN_WINDOW),
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
