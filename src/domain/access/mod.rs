//! Side × role × stage: who may see a report, which parts of it, what they may do, and who must not know.
//!
//! Whoever has no [`View`] of a report gets what they would get for one that does not exist (404); whoever has one and
//! may not act gets a refusal (403 or 409). The same functions guard [`super::lifecycle::decide`], so that a screen
//! never offers what the rules refuse.
//!
//! Source: domain.md, "Who never sees a report"; security.md, "Kept out".

mod shows;
mod together;

pub use shows::{Audience, answers_for, board_at, breaches_for, counts_for_repeated, due_for, shows};
pub use together::Together;

use std::collections::BTreeSet;

use super::{
    catalogue::Chain,
    event::Outcome,
    ids::MemberId,
    policy::{Level, Side},
    report::{Check, Report, Stage},
    time::UtcMillis,
};

/// A seat of the production, as a report sees it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seated {
    /// Whose.
    pub member: MemberId,
    /// Its side.
    pub side: Side,
    /// Level of its desk; observers have none.
    pub level: Option<Level>,
    /// Its member is kept out of this report.
    pub kept_out: bool,
    /// Its member's address has been known dead since then.
    pub dead_since: Option<UtcMillis>,
}

/// A member who looks at a report.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// The person.
    pub member: MemberId,
    /// Their side.
    pub side: Side,
    /// Levels of their seats that are not removed; none for observers.
    pub levels: &'a [Level],
    /// They are kept out of this report, whatever seat they hold.
    pub kept_out: bool,
}

/// The sealed parts that somebody may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// What both sides and the observers read.
    pub shared: bool,
    /// What the union side alone reads.
    pub union: bool,
    /// The union's summary of a `retaliation` report.
    pub summary: bool,
}

/// What somebody who may see a report sees of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Their side.
    pub side: Side,
    /// The level they act for: the one whose clock runs, else the highest of theirs that was told; observers: none.
    pub level: Option<Level>,
    /// The parts they may open.
    pub parts: Parts,
}

/// What a member can do about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// "I have it".
    Acknowledge,
    /// Take it over from whoever has it.
    TakeOver,
    /// The close-out.
    Answer,
    /// Stop work.
    StopWork,
    /// Work goes on.
    Resume,
    /// Verify or reject an answer.
    Verify,
    /// Tell one level more now.
    Escalate,
    /// Share a summary of a `retaliation` report.
    Summarise,
    /// Not credible.
    NotCredible,
    /// Write to the reporter.
    Write,
    /// Take oneself off it.
    Recuse,
}

/// Why somebody may not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// They see the report; it is for another side to do.
    NotForYourSide(Side),
    /// It is theirs to do, in another stage.
    OutOfOrder,
}

/// What the viewer sees of the report; none: to them it does not exist.
pub fn view(report: &Report, viewer: &Viewer<'_>) -> Option<View> {
    if viewer.kept_out || report.recused.contains(&viewer.member) {
        return None;
    }
    let level = match viewer.side {
        Side::Production => Some(level_told(report, &report.reached, viewer)?),
        Side::Union => Some(level_told(report, &report.union_reached, viewer)?),
        Side::Observer if report.observers_told => None,
        Side::Observer => return None,
    };
    Some(View { side: viewer.side, level, parts: parts(report, viewer.side) })
}

fn level_told(report: &Report, told: &BTreeSet<Level>, viewer: &Viewer<'_>) -> Option<Level> {
    let running: &[Level] = match &report.stage {
        Stage::Open(open) if viewer.side == report.clock_side() => &open.levels,
        Stage::Open(_) | Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => &[],
    };
    let mine = || viewer.levels.iter().copied().filter(|level| told.contains(level));
    mine().filter(|level| running.contains(level)).max().or(mine().max())
}

fn parts(report: &Report, side: Side) -> Parts {
    let summarised = report.retaliation && report.chain == Chain::Production;
    match side {
        Side::Union => Parts { shared: true, union: true, summary: summarised },
        Side::Production => Parts { shared: !report.retaliation, union: false, summary: summarised },
        Side::Observer => Parts { shared: !report.retaliation, union: false, summary: false },
    }
}

