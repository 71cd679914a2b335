//! Invitations: made, sent again, printed by the host.
//!
//! Source: security.md, "Accounts".

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    codes::DrawnCode,
    desks::DeskView,
    rights::Administrator,
    seats::{refuse_second_side, roles_json},
};
use crate::{
    app::{
        App, Production,
        context::{side_of, stored},
        error::AppError,
        fields,
        notices::person::{Change, PersonBody},
        setup::INVITATION,
        shown::time,
    },
    auth::one_time::OneTime,
    domain::{
        ids::{DeskId, EventId, InvitationId},
        policy::Side,
        time::UtcMillis,
    },
    storage::{
        Bytes, Tx, outbox,
        people::{self, InvitationRow, MemberRow},
        productions::DeskRow,
    },
};

/// An invitation that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Its id.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// When it ends.
    pub expires_at: UtcMillis,
    /// It was there before.
    pub sent_again: bool,
}

/// An invitation as its desk sees it. The code is in the mail, or was printed by the host; no route answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitationView {
    /// Its id.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub id: InvitationId,
    /// The desk; null for the operator's.
    #[schema(value_type = Option<String>, example = "00112233445566778899aabbccddeeff")]
    pub desk: Option<DeskId>,
    /// To whom.
    #[schema(example = "ana@example.org")]
    pub email: String,
    /// What they will do on the show.
    #[schema(example = json!(["steward"]))]
    pub roles: Vec<String>,
    /// When it ends.
    pub expires_at: String,
    /// Its code was printed by the host and not mailed, so the address was not checked.
    pub handed_out: bool,
    /// It is for somebody who sits there and lost both password and recovery words.
    pub renews: bool,
}

impl InvitationView {
    pub(in crate::app) fn new(row: &InvitationRow) -> Result<Self, AppError> {
        Ok(Self {
            id: row.id,
            desk: row.desk_id,
            email: row.email.clone(),
            roles: stored(&row.roles)?,
            expires_at: time(row.expires_at),
            handed_out: row.handed_out,
            renews: row.renews,
        })
    }
}

/// What is asked for, checked, with everything drawn that the write needs.
#[derive(Clone)]
struct Asked {
    who: Administrator,
    desk: DeskId,
    email: String,
    roles: String,
    id: InvitationId,
    event: EventId,
    printed: Option<[u8; 32]>,
    now: UtcMillis,
}

impl App {
    /// Invites somebody to a desk by mail; the same again sends it again, with 14 new days. Answers whether it was
    /// there before.
    ///
    /// # Errors
    /// [`AppError::NotFound`] outside the asker's scope; [`AppError::Invalid`] naming `email` or `roles`: an address of
    /// the other side, of the operator, or of somebody who sits there already.
    pub async fn invite(
        &self,
        who: Administrator,
        desk: DeskId,
        email: &str,
        roles: &[String],
    ) -> Result<(InvitationView, bool), AppError> {
        let asked = self.asked(who, desk, email, roles, None)?;
        let (row, sent_again) = self.put_invitation(asked).await?;
        self.inner.nudges.sender.notify_one();
        Ok((InvitationView::new(&row)?, sent_again))
    }

    /// Invites somebody to a desk with a code to be handed out. It is not mailed, so nobody checks the address: the
    /// union side is told so.
    ///
    /// # Errors
    /// As [`App::invite`].
    pub async fn invite_by_hand(
        &self,
        desk: DeskId,
        email: &str,
        roles: &[String],
    ) -> Result<(InvitationView, DrawnCode), AppError> {
        let code = OneTime::new(self.inner.entropy.bytes());
        let asked = self.asked(Administrator::Host, desk, email, roles, Some(code.stored()))?;
        let (row, _) = self.put_invitation(asked).await?;
        Ok((InvitationView::new(&row)?, self.drawn(&code)))
    }

    fn asked(
        &self,
        who: Administrator,
        desk: DeskId,
        email: &str,
        roles: &[String],
        printed: Option<[u8; 32]>,
    ) -> Result<Asked, AppError> {
        Ok(Asked {
            who,
            desk,
            email: fields::email("email", email)?,
            roles: roles_json(&fields::roles("roles", roles)?)?,
            id: InvitationId::new(self.inner.entropy.bytes()),
            event: EventId::new(self.inner.entropy.bytes()),
            printed,
            now: self.inner.clock.now(),
        })
    }

    async fn put_invitation(&self, asked: Asked) -> Result<(InvitationRow, bool), AppError> {
        let (app, production) = (self.clone(), self.production_of(asked.desk).await?);
        let write = move |tx: &mut Tx| {
            let (production, desk) = app.desk_in(tx, asked.desk)?;
            let side = side_of(&desk.side)?;
            asked.who.must_seat_at(&production, side, DeskView::try_from(&desk)?.level())?;
            let member = people::by_email(tx, &asked.email)?;
            if let Some(member) = &member {
                refuse(&production, &desk, member, side)?;
            }
            let (row, sent_again) = make(tx, &asked, &production)?;
            if asked.printed.is_none() {
                let body = body(&row, &desk, member)?;
                let notice = app.invitation_notice(asked.event, row.id, row.production_id, &body, asked.now)?;
                outbox::enqueue(tx, &[notice])?;
            }
            Ok::<_, AppError>((row, sent_again))
        };
        self.inner.storage.write(production.as_bytes(), write).await
    }
}

fn refuse(production: &Production, desk: &DeskRow, member: &MemberRow, side: Side) -> Result<(), AppError> {
    if member.is_operator {
        let detail = "is the operator's, whose account opens no report; take another address for the seat";
        return Err(AppError::invalid("email", detail));
    }
    if production.seats_of(member.id).any(|seat| seat.desk == desk.id) {
        return Err(AppError::invalid("email", "belongs to somebody who sits at this desk already"));
    }
    refuse_second_side(production, member.id, side, "email")
}

/// A new invitation, or the one that waits already, made new.
fn make(tx: &mut Tx, asked: &Asked, production: &Production) -> Result<(InvitationRow, bool), AppError> {
    let waiting = people::invitations_to_desk(tx, asked.desk)?;
    let waiting = waiting.into_iter().find(|row| !row.renews && row.email == asked.email && row.used_at.is_none());
    let Some(before) = waiting else {
        let row = InvitationRow {
            id: asked.id,
            production_id: Some(production.id),
            desk_id: Some(asked.desk),
            email: asked.email.clone(),
            roles: asked.roles.clone(),
            is_operator: false,
            renews: false,
            code_hash: asked.printed.map(Bytes),
            handed_out: asked.printed.is_some(),
            expires_at: asked.now.plus(INVITATION),
            used_at: None,
            created_at: asked.now,
        };
        people::add_invitation(tx, &row)?;
        return Ok((row, false));
    };
    // A mailed code stays good until the next mail is rendered; a printed one must not pass for a mailed one.
    let kept = if before.handed_out { None } else { before.code_hash };
    let row = InvitationRow {
        roles: asked.roles.clone(),
        code_hash: asked.printed.map(Bytes).or(kept),
        handed_out: asked.printed.is_some(),
        expires_at: asked.now.plus(INVITATION),
        ..before
    };
    people::save_invitation(tx, &row)?;
    Ok((row, true))
}

fn body(row: &InvitationRow, desk: &DeskRow, member: Option<MemberRow>) -> Result<PersonBody, AppError> {
    Ok(PersonBody {
        name: member.map(|member| member.name),
        address: row.email.clone(),
        desk: Some(desk.name.clone()),
        roles: stored(&row.roles)?,
        change: Change::Added,
        expires: Some(row.expires_at),
    })
}
