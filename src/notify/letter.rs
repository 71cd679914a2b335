//! The body of a mail, before it is laid out: title, sentences, steps, one button.

use super::{
    facts::{HowSoon, NoticeFacts, OutageFacts, PersonFacts, Reader, ReportFacts, SeatChange, Step},
    ladder::{Row, Tone, due_title, missed_sentence, row, rows, turn_sentence},
    roles::role_label,
    subject::{breached, nobody_answered},
    when::Times,
    words::WordsError,
};
use crate::domain::notice::NoticeKind;

/// The body of a mail. What it says is here; how it looks is in the templates.
pub(super) struct Letter {
    pub(super) over: String,
    pub(super) title: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) button: Option<Button>,
    pub(super) under: Vec<String>,
    pub(super) footer: Vec<String>,
}

/// The one button. It only opens a page: mail scanners follow links.
pub(super) struct Button {
    pub(super) label: &'static str,
    pub(super) url: String,
}

/// The body for these facts.
pub(super) fn letter(facts: &NoticeFacts, times: &Times) -> Result<Letter, WordsError> {
    match facts.kind {
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
        | NoticeKind::Exhausted => {
            let report = facts.report.as_ref().ok_or(WordsError::NoReport)?;
            Ok(about_report(facts, report, times))
        }
        NoticeKind::OutageDigest => {
            let outage = facts.outage.as_ref().ok_or(WordsError::NoOutage)?;
            Ok(about_outage(facts, outage, times))
        }
        NoticeKind::Invitation => invitation(facts, times),
        NoticeKind::TestNotice => test_notice(facts),
        NoticeKind::Joined | NoticeKind::AddressDead | NoticeKind::RosterChanged | NoticeKind::RosterHandedOut => {
            let person = facts.person.as_ref().ok_or(WordsError::NoPerson)?;
            Ok(about_person(facts, person))
        }
    }
}

fn about_report(facts: &NoticeFacts, report: &ReportFacts, times: &Times) -> Letter {
    let (title, mut paragraphs) = report_words(facts, report, times);
    if let Some(due) = report.due.filter(|due| times.is_over(due.at)) {
        paragraphs.push(format!("This mail was sent late: the time was over at {}.", times.say(due.at)));
    }
    Letter {
        over: format!("{}. {}", facts.shown_as, how_soon(report.how_soon)),
        title,
        paragraphs,
        rows: rows(report, facts.reader, times),
        button: Some(report_button(facts)),
        under: vec![report_under(facts)],
        footer: footer(facts, true),
    }
}

/// Title and sentences, per kind. Never a word of the report.
fn report_words(facts: &NoticeFacts, report: &ReportFacts, times: &Times) -> (String, Vec<String>) {
    let name = format!("the safety report {}", report.handle);
    let turn = turn_sentence(report);
    let due = report.due.map(|due| due_title(due, times));
    // The deadline as a sentence of its own, where the title says something else.
    let due_line = due.clone().map(|due| format!("{due}."));
    let by = report.by_role.as_deref().map(|role| format!(" by the {}", role_label(role))).unwrap_or_default();
    match facts.kind {
        NoticeKind::LevelEntered => entered(report, &name, due, turn),
        NoticeKind::Breach => {
            let title =
                breached(report).map_or_else(|| "No reply in time".to_owned(), |step| rows_title(step, report, times));
            let missed = breached(report).and_then(|step| missed_sentence(step, report.chain, &name));
            (title, sentences([missed, turn, Some(BREACH_STAYS.to_owned())]))
        }
        NoticeKind::Answered => answered(report, &name, &by, due_line, times),
        NoticeKind::Contested => {
            let said = format!("The person who sent {name} says that it is not fixed. The clock starts again.");
            ("It is not fixed".to_owned(), sentences([Some(said), turn, due_line]))
        }
        NoticeKind::Rejected => {
            let said = format!("The union checked the answer to {name}: it is not fixed. The clock starts again.");
            ("Union check: it is not fixed".to_owned(), sentences([Some(said), turn, due_line]))
        }
        NoticeKind::Message => {
            ("New message".to_owned(), vec![format!("There is a new message about {name}. It stops no clock.")])
        }
        NoticeKind::StopWork => {
            let said = format!(
                "Because of {name}, work was stopped{by}. What stopped, and who may restart it, is on the page."
            );
            ("Work was stopped".to_owned(), sentences([Some(said), due_line, None]))
        }
        NoticeKind::Resumed => {
            let said = format!("After {name}, work was resumed{by}. What changed is on the page.");
            ("Work goes on".to_owned(), sentences([Some(said), due_line, None]))
        }
        NoticeKind::Worse => {
            let said = format!("The person who sent {name} says that it is happening again, or is worse.");
            ("It is happening again, or worse".to_owned(), sentences([Some(said), turn, due_line]))
        }
        NoticeKind::Withdrawn => {
            ("Taken back".to_owned(), vec![format!("The person who sent {name} took it back. Nothing more is due.")])
        }
        NoticeKind::VerificationAsked => check_asked(report, &name, due, times),
        NoticeKind::Exhausted => exhausted(facts.reader, report, &name),
        NoticeKind::Joined
        | NoticeKind::AddressDead
        | NoticeKind::OutageDigest
        | NoticeKind::Invitation
        | NoticeKind::TestNotice
        | NoticeKind::RosterChanged
        | NoticeKind::RosterHandedOut => (String::new(), Vec::new()),
    }
}

