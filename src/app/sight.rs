//! Who looks at a report, and what they see of it.
//!
//! Every use case of a member begins here: whoever has no sight of a report gets what they would get for one that does
//! not exist.

use super::record::Subject;
use crate::{
    domain::{
        access::{self, Audience, View, Viewer},
        ids::MemberId,
        lifecycle::Actor,
        policy::{Level, Side},
    },
    sealing::keys::Keys,
};

/// A member who is signed in, with their keys where the request carried the Unlock-Key.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'k> {
    /// The person.
    pub member: MemberId,
    /// Their keys, for this one request.
    pub keys: Option<&'k Keys>,
}

/// What one member sees of one report.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    /// The person.
    pub(super) member: MemberId,
    /// Levels of their seats.
    pub(super) levels: Vec<Level>,
    /// Their side, level and parts.
    pub(super) view: View,
}

impl Sight {
    /// Their side.
    pub(super) const fn side(&self) -> Side {
        self.view.side
    }

    /// As a reader of the timeline.
    pub(super) const fn audience(&self) -> Audience {
        Audience::Side(self.view.side)
    }

    /// As somebody who may act. They see the report, so they are not kept out.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        Viewer { member: self.member, side: self.view.side, levels: &self.levels, kept_out: false }
    }
}

impl Subject {
    /// What a member sees of this report; none: to them it does not exist.
    pub(super) fn sight(&self, member: MemberId) -> Option<Sight> {
        // A person sits on one side only.
        let side = self.production.seats_of(member).next()?.side;
        let levels: Vec<Level> = self.production.places_of(member).filter_map(|seat| seat.level).collect();
        let viewer = Viewer { member, side, levels: &levels, kept_out: self.keeps_out(member) };
        let view = access::view(&self.report, &viewer)?;
        Some(Sight { member, levels, view })
    }

    /// A member who sees the report, as somebody who acts: in the first role of the seat they act from.
    pub(super) fn actor(&self, sight: &Sight) -> Actor {
        let seats = || self.production.places_of(sight.member);
        let seat = seats().find(|seat| seat.level == sight.view.level).or_else(|| seats().next());
        let role = seat.and_then(|seat| seat.roles.first()).cloned().unwrap_or_default();
        Actor { member: sight.member, side: sight.view.side, role, by_link: false }
    }
}
