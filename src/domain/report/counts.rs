//! What lists and statistics need of a report's life, counted as it happens: so that neither reads every event.

use serde::{Deserialize, Serialize};

use super::Report;
use crate::domain::{
    access::{Audience, shows},
    catalogue::Chain,
    event::{Event, EventKind},
    policy::Side,
    time::UtcMillis,
};

/// How many events of a report each side may see. A list shows the number of its reader's side, so that it changes with
/// everything that they may see and with nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    production: u32,
    union: u32,
    observer: u32,
}

impl Seen {
    /// The number of a side.
    pub const fn by(self, side: Side) -> u32 {
        match side {
            Side::Production => self.production,
            Side::Union => self.union,
            Side::Observer => self.observer,
        }
    }

    fn count(&mut self, event: &Event) {
        let seen = |side| u32::from(shows(Audience::Side(side), event));
        self.union += seen(Side::Union);
        // To everybody else two levels that are asked together are one step, whether both can be asked or one alone.
        if !is_second_of_two(event) {
            self.production += seen(Side::Production);
            self.observer += seen(Side::Observer);
        }
    }
}

const fn is_second_of_two(event: &Event) -> bool {
    matches!(event.kind, EventKind::Assigned { joins: true, .. } | EventKind::Breached { joins: true, .. })
}

/// The clock of one chain, from its beginning to its first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainClock {
    /// Whose.
    pub chain: Chain,
    /// End of the span of the delivery; the summary's instant for the chain that a summary begins.
    pub began_at: UtcMillis,
    /// The first "I have it", or what counts as one.
    pub acknowledged_at: Option<UtcMillis>,
    /// The first answer; the summary, for the chain that it ends.
    pub answered_at: Option<UtcMillis>,
}

impl ChainClock {
    const fn begun(chain: Chain, began_at: UtcMillis) -> Self {
        Self { chain, began_at, acknowledged_at: None, answered_at: None }
    }

    fn acknowledge(&mut self, at: UtcMillis) {
        self.acknowledged_at.get_or_insert(at);
    }

    fn answer(&mut self, at: UtcMillis) {
        self.acknowledge(at);
        self.answered_at.get_or_insert(at);
    }
}

impl Report {
    /// The clock that a side is measured by: the first one; for whoever knows of nothing before a summary, the one that
    /// the summary began.
    pub fn clock_for(&self, side: Side) -> Option<&ChainClock> {
        match side {
            Side::Union => self.clocks.first(),
            Side::Production | Side::Observer => self.clocks.iter().find(|clock| clock.chain == Chain::Production),
        }
    }
}

/// Counts an event that has just been applied.
pub(in crate::domain) fn count(report: &mut Report, event: &Event) {
    report.seen.count(event);
    let at = event.at.to;
    match &event.kind {
        EventKind::Delivered => report.clocks.push(ChainClock::begun(event.chain, at)),
        EventKind::Acknowledged { .. } | EventKind::Referred { .. } => running(report, |clock| clock.acknowledge(at)),
        EventKind::Answered { .. } => running(report, |clock| clock.answer(at)),
        EventKind::Summary { .. } => {
            running(report, |clock| clock.answer(at));
            report.clocks.push(ChainClock::begun(Chain::Production, at));
        }
        EventKind::Filed { .. }
        | EventKind::Assigned { .. }
        | EventKind::NoRecipient { .. }
        | EventKind::Told { .. }
        | EventKind::HolderTaken { .. }
        | EventKind::StopWork { .. }
        | EventKind::Resumed
        | EventKind::AnsweredByReferral { .. }
        | EventKind::Completed { .. }
        | EventKind::VerificationAsked { .. }
        | EventKind::Verified { .. }
        | EventKind::Rejected { .. }
        | EventKind::NotVerified { .. }
        | EventKind::SafeNow
        | EventKind::CannotTell
        | EventKind::Contested { .. }
        | EventKind::CycleBegan { .. }
        | EventKind::Worse { .. }
        | EventKind::Reanchored { .. }
        | EventKind::Escalated { .. }
        | EventKind::Breached { .. }
        | EventKind::Lifted { .. }
        | EventKind::Extended { .. }
        | EventKind::Exhausted { .. }
        | EventKind::ExhaustedDay { .. }
        | EventKind::Recused { .. }
        | EventKind::NotCredibleProposed
        | EventKind::NotCredible
        | EventKind::Message { .. }
        | EventKind::Withdrawn { .. }
        | EventKind::Closed { .. } => {}
    }
}

fn running(report: &mut Report, set: impl FnOnce(&mut ChainClock)) {
    if let Some(clock) = report.clocks.last_mut() {
        set(clock);
    }
}
