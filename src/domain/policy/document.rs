//! The document of a policy: steps, windows and the rest, as a production writes it.
//!
//! A document may be partial down to one field of one row: what is left out is as shipped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Seconds, UtcMillis};
use crate::domain::{catalogue::Severity, object::Object};

/// The window that stands in where a document was never checked.
const SHORTEST: Seconds = Seconds(10);

/// Windows of one severity. All lengths in seconds.
///
/// Source: domain.md, "Windows".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Windows {
    /// Time to acknowledge, by position of the level; the last one serves all further levels, but for `concern` and
    /// `retaliation`, which end with their windows. Each `10..=2_592_000`.
    pub acknowledge: Vec<Seconds>,
    /// Time to answer, from the level's anchor. `10..=2_592_000`.
    pub answer: Seconds,
    /// After stop work, time for the written answer (`immediate` only).
    #[serde(skip_serializing_if = "Option::is_none")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[serde(from = "Partial")]
pub struct PolicyDocument {
    /// Rounding step per row, seconds, `1..=86_400`.
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
}

impl Windows {
    /// The window to acknowledge at a position among the levels, the last one serving all further positions.
    pub fn at(&self, position: usize) -> Seconds {
        self.acknowledge.get(position).or(self.acknowledge.last()).copied().unwrap_or(SHORTEST)
    }
}

impl Repeated {
    /// A report delivered then counts for one filed at `filed`: longer ago than `after`, less than `within`.
    ///
    /// Source: domain.md, "Severity".
    pub fn counts(&self, delivered: UtcMillis, filed: UtcMillis) -> bool {
        let ago = filed.since(delivered);
        self.after.millis() < ago && ago < self.within.millis()
    }
}

/// A document as it is written: anything may be missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Partial {
    steps: BTreeMap<RowKey, Seconds>,
    windows: BTreeMap<RowKey, Object<PartialWindows>>,
    contest_seconds: Seconds,
    verification: BTreeMap<SeverityKey, Seconds>,
    observers: Vec<Severity>,
    repeated: Object<PartialRepeated>,
}

/// A row as the key of a map: read as text first, so that a complaint about what stands there can name the path.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct RowKey(WindowRow);

impl TryFrom<String> for RowKey {
    type Error = &'static str;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        let found = WindowRow::ALL.into_iter().find(|row| row.code() == code);
        found.map(Self).ok_or("the rows are immediate, next_setup, next_call, concern and retaliation")
    }
}

/// As [`RowKey`], for severities.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct SeverityKey(Severity);

impl TryFrom<String> for SeverityKey {
    type Error = &'static str;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        let found = Severity::ALL.into_iter().find(|severity| severity.code() == code);
        found.map(Self).ok_or("the severities are immediate, next_setup, next_call and concern")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartialWindows {
    acknowledge: Option<Vec<Seconds>>,
    answer: Option<Seconds>,
    written: Option<Seconds>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PartialRepeated {
    after: Option<Seconds>,
    within: Option<Seconds>,
}

impl Default for Partial {
    fn default() -> Self {
        let shipped = PolicyDocument::shipped();
        Self {
            steps: BTreeMap::new(),
            windows: BTreeMap::new(),
            contest_seconds: shipped.contest_seconds,
            verification: BTreeMap::new(),
            observers: shipped.observers,
            repeated: Object::default(),
        }
    }
}

impl From<Partial> for PolicyDocument {
    fn from(given: Partial) -> Self {
        let mut document = Self::shipped();
        document.steps.extend(given.steps.into_iter().map(|(RowKey(row), step)| (row, step)));
        document.verification.extend(given.verification.into_iter().map(|(SeverityKey(key), window)| (key, window)));
        for (RowKey(row), Object(windows)) in given.windows {
            if let Some(shipped) = document.windows.get_mut(&row) {
                shipped.acknowledge = windows.acknowledge.unwrap_or(std::mem::take(&mut shipped.acknowledge));
                shipped.answer = windows.answer.unwrap_or(shipped.answer);
                shipped.written = windows.written.or(shipped.written);
            }
        }
        document.contest_seconds = given.contest_seconds;
        document.observers = given.observers;
        document.repeated.after = given.repeated.after.unwrap_or(document.repeated.after);
        document.repeated.within = given.repeated.within.unwrap_or(document.repeated.within);
        document
    }
}
