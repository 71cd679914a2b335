//! The subject of a mail: how soon, which show, whose turn by when, which report.

use super::{
    facts::{Act, Due, HowSoon, NoticeFacts, ReportFacts, Step, StepState, Who},
    when::Times,
    words::WordsError,
};
use crate::domain::notice::NoticeKind;

/// `[BEFORE NEXT SETUP] Western · you: reply by 14:20 MDT · Copper Lantern`.
///
/// Source: experience.md, "Mail".
pub(super) fn subject(facts: &NoticeFacts, times: &Times) -> Result<String, WordsError> {
    let show = &facts.shown_as;
    match &facts.report {
        Some(report) if is_about_a_report(facts.kind) => {
            let news = report_news(facts.kind, report, times);
            Ok(format!("[{}] {show} · {news} · {}", capitals(report.how_soon), report.handle))
        }
        Some(_) | None => Ok(format!("{show} · {}", other_news(facts, times)?)),
    }
}

/// Whether a kind is about one report.
pub(super) const fn is_about_a_report(kind: NoticeKind) -> bool {
    match kind {
        NoticeKind::LevelEntered
        | NoticeKind::Breach
        | NoticeKind::Answered
        | NoticeKind::Contested
        | NoticeKind::Rejected
        | NoticeKind::Message
        | NoticeKind::StopWork
        | NoticeKind::Resumed
        | NoticeKind::Worse
        | NoticeKind::Withdrawn
        | NoticeKind::VerificationAsked
        | NoticeKind::Exhausted => true,
        NoticeKind::Joined
        | NoticeKind::AddressDead
        | NoticeKind::OutageDigest
        | NoticeKind::Invitation
        | NoticeKind::TestNotice
        | NoticeKind::RosterChanged
        | NoticeKind::RosterHandedOut => false,
    }
}

/// How soon, for a subject. Capitals stand nowhere else.
const fn capitals(how_soon: HowSoon) -> &'static str {
    match how_soon {
        HowSoon::RightNow => "RIGHT NOW",
        HowSoon::BeforeNextSetup => "BEFORE NEXT SETUP",
        HowSoon::BeforeNextCall => "BEFORE NEXT CALL",
        HowSoon::NotSoon => "NOT SOON",
    }
}

fn report_news(kind: NoticeKind, report: &ReportFacts, times: &Times) -> String {
    let due = report.due.map(|due| due_phrase(due, times));
    match kind {
        NoticeKind::LevelEntered => due.unwrap_or_else(|| "you are asked early".to_owned()),
        NoticeKind::VerificationAsked => due.unwrap_or_else(|| "you are asked to check".to_owned()),
        NoticeKind::Breach => breach_phrase(report, times),
        NoticeKind::Answered if report.was_due.is_some() => with(due, "answered late"),
        NoticeKind::Answered => with(due, "answered"),
        NoticeKind::Contested => with(due, "it is not fixed"),
        NoticeKind::Rejected => with(due, "union check: it is not fixed"),
        NoticeKind::Message => "new message".to_owned(),
        NoticeKind::StopWork => with(due, "work was stopped"),
        NoticeKind::Resumed => with(due, "work goes on"),
        NoticeKind::Worse => with(due, "again, or worse"),
        NoticeKind::Withdrawn => "taken back".to_owned(),
        NoticeKind::Exhausted => nobody_answered(report).to_owned(),
        NoticeKind::Joined
        | NoticeKind::AddressDead
        | NoticeKind::OutageDigest
        | NoticeKind::Invitation
        | NoticeKind::TestNotice
        | NoticeKind::RosterChanged
        | NoticeKind::RosterHandedOut => String::new(),
    }
}

