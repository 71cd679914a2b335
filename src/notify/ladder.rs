//! The steps of a report in words: the table of a mail, whose turn it is, who was silent.

use super::{
    facts::{Act, Chain, Due, Reader, ReportFacts, Step, StepState, Who},
    letter::capitalised,
    subject::{missing, noun, verb},
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

/// Colours of screens/README.md.
impl Tone {
    pub(super) const fn is_now(self) -> bool {
        matches!(self, Self::Now)
    }

    pub(super) const fn class(self) -> &'static str {
        if self.is_now() { "now" } else { "row" }
    }

    pub(super) const fn name_class(self) -> &'static str {
        match self {
            Self::Missed => "miss",
            Self::Now | Self::Done => "ink",
            Self::Quiet => "quiet",
        }
    }

    pub(super) const fn name_colour(self) -> &'static str {
        colour_of(self.name_class())
    }

    pub(super) const fn line_class(self) -> &'static str {
        match self {
            Self::Missed => "miss",
            Self::Now => "ink",
            Self::Done => "done",
            Self::Quiet => "quiet",
        }
    }

    pub(super) const fn line_colour(self) -> &'static str {
        colour_of(self.line_class())
    }
}

const fn colour_of(class: &str) -> &'static str {
    match class.as_bytes() {
        b"miss" => "#b3211b",
        b"done" => "#17693a",
        b"quiet" => "#48515c",
        _ => "#12161b",
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
pub(super) fn row(step: Step, report: &ReportFacts, times: &Times) -> Row {
    let (lines, tone) = match step.state {
        StepState::Missed { act, was_due } => (vec![was(&capitalised(missing(act)), was_due, times)], Tone::Missed),
        StepState::NotTold { was_due } => (vec![was("Not told in time", was_due, times)], Tone::Quiet),
        StepState::Unreachable { was_due } => (vec![was("Could not be reached", was_due, times)], Tone::Missed),
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
    Row { name: step_name(report.chain, step.level), lines, tone }
}

fn was(words: &str, was_due: UtcMillis, times: &Times) -> String {
    format!("{words}. Was due {}", times.say(was_due))
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
    let turns: Vec<String> = report.steps.iter().filter(runs).map(|step| whose(report.chain, step.level)).collect();
    let yours = if report.due.is_some_and(|due| due.who == Who::You) { ": yours" } else { "" };
    (!turns.is_empty()).then(|| format!("Now it is {} turn{yours}.", turns.join(" and ")))
}

/// "On set did not reply in time to the safety report Copper Lantern." None for a step that missed nothing.
pub(super) fn missed_sentence(step: &Step, chain: Chain, report: &str) -> Option<String> {
    let who = capitalised(&in_sentence(chain, step.level));
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
            Some(format!("No mail about {report} reached {} in time.", in_sentence(chain, step.level)))
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
fn step_name(chain: Chain, level: u8) -> String {
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
fn whose(chain: Chain, level: u8) -> String {
    match (chain, level) {
        (Chain::Production, 1) => "the set’s".to_owned(),
        (Chain::Production, _) | (Chain::Union, _) => format!("{}’s", in_sentence(chain, level)),
    }
}
