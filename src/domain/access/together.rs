//! Two levels that are asked together are one step to everybody of the production.
//!
//! A right-now report goes to the two lowest levels at once. If nobody of one of them can be asked, the other runs alone,
//! and whoever reads which one is missing reads whom the report is about. So production and observers see one step, under
//! the number of the higher level, whether both run or one alone. The record itself, the union side and the reporter have
//! each level by itself.
//!
//! Source: security.md, "Kept out"; docs/decisions/what-a-skipped-level-looks-like.md.

use crate::domain::{
    catalogue::Chain,
    event::{Awaiting, Event, EventKind, Silence},
    policy::{Level, Policy, Side},
    report::{Breach, Report},
};

/// The two lowest levels of the production's chain, as one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Together {
    /// The lowest level.
    pub lower: Level,
    /// The one above, whose number the step has.
    pub higher: Level,
}

impl Together {
    /// The step as readers of this side see it; none for the union side, and where the chain has one level only.
    pub fn seen_by(side: Side, policy: &Policy) -> Option<Self> {
        match (side, policy.chain_levels(Side::Production).as_slice()) {
            (Side::Production | Side::Observer, [lower, higher, ..]) => Some(Self { lower: *lower, higher: *higher }),
            (Side::Production | Side::Observer | Side::Union, _) => None,
        }
    }

    /// The level is one of the two, and they were asked together in this cycle.
    pub fn covers(self, report: &Report, cycle: u16, level: Level) -> bool {
        report.together.contains(&cycle) && (level == self.lower || level == self.higher)
    }

    /// The number that the level is shown under.
    pub fn shown(self, report: &Report, cycle: u16, level: Level) -> Level {
        if self.covers(report, cycle, level) { self.higher } else { level }
    }

    /// The event as it is shown; none for the second of two that are one.
    ///
    /// Whoever acts does so from their own level: acts stay as they are.
    pub fn event(self, report: &Report, event: &Event) -> Option<Event> {
        let covers = |level: Level| self.covers(report, event.cycle, level);
        if self.is_second(report, event) {
            return None;
        }
        let mut seen = event.clone();
        if let EventKind::Assigned { level, .. }
        | EventKind::Breached { level, awaiting: Awaiting::Acknowledgement | Awaiting::Answer, .. }
        | EventKind::Exhausted { level: Some(level), .. } = &mut seen.kind
            && covers(*level)
        {
            *level = self.higher;
        }
        if let EventKind::Lifted { levels, .. } | EventKind::AnsweredByReferral { levels } = &mut seen.kind {
            for level in levels.iter_mut().filter(|level| covers(**level)) {
                *level = self.higher;
            }
        }
        Some(seen)
    }

    /// The second of two events that are one.
    fn is_second(self, report: &Report, event: &Event) -> bool {
        if let EventKind::Assigned { level, joins: true, .. } | EventKind::Breached { level, joins: true, .. } =
            &event.kind
        {
            return self.covers(report, event.cycle, *level);
        }
        false
    }

    /// The breaches of the production's chain as they are shown: of the two levels one for each deadline, which names the
    /// graver silence. A promise is that of whoever made it.
    pub fn breaches(self, report: &Report) -> Vec<Breach> {
        let mut seen: Vec<Breach> = Vec::new();
        for breach in report.unanswered_by().filter(|b| b.chain == Chain::Production) {
            if !self.covers(report, breach.cycle, breach.level) || breach.awaiting == Awaiting::Completion {
                seen.push(breach.clone());
                continue;
            }
            let place = |b: &Breach| (b.level, b.cycle, b.awaiting, b.due_at);
            let shown = Breach { level: self.higher, ..breach.clone() };
            match seen.iter_mut().find(|other| place(other) == place(&shown)) {
                Some(other) => {
                    other.silence = graver(other.silence, shown.silence);
                    other.answered_late_at =
                        [other.answered_late_at, shown.answered_late_at].into_iter().flatten().min();
                }
                None => seen.push(shown),
            }
        }
        seen
    }
}

const fn graver(one: Silence, other: Silence) -> Silence {
    match (one, other) {
        (Silence::Unanswered, _) | (_, Silence::Unanswered) => Silence::Unanswered,
        (Silence::PromisedNotDone, _) | (_, Silence::PromisedNotDone) => Silence::PromisedNotDone,
        (Silence::Unreachable, _) | (_, Silence::Unreachable) => Silence::Unreachable,
        (Silence::NotNotified, Silence::NotNotified) => Silence::NotNotified,
    }
}
