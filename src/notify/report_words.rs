//! What each notice about a report says. One function per kind; none of them knows a word of the report.

use super::{
    facts::{Reader, ReportFacts, Step, StepState},
    ladder::{due_phrase, due_title, missed_sentence, name_of, silence, turn_sentence},
    letter::{Said, capitalised},
    roles::role_label,
    when::Times,
};

/// A level was entered, or is told early.
pub(super) fn level_entered(report: &ReportFacts, times: &Times) -> Said {
    let Some(due) = report.due else { return without_clock(report) };
    let missed = report.steps.iter().rev().find_map(|step| missed_sentence(step, report.chain, &name(report)));
    let lead = missed.unwrap_or_else(|| format!("There is a safety report, {}.", report.handle));
    let whole: Vec<String> = [Some(lead), turn_sentence(report)].into_iter().flatten().collect();
    Said { news: due_phrase(due, times), title: due_title(due, times), paragraphs: vec![whole.join(" ")] }
}

/// A level is told while no clock of its own runs: early, or because nobody is there whose clock could run.
fn without_clock(report: &ReportFacts) -> Said {
    let runs = |step: &Step| matches!(step.state, StepState::Running { .. } | StepState::AskedEarly);
    if report.steps.iter().any(runs) {
        let said = "You may act now; the clock of the step before runs on.";
        return Said {
            news: "you are asked early".to_owned(),
            title: "You are asked early".to_owned(),
            paragraphs: vec![format!("You are asked early about {}. {said}", name(report))],
        };
    }
    let news = if is_nobody_there(report) { NOBODY_THERE } else { "no step is left that could reply" };
    Said {
        news: news.to_owned(),
        title: capitalised(news),
        paragraphs: vec![format!("There is a safety report, {}. {}.", report.handle, capitalised(news))],
    }
}

const NOBODY_THERE: &str = "nobody of the production can be reached";

/// No step has anybody. Only the union side is shown that.
fn is_nobody_there(report: &ReportFacts) -> bool {
    !report.steps.is_empty() && report.steps.iter().all(|step| step.state == StepState::NobodyThere)
}

/// A deadline passed without the act.
pub(super) fn breach(report: &ReportFacts, times: &Times) -> Said {
    let step = report.steps.iter().find(|step| Some(step.level) == report.level);
    let found = step.and_then(|step| silence(*step).map(|silence| (step, silence)));
    let Some((step, (news, was_due))) = found else {
        let says = format!("A reply to {} did not come in time.", name(report));
        return said("no reply in time", "No reply in time", report, times, says);
    };
    let missed = missed_sentence(step, report.chain, &name(report));
    let stays = if matches!(step.state, StepState::NotTold { .. }) {
        "It is on record as not told, which accuses nobody."
    } else {
        "This stays on record, also when an answer comes later."
    };
    Said {
        news: format!("{news}, was due {}", times.say(was_due)),
        title: format!("{}: {news}", name_of(report.chain, *step)),
        paragraphs: [missed, turn_sentence(report), Some(stays.to_owned())].into_iter().flatten().collect(),
    }
}

/// An answer was given.
pub(super) fn answered(report: &ReportFacts, times: &Times) -> Said {
    let late = report.was_due.map(|was_due| format!(", late: it was due {}", times.say(was_due))).unwrap_or_default();
    let title = if report.was_due.is_some() { "Answered late" } else { "Answered" };
    let check = match report.due {
        Some(due) => format!("{}. Read the answer, and say whether it holds.", due_title(due, times)),
        None => "No union check is asked for. You may check it all the same, until it is closed.".to_owned(),
    };
    let given = format!("There is an answer to {}{}{late}.", name(report), by(report));
    Said {
        news: with_due(&title.to_lowercase(), report, times),
        title: title.to_owned(),
        paragraphs: vec![given, check],
    }
}

/// The reporter says that it is not fixed.
pub(super) fn contested(report: &ReportFacts, times: &Times) -> Said {
    let says = format!("The person who sent {} says that it is not fixed. The clock starts again.", name(report));
    said("it is not fixed", "It is not fixed", report, times, says)
}

/// The union check says that it is not fixed.
pub(super) fn rejected(report: &ReportFacts, times: &Times) -> Said {
    let says = format!("The union checked the answer to {}: it is not fixed. The clock starts again.", name(report));
    said("union check: it is not fixed", "Union check: it is not fixed", report, times, says)
}

