//! What the notices say that are not about one report: people, invitations, the test, the digest.

use super::{
    facts::{NoticeFacts, PersonFacts, ReportFacts, SeatChange},
    ladder::{Row, Tone, due_title, how_soon},
    letter::{Button, Letter, Said, as_roles, footer, footer_of_reports, sign_in_button},
    when::Times,
    words::WordsError,
};

/// A mail about a person with a seat.
pub(super) fn about_person(facts: &NoticeFacts, words: impl Fn(&PersonFacts) -> Said) -> Result<Letter, WordsError> {
    let Said { news, title, paragraphs } = words(facts.person.as_ref().ok_or(WordsError::NoPerson)?);
    Ok(Letter {
        subject: subject(facts, &news),
        over: facts.shown_as.clone(),
        title,
        paragraphs,
        rows: Vec::new(),
        button: sign_in_button(facts),
        under: Vec::new(),
        footer: vec![footer(facts)],
    })
}

/// Somebody took their seat.
pub(super) fn joined(person: &PersonFacts) -> Said {
    let stays =
        "They read what comes from now on. What is open already stays closed to them until somebody lets them in.";
    Said {
        news: format!("{} took a seat", person.name.as_deref().unwrap_or(&person.address)),
        title: "Somebody took a seat".to_owned(),
        paragraphs: vec![format!("{} took a seat at {}.", who(person), seat(person)), stays.to_owned()],
    }
}

/// A mail server says that an address does not exist.
pub(super) fn address_dead(person: &PersonFacts) -> Said {
    let address = &person.address;
    let whose = format!("It belongs to {} at {}.", person.name.as_deref().unwrap_or("somebody"), seat(person));
    Said {
        news: format!("no mail reaches {address}"),
        title: "No mail reaches this address".to_owned(),
        paragraphs: vec![
            format!("The mail server says that {address} does not exist. {whose}"),
            "Mend the address or add somebody, before a report waits there unread.".to_owned(),
        ],
    }
}

/// Seats were added, removed or changed.
pub(super) fn roster_changed(person: &PersonFacts) -> Said {
    let (who, seat) = (who(person), seat(person));
    let change = match person.change {
        SeatChange::Added => format!("{who} now has a seat at {seat}."),
        SeatChange::Removed => format!("{who} no longer has the seat at {seat}."),
        SeatChange::RolesChanged => format!("{who} now sits at {seat}."),
        SeatChange::NewKey => format!("{who}, at {seat}, has a new key: password and recovery words were lost."),
    };
    Said {
        news: "who may read has changed".to_owned(),
        title: "Who may read has changed".to_owned(),
        paragraphs: vec![change, ASK.to_owned()],
    }
}

/// A seat was let in by a printed code.
pub(super) fn roster_handed_out(person: &PersonFacts) -> Said {
    let taken = format!("{} took a seat at {} with a code that the host handed out.", who(person), seat(person));
    Said {
        news: "handed out by the host, address not checked".to_owned(),
        title: "Handed out by the host, address not checked".to_owned(),
        paragraphs: vec![format!("{taken} No mail went to the address."), ASK.to_owned()],
    }
}

/// The next version of the policy waits for somebody of the union.
pub(super) fn policy_waiting() -> Said {
    let what =
        "Somebody wants to change who is told, or to give somebody more time. That takes something from your side.";
    Said {
        news: "a change of the deadlines waits for you".to_owned(),
        title: "A change waits for you".to_owned(),
        paragraphs: vec![
            format!("{what} Nothing changes until one of you has agreed."),
            "Sign in, look at what would be different, and agree only if it is right.".to_owned(),
        ],
    }
}

const ASK: &str = "If you did not expect this, ask who did it.";

