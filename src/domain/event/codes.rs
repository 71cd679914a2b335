//! The code and the level of each event: what makes it unique in the record.

use super::{Awaiting, EventKind};
use crate::domain::policy::Level;

impl EventKind {
    /// The code in tables, logs and timelines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "filed",
            Self::Delivered => "delivered",
            Self::Assigned { .. } => "assigned",
            Self::NoRecipient { .. } => "no_recipient",
            Self::Told { how, .. } => how.code(),
            Self::Acknowledged { .. } => "acknowledged",
            Self::HolderTaken { .. } => "holder_taken",
            Self::StopWork { .. } => "stop_work",
            Self::Resumed => "resumed",
            Self::Answered { .. } => "answered",
            Self::Referred { .. } => "referred",
            Self::AnsweredByReferral { .. } => "answered_by_referral",
            Self::Completed { .. } => "completed",
            Self::VerificationAsked { .. } => "verification_asked",
            Self::Verified { .. } => "verified",
            Self::Rejected { .. } => "rejected",
            Self::NotVerified { .. } => "not_verified",
            Self::SafeNow => "safe_now",
            Self::CannotTell => "cannot_tell",
            Self::Contested { .. } => "contested",
            Self::CycleBegan { .. } => "cycle_began",
            Self::Worse { .. } => "worse",
            Self::Reanchored { .. } => "reanchored",
            Self::Escalated { .. } => "escalated",
            Self::Breached { awaiting, .. } => match awaiting {
                // The missed act is part of the kind, so that (report, chain, level, cycle, kind, n) tells breaches apart.
                Awaiting::Acknowledgement => "breached_acknowledgement",
                Awaiting::Answer => "breached_answer",
                Awaiting::Completion => "breached_completion",
                Awaiting::Delivery | Awaiting::Verification | Awaiting::Contest => "breached",
            },
            Self::Lifted { .. } => "lifted",
            Self::Extended { .. } => "extended",
            Self::Exhausted { .. } => "exhausted",
            Self::ExhaustedDay { .. } => "exhausted_day",
            Self::Recused { .. } => "recused",
            Self::NotCredibleProposed => "not_credible_proposed",
            Self::NotCredible => "not_credible",
            Self::Summary { .. } => "summary",
            Self::Message { .. } => "message",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Closed { .. } => "closed",
        }
    }

    /// The word for it in a timeline; none where a timeline has no line for it.
    ///
    /// Source: api.md, "Inbox".
    pub const fn timeline(&self) -> Option<&'static str> {
        match self {
            Self::Breached { .. } => Some("breached"),
            Self::AnsweredByReferral { .. } => Some("answered"),
            Self::NotCredible => Some("not_credible"),
            Self::Filed { .. }
            | Self::HolderTaken { .. }
            | Self::VerificationAsked { .. }
            | Self::CycleBegan { .. }
            | Self::Reanchored { .. }
            | Self::ExhaustedDay { .. }
            | Self::Recused { .. }
            | Self::NotCredibleProposed
            | Self::Message { .. } => None,
            Self::Delivered
            | Self::Assigned { .. }
            | Self::NoRecipient { .. }
            | Self::Told { .. }
            | Self::Acknowledged { .. }
            | Self::StopWork { .. }
            | Self::Resumed
            | Self::Answered { .. }
            | Self::Referred { .. }
            | Self::Completed { .. }
            | Self::Verified { .. }
            | Self::Rejected { .. }
            | Self::NotVerified { .. }
            | Self::SafeNow
            | Self::CannotTell
            | Self::Contested { .. }
            | Self::Worse { .. }
            | Self::Escalated { .. }
            | Self::Lifted { .. }
            | Self::Extended { .. }
            | Self::Exhausted { .. }
            | Self::Summary { .. }
            | Self::Withdrawn { .. }
            | Self::Closed { .. } => Some(self.code()),
        }
    }

    /// The level it is about; 0 for none. Part of what makes an event unique.
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Assigned { level, .. }
            | Self::NoRecipient { level }
            | Self::Told { level, .. }
            | Self::Acknowledged { level, .. }
            | Self::HolderTaken { level }
            | Self::Answered { level, .. }
            | Self::Completed { level, .. }
            | Self::VerificationAsked { level, .. }
            | Self::Rejected { level }
            | Self::Summary { level, .. }
            | Self::Breached { level, .. } => Some(*level),
            Self::Referred { to, .. } | Self::Escalated { to, .. } => Some(*to),
            Self::Verified { level } | Self::NotVerified { level } | Self::Exhausted { level, .. } => *level,
            Self::AnsweredByReferral { levels } | Self::Lifted { levels, .. } => levels.last().copied(),
            Self::Filed { .. }
            | Self::Delivered
            | Self::StopWork { .. }
            | Self::Resumed
            | Self::SafeNow
            | Self::CannotTell
            | Self::Contested { .. }
            | Self::CycleBegan { .. }
            | Self::Worse { .. }
            | Self::Reanchored { .. }
            | Self::Extended { .. }
            | Self::ExhaustedDay { .. }
            | Self::Recused { .. }
            | Self::NotCredibleProposed
            | Self::NotCredible
            | Self::Message { .. }
            | Self::Withdrawn { .. }
            | Self::Closed { .. } => None,
        }
    }
}
