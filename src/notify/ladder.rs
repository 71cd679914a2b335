//! The steps of a report in words: the table of a mail, whose turn it is, who was silent.

use super::{
    facts::{Act, Chain, Due, HowSoon, Reader, ReportFacts, Step, StepState, Who},
    letter::capitalised,
    when::Times,
};
use crate::domain::time::UtcMillis;

/// One line of the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
    pub(super) tone: Tone,
}

/// What a line is, for colours: each has words of its own, so that nothing hangs on colour alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The time is over, and nobody replied.
    Missed,
    /// A clock runs.
    Now,
    /// Answered in time.
    Done,
    /// Nothing to see yet, or nobody's fault.
    Quiet,
}

/// A colour: its class, for dark, and its light value.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) class: &'static str,
    pub(super) colour: &'static str,
}

/// Colours of screens/README.md; the dark ones stand in the template.
const INK: Paint = Paint { class: "ink", colour: "#12161b" };
const QUIET: Paint = Paint { class: "quiet", colour: "#48515c" };
const MISS: Paint = Paint { class: "miss", colour: "#b3211b" };
const DONE: Paint = Paint { class: "done", colour: "#17693a" };

impl Tone {
    pub(super) const fn is_now(self) -> bool {
        matches!(self, Self::Now)
    }

    pub(super) const fn name(self) -> Paint {
        match self {
            Self::Missed => MISS,
            Self::Now | Self::Done => INK,
            Self::Quiet => QUIET,
        }
    }

    pub(super) const fn words(self) -> Paint {
        match self {
            Self::Missed => MISS,
            Self::Now => INK,
            Self::Done => DONE,
            Self::Quiet => QUIET,
        }
    }
}

/// The table, without what this reader must not know: a step without anybody may name the subject.
///
/// Source: security.md, "Kept out".
pub(super) fn rows(report: &ReportFacts, reader: Reader, times: &Times) -> Vec<Row> {
    let may_see = |step: &&Step| step.state != StepState::NobodyThere || reader == Reader::Union;
    report.steps.iter().filter(may_see).map(|step| row(*step, report, times)).collect()
}

/// One step in words.
fn row(step: Step, report: &ReportFacts, times: &Times) -> Row {
    let (lines, tone) = match step.state {
        StepState::Missed { .. } | StepState::Unreachable { .. } => (silence_line(step, times), Tone::Missed),
        StepState::NotTold { .. } => (silence_line(step, times), Tone::Quiet),
        StepState::Running { reply_by, answer_by } => (running(reply_by, answer_by, report, times), Tone::Now),
        StepState::Promised { done_by } => (vec![format!("Promised to be done by {}", times.say(done_by))], Tone::Now),
        StepState::Answered { at, late: false } => (vec![format!("Answered {}", times.say(at))], Tone::Done),
        StepState::Answered { at, late: true } => (vec![format!("Answered late, {}", times.say(at))], Tone::Missed),
        StepState::AskedEarly => (vec!["Asked early, may act".to_owned()], Tone::Quiet),
        StepState::Later { from: Some(from) } => {
            (vec![format!("From {}, if nobody replies", times.say(from))], Tone::Quiet)
        }
        StepState::Later { from: None } => (vec!["If nobody replies".to_owned()], Tone::Quiet),
        StepState::NobodyThere => (vec!["Nobody there can be reached".to_owned()], Tone::Quiet),
    };
    Row { name: name_of(report.chain, step), lines, tone }
}

/// What did not come from a step, and when it was due. None for a step that let nothing pass.
pub(super) const fn silence(step: Step) -> Option<(&'static str, UtcMillis)> {
    match step.state {
        StepState::Missed { act, was_due } => Some((missing(act), was_due)),
        StepState::NotTold { was_due } => Some(("not told in time", was_due)),
        StepState::Unreachable { was_due } => Some(("could not be reached", was_due)),
        StepState::Running { .. }
        | StepState::Promised { .. }
        | StepState::Answered { .. }
        | StepState::AskedEarly
        | StepState::Later { .. }
        | StepState::NobodyThere => None,
    }
}

fn silence_line(step: Step, times: &Times) -> Vec<String> {
    let line = |(words, was_due)| format!("{}. Was due {}", capitalised(words), times.say(was_due));
    silence(step).map(line).into_iter().collect()
}

/// The running step: what its people do next, or what they must.
fn running(reply_by: Option<UtcMillis>, answer_by: UtcMillis, report: &ReportFacts, times: &Times) -> Vec<String> {
    let yours = report.due.is_some_and(|due| due.who == Who::You && due.act != Act::Check);
    let answer = times.say(answer_by);
    match (reply_by, yours) {
        (Some(reply), true) => vec![format!("Say “I have it” by {}", times.say(reply)), format!("Answer by {answer}")],
        (Some(reply), false) => vec![format!("Must reply by {}", times.say(reply)), format!("Must answer by {answer}")],
        (None, true) => vec![format!("Answer by {answer}")],
        (None, false) => vec!["Somebody has it".to_owned(), format!("Must answer by {answer}")],
    }
}

/// "Reply by 11:10 MDT", "The production must reply by …", "Reply was due …".
pub(super) fn due_title(due: Due, times: &Times) -> String {
    let at = times.say(due.at);
    match (times.is_over(due.at), due.who) {
        (false, Who::You) => format!("{} by {at}", capitalised(verb(due.act))),
        (false, Who::Production) => format!("The production must {} by {at}", verb(due.act)),
        (false, Who::Union) => format!("The union must {} by {at}", verb(due.act)),
        (true, Who::You) => format!("{} was due {at}", capitalised(noun(due.act))),
        (true, Who::Production) => format!("From the production, {} was due {at}", noun(due.act)),
        (true, Who::Union) => format!("From the union, {} was due {at}", noun(due.act)),
    }
}