/// News of the kinds that are not about one report. Those that are come here only without their report.
fn other_news(facts: &NoticeFacts, times: &Times) -> Result<String, WordsError> {
    let person = || facts.person.as_ref().ok_or(WordsError::NoPerson);
    match facts.kind {
        NoticeKind::Joined => Ok(format!("{} took a seat", person()?.name.as_deref().unwrap_or(&person()?.address))),
        NoticeKind::AddressDead => Ok(format!("no mail reaches {}", person()?.address)),
        NoticeKind::OutageDigest => {
            let outage = facts.outage.as_ref().ok_or(WordsError::NoOutage)?;
            Ok(format!("the service was down from {} to {}", times.say(outage.from), times.say(outage.to)))
        }
        NoticeKind::Invitation => Ok("you are invited".to_owned()),
        NoticeKind::TestNotice => Ok("test: please press that it arrived".to_owned()),
        NoticeKind::RosterChanged => Ok("who may read has changed".to_owned()),
        NoticeKind::RosterHandedOut => Ok("somebody was let in, address not checked".to_owned()),
        NoticeKind::LevelEntered
        | NoticeKind::Breach
        | NoticeKind::Answered
        | NoticeKind::Contested
        | NoticeKind::Rejected
        | NoticeKind::Message
        | NoticeKind::StopWork
        | NoticeKind::Resumed
        | NoticeKind::Worse
        | NoticeKind::Withdrawn
        | NoticeKind::VerificationAsked
        | NoticeKind::Exhausted => Err(WordsError::NoReport),
    }
}

fn with(due: Option<String>, news: &str) -> String {
    due.map_or_else(|| news.to_owned(), |due| format!("{news}, {due}"))
}

/// "you: reply by 14:20 MDT", "production must reply by …"; sent late, "you: reply was due 14:20 MDT".
fn due_phrase(due: Due, times: &Times) -> String {
    let at = times.say(due.at);
    match (times.is_over(due.at), due.who) {
        (false, Who::You) => format!("you: {} by {at}", verb(due.act)),
        (false, Who::Production) => format!("production must {} by {at}", verb(due.act)),
        (false, Who::Union) => format!("union must {} by {at}", verb(due.act)),
        (true, Who::You) => format!("you: {} was due {at}", noun(due.act)),
        (true, Who::Production) => format!("production: {} was due {at}", noun(due.act)),
        (true, Who::Union) => format!("union: {} was due {at}", noun(due.act)),
    }
}

/// "no reply in time, was due 10:55 MDT" of the step that a breach is of.
fn breach_phrase(report: &ReportFacts, times: &Times) -> String {
    match breached(report).map(|step| step.state) {
        Some(StepState::Missed { act, was_due }) => format!("{}, was due {}", missing(act), times.say(was_due)),
        Some(StepState::NotTold { was_due }) => format!("not told in time, was due {}", times.say(was_due)),
        Some(StepState::Unreachable { was_due }) => format!("could not be reached, was due {}", times.say(was_due)),
        Some(
            StepState::Running { .. }
            | StepState::Promised { .. }
            | StepState::Answered { .. }
            | StepState::AskedEarly
            | StepState::Later { .. }
            | StepState::NobodyThere,
        )
        | None => match report.was_due {
            Some(was_due) => format!("no reply in time, was due {}", times.say(was_due)),
            None => "no reply in time".to_owned(),
        },
    }
}

/// The step that a breach is of.
pub(super) fn breached(report: &ReportFacts) -> Option<&Step> {
    report.steps.iter().find(|step| Some(step.level) == report.level)
}

/// "Told" is said of everyone only where nobody was left untold.
pub(super) fn nobody_answered(report: &ReportFacts) -> &'static str {
    let untold = |step: &Step| {
        matches!(step.state, StepState::NotTold { .. } | StepState::Unreachable { .. } | StepState::NobodyThere)
    };
    if report.steps.iter().any(untold) {
        "no step is left, nobody answered"
    } else {
        "everyone was told, nobody answered"
    }
}

/// "reply", after "must" and "you:".
pub(super) const fn verb(act: Act) -> &'static str {
    match act {
        Act::Reply => "reply",
        Act::Answer => "answer",
        Act::Completion => "finish what was promised",
        Act::Check => "check",
    }
}

/// "reply", before "was due".
pub(super) const fn noun(act: Act) -> &'static str {
    match act {
        Act::Reply => "reply",
        Act::Answer => "answer",
        Act::Completion => "what was promised",
        Act::Check => "check",
    }
}

/// "no reply in time".
pub(super) const fn missing(act: Act) -> &'static str {
    match act {
        Act::Reply => "no reply in time",
        Act::Answer => "no answer in time",
        Act::Completion => "promised, not done",
        Act::Check => "no check in time",
    }
}
