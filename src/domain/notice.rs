//! Notices: which kinds there are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a notice is about. One mail per event and person; the kind alone decides the words, never a code on a screen.
///
/// Source: domain.md, "Notices".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A level was entered, or is told early (by hand, or by a referral): to its seats on all sides.
    LevelEntered,
    /// A deadline of the side whose clock runs passed without the act: to the union seats told before.
    Breach,
    /// An answer was given: to the union seats.
    Answered,
    /// The reporter says that it is not fixed: to all told.
    Contested,
    /// The union check says that it is not fixed: to all told.
    Rejected,
    /// A message: to the side addressed.
    Message,
    /// Work was stopped: to all told.
    StopWork,
    /// Work goes on: to all told.
    Resumed,
    /// The reporter says that it is happening again, or worse: to all told.
    Worse,
    /// The reporter took it back: to all told.
    Withdrawn,
    /// A union check is asked for, or passed on: to the union seats asked.
    VerificationAsked,
    /// No level is left and none acted: to union seats, observers, the last production level.
    Exhausted,
    /// Somebody took their seat: to desk mates and union seats.
    Joined,
    /// No mail reaches an address: to its desk, the desk above, the union side.
    AddressDead,
    /// What passed while the service was down: the only notice that merges.
    OutageDigest,
    /// A letter that lets somebody in: to the invited address.
    Invitation,
    /// Proof that notices arrive, confirmed by a press: to one seat.
    TestNotice,
    /// Seats were added, removed or changed: to every union seat.
    RosterChanged,
    /// A seat was let in by a printed code, so that its address was never checked: to every union seat.
    RosterHandedOut,
    /// The next version of the policy waits for a union member: to every union seat.
    PolicyWaiting,
}

/// A text that names no kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no kind of notice has this name")]
pub struct UnknownNoticeKind;

impl NoticeKind {
    /// Every kind, in the order of domain.md.
    pub const ALL: [Self; 20] = [
        Self::LevelEntered,
        Self::Breach,
        Self::Answered,
        Self::Contested,
        Self::Rejected,
        Self::Message,
        Self::StopWork,
        Self::Resumed,
        Self::Worse,
        Self::Withdrawn,
        Self::VerificationAsked,
        Self::Exhausted,
        Self::Joined,
        Self::AddressDead,
        Self::OutageDigest,
        Self::Invitation,
        Self::TestNotice,
        Self::RosterChanged,
        Self::RosterHandedOut,
        Self::PolicyWaiting,
    ];

    /// The name in tables and JSON, `[a-z_]{6,20}`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LevelEntered => "level_entered",
            Self::Breach => "breach",
            Self::Answered => "answered",
            Self::Contested => "contested",
            Self::Rejected => "rejected",
            Self::Message => "message",
            Self::StopWork => "stop_work",
            Self::Resumed => "resumed",
            Self::Worse => "worse",
            Self::Withdrawn => "withdrawn",
            Self::VerificationAsked => "verification_asked",
            Self::Exhausted => "exhausted",
            Self::Joined => "joined",
            Self::AddressDead => "address_dead",
            Self::OutageDigest => "outage_digest",
            Self::Invitation => "invitation",
            Self::TestNotice => "test_notice",
            Self::RosterChanged => "roster_changed",
            Self::RosterHandedOut => "roster_handed_out",
            Self::PolicyWaiting => "policy_waiting",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NoticeKind {
    type Err = UnknownNoticeKind;

    fn from_str(text: &str) -> Result<Self, UnknownNoticeKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownNoticeKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_in_tables_and_in_json() {
        for kind in NoticeKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("severity".parse::<NoticeKind>(), Err(UnknownNoticeKind));
    }
}
