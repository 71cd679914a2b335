//! The steps of a packet: each level when it was asked, with who sat there, its deadlines, and what became of them.

use super::OnRecord;
use crate::{
    app::{
        context::stored,
        shown::{time, when},
        view::{PacketAct, PacketDesk, PacketMissed, PacketMove, PacketNotice, PacketSeat, PacketStep, PacketTold},
    },
    domain::{
        access::Together,
        catalogue::{Chain, Severity},
        event::{By, Event, EventKind},
        policy::{Level, PolicyDesk, Side, WindowRow},
        time::{Seconds, UtcMillis},
    },
    storage::people::{MemberRow, SeatRow},
};

/// A step while it is put together.
struct Step<'r> {
    entered: &'r Event,
    level: Level,
    /// The levels that it stands for: two where they are shown as one.
    covers: Vec<Level>,
    anchor: UtcMillis,
    acknowledge_by: UtcMillis,
    answer_by: UtcMillis,
    window: u8,
}

impl OnRecord {
    /// Every step that was asked, in order.
    pub(super) fn steps(&self, now: UtcMillis) -> Vec<PacketStep> {
        let entered = self.events.iter().enumerate();
        let begun = entered.filter_map(|(place, (_, event))| Some((place, self.begun(event)?)));
        begun.map(|(place, step)| self.step(&step, place, now)).collect()
    }

    fn begun<'r>(&self, event: &'r Event) -> Option<Step<'r>> {
        let EventKind::Assigned { level, anchor, acknowledge_by, answer_by, window, .. } = event.kind else {
            return None;
        };
        let together = Together::seen_by(self.sight.side(), &self.subject.policy);
        let pair = together.filter(|pair| pair.covers(&self.subject.report, event.cycle, level));
        let covers = pair.map_or(vec![level], |pair| vec![pair.lower, pair.higher]);
        Some(Step { entered: event, level, covers, anchor, acknowledge_by, answer_by, window })
    }

    fn step(&self, step: &Step<'_>, place: usize, now: UtcMillis) -> PacketStep {
        let after: Vec<&Event> = self.events[place + 1..].iter().map(|(_, event)| event).collect();
        let of_cycle: Vec<&Event> = after.iter().copied().filter(|event| step.is_of_cycle(event)).collect();
        let knows = self.knows_who_was_told();
        PacketStep {
            level: step.level.0,
            cycle: step.entered.cycle,
            chain: step.entered.chain.code().to_owned(),
            desks: self.desks(step, now),
            policy_version: self.subject.row.policy_version,
            entered_at: time(step.entered.at.to),
            anchor: time(step.anchor),
            acknowledge_by: time(step.acknowledge_by),
            answer_by: time(step.answer_by),
            computed: self.computed(step, self.events[place].0),
            moved: moved(&of_cycle),
            told: knows.then(|| of_cycle.iter().filter_map(|event| step.told(event)).collect()),
            notices: knows.then(|| self.notices(step)),
            acts: of_cycle.iter().filter_map(|event| step.act(event)).collect(),
            missed: of_cycle.iter().filter_map(|event| step.missed(event, &of_cycle)).collect(),
        }
    }

    fn notices(&self, step: &Step<'_>) -> Vec<PacketNotice> {
        let told_it = self.deliveries.iter().filter(|row| {
            i32::from(step.entered.cycle) == row.cycle
                && step.covers.iter().any(|level| i32::from(level.0) == row.level)
        });
        self.sorted(told_it)
    }

    /// The step's desks on the sides that were told of it, with whoever sat there from its entry to its last deadline.
    fn desks(&self, step: &Step<'_>, now: UtcMillis) -> Vec<PacketDesk> {
        let union_only = step.entered.chain == Chain::Union;
        let is_asked = |desk: &&PolicyDesk| {
            desk.level.is_some_and(|level| step.covers.contains(&level)) && (desk.side == Side::Union || !union_only)
        };
        let (from, to) = (step.entered.at.to, step.answer_by.min(now).max(step.entered.at.to));
        let sat =
            |(seat, _): &&(SeatRow, MemberRow)| seat.added_at <= to && seat.removed_at.is_none_or(|end| from < end);
        let of = |desk: &PolicyDesk| {
            let held = self.seats.iter().filter(|(seat, _)| seat.desk_id == desk.id).filter(sat);
            let mut seats: Vec<PacketSeat> = held.map(seat).collect();
            // Those who sat down together have no order of their own.
            seats.sort_by(|a, b| (&a.since, &a.name).cmp(&(&b.since, &b.name)));
            PacketDesk { name: desk.name.clone(), side: desk.side.code().to_owned(), seats }
        };
        self.subject.policy.desks.iter().filter(is_asked).map(of).collect()
    }

    /// How the deadlines came about, in a sentence.
    fn computed(&self, step: &Step<'_>, seq: i32) -> String {
        let row = self.row_at(seq);
        let (policy, windows) = (&self.subject.policy, self.subject.policy.windows(row));
        let shipped = windows.at(usize::from(step.window));
        let is_whole = policy.up(row, step.anchor.plus(shipped)) == step.acknowledge_by;
        let lengths = if is_whole {
            format!("{} to acknowledge and {} to answer", length(shipped), length(windows.answer))
        } else {
            let until =
                |by: UtcMillis| length(Seconds(u32::try_from(by.since(step.anchor) / 1000).unwrap_or_default()));
            format!(
                "{} to acknowledge and {} to answer, which is less than the policy's {} and {}",
                until(step.acknowledge_by),
                until(step.answer_by),
                length(shipped),
                length(windows.answer)
            )
        };
        format!(
            "{lengths}, counted from {}, rounded up to {}: row {} of version {} of the policy.",
            time(step.anchor),
            length(policy.step(row)),
            row.code(),
            policy.version
        )
    }

    /// The row of windows when the event with this number happened.
    fn row_at(&self, seq: i32) -> WindowRow {
        if self.subject.report.retaliation {
            return WindowRow::Retaliation;
        }
        let before = self.all.iter().take_while(|(at, _)| *at <= seq);
        let severities = before.filter_map(|(_, event)| severity(event));
        severities.last().unwrap_or(self.subject.report.severity).into()
    }
}