/// "Now it is the office’s turn: yours."
pub(super) fn turn_sentence(report: &ReportFacts) -> Option<String> {
    let runs = |step: &&Step| matches!(step.state, StepState::Running { .. });
    let turns: Vec<String> = report.steps.iter().filter(runs).map(|step| whose(report.chain, *step)).collect();
    let yours = if report.due.is_some_and(|due| due.who == Who::You) { ": yours" } else { "" };
    (!turns.is_empty()).then(|| format!("Now it is {} turn{yours}.", turns.join(" and ")))
}

/// "On set did not reply in time to the safety report Copper Lantern." None for a step that missed nothing.
pub(super) fn missed_sentence(step: &Step, chain: Chain, report: &str) -> Option<String> {
    let who = capitalised(&both(*step, |level| in_sentence(chain, level)));
    match step.state {
        StepState::Missed { act: Act::Reply, .. } => Some(format!("{who} did not reply in time to {report}.")),
        StepState::Missed { act: Act::Answer, .. } => Some(format!("{who} did not answer in time to {report}.")),
        StepState::Missed { act: Act::Completion, .. } => {
            Some(format!("{who} did not do in time what it promised for {report}."))
        }
        StepState::Missed { act: Act::Check, .. } => {
            Some(format!("{who} did not check in time what was said to {report}."))
        }
        StepState::NotTold { .. } => {
            Some(format!("No mail about {report} reached {} in time.", both(*step, |level| reached(chain, level))))
        }
        StepState::Unreachable { .. } => {
            Some(format!("{who} could not be reached about {report}: for a day its addresses have not existed."))
        }
        StepState::Running { .. }
        | StepState::Promised { .. }
        | StepState::Answered { .. }
        | StepState::AskedEarly
        | StepState::Later { .. }
        | StepState::NobodyThere => None,
    }
}

/// In the table: "On set".
pub(crate) fn step_name(chain: Chain, level: u8) -> String {
    match (chain, level) {
        (Chain::Production, 1) => "On set".to_owned(),
        (Chain::Production, 2) => "Office".to_owned(),
        (Chain::Production, 3) => "Company".to_owned(),
        (Chain::Production, level) => format!("Step {level}"),
        (Chain::Union, level) => format!("Union, step {level}"),
    }
}

/// In a sentence: "the office".
fn in_sentence(chain: Chain, level: u8) -> String {
    match (chain, level) {
        (Chain::Production, 1) => "on set".to_owned(),
        (Chain::Production, 2) => "the office".to_owned(),
        (Chain::Production, 3) => "the company".to_owned(),
        (Chain::Production, level) => format!("step {level}"),
        (Chain::Union, level) => format!("step {level} of the union"),
    }
}

/// Before "turn": "the office’s".
fn whose(chain: Chain, step: Step) -> String {
    match chain {
        Chain::Production => both(step, |level| format!("{}’s", reached(chain, level))),
        Chain::Union => "the union’s".to_owned(),
    }
}

/// Of a step in the table: "On set", "On set and office" for two that are asked together.
pub(super) fn name_of(chain: Chain, step: Step) -> String {
    match step.with {
        None => step_name(chain, step.level),
        Some(with) => format!("{} and {}", step_name(chain, with), step_name(chain, step.level).to_lowercase()),
    }
}

/// What is said of a level, for a step of one or of two.
fn both(step: Step, said: impl Fn(u8) -> String) -> String {
    match step.with {
        None => said(step.level),
        Some(with) => format!("{} and {}", said(with), said(step.level)),
    }
}

/// "you: reply by 14:20 MDT", "production must reply by …"; sent late, "you: reply was due 14:20 MDT".
pub(super) fn due_phrase(due: Due, times: &Times) -> String {
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

/// "reply", after "must" and "you:".
const fn verb(act: Act) -> &'static str {
    match act {
        Act::Reply => "reply",
        Act::Answer => "answer",
        Act::Completion => "finish what was promised",
        Act::Check => "check",
    }
}

/// "reply", before "was due".
const fn noun(act: Act) -> &'static str {
    match act {
        Act::Reply => "reply",
        Act::Answer => "answer",
        Act::Completion => "what was promised",
        Act::Check => "check",
    }
}

/// "no reply in time".
const fn missing(act: Act) -> &'static str {
    match act {
        Act::Reply => "no reply in time",
        Act::Answer => "no answer in time",
        Act::Completion => "promised, not done",
        Act::Check => "no check in time",
    }
}

/// How soon, over the title.
pub(crate) const fn how_soon(how_soon: HowSoon) -> &'static str {
    match how_soon {
        HowSoon::RightNow => "Right now",
        HowSoon::BeforeNextSetup => "Before next setup",
        HowSoon::BeforeNextCall => "Before next call",
        HowSoon::NotSoon => "Not soon, but it should be fixed",
    }
}

/// How soon, for a subject. Capitals stand nowhere else.
pub(super) const fn how_soon_in_capitals(how_soon: HowSoon) -> &'static str {
    match how_soon {
        HowSoon::RightNow => "RIGHT NOW",
        HowSoon::BeforeNextSetup => "BEFORE NEXT SETUP",
        HowSoon::BeforeNextCall => "BEFORE NEXT CALL",
        HowSoon::NotSoon => "NOT SOON",
    }
}

/// After "reached": "the set".
fn reached(chain: Chain, level: u8) -> String {
    match (chain, level) {
        (Chain::Production, 1) => "the set".to_owned(),
        (Chain::Production | Chain::Union, _) => in_sentence(chain, level),
    }
}
