//! What whoever holds the receipt may do: file, say whether it is safe, worse, write, withdraw.
//!
//! Source: domain.md, "Windows" (delivery) and "Life of a report".

use super::{Refusal, Safety, Work};
use crate::domain::{
    catalogue::{Chain, Severity},
    event::{Addressed, EventKind, Outcome},
    report::{Check, Open, Stage},
    time::UtcMillis,
};

/// A report as it is taken in; its severity is computed already (see `catalogue::severity`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Its category is `retaliation`: it runs on the union chain first.
    pub retaliation: bool,
    /// Severity after raising.
    pub severity: Severity,
    /// The random delay that was drawn, milliseconds, `0..=7_200_000`; ignored where delivery is at once.
    pub delay_millis: i64,
}

impl Work<'_> {
    pub(super) fn file(&mut self, filing: &Filing) {
        self.report.retaliation = filing.retaliation;
        self.report.severity = filing.severity;
        let at_once = self.is_delivered_at_once(filing.severity);
        let delay = if at_once { 0 } else { filing.delay_millis.max(0) };
        let deliver_at = self.now.plus_millis(delay).up(self.step());
        let chain = if filing.retaliation { Chain::Union } else { Chain::Production };
        self.by_reporter(EventKind::Filed {
            chain,
            retaliation: filing.retaliation,
            severity: filing.severity,
            deliver_at,
            policy_version: self.policy.version,
        });
        if at_once || deliver_at <= self.now {
            self.deliver(deliver_at);
        }
    }

    /// At once for `immediate` and `next_setup`; `retaliation` always waits for its step.
    fn is_delivered_at_once(&self, severity: Severity) -> bool {
        !self.report.retaliation && severity >= Severity::NextSetup
    }

    pub(super) fn safety(&mut self, safety: Safety) -> Result<(), Refusal> {
        if safety != Safety::CannotTell {
            self.refuse_while_held_back()?;
        }
        self.overtake();
        self.catch_up();
        let Stage::Answered(answered) = self.report.stage.clone() else {
            return Err(self.out_of_order("there is no answer that could be contested"));
        };
        if safety == Safety::CannotTell {
            self.by_reporter(EventKind::CannotTell);
            return Ok(());
        }
        if answered.contest_is_over(self.now) {
            return Err(self.out_of_order("the time to contest is over, or you said so already"));
        }
        match safety {
            Safety::Yes if answered.plan.is_some() => Err(self.out_of_order("the plan is not done yet")),
            Safety::Yes => {
                self.by_reporter(EventKind::SafeNow);
                let counts = self.report.severity < Severity::Immediate;
                if counts && matches!(answered.check, Check::Due { .. } | Check::NotVerified) {
                    self.service(EventKind::Verified { level: None });
                }
                self.close_if_over();
                Ok(())
            }
            Safety::No | Safety::CannotTell => {
                self.contest();
                Ok(())
            }
        }
    }

    fn contest(&mut self) {
        let severity = if self.report.retaliation { self.report.severity } else { self.report.severity.raised() };
        self.by_reporter(EventKind::Contested { severity });
        // The new severity's step: its windows must not start later than its own rounding makes them.
        self.begin_cycle(self.now.up(self.step()));
    }

    pub(super) fn worse(&mut self) -> Result<(), Refusal> {
        self.catch_up();
        if self.report.worse_used {
            return Err(self.out_of_order("you said so already"));
        }
        let severity = if self.report.retaliation { self.report.severity } else { self.report.severity.raised() };
        match self.report.stage.clone() {
            Stage::Filed { deliver_at } => {
                self.worse_before_delivery(severity, deliver_at);
                Ok(())
            }
            Stage::Open(open) => {
                self.by_reporter(EventKind::Worse { severity, deliver_at: None });
                self.reanchor(&open);
                Ok(())
            }
            Stage::Exhausted(_) => {
                self.by_reporter(EventKind::Worse { severity, deliver_at: None });
                Ok(())
            }
            Stage::Answered(_) => Err(self.out_of_order("it is answered; say that it is not safe instead")),
            Stage::Closed { .. } => Err(self.out_of_order("what goes on, or happens again, needs a new report")),
        }
    }

    fn worse_before_delivery(&mut self, severity: Severity, deliver_at: UtcMillis) {
        let at_once = self.is_delivered_at_once(severity);
        let row = if self.report.retaliation { self.report.row() } else { severity.into() };
        let sooner = self.policy.up(row, self.now).min(deliver_at);
        self.by_reporter(EventKind::Worse { severity, deliver_at: Some(sooner) });
        if at_once || sooner <= self.now {
            self.deliver(sooner);
        }
    }

    /// If the awaited deadline would be sooner with a window started now, the level is anchored now, each deadline the
    /// earlier of old and new, and level 2 joins level 1 for `immediate`.
    fn reanchor(&mut self, open: &Open) {
        let step = self.step();
        let anchor = self.now.up(step);
        let acknowledge_by = anchor.plus(self.acknowledge_window(open.window.into())).up(step);
        let answer_by = anchor.plus(self.answer_window()).up(step);
        let awaited = if open.acknowledged { answer_by } else { acknowledge_by };
        if awaited >= open.due_at() {
            return;
        }
        self.service(EventKind::Reanchored {
            anchor,
            acknowledge_by: acknowledge_by.min(open.acknowledge_by.at),
            answer_by: answer_by.min(open.answer_by.at),
        });
        if let Stage::Open(open) = self.report.stage.clone()
            && self.runs_in_pairs()
        {
            self.join_second(&open);
        }
    }

    pub(super) fn message(&mut self, to: Addressed) -> Result<(), Refusal> {
        if let Stage::Closed { outcome: Outcome::Withdrawn } = self.report.stage {
            return Err(self.out_of_order("you took it back"));
        }
        self.by_reporter(EventKind::Message { to });
        Ok(())
    }

    /// Closes; before delivery the report is erased.
    pub(super) fn withdraw(&mut self) -> Result<(), Refusal> {
        if !matches!(self.report.stage, Stage::Filed { .. }) {
            self.refuse_while_held_back()?;
        }
        self.catch_up();
        match &self.report.stage {
            Stage::Closed { outcome: Outcome::Withdrawn } => Ok(()),
            Stage::Closed { .. } => Err(self.out_of_order("it is closed already")),
            Stage::Filed { .. } => {
                self.by_reporter(EventKind::Withdrawn { erased: true });
                Ok(())
            }
            Stage::Open(_) | Stage::Answered(_) | Stage::Exhausted(_) => {
                self.by_reporter(EventKind::Withdrawn { erased: false });
                Ok(())
            }
        }
    }
}
