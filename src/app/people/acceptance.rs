//! An invitation is accepted: a new member's seed is made and locked twice; a known one shows their password.
//!
//! Threat: whoever has the database must not be able to open a seed. It exists here for a moment, and is stored only
//! under the password's unlock half and under twelve words that are shown once.
//!
//! Source: security.md, "Keys of people, and the roster", "Accounts".

use zeroize::Zeroizing;

use super::seats::{Drawn, Taking};
use crate::{
    app::{App, error::AppError, fields},
    auth::one_time::OneTime,
    domain::{
        ids::{EventId, InvitationId, MemberId, SeatId},
        time::UtcMillis,
    },
    storage::{
        Bytes, StorageError, Tx,
        people::{self, InvitationRow, MemberRow},
    },
};

/// Longest name of a person. Characters.
const NAME_MAX: usize = 80;

/// What came of an acceptance.
#[derive(Debug)]
pub struct Accepted {
    /// The twelve words of a new member, shown this once; `None` for somebody who has an account.
    pub recovery_words: Option<Zeroizing<String>>,
}

/// Who accepts, made ready before the write.
#[derive(Clone)]
enum Accepting {
    New(Box<MemberRow>),
    Known(MemberId),
}

impl App {
    /// Accepts an invitation. An address that has an account gives its own password; a new one chooses a password.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a code that is false, used or over; [`AppError::Invalid`] naming `name`, `password`,
    /// or `invitation` for a seat on a second side; [`AppError::WrongPassword`] and [`AppError::SlowDown`] for a wrong
    /// password of a known address; [`AppError::Unavailable`] while too many sign in at once.
    pub async fn accept(&self, code: &str, name: &str, password: &str) -> Result<Accepted, AppError> {
        let now = self.inner.clock.now();
        let code: OneTime = code.parse().map_err(|_| AppError::NotFound)?;
        let (invitation, member) = self.open_invitation(code.stored(), now).await?;
        let name = fields::line("name", name, NAME_MAX)?;
        if let (true, Some(member)) = (invitation.renews, &member) {
            return self.accept_renewal(invitation, member.id, password, now).await;
        }
        let (accepting, words) = if let Some(member) = member {
            self.check_password(&member.email, password, now).await?;
            (Accepting::Known(member.id), None)
        } else {
            let (row, words) = self.new_member(&invitation, name, password, now).await?;
            (Accepting::New(Box::new(row)), Some(words))
        };
        self.put_acceptance(invitation.id, accepting, now).await?;
        Ok(Accepted { recovery_words: words })
    }

    async fn open_invitation(
        &self,
        code_hash: [u8; 32],
        now: UtcMillis,
    ) -> Result<(InvitationRow, Option<MemberRow>), AppError> {
        let read = move |conn: &mut crate::storage::Conn| {
            let found = people::invitation_by_code(conn, &code_hash)?.filter(|row| is_open(row, now));
            let invitation = found.ok_or(AppError::NotFound)?;
            let member = people::by_email(conn, &invitation.email)?;
            Ok::<_, AppError>((invitation, member))
        };
        self.inner.storage.read(read).await
    }

    async fn new_member(
        &self,
        invitation: &InvitationRow,
        name: String,
        password: &str,
        now: UtcMillis,
    ) -> Result<(MemberRow, Zeroizing<String>), AppError> {
        let id = MemberId::new(self.inner.entropy.bytes());
        let fresh = self.fresh_credentials(id, password).await?;
        let row = MemberRow {
            id,
            email: invitation.email.clone(),
            name,
            is_operator: invitation.is_operator,
            salt: fresh.salt.0.to_vec(),
            sign_in: Bytes(fresh.sign_in),
            seed_by_password: fresh.seed_by_password,
            seed_by_words: fresh.seed_by_words,
            reading_key: Bytes(fresh.keys.reading),
            signing_key: Bytes(fresh.keys.verify.0),
            failures: 0,
            slow_until: None,
            created_at: now,
        };
        Ok((row, fresh.words))
    }

    async fn put_acceptance(
        &self,
        invitation: InvitationId,
        accepting: Accepting,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let app = self.clone();
        let drawn =
            Drawn { seat: SeatId::new(self.inner.entropy.bytes()), event: EventId::new(self.inner.entropy.bytes()) };
        // All of a production's seats change in one order, the order of its key.
        let key = self.key_of_invitation(invitation).await?;
        let write = move |tx: &mut Tx| {
            let invitation = people::invitation(tx, invitation)?.filter(|row| is_open(row, now));
            let invitation = invitation.ok_or(AppError::NotFound)?;
            let member = admit(tx, &accepting)?;
            people::save_invitation(tx, &InvitationRow { used_at: Some(now), ..invitation.clone() })?;
            app.seat(tx, &invitation, &member, drawn, now)
        };
        self.change_people(&key, write).await
    }

    async fn key_of_invitation(&self, id: InvitationId) -> Result<[u8; 16], AppError> {
        let found = self.inner.storage.read(move |conn| Ok::<_, AppError>(people::invitation(conn, id)?)).await?;
        let production = found.ok_or(AppError::NotFound)?.production_id;
        Ok(production.map_or(*id.as_bytes(), |production| *production.as_bytes()))
    }

    fn seat(
        &self,
        tx: &mut Tx,
        invitation: &InvitationRow,
        member: &MemberRow,
        drawn: Drawn,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let Some(desk) = invitation.desk_id else {
            return Ok(());
        };
        if member.is_operator {
            let detail = "is for a seat, and the operator's account opens no report; take another address for it";
            return Err(AppError::invalid("invitation", detail));
        }
        let (production, desk) = self.desk_in(tx, desk)?;
        self.take_seat(tx, &Taking { production: &production, desk: &desk, member, invitation, drawn, now })
    }
}

fn is_open(invitation: &InvitationRow, now: UtcMillis) -> bool {
    invitation.used_at.is_none() && now < invitation.expires_at
}

fn admit(tx: &mut Tx, accepting: &Accepting) -> Result<MemberRow, AppError> {
    match accepting {
        Accepting::New(row) => match people::add_member(tx, row) {
            Ok(()) => Ok(MemberRow::clone(row)),
            // Somebody accepted another invitation to this address in the same moment: asked again, it is known.
            Err(StorageError::Duplicate(_)) => Err(AppError::Unavailable { retry_after_seconds: 1 }),
            Err(error) => Err(error.into()),
        },
        Accepting::Known(id) => people::member(tx, *id)?.ok_or(AppError::NotFound),
    }
}