const BREACH_STAYS: &str = "This stays on record, also when an answer comes later.";

/// "On set: no reply in time".
fn rows_title(step: &Step, report: &ReportFacts, times: &Times) -> String {
    let row = row(*step, report, times);
    let news = row.lines.first().map(|line| line.split(". ").next().unwrap_or(line).to_lowercase()).unwrap_or_default();
    format!("{}: {news}", row.name)
}

fn entered(report: &ReportFacts, name: &str, due: Option<String>, turn: Option<String>) -> (String, Vec<String>) {
    let Some(due) = due else {
        let said = format!("You are asked early about {name}. You may act now; the clock of the step before runs on.");
        return ("You are asked early".to_owned(), vec![said]);
    };
    let missed = report.steps.iter().rev().find_map(|step| missed_sentence(step, report.chain, name));
    let lead = missed.unwrap_or_else(|| format!("There is a safety report, {}.", report.handle));
    let whole = turn.map_or(lead.clone(), |turn| format!("{lead} {turn}"));
    (due, vec![whole])
}

fn answered(
    report: &ReportFacts,
    name: &str,
    by: &str,
    due_line: Option<String>,
    times: &Times,
) -> (String, Vec<String>) {
    let late = report.was_due.map(|was_due| format!(", late: it was due {}", times.say(was_due))).unwrap_or_default();
    let title = if report.was_due.is_some() { "Answered late" } else { "Answered" };
    let check = match due_line {
        Some(due) => format!("{due} Read the answer, and say whether it holds."),
        None => "No union check is asked for. You may check it all the same, until it is closed.".to_owned(),
    };
    (title.to_owned(), vec![format!("There is an answer to {name}{by}{late}."), check])
}

fn check_asked(report: &ReportFacts, name: &str, due: Option<String>, times: &Times) -> (String, Vec<String>) {
    let said = match report.was_due {
        Some(was_due) => {
            format!(
                "The answer to {name} was not checked in time: it was due {}. Now you are asked.",
                times.say(was_due)
            )
        }
        None => format!("There is an answer to {name}. You are asked to check it."),
    };
    (due.unwrap_or_else(|| "You are asked to check".to_owned()), vec![said])
}

fn exhausted(reader: Reader, report: &ReportFacts, name: &str) -> (String, Vec<String>) {
    let words = nobody_answered(report);
    let title = capitalised(words);
    let next = match reader {
        Reader::Production => "An answer is still due. It counts as late, and it still counts.",
        Reader::Union => "It stays open until there is an answer.",
        Reader::Observer => "You are told only: nothing is asked of you. You can read it now.",
    };
    (title, vec![format!("Every step had its time for {name}, and there is no answer."), next.to_owned()])
}

fn report_button(facts: &NoticeFacts) -> Button {
    match &facts.link {
        Some(url) => Button { label: "Open the reply page", url: url.clone() },
        None => Button { label: "Sign in", url: facts.desk_url.clone() },
    }
}

fn report_under(facts: &NoticeFacts) -> String {
    let under = match facts.link {
        Some(_) => {
            "Nothing is recorded until you press “I have it” on that page. To read the report, sign in there. This mail says \
             nothing of what is in it."
        }
        None => "To read the report, sign in. This mail says nothing of what is in it.",
    };
    under.to_owned()
}

fn about_outage(facts: &NoticeFacts, outage: &OutageFacts, times: &Times) -> Letter {
    let span = format!(
        "From {} to {} this service did not run. Deadlines that were open then were moved by that time.",
        times.say(outage.from),
        times.say(outage.to)
    );
    let waits = if outage.reports.is_empty() { "Nothing waits for you now." } else { "This waits for you now:" };
    let row = |report: &ReportFacts| Row {
        name: report.handle.clone(),
        lines: report
            .due
            .map(|due| due_title(due, times))
            .into_iter()
            .chain([how_soon(report.how_soon).to_owned()])
            .collect(),
        tone: Tone::Now,
    };
    Letter {
        over: facts.shown_as.clone(),
        title: "The service was down".to_owned(),
        paragraphs: vec![span, waits.to_owned()],
        rows: outage.reports.iter().map(row).collect(),
        button: Some(Button { label: "Sign in", url: facts.desk_url.clone() }),
        under: vec!["To read the reports, sign in. This mail says nothing of what is in them.".to_owned()],
        footer: footer(facts, true),
    }
}

