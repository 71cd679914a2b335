//! What the side whose clock runs may do: acknowledge, take over, answer, refer, stop work.
//!
//! Source: domain.md, "Life of a report".

use super::{Actor, AnswerGiven, Refusal, Work};
use crate::domain::{
    access,
    catalogue::{Chain, Severity},
    event::{AnswerKind, Done, EventKind},
    policy::Level,
    report::{Open, Stage},
    time::{Seconds, UtcMillis},
};

/// The longest plan of a `retaliation` report.
const RETALIATION_PLAN: Seconds = Seconds::days(14);

impl Work<'_> {
    /// Prepares an act of the clock's side: brings the record up to now, puts an overtaken clock back, checks the side.
    pub(super) fn clock_act(&mut self, actor: &Actor) -> Result<Level, Refusal> {
        self.level_on_side(actor, self.report.clock_side())?;
        self.refuse_while_held_back()?;
        self.overtake();
        self.catch_up();
        self.level_on_side(actor, self.report.clock_side())
    }

    pub(super) fn acknowledge(&mut self, actor: &Actor) -> Result<(), Refusal> {
        let level = self.clock_act(actor)?;
        match self.report.stage.clone() {
            Stage::Open(open) => {
                if self.takes_referral(actor, &open) {
                    self.take_referral(actor, &open);
                } else if !open.acknowledged {
                    self.by(actor, EventKind::Acknowledged { level, met: open.levels });
                }
                Ok(())
            }
            Stage::Exhausted(exhausted) if exhausted.acknowledged => Ok(()),
            Stage::Exhausted(_) => {
                self.by(actor, EventKind::Acknowledged { level, met: Vec::new() });
                Ok(())
            }
            // Answering acknowledged in the same instant: acknowledging again changes nothing.
            Stage::Answered(_) => Ok(()),
            Stage::Filed { .. } => Err(Refusal::NotVisible),
            Stage::Closed { .. } => Err(self.out_of_order("there is nothing left to acknowledge")),
        }
    }

    fn takes_referral(&self, actor: &Actor, open: &Open) -> bool {
        let Some(referral) = &open.referral else { return false };
        let side = self.report.clock_side();
        referral.by != actor.member && self.levels_of(actor.member, side).contains(&referral.to)
    }

    /// The referring level is recorded as answered by referral, and the level referred to is entered, acknowledged.
    fn take_referral(&mut self, actor: &Actor, open: &Open) {
        let Some(referral) = &open.referral else { return };
        self.by(actor, EventKind::AnsweredByReferral { levels: open.levels.clone() });
        self.enter_referred(referral.to, referral.at, open.answer_by.at);
        self.by(actor, EventKind::Acknowledged { level: referral.to, met: vec![referral.to] });
    }

    /// An answer or a stop-work acknowledges in the same instant: it takes a referral to the actor's level with it.
    fn take_referral_of(&mut self, actor: &Actor, level: Level) -> Level {
        let Stage::Open(open) = self.report.stage.clone() else { return level };
        if !self.takes_referral(actor, &open) {
            return level;
        }
        self.take_referral(actor, &open);
        open.referral.map_or(level, |r| r.to)
    }

    pub(super) fn take_over(&mut self, actor: &Actor) -> Result<(), Refusal> {
        let level = self.clock_act(actor)?;
        if !self.report.is_open() {
            return Err(self.out_of_order("there is nothing left to hold"));
        }
        if self.report.holder.as_ref().is_some_and(|(holder, _)| *holder == actor.member) {
            return Ok(());
        }
        self.by(actor, EventKind::HolderTaken { level });
        Ok(())
    }

    pub(super) fn answer(&mut self, actor: &Actor, given: &AnswerGiven) -> Result<(), Refusal> {
        let level = self.clock_act(actor)?;
        if let Stage::Closed { .. } = self.report.stage {
            return Err(self.out_of_order("it is closed"));
        }
        let level = self.take_referral_of(actor, level);
        match given.kind {
            AnswerKind::Referral => self.refer(actor, level),
            AnswerKind::Action | AnswerKind::Dispute => self.act(actor, level, given),
        }
    }

    fn act(&mut self, actor: &Actor, level: Level, given: &AnswerGiven) -> Result<(), Refusal> {
        let done = self.promise(level, given)?;
        match self.report.stage.clone() {
            Stage::Open(open) => self.first_answer(actor, level, given, done, open.levels, true),
            Stage::Exhausted(_) => self.first_answer(actor, level, given, done, Vec::new(), false),
            Stage::Answered(answered) => {
                let completes = answered.plan.is_some() && done == Done::Yes && given.kind == AnswerKind::Action;
                self.further_answer(actor, level, given, done);
                if completes {
                    self.complete(actor, level);
                }
            }
            Stage::Filed { .. } | Stage::Closed { .. } => return Err(Refusal::NotVisible),
        }
        Ok(())
    }

    /// Checks a plan's date.
    fn promise(&self, level: Level, given: &AnswerGiven) -> Result<Done, Refusal> {
        let Some(by) = given.planned_by.filter(|_| given.kind == AnswerKind::Action) else { return Ok(Done::Yes) };
        if self.report.severity == Severity::Immediate && !self.report.retaliation && self.report.stopped.is_none() {
            return Err(self.out_of_order("a plan needs work to be stopped first"));
        }
        if self.report.broke_promise.contains(&level) {
            return Err(self.out_of_order("this level promised before and did not keep it"));
        }
        let most = self.longest_plan();
        if by <= self.now || by > self.now.plus(most) {
            return Err(Refusal::DateOutOfRange { most_seconds: most.0 });
        }
        Ok(Done::Planned { by })
    }

    fn longest_plan(&self) -> Seconds {
        if self.report.retaliation {
            return RETALIATION_PLAN;
        }
        match self.report.severity {
            Severity::Immediate => Seconds::hours(2),
            Severity::NextSetup => Seconds::hours(12),
            Severity::NextCall => Seconds::hours(36),
            Severity::Concern => Seconds::days(14),
        }
    }

    fn first_answer(
        &mut self,
        actor: &Actor,
        level: Level,
        given: &AnswerGiven,
        done: Done,
        met: Vec<Level>,
        in_time: bool,
    ) {
        let planned = matches!(done, Done::Planned { .. });
        let asked = self.is_checked(given.kind);
        let required = !planned && (asked || self.is_drawn(given));
        let kind = EventKind::Answered {
            answer: given.kind,
            done,
            by_role: given.by_role.clone(),
            level,
            met,
            late_for: self.late_levels(actor),
            in_time,
            verify_by: required.then(|| self.now.plus(self.check_window())),
            verify_window: self.check_window().millis(),
            contest_until: (!planned).then(|| self.contest_until()),
            drawn: required && !asked,
            further: false,
        };
        self.by(actor, kind);
    }

    fn further_answer(&mut self, actor: &Actor, level: Level, given: &AnswerGiven, done: Done) {
        let late_for = self.late_levels(actor);
        let in_time = late_for.is_empty() && self.report.answers.last().is_some_and(|a| a.in_time);
        let kind = EventKind::Answered {
            answer: given.kind,
            done,
            by_role: given.by_role.clone(),
            level,
            met: Vec::new(),
            late_for,
            in_time,
            verify_by: None,
            verify_window: 0,
            contest_until: None,
            drawn: false,
            further: true,
        };
        self.by(actor, kind);
    }

    fn complete(&mut self, actor: &Actor, level: Level) {
        let checked = self.report.chain == Chain::Production;
        let kind = EventKind::Completed {
            level,
            verify_by: checked.then(|| self.now.plus(self.check_window())),
            verify_window: self.check_window().millis(),
            contest_until: self.contest_until(),
        };
        self.by(actor, kind);
    }

    /// Required for `immediate`, `next_setup` and every dispute; never on the union chain.
    fn is_checked(&self, kind: AnswerKind) -> bool {
        self.report.chain == Chain::Production
            && (self.report.severity >= Severity::NextSetup || kind == AnswerKind::Dispute)
    }

    /// One of the tenth of the rest.
    fn is_drawn(&self, given: &AnswerGiven) -> bool {
        self.report.chain == Chain::Production && given.drawn
    }

    fn check_window(&self) -> Seconds {
        self.policy.verification(self.report.severity)
    }

    fn contest_until(&self) -> UtcMillis {
        self.now.plus(self.policy.document.contest_seconds)
    }

    /// Levels of the actor that had a breach in this cycle: they are answered late now.
    pub(super) fn late_levels(&self, actor: &Actor) -> Vec<Level> {
        let levels = self.levels_of(actor.member, self.report.clock_side());
        let report = &self.report;
        let open = report.breaches.iter().filter(|b| {
            b.chain == report.chain && b.cycle == report.cycle && !b.lifted && b.answered_late_at.is_none()
        });
        let mut late: Vec<Level> = open.map(|b| b.level).filter(|l| levels.contains(l)).collect();
        late.sort_unstable();
        late.dedup();
        late
    }

    /// The levels whose clock runs.
    pub(super) fn running_levels(&self) -> Vec<Level> {
        match &self.report.stage {
            Stage::Open(open) => open.levels.clone(),
            Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => Vec::new(),
        }
    }

    fn refer(&mut self, actor: &Actor, level: Level) -> Result<(), Refusal> {
        let Stage::Open(open) = self.report.stage.clone() else {
            return Err(self.out_of_order("it can be referred only while its clock runs"));
        };
        if self.report.referred {
            return Err(self.out_of_order("it was referred once already"));
        }
        let Some((to, passed)) = self.next_reachable(self.report.highest) else {
            return Err(self.out_of_order("there is nobody above to refer it to"));
        };
        if !open.acknowledged {
            self.by(actor, EventKind::Acknowledged { level, met: open.levels });
        }
        self.by(actor, EventKind::Referred { to, passed, level });
        Ok(())
    }

    pub(super) fn stop_work(&mut self, actor: &Actor, may_restart_role: &str) -> Result<(), Refusal> {
        let stops_the_clock = actor.side == self.report.clock_side();
        let level = if stops_the_clock { self.clock_act(actor)? } else { self.union_act(actor)? };
        if !self.report.is_open() {
            return Err(self.out_of_order("it is closed"));
        }
        let moved = if stops_the_clock { self.acknowledge_by_stopping(actor, level) } else { None };
        let (instead_of, answer_by) = moved.unzip();
        self.by(actor, EventKind::StopWork { may_restart_role: may_restart_role.to_owned(), answer_by, instead_of });
        Ok(())
    }

    /// A production member's stop-work acknowledges; gives the answer deadline that it moves, and where to.
    fn acknowledge_by_stopping(&mut self, actor: &Actor, level: Level) -> Option<(UtcMillis, UtcMillis)> {
        let level = self.take_referral_of(actor, level);
        match self.report.stage.clone() {
            Stage::Open(open) => {
                if !open.acknowledged {
                    self.by(actor, EventKind::Acknowledged { level, met: open.levels.clone() });
                }
                self.after_stop_work(&open)
            }
            Stage::Exhausted(exhausted) => {
                if !exhausted.acknowledged {
                    self.by(actor, EventKind::Acknowledged { level, met: Vec::new() });
                }
                None
            }
            Stage::Filed { .. } | Stage::Answered(_) | Stage::Closed { .. } => None,
        }
    }

    /// For `immediate` the written answer is due two hours after the level's anchor, once a cycle.
    fn after_stop_work(&self, open: &Open) -> Option<(UtcMillis, UtcMillis)> {
        if self.report.stop_moved || !self.runs_in_pairs() {
            return None;
        }
        let written = self.policy.windows(self.report.row()).written?;
        let moved = open.anchor.at.plus(written).up(self.step());
        (moved > open.answer_by.at).then_some((open.answer_by.at, moved))
    }

    pub(super) fn resume(&mut self, actor: &Actor) -> Result<(), Refusal> {
        let side = self.report.clock_side();
        if actor.side == side {
            self.clock_act(actor)?
        } else {
            self.union_act(actor)?
        };
        if self.report.stopped.is_none() {
            return Err(self.out_of_order("work is not stopped"));
        }
        self.by(actor, EventKind::Resumed);
        Ok(())
    }

    pub(super) fn recuse(&mut self, actor: &Actor) -> Result<(), Refusal> {
        if self.report.recused.contains(&actor.member) {
            return Ok(());
        }
        self.catch_up();
        // Observers have no level to leave empty.
        match self.level_of(actor) {
            Ok(_) | Err(Refusal::NotForYourSide { .. }) => {}
            Err(refusal) => return Err(refusal),
        }
        if access::is_last_at_a_level(&self.people.seats, &self.report.recused, actor.member) {
            return Err(Refusal::LastAtLevel);
        }
        self.by(actor, EventKind::Recused { member: actor.member });
        self.people_changed();
        Ok(())
    }
}
