//! What is true of a report now: its stage, and what its stage needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

mod counts;
mod stage;

pub(in crate::domain) use counts::count;
pub use counts::{ChainClock, Seen};
pub use stage::{Answered, Check, Deadline, Exhausted, Open, Plan, Referral, Stage};

use super::{
    catalogue::{Chain, Severity},
    event::{AnswerKind, Awaiting, Done, Outcome, Silence},
    ids::MemberId,
    policy::{Level, Side, WindowRow},
    time::UtcMillis,
};

/// A deadline passed without the act. Never removed; `lifted` stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// On which chain.
    pub chain: Chain,
    /// Whose.
    pub level: Level,
    /// In which cycle.
    pub cycle: u16,
    /// What was awaited.
    pub awaiting: Awaiting,
    /// The deadline.
    pub due_at: UtcMillis,
    /// What it is called.
    pub silence: Silence,
    /// A member of that level answered later in that cycle.
    pub answered_late_at: Option<UtcMillis>,
    /// An act in time overtook it.
    pub lifted: bool,
}

/// What the service needs to know of an answer; its words are sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What sort.
    pub kind: AnswerKind,
    /// Done or planned.
    pub done: Done,
    /// Role that did it.
    pub by_role: String,
    /// On which chain.
    pub chain: Chain,
    /// Level that answered.
    pub level: Level,
    /// In which cycle.
    pub cycle: u16,
    /// Before the running deadline.
    pub in_time: bool,
    /// When.
    pub at: UtcMillis,
    /// Contest window, if it has one of its own.
    pub contestable_until: Option<UtcMillis>,
}

/// Where the clock stood before a deadline fired, so that an act in time can put it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewind {
    /// The deadline that fired.
    pub due_at: UtcMillis,
    /// The stage before.
    pub stage: Stage,
    /// The highest level entered before.
    pub highest: Option<Level>,
    /// How many breaches stood before: those after are the ones to lift.
    pub breaches: usize,
}

/// Work that is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Role that may restart it.
    pub may_restart_role: String,
    /// Since then.
    pub since: UtcMillis,
}

/// What is true of a report now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "facts that stand beside the stage in any combination")]
pub struct Report {
    /// The chain whose clock runs.
    pub chain: Chain,
    /// Its category is `retaliation`.
    pub retaliation: bool,
    /// Severity now.
    pub severity: Severity,
    /// Version of the policy that it keeps.
    pub policy_version: i32,
    /// Cycle of the chain, from 1; 0 before delivery.
    pub cycle: u16,
    /// Windows are halved (after a contest).
    pub halved: bool,
    /// Its stage.
    pub stage: Stage,
    /// Highest level entered in this cycle.
    pub highest: Option<Level>,
    /// Production levels told (entered, by hand, by referral), over all cycles of its chain.
    pub reached: BTreeSet<Level>,
    /// Union levels told.
    pub union_reached: BTreeSet<Level>,
    /// Observers are told.
    pub observers_told: bool,
    /// Level and how it was told in this cycle: whether in time.
    pub told: BTreeMap<String, bool>,
    /// Every breach.
    pub breaches: Vec<Breach>,
    /// Every answer.
    pub answers: Vec<Answer>,
    /// Work is stopped.
    pub stopped: Option<Stopped>,
    /// Stop work moved the answer deadline in this cycle.
    pub stop_moved: bool,
    /// It was referred once.
    pub referred: bool,
    /// Levels that broke a promise in this cycle.
    pub broke_promise: BTreeSet<Level>,
    /// Who has it, and in which role.
    pub holder: Option<(MemberId, String)>,
    /// Who took themselves off.
    pub recused: BTreeSet<MemberId>,
    /// The reporter said "worse" once.
    pub worse_used: bool,
    /// First union member who found it not credible.
    pub not_credible_by: Option<MemberId>,
    /// Clocks that an act in time can still bring back; the last minute's only.
    pub rewinds: Vec<Rewind>,
    /// How many events of a kind stood at a level and cycle: numbers the next.
    pub counted: BTreeMap<String, u32>,
    /// How many ledger entries of a kind stand at a level and cycle: numbers the next.
    pub entries: BTreeMap<String, u32>,
    /// Daily entries of silence made in this cycle, 0..=30.
    pub silent_days: u8,
    /// Cycles that began with the two lowest levels asked together, or the one of them that could be.
    #[serde(default)]
    pub together: BTreeSet<u16>,
    /// Delivered then (end of the span).
    pub delivered_at: Option<UtcMillis>,
    /// How many events each side may see.
    pub seen: Seen,
    /// The clock of each chain, in the order in which they began.
    pub clocks: Vec<ChainClock>,
}

