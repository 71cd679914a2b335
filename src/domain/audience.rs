//! Who is told of an event, and with which notice. One mail per event and person; never the words.
//!
//! Whoever is kept out, recused or removed gets none; whoever did it themselves gets none either.
//!
//! Source: domain.md, "Notices".

use super::{
    catalogue::Chain,
    event::{Addressed, By, Event, EventKind},
    ids::MemberId,
    lifecycle::Seated,
    notice::NoticeKind,
    policy::{Level, Side},
    report::Report,
};

/// One notice to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What about.
    pub kind: NoticeKind,
    /// To whom.
    pub member: MemberId,
    /// The side they sit on.
    pub side: Side,
    /// The level they are told at; observers have none.
    pub level: Option<Level>,
}

/// The notices an event causes. `after` is the state with the event applied, `before` the state without.
pub fn audience(event: &Event, before: &Report, after: &Report, seats: &[Seated]) -> Vec<Notice> {
    let audience = Audience { after, seats, actor: actor(&event.by) };
    match &event.kind {
        EventKind::Assigned { level, .. } => audience.of_level(*level, NoticeKind::LevelEntered),
        EventKind::NoRecipient { level } if !before.union_reached.contains(level) => {
            audience.at(Side::Union, |l| l == *level, NoticeKind::LevelEntered)
        }
        EventKind::Referred { to, passed, .. } | EventKind::Escalated { to, passed } => {
            let mut notices = audience.of_level(*to, NoticeKind::LevelEntered);
            let passed = audience.at(Side::Union, |l| passed.contains(&l), NoticeKind::LevelEntered);
            notices.extend(passed);
            notices
        }
        EventKind::Breached { joins: false, .. } => {
            audience.at(Side::Union, |l| before.union_reached.contains(&l), NoticeKind::Breach)
        }
        EventKind::Answered { .. } => audience.union_told(NoticeKind::Answered),
        EventKind::Completed { .. } => audience.union_told(NoticeKind::VerificationAsked),
        EventKind::VerificationAsked { level, .. } => {
            audience.at(Side::Union, |l| l == *level, NoticeKind::VerificationAsked)
        }
        EventKind::Contested { .. } => audience.all_told(NoticeKind::Contested),
        EventKind::Rejected { .. } => audience.all_told(NoticeKind::Rejected),
        EventKind::Message { to: Addressed::Union } => audience.union_told(NoticeKind::Message),
        EventKind::Message { to: Addressed::All } => audience.all_told(NoticeKind::Message),
        EventKind::StopWork { .. } => audience.all_told(NoticeKind::StopWork),
        EventKind::Resumed => audience.all_told(NoticeKind::Resumed),
        EventKind::Worse { .. } => audience.all_told(NoticeKind::Worse),
        EventKind::Withdrawn { erased: false } => audience.all_told(NoticeKind::Withdrawn),
        EventKind::Exhausted { level, .. } => audience.exhausted(*level),
        EventKind::NoRecipient { .. }
        | EventKind::Breached { joins: true, .. }
        | EventKind::Message { to: Addressed::Reporter }
        | EventKind::Withdrawn { erased: true }
        | EventKind::Filed { .. }
        | EventKind::Delivered
        | EventKind::Told { .. }
        | EventKind::Acknowledged { .. }
        | EventKind::HolderTaken { .. }
        | EventKind::AnsweredByReferral { .. }
        | EventKind::Verified { .. }
        | EventKind::NotVerified { .. }
        | EventKind::SafeNow
        | EventKind::CannotTell
        | EventKind::CycleBegan { .. }
        | EventKind::Reanchored { .. }
        | EventKind::Lifted { .. }
        | EventKind::Extended { .. }
        | EventKind::ExhaustedDay { .. }
        | EventKind::Recused { .. }
        | EventKind::NotCredibleProposed
        | EventKind::NotCredible
        | EventKind::Summary { .. }
        | EventKind::Closed { .. } => Vec::new(),
    }
}

fn actor(by: &By) -> Option<MemberId> {
    match by {
        By::Member { member, .. } => Some(*member),
        By::Service | By::Reporter => None,
    }
}

struct Audience<'a> {
    after: &'a Report,
    seats: &'a [Seated],
    actor: Option<MemberId>,
}

impl Audience<'_> {
    fn pick(&self, wanted: impl Fn(&Seated) -> bool, kind: NoticeKind) -> Vec<Notice> {
        let mut notices: Vec<Notice> = Vec::new();
        for seat in self.seats.iter().filter(|s| !s.kept_out && wanted(s)) {
            let known = notices.iter().any(|n| n.member == seat.member);
            if !known && Some(seat.member) != self.actor && !self.after.recused.contains(&seat.member) {
                notices.push(Notice { kind, member: seat.member, side: seat.side, level: seat.level });
            }
        }
        notices
    }

    fn at(&self, side: Side, level: impl Fn(Level) -> bool, kind: NoticeKind) -> Vec<Notice> {
        self.pick(|s| s.side == side && s.level.is_some_and(&level), kind)
    }

    /// A level's seats on all sides; on the union chain its union seats alone.
    fn of_level(&self, level: Level, kind: NoticeKind) -> Vec<Notice> {
        let both = self.after.chain == Chain::Production;
        self.pick(|s| s.level == Some(level) && (s.side == Side::Union || both && s.side == Side::Production), kind)
    }

    fn union_told(&self, kind: NoticeKind) -> Vec<Notice> {
        self.at(Side::Union, |l| self.after.union_reached.contains(&l), kind)
    }

    fn all_told(&self, kind: NoticeKind) -> Vec<Notice> {
        self.pick(|s| is_told(self.after, s), kind)
    }

    /// Union seats, observers where the severity tells them, the last production level.
    fn exhausted(&self, last: Option<Level>) -> Vec<Notice> {
        let report = self.after;
        let production = report.chain == Chain::Production;
        self.pick(
            |s| match s.side {
                Side::Union => s.level.is_some_and(|l| report.union_reached.contains(&l)),
                Side::Observer => report.observers_told,
                Side::Production => production && s.level == last && last.is_some(),
            },
            NoticeKind::Exhausted,
        )
    }
}

/// The seat was told of the report: its level was reached on its side, or observers were told.
pub fn is_told(report: &Report, seat: &Seated) -> bool {
    match seat.side {
        Side::Production => {
            report.chain == Chain::Production && seat.level.is_some_and(|l| report.reached.contains(&l))
        }
        Side::Union => seat.level.is_some_and(|l| report.union_reached.contains(&l)),
        Side::Observer => report.observers_told,
    }
}

#[cfg(test)]
mod tests;
