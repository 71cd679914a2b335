//! The ledger accuses levels of silence, so it must be right.
//!
//! Source: domain.md, "Fairness".

use super::Work;
use crate::domain::{
    event::{EventKind, Telling},
    ids::MemberId,
    policy::Level,
    report::{Check, Deadline, Open, Stage},
    time::{Seconds, UtcMillis},
};

/// A shorter outage moves nothing.
pub(super) const SHORTEST_OUTAGE: Seconds = Seconds(30);

impl Work<'_> {
    /// Records that a level was told, the first time in this way and cycle.
    pub(super) fn told(&mut self, member: MemberId, how: Telling, at: UtcMillis) {
        if self.report.cycle == 0 {
            return;
        }
        let side = self.report.clock_side();
        let reached = self.report.clock_reached().clone();
        for level in self.levels_of(member, side).into_iter().filter(|l| reached.contains(l)) {
            if self.report.told.contains_key(&format!("{}/{}", level.0, how.code())) {
                continue;
            }
            let in_time = self.is_in_time(level, at);
            self.spanned = at;
            self.service(EventKind::Told { level, how, in_time });
        }
    }

    /// Before the deadline of the level's own clock; a level told (by hand, by referral, in an earlier cycle) before its
    /// clock runs is in time for it.
    fn is_in_time(&self, level: Level, at: UtcMillis) -> bool {
        match &self.report.stage {
            Stage::Open(open) if open.levels.contains(&level) => at < open.due_at(),
            Stage::Open(_) | Stage::Answered(_) => Some(level) > self.report.highest,
            Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => false,
        }
    }

    /// Seats or addresses changed: a running level without anybody is `no_recipient`, and the next is entered now.
    pub(super) fn people_changed(&mut self) {
        if self.is_held_back() {
            return;
        }
        if let Stage::Open(open) = self.report.stage.clone() {
            let empty: Vec<Level> = open.levels.iter().copied().filter(|l| !self.is_reachable(*l)).collect();
            for level in &empty {
                self.service(EventKind::NoRecipient { level: *level });
            }
            if !open.levels.is_empty() && empty.len() == open.levels.len() {
                let now = self.moment();
                self.enter_next(now);
            }
        }
        self.pass_dead_levels();
    }

    /// The service was down: every open deadline that had not passed when it began moves. Short ones move nothing.
    pub(super) fn outage(&mut self, from: UtcMillis, to: UtcMillis) {
        if to.since(from) < SHORTEST_OUTAGE.millis() {
            return;
        }
        let kind = match &self.report.stage {
            Stage::Open(open) => self.extended_open(open, from, to),
            Stage::Answered(answered) => {
                let plan_by = answered.plan.as_ref().and_then(|p| self.moved(p.by, from, to));
                let verify_by = match &answered.check {
                    Check::Due { by, .. } => self.moved(*by, from, to),
                    Check::NotRequired | Check::Verified | Check::NotVerified => None,
                };
                let contest_until = answered.contest_until.and_then(|d| self.moved(d, from, to));
                extended(from, to, None, None, None, plan_by, verify_by, contest_until)
            }
            Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => None,
        };
        if let Some(kind) = kind {
            self.service(kind);
        }
    }

    fn extended_open(&self, open: &Open, from: UtcMillis, to: UtcMillis) -> Option<EventKind> {
        let acknowledge_by = self.moved(open.acknowledge_by, from, to);
        let answer_by = self.moved(open.answer_by, from, to);
        let awaited = if open.acknowledged { answer_by } else { acknowledge_by };
        // A level whose awaited deadline passed before the outage is past saving: its clock does not move.
        awaited?;
        let anchor = open.anchor.extended(to.since(from), Seconds(0)).at;
        extended(from, to, Some(anchor), acknowledge_by, answer_by, None, None, None)
    }

    fn moved(&self, deadline: Deadline, from: UtcMillis, to: UtcMillis) -> Option<UtcMillis> {
        (deadline.at > from).then(|| deadline.extended(to.since(from), self.step()).at)
    }

    /// An act that was in time, though its breach is committed: the breach is lifted and the clock goes back.
    pub(super) fn overtake(&mut self) {
        let now = self.now;
        let Some(rewind) = self.report.rewinds.iter().find(|r| self.may_overtake && r.due_at > now) else { return };
        let due_at = rewind.due_at;
        let levels = self.report.breaches.iter().skip(rewind.breaches).map(|b| b.level).collect();
        self.service(EventKind::Lifted { due_at, levels });
        self.overtaken = Some((due_at, self.report.awaiting()));
    }
}

#[expect(clippy::too_many_arguments, reason = "one for each deadline that an event can move")]
fn extended(
    from: UtcMillis,
    to: UtcMillis,
    anchor: Option<UtcMillis>,
    acknowledge_by: Option<UtcMillis>,
    answer_by: Option<UtcMillis>,
    plan_by: Option<UtcMillis>,
    verify_by: Option<UtcMillis>,
    contest_until: Option<UtcMillis>,
) -> Option<EventKind> {
    [acknowledge_by, answer_by, plan_by, verify_by, contest_until].iter().any(Option::is_some).then_some(
        EventKind::Extended { from, to, anchor, acknowledge_by, answer_by, plan_by, verify_by, contest_until },
    )
}