impl Report {
    /// Nothing yet: the state before the first event.
    pub fn unfiled() -> Self {
        Self {
            chain: Chain::Production,
            retaliation: false,
            severity: Severity::Concern,
            policy_version: 0,
            cycle: 0,
            halved: false,
            stage: Stage::Filed { deliver_at: UtcMillis::new(i64::MAX) },
            highest: None,
            reached: BTreeSet::new(),
            union_reached: BTreeSet::new(),
            observers_told: false,
            told: BTreeMap::new(),
            breaches: Vec::new(),
            answers: Vec::new(),
            stopped: None,
            stop_moved: false,
            referred: false,
            broke_promise: BTreeSet::new(),
            holder: None,
            recused: BTreeSet::new(),
            worse_used: false,
            not_credible_by: None,
            rewinds: Vec::new(),
            counted: BTreeMap::new(),
            entries: BTreeMap::new(),
            silent_days: 0,
            together: BTreeSet::new(),
            delivered_at: None,
            seen: Seen::default(),
            clocks: Vec::new(),
        }
    }

    /// The side whose clock the chain runs.
    pub const fn clock_side(&self) -> Side {
        match self.chain {
            Chain::Production => Side::Production,
            Chain::Union => Side::Union,
        }
    }

    /// The row of windows it uses.
    pub fn row(&self) -> WindowRow {
        if self.retaliation { WindowRow::Retaliation } else { self.severity.into() }
    }

    /// Levels told on the side whose clock runs.
    pub const fn clock_reached(&self) -> &BTreeSet<Level> {
        match self.chain {
            Chain::Production => &self.reached,
            Chain::Union => &self.union_reached,
        }
    }

    /// The status in tables and JSON.
    pub const fn status(&self) -> &'static str {
        match &self.stage {
            Stage::Filed { .. } => "filed",
            Stage::Open(open) if open.acknowledged => "acknowledged",
            Stage::Open(_) => "delivered",
            Stage::Answered(_) => "answered",
            Stage::Exhausted(_) => "exhausted",
            Stage::Closed { outcome: Outcome::Withdrawn } => "withdrawn",
            Stage::Closed { .. } => "closed",
        }
    }

    /// What it waits for.
    pub const fn awaiting(&self) -> Option<Awaiting> {
        match &self.stage {
            Stage::Filed { .. } => Some(Awaiting::Delivery),
            Stage::Open(open) if open.acknowledged => Some(Awaiting::Answer),
            Stage::Open(_) => Some(Awaiting::Acknowledgement),
            Stage::Answered(answered) => Some(answered.awaiting()),
            Stage::Exhausted(_) => Some(Awaiting::Answer),
            Stage::Closed { .. } => None,
        }
    }

    /// The next instant at which something happens by itself. Armed in every open stage but one: `exhausted` after its
    /// thirtieth entry.
    pub fn timer(&self) -> Option<UtcMillis> {
        match &self.stage {
            Stage::Filed { deliver_at } => Some(*deliver_at),
            Stage::Open(open) => Some(open.due_at()),
            Stage::Answered(answered) => answered.due_at(),
            Stage::Exhausted(exhausted) => exhausted.next_entry(self.silent_days),
            Stage::Closed { .. } => None,
        }
    }

    /// The deadline that people see: none before delivery, once exhausted, and at the end.
    pub fn due_at(&self) -> Option<UtcMillis> {
        match &self.stage {
            Stage::Open(_) | Stage::Answered(_) => self.timer(),
            Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => None,
        }
    }

    /// The level shown: of a pair the higher; 0 before delivery.
    pub fn level(&self) -> Level {
        match &self.stage {
            Stage::Open(open) => open.levels.iter().max().copied().or(self.highest),
            Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => self.highest,
        }
        .unwrap_or(Level(0))
    }

    /// Breaches that count: those not lifted.
    pub fn unanswered_by(&self) -> impl Iterator<Item = &Breach> {
        self.breaches.iter().filter(|b| !b.lifted)
    }

    /// At least one breach that was not lifted; for ever.
    pub fn is_unanswered(&self) -> bool {
        self.unanswered_by().next().is_some()
    }

    /// Not at its end.
    pub const fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Closed { .. })
    }

    /// In how many ways the level was told in this cycle; acting is none of them.
    pub fn tellings(&self, level: Level) -> usize {
        let (prefix, acted) = (format!("{}/", level.0), format!("{}/acted", level.0));
        self.told.keys().filter(|key| key.starts_with(&prefix) && **key != acted).count()
    }

    /// The level had been told in time in this cycle.
    pub fn was_told_in_time(&self, level: Level) -> bool {
        let prefix = format!("{}/", level.0);
        self.told.iter().any(|(key, in_time)| *in_time && key.starts_with(&prefix))
    }
}
