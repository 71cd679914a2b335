//! Facts to words: subject, plain text, HTML. The two bodies say the same.

use askama::Template;

use super::{
    facts::NoticeFacts,
    letter::{Letter, letter},
    subject::subject,
    when::Times,
};

/// The words of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text, lines of any length, ends with a line break.
    pub plain: String,
    /// A whole HTML page without scripts, pictures or anything fetched.
    pub html: String,
}

/// Facts that do not belong to the kind of notice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A kind about a report came without one.
    #[error("this kind of notice needs the facts of a report")]
    NoReport,
    /// A kind about a person came without one.
    #[error("this kind of notice needs the facts of a person")]
    NoPerson,
    /// The digest came without its outage.
    #[error("this kind of notice needs the facts of an outage")]
    NoOutage,
    /// An invitation or test came without its link.
    #[error("this kind of notice needs a link")]
    NoLink,
    /// A template failed.
    #[error("the words could not be laid out: {0}")]
    Layout(String),
}

/// The words for these facts. Nothing but the facts decides them: no clock, no chance.
///
/// # Errors
/// [`WordsError`] if a part is missing that the kind needs.
///
/// Source: experience.md, "Mail".
pub fn render(facts: &NoticeFacts) -> Result<Rendered, WordsError> {
    let times = Times::new(&facts.time_zone, facts.now);
    let letter = letter(facts, &times)?;
    let subject = subject(facts, &times)?;
    let layout = |error: askama::Error| WordsError::Layout(error.to_string());
    let html = Page { letter: &letter, subject: &subject }.render().map_err(layout)?;
    let plain = Text { letter: &letter }.render().map_err(layout)?;
    Ok(Rendered { subject, plain, html })
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Page<'a> {
    letter: &'a Letter,
    subject: &'a str,
}

#[derive(Template)]
#[template(path = "notice.txt")]
struct Text<'a> {
    letter: &'a Letter,
}
