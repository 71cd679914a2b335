//! Entering levels: pairs, skips, exhaustion, the next cycle.
//!
//! Source: domain.md, "Windows" (exactly) and "Levels".

use super::Work;
use crate::domain::{
    catalogue::Chain,
    event::{Awaiting, EventKind, Silence},
    policy::{Level, Side, WindowRow},
    report::{Open, Stage},
    time::{Seconds, UtcMillis},
};

/// Halved windows are not shorter than this, or than the policy's own if that is shorter.
const HALVED_ACKNOWLEDGE: Seconds = Seconds::minutes(5);
const HALVED_ANSWER: Seconds = Seconds::minutes(15);

impl Work<'_> {
    /// Levels of the chain that can be entered: `concern` and `retaliation` end with their windows.
    pub(super) fn levels(&self) -> Vec<Level> {
        let mut levels = self.policy.chain_levels(self.report.clock_side());
        let row = self.report.row();
        if matches!(row, WindowRow::Concern | WindowRow::Retaliation) {
            levels.truncate(self.policy.windows(row).acknowledge.len());
        }
        levels
    }

    fn position(&self, level: Level) -> usize {
        self.levels().iter().position(|l| *l == level).unwrap_or(0)
    }

    /// Is `immediate`, where the two lowest levels run together.
    pub(super) fn runs_in_pairs(&self) -> bool {
        self.report.row() == WindowRow::Immediate
    }

    /// Which window serves a position: of `immediate` the first serves levels 1 and 2.
    fn window_index(&self, position: usize) -> usize {
        if self.runs_in_pairs() { position.saturating_sub(1) } else { position }
    }

    /// Time to acknowledge at a position, halved where a contest halved it.
    pub(super) fn acknowledge_window(&self, position: usize) -> Seconds {
        let window = self.policy.windows(self.report.row()).at(self.window_index(position));
        self.halved(window, HALVED_ACKNOWLEDGE)
    }

    /// Time to answer, halved where a contest halved it.
    pub(super) fn answer_window(&self) -> Seconds {
        self.halved(self.policy.windows(self.report.row()).answer, HALVED_ANSWER)
    }

    fn halved(&self, window: Seconds, floor: Seconds) -> Seconds {
        if !self.report.halved {
            return window;
        }
        let step = self.step().0.max(1);
        let half = window.0.div_ceil(2).div_ceil(step).saturating_mul(step);
        Seconds(half.max(floor.0.min(window.0)).min(window.0))
    }

    fn up(&self, at: UtcMillis) -> UtcMillis {
        at.up(self.step())
    }

    /// Enters the first level (for `immediate` the two lowest).
    pub(super) fn enter_first(&mut self, anchor: UtcMillis) {
        if self.runs_in_pairs() {
            self.enter_pair(anchor);
        } else {
            self.enter_from(0, anchor, None);
        }
        self.pass_dead_levels();
    }

    /// Enters the level after the highest one entered, anchored at `anchor`.
    pub(super) fn enter_next(&mut self, anchor: UtcMillis) {
        let next = self.next_position();
        self.enter_from(next, anchor, None);
        self.pass_dead_levels();
    }

    fn next_position(&self) -> usize {
        self.report.highest.map_or(0, |highest| self.levels().iter().filter(|l| **l <= highest).count())
    }

    /// The two lowest levels together; the one without a reachable person is skipped and the other runs alone.
    fn enter_pair(&mut self, anchor: UtcMillis) {
        let pair: Vec<Level> = self.levels().into_iter().take(2).collect();
        let present: Vec<Level> = pair.iter().copied().filter(|l| self.is_reachable(*l)).collect();
        for level in &pair {
            if !present.contains(level) {
                self.service_in_span(EventKind::NoRecipient { level: *level });
            }
        }
        if present.is_empty() {
            // Only if both are skipped is the next entered, with the first one's window.
            self.enter_from(pair.len(), anchor, Some(0));
        }
        for (i, level) in present.iter().enumerate() {
            self.assign(*level, anchor, 0, i > 0);
        }
    }

    /// Enters the first reachable level from `position` on; those skipped are `no_recipient`, and the first skipped
    /// one's window goes to the level entered.
    fn enter_from(&mut self, position: usize, anchor: UtcMillis, carried: Option<usize>) {
        let mut window = carried;
        let levels = self.levels();
        for (i, level) in levels.iter().enumerate().skip(position) {
            if self.is_reachable(*level) {
                return self.assign(*level, anchor, window.unwrap_or(i), false);
            }
            window.get_or_insert(i);
            self.service_in_span(EventKind::NoRecipient { level: *level });
        }
        self.exhaust(anchor);
    }

    fn assign(&mut self, level: Level, anchor: UtcMillis, window: usize, joins: bool) {
        let acknowledge_by = self.up(anchor.plus(self.acknowledge_window(window)));
        let answer_by = self.up(anchor.plus(self.answer_window()));
        self.service_in_span(EventKind::Assigned {
            level,
            anchor,
            acknowledge_by,
            answer_by,
            acknowledged: false,
            window: u8::try_from(window).unwrap_or(u8::MAX),
            joins,
        });
    }

    /// The second level of a pair joins the first one's running clock.
    pub(super) fn join_second(&mut self, open: &Open) {
        let [first, second, ..] = self.levels()[..] else { return };
        if open.levels != [first] || self.report.highest != Some(first) {
            return;
        }
        if !self.is_reachable(second) {
            // Skipped as in a pair: its union desks are told all the same, and the first goes on alone.
            return self.service_in_span(EventKind::NoRecipient { level: second });
        }
        self.service_in_span(EventKind::Assigned {
            level: second,
            anchor: open.anchor.at,
            acknowledge_by: open.acknowledge_by.at,
            answer_by: open.answer_by.at,
            acknowledged: open.acknowledged,
            window: open.window,
            joins: true,
        });
    }

    /// The level referred to is entered, already acknowledged, anchored at the referral.
    pub(super) fn enter_referred(&mut self, to: Level, at: UtcMillis, running: UtcMillis) {
        let position = self.position(to);
        let acknowledge_by = self.up(at.plus(self.acknowledge_window(position)));
        let answer_by = self.up(at.plus(self.answer_window())).max(running);
        self.service_in_span(EventKind::Assigned {
            level: to,
            anchor: at,
            acknowledge_by,
            answer_by,
            acknowledged: true,
            window: u8::try_from(position).unwrap_or(u8::MAX),
            joins: false,
        });
    }

    /// Every level was told and none acted.
    fn exhaust(&mut self, anchor: UtcMillis) {
        let severity = self.report.severity;
        let observers = self.report.chain == Chain::Production
            && !self.report.retaliation
            && self.policy.document.observers.contains(&severity);
        let told = if self.report.chain == Chain::Production {
            self.policy.chain_levels(Side::Production)
        } else {
            Vec::new()
        };
        let union_told = self.policy.union_levels();
        self.service_in_span(EventKind::Exhausted { level: self.report.highest, anchor, observers, told, union_told });
    }

    /// A running level that awaits an acknowledgement, was not told, and whose addresses are all known dead: recorded
    /// at once, and the next level is entered, anchored now.
    pub(super) fn pass_dead_levels(&mut self) {
        while let Stage::Open(open) = &self.report.stage {
            if open.acknowledged {
                return;
            }
            let dead: Vec<Level> = open.levels.iter().copied().filter(|l| self.is_dead(*l)).collect();
            // Of a pair, the one that can be told goes on; its own breach names the path if it comes to that.
            if dead.len() < open.levels.len() {
                return;
            }
            let due_at = open.acknowledge_by.at;
            for (i, level) in dead.iter().enumerate() {
                let silence = if self.dead_for_a_day(*level) { Silence::Unreachable } else { Silence::NotNotified };
                let awaiting = Awaiting::Acknowledgement;
                self.service(EventKind::Breached { level: *level, awaiting, due_at, silence, joins: i > 0 });
            }
            let (next, now) = (self.next_position(), self.moment());
            self.enter_from(next, now, None);
        }
    }

    fn is_dead(&self, level: Level) -> bool {
        let side = self.report.clock_side();
        let mut seats = self.present(level, side).peekable();
        let any = seats.peek().is_some();
        any && !self.report.was_told_in_time(level) && seats.all(|s| s.dead_since.is_some())
    }

    /// Every address of the level has been known dead for 24 hours.
    pub(super) fn dead_for_a_day(&self, level: Level) -> bool {
        let (side, day) = (self.report.clock_side(), Seconds::days(1));
        let mut seats = self.present(level, side).peekable();
        seats.peek().is_some() && seats.all(|s| s.dead_since.is_some_and(|since| since.plus(day) <= self.now))
    }

    /// The next cycle: the highest level whose side was told and is reachable is entered once more.
    pub(super) fn begin_cycle(&mut self, anchor: UtcMillis) {
        self.service_in_span(EventKind::CycleBegan { cycle: self.report.cycle.saturating_add(1) });
        let levels = self.levels();
        let told = self.report.clock_reached().clone();
        let again = levels.iter().rposition(|l| told.contains(l) && self.is_reachable(*l));
        match again {
            Some(position) if position < 2 && self.runs_in_pairs() => self.enter_pair(anchor),
            Some(position) => self.enter_from(position, anchor, None),
            // Nobody who was told is left: on to the first one above them.
            None => {
                let above = levels.iter().rposition(|l| told.contains(l)).map_or(0, |p| p.saturating_add(1));
                self.enter_from(above, anchor, None);
            }
        }
        self.pass_dead_levels();
    }

    /// The highest level told, in any way and cycle.
    pub(super) fn highest_told(&self) -> Option<Level> {
        self.report.clock_reached().iter().max().copied()
    }

    /// The next reachable level above `highest`, and the levels passed over on the way.
    pub(super) fn next_reachable(&self, highest: Option<Level>) -> Option<(Level, Vec<Level>)> {
        let above: Vec<Level> = self.levels().into_iter().filter(|l| Some(*l) > highest).collect();
        let position = above.iter().position(|l| self.is_reachable(*l))?;
        Some((above[position], above[..position].to_vec()))
    }
}
