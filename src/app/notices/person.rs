//! Notices about people: invitations, and what happened to a seat.
//!
//! Source: domain.md, "Notices"; architecture.md, "Notices".

use serde::{Deserialize, Serialize};

use crate::{
    app::{App, Production, Seat, context, error::AppError, policy::Standing},
    domain::{
        ids::{EventId, InvitationId, MemberId, NoticeId, ProductionId},
        notice::NoticeKind,
        policy::Side,
        time::UtcMillis,
    },
    notify::facts::{PersonFacts, SeatChange},
    storage::{
        Bytes, Tx,
        outbox::{self, NoticeRow},
    },
};

/// The channel in the idempotency key.
const MAIL: &[u8] = b"mail";

/// What a notice about a person is rendered from: the body of its outbox row, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonBody {
    /// As in [`PersonFacts`].
    pub(crate) name: Option<String>,
    /// As in [`PersonFacts`].
    pub(crate) address: String,
    /// As in [`PersonFacts`].
    pub(crate) desk: Option<String>,
    /// As in [`PersonFacts`].
    pub(crate) roles: Vec<String>,
    /// As in [`PersonFacts`].
    pub(crate) change: Change,
    /// As in [`PersonFacts`].
    pub(crate) expires: Option<UtcMillis>,
}

/// What happened to a seat, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// It is new, or about to be.
    Added,
    /// It is gone.
    Removed,
    /// Its roles are others.
    RolesChanged,
    /// Its person has, or is about to have, a new key.
    NewKey,
}

impl PersonBody {
    /// The body of a stored notice.
    ///
    /// # Errors
    /// [`AppError::Internal`] if it is not one of these.
    pub(crate) fn read(json: &str) -> Result<Self, AppError> {
        context::stored(json)
    }

    /// A seat as it is, for what is told to whoever sits there.
    pub(in crate::app) fn of(seat: &Seat) -> Self {
        Self {
            name: Some(seat.name.clone()),
            address: seat.email.clone(),
            desk: Some(seat.desk_name.clone()),
            roles: seat.roles.clone(),
            change: Change::Added,
            expires: None,
        }
    }

    /// The facts that the words are made from.
    pub(crate) fn facts(self) -> PersonFacts {
        PersonFacts {
            name: self.name,
            address: self.address,
            desk: self.desk,
            roles: self.roles,
            change: match self.change {
                Change::Added => SeatChange::Added,
                Change::Removed => SeatChange::Removed,
                Change::RolesChanged => SeatChange::RolesChanged,
                Change::NewKey => SeatChange::NewKey,
            },
            expires: self.expires,
        }
    }
}

/// What happened, told to several people with one mail each.
pub(in crate::app) struct Told<'a> {
    /// Names what happened: the same event never makes a second mail to the same person.
    pub(in crate::app) event: EventId,
    /// Where.
    pub(in crate::app) production: ProductionId,
    /// To whom it happened.
    pub(in crate::app) body: &'a PersonBody,
    /// Now.
    pub(in crate::app) now: UtcMillis,
}

impl App {
    /// A letter to an invited address. Its code is drawn when it is rendered, so that no row holds one.
    pub(in crate::app) fn invitation_notice(
        &self,
        event: EventId,
        invitation: InvitationId,
        production: Option<ProductionId>,
        body: &PersonBody,
        now: UtcMillis,
    ) -> Result<NoticeRow, AppError> {
        let key = self.notice_key(event, body.address.as_bytes());
        Ok(NoticeRow {
            invitation_id: Some(invitation),
            production_id: production,
            email: Some(body.address.clone()),
            ..row(key, NoticeKind::Invitation, context::json(body)?, now)
        })
    }

    /// A notice to one member about somebody's seat.
    pub(in crate::app) fn person_notice(
        &self,
        told: &Told<'_>,
        kind: NoticeKind,
        to: MemberId,
    ) -> Result<NoticeRow, AppError> {
        let key = self.notice_key(told.event, to.as_bytes());
        Ok(NoticeRow {
            member_id: Some(to),
            production_id: Some(told.production),
            ..row(key, kind, context::json(told.body)?, told.now)
        })
    }

    /// Tells the union side of a policy that waits for one of them.
    pub(in crate::app) fn tell_if_it_waits(
        &self,
        tx: &mut Tx,
        production: &Production,
        standing: Standing,
        event: EventId,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let Standing::Pending(_) = standing else { return Ok(()) };
        let union = || production.seats.iter().filter(|seat| seat.side == Side::Union);
        let mut rows = Vec::new();
        for to in members(union()) {
            let Some(seat) = union().find(|seat| seat.member == to) else { continue };
            let told = Told { event, production: production.id, body: &PersonBody::of(seat), now };
            rows.push(self.person_notice(&told, NoticeKind::PolicyWaiting, to)?);
        }
        Ok(outbox::enqueue(tx, &rows)?)
    }

    fn notice_key(&self, event: EventId, recipient: &[u8]) -> [u8; 32] {
        // The event and the channel have fixed lengths, so no two recipients share a key.
        self.inner.keys.notice.mac(&[event.as_bytes(), recipient, MAIL])
    }
}

fn row(key: [u8; 32], kind: NoticeKind, body: String, now: UtcMillis) -> NoticeRow {
    // A part of the key, so that a write that runs twice makes the same row.
    let mut id = [0; 16];
    id.copy_from_slice(&key[..16]);
    NoticeRow {
        id: NoticeId::new(id),
        key: Bytes(key),
        kind: kind.as_str().to_owned(),
        report_id: None,
        member_id: None,
        invitation_id: None,
        production_id: None,
        email: None,
        body,
        due_at: None,
        next_attempt_at: now,
        leased_until: None,
        attempts: 0,
        state: "waiting".to_owned(),
    }
}

/// Each member once, whatever number of seats they have.
pub(in crate::app) fn members<'a>(seats: impl Iterator<Item = &'a Seat>) -> Vec<MemberId> {
    let mut members: Vec<MemberId> = seats.map(|seat| seat.member).collect();
    members.sort_unstable();
    members.dedup();
    members
}
