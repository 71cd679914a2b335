//! What is done about what a report awaits, in a race with its deadline.

use lastlooks::storage::reports::ReportRow;

/// What is done about what a report awaits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// "I have it".
    Acknowledge,
    /// It is done.
    Answer,
    /// It will be done by then.
    Promise,
    /// The union side saw that it is not.
    Reject,
    /// The union side saw that it is.
    Verify,
    /// The reporter says that it is not.
    Contest,
}

impl Deed {
    /// Something that meets the deadline, drawn by chance.
    pub fn about(row: &ReportRow, drawn: u32) -> Option<Self> {
        Some(match row.awaiting.as_deref()? {
            "acknowledgement" if drawn < 6 => Self::Acknowledge,
            "answer" if drawn < 3 && row.severity == "next_setup" => Self::Promise,
            "acknowledgement" | "answer" | "completion" => Self::Answer,
            "verification" if drawn < 7 => Self::Reject,
            "verification" => Self::Verify,
            "contest" => Self::Contest,
            other => panic!("nobody waits for {other}"),
        })
    }

    /// Events that it puts on record.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledged",
            Self::Answer | Self::Promise => "answered",
            Self::Reject => "rejected",
            Self::Verify => "verified",
            Self::Contest => "contested",
        }
    }
}
