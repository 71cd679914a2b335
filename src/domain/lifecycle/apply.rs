//! What an event makes of the state. Total: it never fails, and never asks the policy.

use super::count_key;
use crate::domain::{
    catalogue::Chain,
    event::{Awaiting, By, Done, Event, EventKind, Outcome},
    ledger,
    policy::{Level, WindowRow},
    report::{
        self, Answer, Answered, Breach, Check, Deadline, Exhausted, Open, Plan, Referral, Report, Rewind, Stage,
        Stopped,
    },
    time::UtcMillis,
};

/// How long a clock can be brought back by an act in time, milliseconds: an act not committed within ten seconds is
/// refused.
const REWIND_MILLIS: i64 = 60_000;

/// The state after an event.
#[must_use]
pub fn apply(mut report: Report, event: &Event) -> Report {
    *report.counted.entry(count_key(event.chain, event.cycle, &event.kind)).or_insert(0) += 1;
    let mut report = happen(report, event);
    report::count(&mut report, event);
    ledger::count(&mut report, event);
    report
}

fn happen(mut report: Report, event: &Event) -> Report {
    match &event.kind {
        EventKind::Filed { chain, retaliation, severity, deliver_at, policy_version } => {
            report.chain = *chain;
            report.retaliation = *retaliation;
            report.severity = *severity;
            report.policy_version = *policy_version;
            report.stage = Stage::Filed { deliver_at: *deliver_at };
        }
        EventKind::Delivered => {
            report.cycle = 1;
            report.delivered_at = Some(event.at.to);
            note_together(&mut report);
        }
        EventKind::Assigned { .. } => assign(&mut report, &event.kind),
        EventKind::NoRecipient { level } => no_recipient(&mut report, *level),
        EventKind::Told { level, how, in_time } => {
            report.told.insert(format!("{}/{}", level.0, how.code()), *in_time);
        }
        EventKind::Acknowledged { level, .. } => acknowledge(&mut report, event, *level),
        EventKind::HolderTaken { .. } => hold(&mut report, event),
        EventKind::StopWork { may_restart_role, answer_by, .. } => {
            stop(&mut report, event, may_restart_role, *answer_by);
        }
        EventKind::Resumed => report.stopped = None,
        EventKind::Answered { .. } => answer(&mut report, event),
        EventKind::Referred { to, passed, .. } => refer(&mut report, event, *to, passed),
        EventKind::AnsweredByReferral { .. } => {
            if let Stage::Open(open) = &mut report.stage {
                open.referral = None;
            }
        }
        EventKind::Completed { verify_by, verify_window, contest_until, .. } => {
            if let Stage::Answered(answered) = &mut report.stage {
                answered.plan = None;
                answered.check = check(*verify_by, *verify_window);
                answered.contest_until = Some(Deadline::new(*contest_until));
            }
            report.rewinds.clear();
        }
        EventKind::VerificationAsked { level, due_at } => ask(&mut report, event, *level, *due_at),
        EventKind::Verified { .. } => {
            if let Stage::Answered(answered) = &mut report.stage {
                answered.check = Check::Verified;
            }
        }
        EventKind::Rejected { .. } | EventKind::CannotTell | EventKind::Message { .. } | EventKind::NotCredible => {}
        EventKind::NotVerified { .. } => {
            remember(&mut report, event);
            if let Stage::Answered(answered) = &mut report.stage {
                answered.check = Check::NotVerified;
            }
        }
        EventKind::SafeNow => {
            if let Stage::Answered(answered) = &mut report.stage {
                answered.contest_used = true;
            }
        }
        EventKind::Contested { severity } => {
            report.severity = *severity;
            report.halved = true;
        }
        EventKind::CycleBegan { cycle } => begin_cycle(&mut report, *cycle),
        EventKind::Worse { severity, deliver_at } => {
            report.worse_used = true;
            report.severity = *severity;
            if let (Stage::Filed { deliver_at: old }, Some(new)) = (&mut report.stage, deliver_at) {
                *old = *new;
            }
        }
        EventKind::Reanchored { anchor, acknowledge_by, answer_by } => {
            if let Stage::Open(open) = &mut report.stage {
                open.anchor = Deadline::new(*anchor);
                open.acknowledge_by = Deadline::new(*acknowledge_by);
                open.answer_by = Deadline::new(*answer_by);
            }
        }
        EventKind::Escalated { to, passed } => {
            report.reached.insert(*to);
            report.union_reached.insert(*to);
            report.union_reached.extend(passed);
        }
        EventKind::Breached { .. } => breach(&mut report, event),
        EventKind::Lifted { due_at, .. } => lift(&mut report, *due_at),
        EventKind::Extended { .. } => extend(&mut report, &event.kind),
        EventKind::Exhausted { anchor, observers, told, union_told, .. } => {
            report.stage = Stage::Exhausted(Exhausted { anchor: *anchor, days: 0, acknowledged: false });
            report.observers_told |= *observers;
            report.reached.extend(told);
            report.union_reached.extend(union_told);
        }
        EventKind::ExhaustedDay { day } => {
            if let Stage::Exhausted(exhausted) = &mut report.stage {
                exhausted.days = exhausted.days.saturating_add(1);
            }
            report.silent_days = *day;
        }
        EventKind::Recused { member } => {
            report.recused.insert(*member);
            if report.holder.as_ref().is_some_and(|(holder, _)| holder == member) {
                report.holder = None;
            }
        }
        EventKind::NotCredibleProposed => {
            if let By::Member { member, .. } = &event.by {
                report.not_credible_by = Some(*member);
            }
        }
        EventKind::Summary { late_for, .. } => summarise(&mut report, event, late_for),
        EventKind::Withdrawn { .. } => report.stage = Stage::Closed { outcome: Outcome::Withdrawn },
        EventKind::Closed { outcome } => {
            remember(&mut report, event);
            report.stage = Stage::Closed { outcome: *outcome };
        }
    }
    report
}

