//! A mail before it is laid out: news for the subject, title, sentences, table, one button.

use super::{
    facts::{LedgerFacts, NoticeFacts, ReportFacts},
    ladder::{Row, how_soon, how_soon_in_capitals, rows},
    other_words, report_words,
    roles::role_label,
    when::Times,
    words::WordsError,
};
use crate::domain::notice::NoticeKind;

/// What a mail says. How it looks is in the templates.
pub(super) struct Letter {
    pub(super) subject: String,
    /// The small line over the title.
    pub(super) over: String,
    pub(super) title: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) button: Button,
    /// Under the button: what pressing it does, and what it does not.
    pub(super) under: Vec<String>,
    pub(super) footer: Vec<String>,
}

/// The one button. It only opens a page: mail scanners follow links.
pub(super) struct Button {
    pub(super) label: &'static str,
    pub(super) url: String,
}

/// What one kind of notice says.
pub(super) struct Said {
    /// For the subject, in lower case.
    pub(super) news: String,
    pub(super) title: String,
    pub(super) paragraphs: Vec<String>,
}

/// The mail for these facts.
pub(super) fn letter(facts: &NoticeFacts, times: &Times) -> Result<Letter, WordsError> {
    let mut letter = letter_of_kind(facts, times)?;
    letter.footer.extend(facts.ledger.as_ref().map(footer_of_ledger));
    Ok(letter)
}

/// A head that lies in many mailboxes cannot be denied later; it is no witness, because nobody checked what came before it.
///
/// Source: ledger.md, "What a bundle says" (a mail's footer).
fn footer_of_ledger(ledger: &LedgerFacts) -> String {
    let LedgerFacts { size, root } = ledger;
    format!(
        "The ledger had {size} entries when this was sent, with the root {root}. Whoever keeps this mail can compare it later."
    )
}

fn letter_of_kind(facts: &NoticeFacts, times: &Times) -> Result<Letter, WordsError> {
    match facts.kind {
        NoticeKind::LevelEntered => about_report(facts, times, report_words::level_entered),
        NoticeKind::Breach => about_report(facts, times, report_words::breach),
        NoticeKind::Answered => about_report(facts, times, report_words::answered),
        NoticeKind::Contested => about_report(facts, times, report_words::contested),
        NoticeKind::Rejected => about_report(facts, times, report_words::rejected),
        NoticeKind::Message => about_report(facts, times, report_words::message),
        NoticeKind::StopWork => about_report(facts, times, report_words::stop_work),
        NoticeKind::Resumed => about_report(facts, times, report_words::resumed),
        NoticeKind::Worse => about_report(facts, times, report_words::worse),
        NoticeKind::Withdrawn => about_report(facts, times, report_words::withdrawn),
        NoticeKind::VerificationAsked => about_report(facts, times, report_words::verification_asked),
        NoticeKind::Exhausted => about_report(facts, times, |report, _| report_words::exhausted(report, facts.reader)),
        NoticeKind::Joined => other_words::about_person(facts, other_words::joined),
        NoticeKind::AddressDead => other_words::about_person(facts, other_words::address_dead),
        NoticeKind::RosterChanged => other_words::about_person(facts, other_words::roster_changed),
        NoticeKind::RosterHandedOut => other_words::about_person(facts, other_words::roster_handed_out),
        NoticeKind::PolicyWaiting => other_words::about_person(facts, |_| other_words::policy_waiting()),
        NoticeKind::OutageDigest => other_words::outage_digest(facts, times),
        NoticeKind::Invitation => other_words::invitation(facts, times),
        NoticeKind::TestNotice => other_words::test_notice(facts),
    }
}

/// A mail about one report: `[BEFORE NEXT SETUP] Western · you: reply by 14:20 MDT · Copper Lantern`. Never a word of the report.
fn about_report(
    facts: &NoticeFacts,
    times: &Times,
    words: impl Fn(&ReportFacts, &Times) -> Said,
) -> Result<Letter, WordsError> {
    let report = facts.report.as_ref().ok_or(WordsError::NoReport)?;
    let Said { news, title, mut paragraphs } = words(report, times);
    if let Some(due) = report.due.filter(|due| times.is_over(due.at)) {
        paragraphs.push(format!("This mail was sent late: the time was over at {}.", times.say(due.at)));
    }
    let soon = how_soon_in_capitals(report.how_soon);
    Ok(Letter {
        subject: format!("[{soon}] {} · {news} · {}", facts.shown_as, report.handle),
        over: format!("{}. {}", facts.shown_as, how_soon(report.how_soon)),
        title,
        paragraphs,
        rows: rows(report, facts.reader, times),
        button: report_button(facts),
        under: vec![report_under(facts).to_owned()],
        footer: footer_of_reports(facts),
    })
}

fn report_button(facts: &NoticeFacts) -> Button {
    match &facts.link {
        Some(url) => Button { label: "Open the reply page", url: url.clone() },
        None => sign_in_button(facts),
    }
}

fn report_under(facts: &NoticeFacts) -> &'static str {
    if facts.link.is_some() {
        "Nothing is recorded until you press “I have it” on that page. To read the report, sign in there. This mail says nothing \
         of what is in it."
    } else {
        "To read the report, sign in. This mail says nothing of what is in it."
    }
}

pub(super) fn sign_in_button(facts: &NoticeFacts) -> Button {
    Button { label: "Sign in", url: facts.desk_url.clone() }
}

/// Why the reader has this mail, and that writing back to it is no answer.
pub(super) fn footer_of_reports(facts: &NoticeFacts) -> Vec<String> {
    let hint = "Writing back to this mail is no answer: only what you do on the page counts.";
    vec![footer(facts), hint.to_owned()]
}

/// Why the reader has this mail.
pub(super) fn footer(facts: &NoticeFacts) -> String {
    if facts.reader_roles.is_empty() {
        format!("Sent to you for {}.", facts.shown_as)
    } else {
        format!("Sent to you{} of {}.", as_roles(&facts.reader_roles), facts.shown_as)
    }
}

/// " as 1st AD and armorer"; nothing without roles.
pub(super) fn as_roles(roles: &[String]) -> String {
    let labels: Vec<_> = roles.iter().map(|role| role_label(role)).collect();
    if labels.is_empty() { String::new() } else { format!(" as {}", labels.join(" and ")) }
}

/// The first letter as a capital.
pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
