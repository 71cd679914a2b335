//! What a unit is and whom it is for, as codes that are signed with it.
//!
//! Source: security.md, "Sealing"; domain.md, "Life of a report".

use std::str::FromStr;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnitKind {
    /// The part of a filing that both sides and the observers read.
    Shared,
    /// The part of a filing that only the union side reads.
    Union,
    /// The part of a filing that only its reporter reads: the exact second, the chosen severity, why it was raised.
    Own,
    /// An answer of the production's side.
    Answer,
    /// What was done about a planned answer.
    Completion,
    /// A message to or from the reporter.
    Message,
    /// A verdict of the union side with its note.
    Verification,
    /// What was stopped and who may restart it.
    StopWork,
    /// What changed before work went on.
    Resumption,
    /// The reporter's word on whether it is safe now.
    Safety,
    /// The reporter's word that it is worse.
    Worse,
    /// Why the union side told one level more.
    Escalation,
    /// Why a union member holds the report not to be credible.
    NotCredible,
    /// What the union side tells both sides about a retaliation report.
    Summary,
    /// A picture.
    Photo,
}

/// Whom a unit is addressed to. Its reporter can open it in any case where an envelope for them was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The reporter alone.
    Reporter,
    /// The union side and the reporter.
    Union,
    /// Both sides and the reporter.
    All,
}

/// A code that names no unit kind or audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known code")]
pub struct UnknownCode;

impl UnitKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Shared,
        Self::Union,
        Self::Own,
        Self::Answer,
        Self::Completion,
        Self::Message,
        Self::Verification,
        Self::StopWork,
        Self::Resumption,
        Self::Safety,
        Self::Worse,
        Self::Escalation,
        Self::NotCredible,
        Self::Summary,
        Self::Photo,
    ];

    /// Its code, fixed for ever: it is part of what was signed.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Union => "union",
            Self::Own => "own",
            Self::Answer => "answer",
            Self::Completion => "completion",
            Self::Message => "message",
            Self::Verification => "verification",
            Self::StopWork => "stop_work",
            Self::Resumption => "resumption",
            Self::Safety => "safety",
            Self::Worse => "worse",
            Self::Escalation => "escalation",
            Self::NotCredible => "not_credible",
            Self::Summary => "summary",
            Self::Photo => "photo",
        }
    }
}

impl FromStr for UnitKind {
    type Err = UnknownCode;

    fn from_str(code: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|kind| kind.code() == code).ok_or(UnknownCode)
    }
}

impl Audience {
    /// Its code, fixed for ever: it is part of what was signed.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Union => "union",
            Self::All => "all",
        }
    }
}

impl FromStr for Audience {
    type Err = UnknownCode;

    fn from_str(code: &str) -> Result<Self, UnknownCode> {
        [Self::Reporter, Self::Union, Self::All].into_iter().find(|to| to.code() == code).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_as_what_it_stands_for() {
        for kind in UnitKind::ALL {
            assert_eq!(kind.code().parse(), Ok(kind));
        }
        for to in [Audience::Reporter, Audience::Union, Audience::All] {
            assert_eq!(to.code().parse(), Ok(to));
        }
        assert_eq!("letter".parse::<UnitKind>(), Err(UnknownCode));
    }
}
