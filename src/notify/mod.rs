//! Mail: words, and the ways on which they leave.
//!
//! | file | job |
//! |---|---|
//! | [`facts`] | what a notice is told about the world: plain data |
//! | [`words`] | facts to subject, plain text and HTML |
//! | [`mail`] | one mail and its bytes |
//! | [`from_url`] | settings to a [`Mailer`] |
//! | [`pace`] | how many mails a minute one host gets |

use async_trait::async_trait;

pub mod facts;
mod folder;
mod ladder;
mod letter;
mod log;
pub mod mail;
mod other_words;
pub mod pace;
mod report_words;
mod roles;
mod smtp;
mod smtp_reply;
mod smtp_session;
mod url;
mod when;
pub mod words;

pub use self::{
    folder::FolderMailer,
    log::LogMailer,
    mail::Mail,
    roles::{doubt_about, role_label},
    smtp::SmtpMailer,
    url::{MailUrlError, from_url},
};
pub(crate) use self::{
    ladder::{how_soon, step_name},
    when::Times,
};

/// A way on which mail leaves.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands over one mail. Returns once the other side took it; sending the same mail again is harmless (same Message-ID).
    ///
    /// # Errors
    /// [`SendError`], which says whether another try makes sense.
    async fn send(&self, mail: &Mail) -> Result<Accepted, SendError>;

    /// Whether an accepted mail counts as telling somebody. False for `log:`, which reaches nobody.
    ///
    /// Source: domain.md, "Fairness".
    fn tells(&self) -> bool;

    /// Tries the way without sending a mail: connects, signs in, names the sender; or writes and removes a file.
    ///
    /// # Errors
    /// [`SendError`] with what is in the way.
    async fn check(&self) -> Result<(), SendError>;
}

/// What the other side said when it took a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// One line, at most 500 characters: a server's reply to the end of DATA, or the name of the file.
    pub reply: String,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server says that this recipient does not exist (550, 551 or 553 at RCPT, about the recipient). Not retried.
    ///
    /// Source: domain.md, "Fairness".
    #[error("no mail reaches this address: {reply}")]
    AddressDead {
        /// The server's reply, one line, at most 500 characters.
        reply: String,
    },
    /// The server answered and said no, for any other reason: a failure of the path.
    #[error("the mail server said no {stage}: {reply}")]
    Refused {
        /// Where in the conversation, in words: "at the sender's address".
        stage: &'static str,
        /// The server's reply, one line, at most 500 characters.
        reply: String,
    },
    /// No answer, no connection, no room: a failure of the path.
    #[error("{reason}")]
    Path {
        /// What happened, and what to do where that is known.
        reason: String,
    },
    /// The mail itself cannot be written down (a header that no mail may have). No other try will help.
    #[error("this mail cannot be written: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
}

impl SendError {
    /// Whether the same mail may pass later. Every failure of the path may.
    pub const fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::Path { .. } => true,
            Self::AddressDead { .. } | Self::Malformed { .. } => false,
        }
    }
}

/// Text from outside as one line of at most 500 characters, without control characters.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_address_and_a_mail_that_cannot_be_written_are_given_up() {
        assert!(SendError::Path { reason: String::new() }.is_worth_retrying());
        assert!(SendError::Refused { stage: "", reply: String::new() }.is_worth_retrying());
        assert!(!SendError::AddressDead { reply: String::new() }.is_worth_retrying());
        assert!(!SendError::Malformed { reason: String::new() }.is_worth_retrying());
    }

    #[test]
    fn text_from_outside_becomes_one_short_line() {
        assert_eq!(one_line("250-a\r\n250 b\u{7}"), "250-a 250 b");
        assert_eq!(one_line(&"x".repeat(600)).len(), 500);
    }
}
