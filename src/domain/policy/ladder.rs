//! The ladder of a policy: who is told by when, if nobody ever acts and everybody can be reached. For explaining; what
//! really happens is decided by the life of a report, and a test holds the two together.
//!
//! Source: domain.md, "Windows" (exactly) and "Levels".

use super::{Level, Policy, Seconds, Side, UtcMillis, WindowRow};

/// What silence climbs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// When the first desk is told.
    pub delivered_at: UtcMillis,
    /// The levels in the order in which they are entered.
    pub rungs: Vec<Rung>,
    /// When everybody was told and nobody answered.
    pub exhausted_at: UtcMillis,
}

/// One level, or the two lowest of an `immediate` report together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Which.
    pub levels: Vec<Level>,
    /// When they are told.
    pub told_at: UtcMillis,
    /// When the acknowledgement is due.
    pub acknowledge_by: UtcMillis,
    /// When the answer is due, if it was acknowledged.
    pub answer_by: UtcMillis,
}

impl Policy {
    /// What silence climbs for a report of this row that is filed then.
    pub fn ladder(&self, row: WindowRow, filed_at: UtcMillis) -> Ladder {
        let side = if row == WindowRow::Retaliation { Side::Union } else { Side::Production };
        let at_once = matches!(row, WindowRow::Immediate | WindowRow::NextSetup);
        let delivered_at = if at_once { filed_at } else { self.up(row, filed_at) };
        let mut climb =
            Climb { policy: self, row, anchor: self.up(row, filed_at), told_at: delivered_at, rungs: Vec::new() };
        let mut levels = self.chain_levels(side);
        if matches!(row, WindowRow::Concern | WindowRow::Retaliation) {
            levels.truncate(self.windows(row).acknowledge.len());
        }
        climb.all(&levels, |level| self.desks_at(level, side).next().is_some());
        Ladder { delivered_at, exhausted_at: climb.anchor, rungs: climb.rungs }
    }
}

/// On the way up.
struct Climb<'a> {
    policy: &'a Policy,
    row: WindowRow,
    anchor: UtcMillis,
    told_at: UtcMillis,
    rungs: Vec<Rung>,
}

impl Climb<'_> {
    fn all(&mut self, levels: &[Level], has_desk: impl Fn(Level) -> bool) {
        let in_pairs = self.row == WindowRow::Immediate;
        let (mut from, mut carried) = (0, None);
        if in_pairs {
            from = levels.len().min(2);
            let present: Vec<Level> = levels[..from].iter().copied().filter(|level| has_desk(*level)).collect();
            if present.is_empty() {
                carried = Some(0);
            } else {
                self.enter(present, 0);
            }
        }
        for (position, level) in levels.iter().enumerate().skip(from) {
            // A level without a desk is skipped, and its window goes to the next.
            let window = carried.unwrap_or(position);
            if has_desk(*level) {
                self.enter(vec![*level], if in_pairs { window.saturating_sub(1) } else { window });
                carried = None;
            } else {
                carried = Some(window);
            }
        }
    }

    fn enter(&mut self, levels: Vec<Level>, window: usize) {
        let windows = self.policy.windows(self.row);
        let by = |window: Seconds| self.policy.up(self.row, self.anchor.plus(window));
        let rung = Rung {
            levels,
            told_at: self.told_at,
            acknowledge_by: by(windows.at(window)),
            answer_by: by(windows.answer),
        };
        (self.anchor, self.told_at) = (rung.acknowledge_by, rung.acknowledge_by);
        self.rungs.push(rung);
    }
}