/// What passed while the service was down.
pub(super) fn outage_digest(facts: &NoticeFacts, times: &Times) -> Result<Letter, WordsError> {
    let outage = facts.outage.as_ref().ok_or(WordsError::NoOutage)?;
    let (from, to) = (times.say(outage.from), times.say(outage.to));
    let waits = if outage.reports.is_empty() { "Nothing waits for you now." } else { "This waits for you now:" };
    let moved = "Deadlines that were open then were moved by that time.";
    Ok(Letter {
        subject: subject(facts, &format!("the service was down from {from} to {to}")),
        over: facts.shown_as.clone(),
        title: "The service was down".to_owned(),
        paragraphs: vec![format!("From {from} to {to} this service did not run. {moved}"), waits.to_owned()],
        rows: outage.reports.iter().map(|report| digest_row(report, times)).collect(),
        button: sign_in_button(facts),
        under: vec!["To read the reports, sign in. This mail says nothing of what is in them.".to_owned()],
        footer: footer_of_reports(facts),
    })
}

fn digest_row(report: &ReportFacts, times: &Times) -> Row {
    let due = report.due.map(|due| due_title(due, times));
    let lines = due.into_iter().chain([how_soon(report.how_soon).to_owned()]).collect();
    Row { name: report.handle.clone(), lines, tone: Tone::Now }
}

/// A letter that lets somebody in.
pub(super) fn invitation(facts: &NoticeFacts, times: &Times) -> Result<Letter, WordsError> {
    let person = facts.person.as_ref().ok_or(WordsError::NoPerson)?;
    let url = facts.link.clone().ok_or(WordsError::NoLink)?;
    let until = person.expires.map(|at| format!(", until {}", times.say(at))).unwrap_or_default();
    let renews = person.change == SeatChange::NewKey;
    let (news, title) = if renews { ("begin anew", "Begin anew") } else { ("you are invited", "You are invited") };
    Ok(Letter {
        subject: subject(facts, news),
        over: facts.shown_as.clone(),
        title: title.to_owned(),
        paragraphs: if renews { begins_anew(facts, person) } else { invited_to(facts, person) },
        rows: Vec::new(),
        button: Button { label: if renews { "Choose a new password" } else { "Open the invitation" }, url },
        under: vec![format!("It works once{until}. Whoever has this link can take your place: pass it on to nobody.")],
        footer: vec![format!("Sent to {}.", person.address)],
    })
}

fn begins_anew(facts: &NoticeFacts, person: &PersonFacts) -> Vec<String> {
    let desk = person.desk.as_deref().unwrap_or("the host");
    vec![
        format!("Somebody at {} says that your password and your twelve words for “{desk}” are both lost.", facts.shown_as),
        "Here you choose a new password and get new words. They count once somebody of your side has confirmed that it is you."
            .to_owned(),
        "If you still have either of them, do nothing here: sign in and change your password, and this ends.".to_owned(),
    ]
}

fn invited_to(facts: &NoticeFacts, person: &PersonFacts) -> Vec<String> {
    match &person.desk {
        Some(_) => vec![
            format!("You are invited to {} of {}.", seat(person), facts.shown_as),
            "Safety reports from the crew come there, without names, and each has a deadline.".to_owned(),
        ],
        None => vec!["You are invited to run this service as its host.".to_owned()],
    }
}

/// Proof that notices arrive.
pub(super) fn test_notice(facts: &NoticeFacts) -> Result<Letter, WordsError> {
    let url = facts.link.clone().ok_or(WordsError::NoLink)?;
    Ok(Letter {
        subject: subject(facts, "test: please press that it arrived"),
        over: facts.shown_as.clone(),
        title: "This is a test".to_owned(),
        paragraphs: vec!["Nothing happened. Please show that mails about safety reports reach you.".to_owned()],
        rows: Vec::new(),
        button: Button { label: "Open the page", url },
        under: vec!["Press “It arrived” on that page.".to_owned()],
        footer: vec![footer(facts)],
    })
}

fn subject(facts: &NoticeFacts, news: &str) -> String {
    format!("{} · {news}", facts.shown_as)
}

fn who(person: &PersonFacts) -> String {
    match &person.name {
        Some(name) => format!("{name} ({})", person.address),
        None => person.address.clone(),
    }
}

/// “Office” as line producer.
fn seat(person: &PersonFacts) -> String {
    format!("“{}”{}", person.desk.as_deref().unwrap_or("the host"), as_roles(&person.roles))
}