fn assign(report: &mut Report, kind: &EventKind) {
    let EventKind::Assigned { level, anchor, acknowledge_by, answer_by, acknowledged, window, joins } = *kind else {
        return;
    };
    if report.chain == Chain::Production {
        report.reached.insert(level);
    }
    report.union_reached.insert(level);
    report.highest = report.highest.max(Some(level));
    if joins && let Stage::Open(open) = &mut report.stage {
        open.levels.push(level);
        return;
    }
    report.stage = Stage::Open(Open {
        levels: vec![level],
        anchor: Deadline::new(anchor),
        acknowledge_by: Deadline::new(acknowledge_by),
        answer_by: Deadline::new(answer_by),
        acknowledged,
        window,
        referral: None,
    });
}

/// Union desks are told all the same; the level leaves the clock that runs.
fn no_recipient(report: &mut Report, level: Level) {
    report.union_reached.insert(level);
    report.highest = report.highest.max(Some(level));
    if let Stage::Open(open) = &mut report.stage
        && open.levels.len() > 1
    {
        open.levels.retain(|l| *l != level);
    }
}

fn hold(report: &mut Report, event: &Event) {
    if let By::Member { member, role, .. } = &event.by {
        report.holder = Some((*member, role.clone()));
    }
}

/// Whoever acts has been told.
fn acknowledge(report: &mut Report, event: &Event, level: Level) {
    report.told.insert(format!("{}/acted", level.0), true);
    hold(report, event);
    match &mut report.stage {
        Stage::Open(open) => open.acknowledged = true,
        Stage::Exhausted(exhausted) => exhausted.acknowledged = true,
        Stage::Filed { .. } | Stage::Answered(_) | Stage::Closed { .. } => {}
    }
}

fn stop(report: &mut Report, event: &Event, may_restart_role: &str, answer_by: Option<UtcMillis>) {
    report.stopped = Some(Stopped { may_restart_role: may_restart_role.to_owned(), since: event.at.to });
    if let (Some(answer_by), Stage::Open(open)) = (answer_by, &mut report.stage) {
        open.answer_by = Deadline::new(answer_by);
        report.stop_moved = true;
    }
}

fn answer(report: &mut Report, event: &Event) {
    let EventKind::Answered {
        answer,
        done,
        by_role,
        level,
        late_for,
        in_time,
        verify_by,
        verify_window,
        contest_until,
        drawn,
        further,
        ..
    } = &event.kind
    else {
        return;
    };
    report.answers.push(Answer {
        kind: *answer,
        done: *done,
        by_role: by_role.clone(),
        chain: report.chain,
        level: *level,
        cycle: report.cycle,
        in_time: *in_time,
        at: event.at.to,
        contestable_until: *contest_until,
    });
    answer_late(report, late_for, event.at.to);
    if *further {
        return;
    }
    report.told.insert(format!("{}/acted", level.0), true);
    hold(report, event);
    let plan = match done {
        Done::Yes => None,
        Done::Planned { by } => Some(Plan { by: Deadline::new(*by), level: *level }),
    };
    report.rewinds.clear();
    report.stage = Stage::Answered(Answered {
        plan,
        check: check(*verify_by, *verify_window),
        drawn: *drawn,
        contest_until: contest_until.map(Deadline::new),
        contest_used: false,
    });
}

/// "Answered late" stands beside the silence, never over it.
fn answer_late(report: &mut Report, levels: &[Level], at: UtcMillis) {
    for breach in &mut report.breaches {
        let same = breach.chain == report.chain && breach.cycle == report.cycle;
        if same && !breach.lifted && levels.contains(&breach.level) && breach.answered_late_at.is_none() {
            breach.answered_late_at = Some(at);
        }
    }
}

