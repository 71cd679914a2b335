//! How a use case fails, in the words of the API.

use std::error::Error;

use crate::domain::lifecycle::Refusal;

/// Why a use case was not done. One variant per problem that a use case can cause; the edge turns it into a document.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What was sent cannot be read at all.
    #[error("cannot be read: {detail}")]
    Malformed {
        /// What is wrong, without any of the content.
        detail: &'static str,
    },
    /// One field cannot be accepted.
    #[error("`{field}` {detail}")]
    Invalid {
        /// Path of the field, such as `answers[0].text`.
        field: String,
        /// What it has to be, as the rest of a sentence that begins with the field. Never holds the value.
        detail: String,
    },
    /// Nothing there, or nothing that this person may know of.
    #[error("not found")]
    NotFound,
    /// Visible, but for the other side to do.
    #[error("this act belongs to the other side")]
    NotForYourSide,
    /// No session, or one that is over.
    #[error("sign-in is required")]
    SignInRequired,
    /// No account has this address with this password; which of the two is wrong is not told.
    #[error("the address or the password is wrong")]
    WrongPassword,
    /// No account has this address with these recovery words; which of the two is wrong is not told.
    #[error("the address or the recovery words are wrong")]
    WrongWords,
    /// The session's key is missing or wrong, and sealed text is needed.
    #[error("the unlock key is required")]
    UnlockKeyRequired,
    /// The receipt was used for something else.
    #[error("this receipt already belongs to other content")]
    OtherContent,
    /// Too late, or before its turn.
    #[error("not possible while it is {state}: {rule}")]
    OutOfOrder {
        /// The state that the report is in, as the API spells it; or a policy's version.
        state: String,
        /// Why not, in words for whoever asked.
        rule: String,
    },
    /// Would leave a level with nobody.
    #[error("the last one at this level cannot go")]
    LastAtLevel,
    /// Nobody at a union desk could read it yet.
    #[error("nobody sits at a union desk yet")]
    ProductionNotReady,
    /// Too many tries.
    #[error("too many tries; the next one is possible in {retry_after_seconds} s")]
    SlowDown {
        /// Seconds until it makes sense to try again, 1..=30 for sign-in.
        retry_after_seconds: u32,
    },
    /// The database or another part that is needed is away.
    #[error("not available for about {retry_after_seconds} s")]
    Unavailable {
        /// Seconds until it makes sense to try again.
        retry_after_seconds: u32,
    },
    /// It came after a deadline, by a clock that is being checked.
    #[error("the clock is being checked; what comes after a deadline can be done once it is right")]
    Held,
    /// A fault of ours. The cause is logged once, where the answer is made, and shown to nobody.
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl AppError {
    /// A fault of ours with its cause.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// A field that cannot be accepted, and what it has to be.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), detail: detail.into() }
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotVisible => Self::NotFound,
            Refusal::NotForYourSide { .. } => Self::NotForYourSide,
            Refusal::OutOfOrder { state, rule } => {
                Self::OutOfOrder { state: state.to_string(), rule: rule.to_string() }
            }
            Refusal::Held => Self::Held,
            Refusal::LastAtLevel => Self::LastAtLevel,
            Refusal::DateOutOfRange { most_seconds } => {
                Self::invalid("done_by", format!("has to be after now and at most {most_seconds} seconds ahead"))
            }
            Refusal::NotYetDue { .. } | Refusal::NothingDue => Self::internal(refusal),
        }
    }
}