fn invitation(facts: &NoticeFacts, times: &Times) -> Result<Letter, WordsError> {
    let person = facts.person.as_ref().ok_or(WordsError::NoPerson)?;
    let url = facts.link.clone().ok_or(WordsError::NoLink)?;
    let to = match &person.desk {
        Some(desk) => format!("You are invited to “{desk}” of {}{}.", facts.shown_as, as_roles(&person.roles)),
        None => "You are invited to run this service as its host.".to_owned(),
    };
    let why = "Safety reports from the crew come there, without names, and each has a deadline.";
    let until = person.expires.map(|at| format!(" until {}", times.say(at))).unwrap_or_default();
    Ok(Letter {
        over: facts.shown_as.clone(),
        title: "You are invited".to_owned(),
        paragraphs: sentences([Some(to), person.desk.as_ref().map(|_| why.to_owned()), None]),
        rows: Vec::new(),
        button: Some(Button { label: "Open the invitation", url }),
        under: vec![format!("It works once{until}. Whoever has this link can take your place: pass it on to nobody.")],
        footer: vec![format!("Sent to {}.", person.address)],
    })
}

fn test_notice(facts: &NoticeFacts) -> Result<Letter, WordsError> {
    let url = facts.link.clone().ok_or(WordsError::NoLink)?;
    Ok(Letter {
        over: facts.shown_as.clone(),
        title: "This is a test".to_owned(),
        paragraphs: vec!["Nothing happened. Please show that mails about safety reports reach you.".to_owned()],
        rows: Vec::new(),
        button: Some(Button { label: "Open the page", url }),
        under: vec!["Press “It arrived” on that page.".to_owned()],
        footer: footer(facts, false),
    })
}

fn about_person(facts: &NoticeFacts, person: &PersonFacts) -> Letter {
    let (title, paragraphs) = person_words(facts.kind, person);
    Letter {
        over: facts.shown_as.clone(),
        title: title.to_owned(),
        paragraphs,
        rows: Vec::new(),
        button: Some(Button { label: "Sign in", url: facts.desk_url.clone() }),
        under: Vec::new(),
        footer: footer(facts, false),
    }
}

fn person_words(kind: NoticeKind, person: &PersonFacts) -> (&'static str, Vec<String>) {
    let who = match &person.name {
        Some(name) => format!("{name} ({})", person.address),
        None => person.address.clone(),
    };
    let desk = person.desk.as_deref().unwrap_or("the service");
    let roles = as_roles(&person.roles);
    let ask = "If you did not expect this, ask who did it.".to_owned();
    match kind {
        NoticeKind::Joined => (
            "Somebody took a seat",
            vec![
                format!("{who} took a seat at “{desk}”{roles}."),
                "They read what comes from now on. What is open already stays closed to them until somebody lets them in."
                    .to_owned(),
            ],
        ),
        NoticeKind::AddressDead => (
            "No mail reaches this address",
            vec![
                format!("The mail server says that {} does not exist. It belongs to {who} at “{desk}”.", person.address),
                "Mend the address or add somebody, before a report waits there unread.".to_owned(),
            ],
        ),
        NoticeKind::RosterHandedOut => (
            "Handed out by the host, address not checked",
            vec![format!("{who} took a seat at “{desk}”{roles} with a code that the host handed out. No mail went to the address."), ask],
        ),
        NoticeKind::RosterChanged
        | NoticeKind::LevelEntered
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
        | NoticeKind::Exhausted
        | NoticeKind::OutageDigest
        | NoticeKind::Invitation
        | NoticeKind::TestNotice => ("Who may read has changed", vec![seat_change(person.change, &who, desk, &roles), ask]),
    }
}

fn seat_change(change: SeatChange, who: &str, desk: &str, roles: &str) -> String {
    match change {
        SeatChange::Added => format!("{who} now has a seat at “{desk}”{roles}."),
        SeatChange::Removed => format!("{who} no longer has a seat at “{desk}”."),
        SeatChange::RolesChanged => format!("{who} is at “{desk}” now{roles}."),
        SeatChange::NewKey => format!("{who} at “{desk}” has a new key: they lost password and recovery words."),
    }
}

/// " as 1st AD and armorer"; nothing without roles.
fn as_roles(roles: &[String]) -> String {
    let labels: Vec<_> = roles.iter().map(|role| role_label(role)).collect();
    if labels.is_empty() { String::new() } else { format!(" as {}", labels.join(" and ")) }
}

/// Why the reader has this mail; under a mail that awaits an act also that answering the mail is none.
fn footer(facts: &NoticeFacts, awaits_an_act: bool) -> Vec<String> {
    let sent = format!("Sent to you{} of {}.", as_roles(&facts.reader_roles), facts.shown_as);
    let sent = if facts.reader_roles.is_empty() { format!("Sent to you for {}.", facts.shown_as) } else { sent };
    let hint = "Writing back to this mail is no answer: only what you do on the page counts.";
    if awaits_an_act { vec![sent, hint.to_owned()] } else { vec![sent] }
}

fn sentences(found: [Option<String>; 3]) -> Vec<String> {
    found.into_iter().flatten().collect()
}

/// How soon, over the title.
const fn how_soon(how_soon: HowSoon) -> &'static str {
    match how_soon {
        HowSoon::RightNow => "Right now",
        HowSoon::BeforeNextSetup => "Before next setup",
        HowSoon::BeforeNextCall => "Before next call",
        HowSoon::NotSoon => "Not soon, but it should be fixed",
    }
}

pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