fn check(verify_by: Option<UtcMillis>, window: i64) -> Check {
    verify_by.map_or(Check::NotRequired, |by| Check::Due { by: Deadline::new(by), window })
}

fn refer(report: &mut Report, event: &Event, to: Level, passed: &[Level]) {
    report.referred = true;
    if report.chain == Chain::Production {
        report.reached.insert(to);
    }
    report.union_reached.insert(to);
    report.union_reached.extend(passed);
    if let (Stage::Open(open), By::Member { member, .. }) = (&mut report.stage, &event.by) {
        open.referral = Some(Referral { by: *member, to, at: event.at.to });
    }
}

fn ask(report: &mut Report, event: &Event, level: Level, due_at: UtcMillis) {
    remember(report, event);
    report.union_reached.insert(level);
    if let Stage::Answered(answered) = &mut report.stage
        && let Check::Due { by, .. } = &mut answered.check
    {
        *by = Deadline::new(due_at);
    }
}

fn begin_cycle(report: &mut Report, cycle: u16) {
    report.cycle = cycle;
    report.highest = None;
    report.told.clear();
    report.stop_moved = false;
    report.broke_promise.clear();
    report.rewinds.clear();
    report.silent_days = 0;
    note_together(report);
}

fn note_together(report: &mut Report) {
    if report.row() == WindowRow::Immediate {
        report.together.insert(report.cycle);
    }
}

/// The production chain is one of its own, with cycles from 1; for the production side nothing earlier exists.
fn summarise(report: &mut Report, event: &Event, late_for: &[Level]) {
    answer_late(report, late_for, event.at.to);
    report.chain = Chain::Production;
    report.halved = false;
    report.holder = None;
    report.stopped = None;
    report.referred = false;
    begin_cycle(report, 1);
}

fn breach(report: &mut Report, event: &Event) {
    let EventKind::Breached { level, awaiting, due_at, silence, joins } = &event.kind else { return };
    // A level passed over because its addresses are dead lost its turn before the deadline: no act can be "in time" for it.
    if !joins && event.at.to >= *due_at {
        remember_at(report, *due_at);
    }
    if *awaiting == Awaiting::Completion {
        report.broke_promise.insert(*level);
    }
    report.breaches.push(Breach {
        chain: report.chain,
        level: *level,
        cycle: report.cycle,
        awaiting: *awaiting,
        due_at: *due_at,
        silence: *silence,
        answered_late_at: None,
        lifted: false,
    });
}

/// Keeps where the clock stood, so that an act in time can put it back; nothing to keep if no deadline had passed.
fn remember(report: &mut Report, event: &Event) {
    if let Some(due_at) = report.timer().filter(|due| *due <= event.at.to) {
        remember_at(report, due_at);
    }
}

fn remember_at(report: &mut Report, due_at: UtcMillis) {
    report.rewinds.retain(|r| r.due_at.plus_millis(REWIND_MILLIS) > due_at);
    let breaches = report.breaches.len();
    report.rewinds.push(Rewind { due_at, stage: report.stage.clone(), highest: report.highest, breaches });
}

fn lift(report: &mut Report, due_at: UtcMillis) {
    let Some(first) = report.rewinds.iter().position(|r| r.due_at == due_at) else { return };
    let Some(rewind) = report.rewinds.drain(first..).next() else { return };
    report.stage = rewind.stage;
    report.highest = rewind.highest;
    for breach in report.breaches.iter_mut().skip(rewind.breaches) {
        breach.lifted = true;
        if breach.awaiting == Awaiting::Completion {
            report.broke_promise.remove(&breach.level);
        }
    }
}

fn extend(report: &mut Report, kind: &EventKind) {
    let EventKind::Extended { from, to, anchor, acknowledge_by, answer_by, plan_by, verify_by, contest_until } = kind
    else {
        return;
    };
    let lost = to.since(*from);
    let set = |deadline: &mut Deadline, at: &Option<UtcMillis>| {
        if let Some(at) = at {
            *deadline = Deadline { set: deadline.set, at: *at, lost: deadline.lost.saturating_add(lost) };
        }
    };
    match &mut report.stage {
        Stage::Open(open) => {
            set(&mut open.anchor, anchor);
            set(&mut open.acknowledge_by, acknowledge_by);
            set(&mut open.answer_by, answer_by);
        }
        Stage::Answered(answered) => {
            if let Some(plan) = &mut answered.plan {
                set(&mut plan.by, plan_by);
            }
            if let Check::Due { by, .. } = &mut answered.check {
                set(by, verify_by);
            }
            if let Some(until) = &mut answered.contest_until {
                set(until, contest_until);
            }
        }
        Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => {}
    }
}
