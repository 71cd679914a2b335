//! What the union side may do: verify, escalate by hand, share a summary, find not credible, write.
//!
//! Source: domain.md, "Life of a report" and "Retaliation".

use super::{Actor, Refusal, Work};
use crate::domain::{
    catalogue::Chain,
    event::{Addressed, EventKind, Outcome},
    policy::{Level, Side},
    report::{Check, Stage},
};

impl Work<'_> {
    /// Prepares an act of somebody whose clock does not run: brings the record up to now, checks that they were told.
    pub(super) fn union_act(&mut self, actor: &Actor) -> Result<Level, Refusal> {
        self.level_of(actor)?;
        self.catch_up();
        self.level_of(actor)
    }

    pub(super) fn verify(&mut self, actor: &Actor, verified: bool) -> Result<(), Refusal> {
        self.level_on_side(actor, Side::Union)?;
        if self.report.chain == Chain::Union {
            return Err(self.out_of_order("an answer of the union side is not checked by it"));
        }
        self.refuse_while_held_back()?;
        self.overtake();
        let level = self.union_act(actor)?;
        let Stage::Answered(answered) = &self.report.stage else {
            return Err(self.out_of_order("there is no answer to check"));
        };
        if answered.plan.is_some() {
            return Err(self.out_of_order("the plan is not done yet"));
        }
        match (&answered.check, verified) {
            (Check::Verified, true) => Ok(()),
            (Check::Verified, false) => Err(self.out_of_order("it was verified already")),
            (Check::NotRequired | Check::Due { .. } | Check::NotVerified, true) => {
                self.by(actor, EventKind::Verified { level: Some(level) });
                self.close_if_over();
                Ok(())
            }
            (Check::NotRequired | Check::Due { .. } | Check::NotVerified, false) => {
                self.by(actor, EventKind::Rejected { level });
                self.begin_cycle(self.now);
                Ok(())
            }
        }
    }

    pub(super) fn escalate(&mut self, actor: &Actor) -> Result<(), Refusal> {
        self.level_on_side(actor, Side::Union)?;
        self.refuse_while_held_back()?;
        self.union_act(actor)?;
        if self.report.chain == Chain::Union || !matches!(self.report.stage, Stage::Open(_)) {
            return Err(self.out_of_order("no clock of the production runs"));
        }
        let Some((to, passed)) = self.next_reachable(self.highest_told()) else {
            return Err(self.out_of_order("nobody reachable is above"));
        };
        self.by(actor, EventKind::Escalated { to, passed });
        Ok(())
    }

    /// Once: it ends the union chain, and the production chain begins with its first level, anchored now.
    pub(super) fn summarise(&mut self, actor: &Actor) -> Result<(), Refusal> {
        self.level_on_side(actor, Side::Union)?;
        if self.report.chain != Chain::Union {
            return Err(self.out_of_order("there is nothing to summarise"));
        }
        let level = self.clock_act(actor)?;
        if !self.report.is_open() {
            return Err(self.out_of_order("it is closed"));
        }
        let met = self.running_levels();
        let late_for = self.late_levels(actor);
        self.by(actor, EventKind::Summary { level, met, late_for });
        self.enter_first(self.now);
        Ok(())
    }

    pub(super) fn not_credible(&mut self, actor: &Actor) -> Result<(), Refusal> {
        self.level_on_side(actor, Side::Union)?;
        self.refuse_while_held_back()?;
        self.union_act(actor)?;
        if let Stage::Closed { outcome } = self.report.stage {
            let rule = "it is closed";
            return if outcome == Outcome::NotCredible { Ok(()) } else { Err(self.out_of_order(rule)) };
        }
        match self.report.not_credible_by {
            None => self.by(actor, EventKind::NotCredibleProposed),
            Some(first) if first == actor.member => {}
            Some(_) => {
                self.by(actor, EventKind::NotCredible);
                self.service(EventKind::Closed { outcome: Outcome::NotCredible });
            }
        }
        Ok(())
    }

    /// A member writes to the reporter, and to nobody else's clock.
    pub(super) fn write(&mut self, actor: &Actor) -> Result<(), Refusal> {
        self.union_act(actor)?;
        if let Stage::Closed { outcome: Outcome::Withdrawn } = self.report.stage {
            return Err(self.out_of_order("its reporter took it back"));
        }
        self.by(actor, EventKind::Message { to: Addressed::Reporter });
        Ok(())
    }
}