impl Step<'_> {
    fn is_of_cycle(&self, event: &Event) -> bool {
        (event.chain, event.cycle) == (self.entered.chain, self.entered.cycle)
    }

    fn is_about(&self, levels: &[Level]) -> bool {
        levels.iter().any(|level| self.covers.contains(level) || *level == self.level)
    }

    fn told(&self, event: &Event) -> Option<PacketTold> {
        let EventKind::Told { level, how, in_time } = event.kind else { return None };
        let (at, until) = when(event.at);
        let told = PacketTold { how: how.code().to_owned(), at, until, by_role: role(event), in_time };
        self.is_about(&[level]).then_some(told)
    }

    /// What was done at this step, or met its deadline.
    fn act(&self, event: &Event) -> Option<PacketAct> {
        let (level, met, in_time): (Level, &[Level], Option<bool>) = match &event.kind {
            EventKind::Acknowledged { level, met } | EventKind::Summary { level, met, .. } => {
                (*level, met, Some(!met.is_empty()))
            }
            EventKind::Answered { level, met, in_time, .. } => (*level, met, Some(*in_time)),
            EventKind::AnsweredByReferral { levels } => (*levels.first()?, levels, Some(true)),
            EventKind::Referred { level, .. } | EventKind::Completed { level, .. } => (*level, &[], None),
            EventKind::Filed { .. }
            | EventKind::Delivered
            | EventKind::Assigned { .. }
            | EventKind::NoRecipient { .. }
            | EventKind::Told { .. }
            | EventKind::HolderTaken { .. }
            | EventKind::StopWork { .. }
            | EventKind::Resumed
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
            | EventKind::Closed { .. } => return None,
        };
        let is_here = self.is_about(met) || self.is_about(&[level]);
        is_here.then(|| PacketAct {
            what: event.kind.timeline().unwrap_or(event.kind.code()).to_owned(),
            at: time(event.at.to),
            by_role: role(event),
            by_link: matches!(&event.by, By::Member { by_link: true, .. }),
            in_time,
        })
    }

    fn missed(&self, event: &Event, of_cycle: &[&Event]) -> Option<PacketMissed> {
        let EventKind::Breached { level, awaiting, due_at, silence, .. } = event.kind else { return None };
        let lifts = |other: &&&Event| matches!(&other.kind, EventKind::Lifted { due_at: first, levels } if *first <= due_at && self.is_about(levels));
        self.is_about(&[level]).then(|| PacketMissed {
            awaiting: awaiting.code().to_owned(),
            due_at: time(due_at),
            recorded_as: silence.code().to_owned(),
            lifted: of_cycle.iter().any(|other| lifts(&other)),
        })
    }
}

/// Deadlines that moved while this step was the last one entered.
fn moved(of_cycle: &[&Event]) -> Vec<PacketMove> {
    let is_next = |event: &&&Event| matches!(event.kind, EventKind::Assigned { joins: false, .. });
    let until_next = of_cycle.iter().take_while(|event| !is_next(event));
    until_next.filter_map(|event| one_move(event)).collect()
}

fn one_move(event: &Event) -> Option<PacketMove> {
    let (why, acknowledge_by, answer_by) = match &event.kind {
        EventKind::Extended { acknowledge_by, answer_by, .. } => ("outage", *acknowledge_by, *answer_by),
        EventKind::StopWork { answer_by, .. } => ("stop_work", None, *answer_by),
        EventKind::Reanchored { acknowledge_by, answer_by, .. } => ("worse", Some(*acknowledge_by), Some(*answer_by)),
        _ => return None,
    };
    (acknowledge_by.is_some() || answer_by.is_some()).then(|| PacketMove {
        at: time(event.at.to),
        why: why.to_owned(),
        acknowledge_by: acknowledge_by.map(time),
        answer_by: answer_by.map(time),
    })
}

const fn severity(event: &Event) -> Option<Severity> {
    match &event.kind {
        EventKind::Filed { severity, .. } | EventKind::Contested { severity } | EventKind::Worse { severity, .. } => {
            Some(*severity)
        }
        _ => None,
    }
}

fn role(event: &Event) -> Option<String> {
    match &event.by {
        By::Member { role, .. } => Some(role.clone()),
        By::Service | By::Reporter => None,
    }
}

fn seat((seat, member): &(SeatRow, MemberRow)) -> PacketSeat {
    PacketSeat {
        name: member.name.clone(),
        roles: stored(&seat.roles).unwrap_or_default(),
        since: time(seat.added_at),
        until: seat.removed_at.map(time),
    }
}

/// "15 min", "2 h", "3 days".
fn length(length: Seconds) -> String {
    match length.0 {
        seconds if seconds % 86_400 == 0 && seconds > 86_400 => format!("{} days", seconds / 86_400),
        seconds if seconds % 3600 == 0 && seconds > 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 && seconds > 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