impl Act {
    /// All acts.
    pub const ALL: [Self; 11] = [
        Self::Acknowledge,
        Self::TakeOver,
        Self::Answer,
        Self::StopWork,
        Self::Resume,
        Self::Verify,
        Self::Escalate,
        Self::Summarise,
        Self::NotCredible,
        Self::Write,
        Self::Recuse,
    ];

    /// Whether this side may ever do it; else the side that may.
    const fn permits(self, report: &Report, side: Side) -> Result<(), Side> {
        let whose = match self {
            Self::Acknowledge | Self::TakeOver | Self::Answer => report.clock_side(),
            Self::Verify | Self::Escalate | Self::Summarise | Self::NotCredible => Side::Union,
            Self::StopWork | Self::Resume | Self::Write => match side {
                Side::Production | Side::Union => side,
                Side::Observer => report.clock_side(),
            },
            Self::Recuse => side,
        };
        if matches!(
            (whose, side),
            (Side::Production, Side::Production) | (Side::Union, Side::Union) | (Side::Observer, Side::Observer)
        ) {
            Ok(())
        } else {
            Err(whose)
        }
    }
}

/// Whether somebody with this view may do it now.
///
/// What only `decide` can know (nobody reachable is above, the last one at a level, a date) is not judged here.
///
/// # Errors
/// [`Denied`], naming the side that may, or the stage.
pub fn permit(report: &Report, view: &View, viewer: &Viewer<'_>, act: Act) -> Result<(), Denied> {
    act.permits(report, view.side).map_err(Denied::NotForYourSide)?;
    if is_in_order(report, viewer, act) { Ok(()) } else { Err(Denied::OutOfOrder) }
}

/// Everything somebody with this view may do now.
pub fn acts(report: &Report, view: &View, viewer: &Viewer<'_>) -> Vec<Act> {
    Act::ALL.into_iter().filter(|act| permit(report, view, viewer, *act).is_ok()).collect()
}

fn is_in_order(report: &Report, viewer: &Viewer<'_>, act: Act) -> bool {
    match act {
        Act::Acknowledge => can_be_acknowledged(report, viewer),
        Act::TakeOver => report.is_open() && report.holder.as_ref().is_none_or(|(holder, _)| *holder != viewer.member),
        Act::Answer | Act::StopWork => report.is_open(),
        Act::Resume => report.stopped.is_some(),
        Act::Verify => report.chain == Chain::Production && can_be_verified(report),
        Act::Escalate => report.chain == Chain::Production && matches!(report.stage, Stage::Open(_)),
        Act::Summarise => report.chain == Chain::Union && report.is_open(),
        Act::NotCredible => report.is_open() && report.not_credible_by != Some(viewer.member),
        Act::Write => !matches!(report.stage, Stage::Closed { outcome: Outcome::Withdrawn }),
        Act::Recuse => true,
    }
}

fn can_be_acknowledged(report: &Report, viewer: &Viewer<'_>) -> bool {
    match &report.stage {
        Stage::Open(open) => {
            let mine = |to: Level, by: MemberId| by != viewer.member && viewer.levels.contains(&to);
            !open.acknowledged || open.referral.as_ref().is_some_and(|r| mine(r.to, r.by))
        }
        Stage::Exhausted(exhausted) => !exhausted.acknowledged,
        Stage::Filed { .. } | Stage::Answered(_) | Stage::Closed { .. } => false,
    }
}

fn can_be_verified(report: &Report) -> bool {
    let Stage::Answered(answered) = &report.stage else { return false };
    answered.plan.is_none() && answered.check != Check::Verified
}

/// The member is the last at one of their levels: whoever recused is not counted; whoever is kept out is, or the
/// refusal would name them. Such a person cannot recuse, be removed or be absent without a substitute.
///
/// Source: domain.md, "Levels".
pub fn is_last_at_a_level(seats: &[Seated], recused: &BTreeSet<MemberId>, member: MemberId) -> bool {
    let mine = seats.iter().filter(|s| s.member == member && s.level.is_some());
    let mut levels = mine.map(|s| (s.side, s.level));
    levels.any(|place| {
        !seats.iter().any(|s| (s.side, s.level) == place && s.member != member && !recused.contains(&s.member))
    })
}

#[cfg(test)]
mod tests;