/// Somebody wrote.
pub(super) fn message(report: &ReportFacts, _: &Times) -> Said {
    Said {
        news: "new message".to_owned(),
        title: "New message".to_owned(),
        paragraphs: vec![format!("There is a new message about {}. It stops no clock.", name(report))],
    }
}

/// Work was stopped.
pub(super) fn stop_work(report: &ReportFacts, times: &Times) -> Said {
    let why = format!("Because of {}, work was stopped{}.", name(report), by(report));
    let says = format!("{why} What stopped, and who may restart it, is on the page.");
    said("work was stopped", "Work was stopped", report, times, says)
}

/// Work goes on.
pub(super) fn resumed(report: &ReportFacts, times: &Times) -> Said {
    let says = format!("After {}, work was resumed{}. What changed is on the page.", name(report), by(report));
    said("work goes on", "Work goes on", report, times, says)
}

/// It is happening again.
pub(super) fn worse(report: &ReportFacts, times: &Times) -> Said {
    let says = format!("The person who sent {} says that it is happening again, or is worse.", name(report));
    said("again, or worse", "It is happening again, or worse", report, times, says)
}

/// The reporter took it back.
pub(super) fn withdrawn(report: &ReportFacts, _: &Times) -> Said {
    Said {
        news: "taken back".to_owned(),
        title: "Taken back".to_owned(),
        paragraphs: vec![format!("The person who sent {} took it back. Nothing more is due.", name(report))],
    }
}

/// A check is asked for, or passed on.
pub(super) fn verification_asked(report: &ReportFacts, times: &Times) -> Said {
    let name = name(report);
    let asked = match report.was_due {
        Some(was_due) => {
            format!(
                "The answer to {name} was not checked in time: it was due {}. Now you are asked.",
                times.say(was_due)
            )
        }
        None => format!("There is an answer to {name}. You are asked to check it."),
    };
    let (news, title) = match report.due {
        Some(due) => (due_phrase(due, times), due_title(due, times)),
        None => ("you are asked to check".to_owned(), "You are asked to check".to_owned()),
    };
    Said { news, title, paragraphs: vec![asked] }
}

/// No step is left.
pub(super) fn exhausted(report: &ReportFacts, reader: Reader) -> Said {
    let news = nobody_answered(report);
    let next = match reader {
        Reader::Production => "An answer is still due. It counts as late, and it still counts.",
        Reader::Union => "It stays open until there is an answer.",
        Reader::Observer => "You are told only: nothing is asked of you. You can read it now.",
    };
    let over = if is_nobody_there(report) {
        format!("Nobody of the production can be reached about {}, so nobody was asked.", name(report))
    } else if report.steps.is_empty() {
        format!("There is no answer to {}, and no step is left.", name(report))
    } else {
        format!("Every step had its time for {}, and there is no answer.", name(report))
    };
    Said { news: news.to_owned(), title: capitalised(news), paragraphs: vec![over, next.to_owned()] }
}

/// News with the deadline that follows from it, in the subject and as a sentence.
fn said(news: &str, title: &str, report: &ReportFacts, times: &Times, sentence: String) -> Said {
    let due = report.due.map(|due| format!("{}.", due_title(due, times)));
    let next: Vec<String> = [turn_sentence(report), due].into_iter().flatten().collect();
    let mut paragraphs = vec![sentence];
    if !next.is_empty() {
        paragraphs.push(next.join(" "));
    }
    Said { news: with_due(news, report, times), title: title.to_owned(), paragraphs }
}

fn with_due(news: &str, report: &ReportFacts, times: &Times) -> String {
    report.due.map_or_else(|| news.to_owned(), |due| format!("{news}, {}", due_phrase(due, times)))
}

/// "Told" is said of everyone only where nobody was left untold.
fn nobody_answered(report: &ReportFacts) -> &'static str {
    let untold = |step: &Step| {
        matches!(step.state, StepState::NotTold { .. } | StepState::Unreachable { .. } | StepState::NobodyThere)
    };
    if is_nobody_there(report) {
        return NOBODY_THERE;
    }
    if report.steps.is_empty() || report.steps.iter().any(untold) {
        "no step is left, nobody answered"
    } else {
        "everyone was told, nobody answered"
    }
}

fn name(report: &ReportFacts) -> String {
    format!("the safety report {}", report.handle)
}

fn by(report: &ReportFacts) -> String {
    report.by_role.as_deref().map(|role| format!(" by the {}", role_label(role))).unwrap_or_default()
}
