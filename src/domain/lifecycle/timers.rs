//! What happens at a deadline. Nothing fires before it.
//!
//! Source: domain.md, "Windows" and "Life of a report".

use super::{Refusal, Work};
use crate::domain::{
    event::{Awaiting, EventKind, Outcome, Silence},
    policy::Level,
    report::{Answered, Check, Open, Plan, Stage},
    time::UtcMillis,
};

/// More steps than any report can be behind; a guard that a wrong rule cannot turn into an endless loop.
const MOST_STEPS: usize = 400;

impl Work<'_> {
    /// Fires what is due; refuses when nothing is.
    pub(super) fn fire(&mut self) -> Result<(), Refusal> {
        let due = self.report.timer().ok_or(Refusal::NothingDue)?;
        if due > self.now {
            return Err(Refusal::NotYetDue { millis: due.since(self.now) });
        }
        self.catch_up();
        Ok(())
    }

    /// A deadline has passed by a clock that nobody trusts at the moment.
    pub(super) fn is_held_back(&self) -> bool {
        self.people.engine_held && self.report.timer().is_some_and(|due| due <= self.now)
    }

    /// While the engine is held, nobody can say whether an act after the deadline is late: it must not be put on record
    /// as in time, nor take the place of the breach that is due.
    ///
    /// # Errors
    /// [`Refusal::Held`].
    pub(super) fn refuse_while_held_back(&self) -> Result<(), Refusal> {
        if self.is_held_back() { Err(Refusal::Held) } else { Ok(()) }
    }

    /// Fires everything that is due by now, so that an act that comes after a deadline finds the breach on record.
    pub(super) fn catch_up(&mut self) {
        if self.people.engine_held || self.people.unwatched {
            return;
        }
        for _ in 0..MOST_STEPS {
            match self.report.timer() {
                Some(due) if due <= self.now => self.fire_once(due),
                Some(_) | None => return,
            }
        }
    }

    fn fire_once(&mut self, due: UtcMillis) {
        match self.report.stage.clone() {
            Stage::Filed { deliver_at } => self.deliver(deliver_at),
            Stage::Open(open) => self.miss(&open),
            Stage::Answered(answered) => self.pass(&answered, due),
            Stage::Exhausted(_) => self.another_day(),
            Stage::Closed { .. } => {}
        }
    }

    /// The report reaches the first level. A delivery in time counts from its tick, a late one from when it is made.
    pub(super) fn deliver(&mut self, deliver_at: UtcMillis) {
        let late = self.now.since(deliver_at) > self.step().millis();
        let anchor = if late || deliver_at > self.now { self.now } else { deliver_at };
        let anchor = anchor.up(self.step());
        // Board, events and clocks start at the tick, not when the engine came by.
        self.spanned = anchor;
        self.service_in_span(EventKind::Delivered);
        self.enter_first(anchor);
        self.spanned = self.now;
    }

    /// What the next level's deadlines count from: the missed deadline, or now if that is more than a step later.
    pub(super) fn anchor_after(&self, missed: UtcMillis) -> UtcMillis {
        if self.now.since(missed) > self.step().millis() { self.moment() } else { missed }
    }

    fn miss(&mut self, open: &Open) {
        let due_at = open.due_at();
        let awaiting = if open.acknowledged { Awaiting::Answer } else { Awaiting::Acknowledgement };
        let anchor = self.anchor_after(due_at);
        for (i, level) in open.levels.iter().enumerate() {
            let silence = self.silence_of(*level);
            self.service(EventKind::Breached { level: *level, awaiting, due_at, silence, joins: i > 0 });
        }
        self.enter_next(anchor);
    }

    fn silence_of(&self, level: Level) -> Silence {
        if self.report.was_told_in_time(level) {
            Silence::Unanswered
        } else if self.dead_for_a_day(level) {
            Silence::Unreachable
        } else {
            Silence::NotNotified
        }
    }

    fn pass(&mut self, answered: &Answered, due: UtcMillis) {
        if let Some(plan) = &answered.plan {
            return self.break_promise(plan);
        }
        match &answered.check {
            Check::Due { window, .. } => self.ask_next_union_level(due, *window),
            Check::NotRequired | Check::Verified | Check::NotVerified => self.close_if_over(),
        }
    }

    fn break_promise(&mut self, plan: &Plan) {
        let due_at = plan.by.at;
        let anchor = self.anchor_after(due_at);
        self.service(EventKind::Breached {
            level: plan.level,
            awaiting: Awaiting::Completion,
            due_at,
            silence: Silence::PromisedNotDone,
            joins: false,
        });
        self.enter_next(anchor);
    }

    /// A missed verification is no breach: the next union level is asked, with the same window.
    fn ask_next_union_level(&mut self, missed: UtcMillis, window: i64) {
        let asked = self.report.union_reached.iter().max().copied();
        let next = self.policy.union_levels().into_iter().find(|level| Some(*level) > asked);
        if let Some(level) = next {
            let due_at = self.anchor_after(missed).plus_millis(window);
            return self.service(EventKind::VerificationAsked { level, due_at });
        }
        self.service(EventKind::NotVerified { level: asked });
        self.close_if_over();
    }

    /// Closes when the check is settled and the contest window is over or used.
    pub(super) fn close_if_over(&mut self) {
        let Stage::Answered(answered) = &self.report.stage else { return };
        if answered.plan.is_some() || !answered.contest_is_over(self.now) {
            return;
        }
        let outcome = match answered.check {
            Check::Due { .. } => return,
            Check::NotRequired | Check::Verified => Outcome::Answered,
            Check::NotVerified => Outcome::AnsweredNotChecked,
        };
        self.service(EventKind::Closed { outcome });
    }

    fn another_day(&mut self) {
        self.service(EventKind::ExhaustedDay { day: self.report.silent_days.saturating_add(1) });
    }
}
