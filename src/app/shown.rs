//! Makes what is shown out of what is on record.

pub(super) mod desks;

use super::{
    filing::because_codes,
    form::OwnPart,
    opened::Opened,
    record::Subject,
    view::{AnswerView, Filed, Inbox, LevelView, MessageView, TimelineView, UnansweredView},
};
use crate::{
    domain::{
        access::{Audience, Together, shows},
        catalogue::Chain,
        event::{Addressed, AnswerKind, By, Done, Event, EventKind, Outcome, Silence, When},
        policy::{Level, Side},
        report::{Breach, Report, Stage},
        time::UtcMillis,
    },
    sealing::kind::UnitKind,
};

/// An instant as RFC 3339 in UTC, whole seconds where it is one.
pub(super) fn time(at: UtcMillis) -> String {
    jiff::Timestamp::from_millisecond(at.get()).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Who is told, level by level.
pub(super) fn levels(subject: &Subject) -> Vec<LevelView> {
    let policy = &subject.policy;
    let union_only = subject.report.chain == Chain::Union;
    let mut levels: Vec<Level> = policy.desks.iter().filter_map(|d| d.level).collect();
    levels.sort_unstable();
    levels.dedup();
    let of = |level: Level| LevelView {
        level: level.0,
        desks: policy
            .desks
            .iter()
            .filter(|d| d.level == Some(level) && (d.side == Side::Union || !union_only))
            .map(|d| d.name.clone())
            .collect(),
    };
    levels.into_iter().map(of).filter(|view: &LevelView| !view.desks.is_empty()).collect()
}

/// What a filing answers.
pub(super) fn filed(subject: &Subject, own: &OwnPart) -> Filed {
    let report = &subject.report;
    Filed {
        status: report.status().to_owned(),
        handle: subject.row.handle.clone(),
        severity: report.severity.code().to_owned(),
        raised_because: because_codes(&own.raised_because),
        level: report.level().0,
        awaiting: report.awaiting().map(|a| a.code().to_owned()),
        due_at: report.due_at().map(time),
        deliver_at: deliver_at(report),
        delay_dropped: own.delay_dropped,
        levels: levels(subject),
        promise: None,
    }
}

/// When a report that is not delivered yet will be.
pub(super) fn deliver_at(report: &Report) -> Option<String> {
    match &report.stage {
        Stage::Filed { deliver_at } => Some(time(*deliver_at)),
        Stage::Open(_) | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => None,
    }
}

/// How a report ended.
pub(super) fn outcome(report: &Report) -> Option<Outcome> {
    match &report.stage {
        Stage::Closed { outcome } => Some(*outcome),
        Stage::Filed { .. } | Stage::Open(_) | Stage::Answered(_) | Stage::Exhausted(_) => None,
    }
}

/// Every deadline that passed without the act, on the chains in `chains`.
pub(super) fn unanswered(subject: &Subject, chains: &[Chain]) -> Vec<UnansweredView> {
    let breaches = subject.report.unanswered_by().filter(|b| chains.contains(&b.chain));
    breaches.map(|b| missed(b, desks_of(subject, b.level, b.chain))).collect()
}

/// The same of the production's chain, where two levels that are asked together are one step.
pub(super) fn unanswered_together(subject: &Subject, together: Together) -> Vec<UnansweredView> {
    let desks = |breach: &Breach| {
        let is_both = breach.level == together.higher && together.covers(&subject.report, breach.cycle, breach.level);
        let lower = if is_both { desks_of(subject, together.lower, breach.chain) } else { Vec::new() };
        [lower, desks_of(subject, breach.level, breach.chain)].concat()
    };
    together.breaches(&subject.report).iter().map(|breach| missed(breach, desks(breach))).collect()
}

fn missed(breach: &Breach, desks: Vec<String>) -> UnansweredView {
    UnansweredView {
        level: breach.level.0,
        cycle: breach.cycle,
        awaiting: breach.awaiting.code().to_owned(),
        due_at: time(breach.due_at),
        desks,
        told: !matches!(breach.silence, Silence::NotNotified),
        recorded_as: breach.silence.code().to_owned(),
        answered_late_at: breach.answered_late_at.map(time),
    }
}

fn desks_of(subject: &Subject, level: Level, chain: Chain) -> Vec<String> {
    let side = match chain {
        Chain::Production => Side::Production,
        Chain::Union => Side::Union,
    };
    subject.policy.desks_at(level, side).map(|d| d.name.clone()).collect()
}

/// The events that may be shown to somebody.
pub(super) fn shown_to(audience: Audience, events: &[(i32, Event)]) -> Vec<(i32, Event)> {
    events.iter().filter(|(_, event)| shows(audience, event)).cloned().collect()
}

/// The timeline of events that may be shown, each with its number.
pub(super) fn timeline(events: &[(i32, Event)], opened: &[Opened]) -> Vec<TimelineView> {
    let referral = events.iter().find(|(_, event)| matches!(event.kind, EventKind::Referred { .. }));
    let referrer = referral.map(|(_, event)| role_of(event));
    let of_event = |(seq, event): &(i32, Event)| {
        let shown = line(*seq, event, opened)?;
        // The level that referred is answered by whoever did so, once, though somebody at the next level caused it.
        let by_role = match &event.kind {
            EventKind::AnsweredByReferral { .. } => referrer.clone(),
            _ => shown.by_role,
        };
        Some(TimelineView { by_role, ..shown })
    };
    let mut lines: Vec<TimelineView> = events.iter().filter_map(of_event).collect();
    // The event stands before its first cycle and names no level: people read it as delivered to the first that was entered.
    let first = lines.iter().find(|line| line.what == "assigned").and_then(|line| line.level);
    if let Some(delivered) = lines.iter_mut().find(|line| line.what == "delivered") {
        (delivered.level, delivered.cycle) = (first, 1);
    }
    // Mails of one moment are on their way together; which server took its own first says nothing.
    let together = |one: &TimelineView, next: &TimelineView| {
        one.what == "notified" && (&one.what, &one.at) == (&next.what, &next.at)
    };
    for told in lines.chunk_by_mut(together) {
        told.sort_by_key(|line| (line.cycle, line.level));
    }
    lines
}

fn line(seq: i32, event: &Event, opened: &[Opened]) -> Option<TimelineView> {
    let what = event.kind.timeline()?;
    let (by_role, by_link) = match &event.by {
        By::Member { role, by_link, .. } => (Some(role.clone()), *by_link),
        By::Service | By::Reporter => (None, false),
    };
    let level = event.kind.level().filter(|l| l.0 > 0).map(|l| l.0);
    let words = opened.iter().find(|unit| unit.event_seq == seq && stands_in_timeline(unit));
    let (at, until) = when(event.at);
    Some(TimelineView {
        what: what.to_owned(),
        level,
        cycle: event.cycle,
        at,
        until,
        by_role,
        by_link,
        text: words.and_then(Opened::text),
        altered: words.is_some_and(|unit| unit.said.is_none()),
    })
}

/// Words that have no other place: filings, answers and messages have theirs.
fn stands_in_timeline(unit: &Opened) -> bool {
    match unit.kind.parse::<UnitKind>() {
        Ok(
            UnitKind::Verification
            | UnitKind::StopWork
            | UnitKind::Resumption
            | UnitKind::Safety
            | UnitKind::Worse
            | UnitKind::Escalation
            | UnitKind::NotCredible
            | UnitKind::Summary,
        ) => true,
        Ok(
            UnitKind::Shared
            | UnitKind::Union
            | UnitKind::Own
            | UnitKind::Answer
            | UnitKind::Completion
            | UnitKind::Message
            | UnitKind::Photo,
        )
        | Err(_) => false,
    }
}

/// An instant, or a span with its end.
pub(super) fn when(at: When) -> (String, Option<String>) {
    (time(at.from), (at.from != at.to).then(|| time(at.to)))
}

/// The answers, each with its words where they were opened.
pub(super) fn answers(events: &[(i32, Event)], opened: &[Opened]) -> Vec<AnswerView> {
    let mut answers: Vec<AnswerView> = Vec::new();
    for (seq, event) in events {
        // The time to contest belongs to the answer that began it: of a plan, to the one that completed it.
        if let (EventKind::Completed { contest_until: until, .. }, Some(last)) = (&event.kind, answers.last_mut()) {
            last.contestable_until = Some(time(*until));
        }
        if let EventKind::Extended { contest_until: Some(until), .. } = &event.kind
            && let Some(contestable) = answers.iter_mut().rev().find(|a| a.contestable_until.is_some())
        {
            contestable.contestable_until = Some(time(*until));
        }
        answers.extend(answer(*seq, event, opened));
    }
    answers
}

fn answer(seq: i32, event: &Event, opened: &[Opened]) -> Option<AnswerView> {
    let words = opened.iter().find(|unit| unit.event_seq == seq);
    let text = words.and_then(Opened::text);
    let altered = words.is_some_and(|unit| unit.said.is_none());
    let (at, _) = when(event.at);
    match &event.kind {
        EventKind::Answered { answer, done, by_role, level, in_time, contest_until, .. } => {
            let (done, done_by) = match done {
                Done::Yes => ("yes", None),
                Done::Planned { by } => ("planned", Some(time(*by))),
            };
            Some(AnswerView {
                kind: answer.code().to_owned(),
                text,
                altered,
                by_role: by_role.clone(),
                level: level.0,
                in_time: *in_time,
                done: (*answer == AnswerKind::Action).then(|| done.to_owned()),
                done_by,
                at,
                contestable_until: contest_until.map(time),
            })
        }
        EventKind::Referred { level, .. } => Some(AnswerView {
            kind: "referral".to_owned(),
            text,
            altered,
            by_role: role_of(event),
            level: level.0,
            in_time: true,
            done: None,
            done_by: None,
            at,
            contestable_until: None,
        }),
        _ => None,
    }
}

fn role_of(event: &Event) -> String {
    match &event.by {
        By::Member { role, .. } => role.clone(),
        By::Service | By::Reporter => String::new(),
    }
}

/// The messages that were opened.
pub(super) fn messages(events: &[(i32, Event)], opened: &[Opened]) -> Vec<MessageView> {
    let written = events.iter().filter_map(|(seq, event)| match &event.kind {
        EventKind::Message { to } => Some((*seq, event, *to)),
        _ => None,
    });
    let mut messages = Vec::new();
    for (seq, event, to) in written {
        let Some(unit) = opened.iter().find(|unit| unit.event_seq == seq) else { continue };
        let (at, until) = when(event.at);
        messages.push(MessageView {
            from: unit.said.as_ref().map_or("unknown", |(_, writer)| writer.code()).to_owned(),
            to: addressed(to).to_owned(),
            text: unit.text(),
            altered: unit.said.is_none(),
            at,
            until,
        });
    }
    messages
}

const fn addressed(to: Addressed) -> &'static str {
    match to {
        Addressed::Union => "union",
        Addressed::All => "all",
        Addressed::Reporter => "reporter",
    }
}

/// What the receipt opens.
pub(super) fn inbox(subject: &Subject, events: &[(i32, Event)], opened: &[Opened], own: &OwnPart) -> Inbox {
    let report = &subject.report;
    let events = &shown_to(Audience::Reporter, events);
    Inbox {
        status: report.status().to_owned(),
        handle: subject.row.handle.clone(),
        severity: report.severity.code().to_owned(),
        raised_because: because_codes(&own.raised_because),
        level: report.level().0,
        cycle: report.cycle,
        awaiting: report.awaiting().map(|a| a.code().to_owned()),
        due_at: report.due_at().map(time),
        deliver_at: deliver_at(report),
        outcome: outcome(report).map(|o| o.code().to_owned()),
        stopped: report.stopped.as_ref().map(|s| s.may_restart_role.clone()),
        unanswered_by: unanswered(subject, &[Chain::Production, Chain::Union]),
        levels: levels(subject),
        timeline: timeline(events, opened),
        answers: answers(events, opened),
        messages: messages(events, opened),
    }
}
