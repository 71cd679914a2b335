//! The first step on a new host: the operator's invitation.

use crate::{
    app::{
        App,
        error::AppError,
        fields,
        people::{DrawnCode, Invited},
    },
    auth::one_time::OneTime,
    domain::{
        ids::InvitationId,
        time::{Seconds, UtcMillis},
    },
    storage::{
        Bytes, Tx,
        people::{self, InvitationRow},
    },
};

/// How long an invitation lasts.
///
/// Source: security.md, "Accounts".
pub const INVITATION: Seconds = Seconds::days(14);

impl App {
    /// Invites the operator, with a code to be printed. Asked again, another code; the earlier one no longer works.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `email`: not an address, or one that has an account already.
    pub async fn invite_operator(&self, email: &str) -> Result<(Invited, DrawnCode), AppError> {
        let now = self.inner.clock.now();
        let email = fields::email("email", email)?;
        let code = OneTime::new(self.inner.entropy.bytes());
        let row = operators_invitation(InvitationId::new(self.inner.entropy.bytes()), email, &code, now);
        let id = row.id;
        let write = move |tx: &mut Tx| invite(tx, &row);
        let row = self.inner.storage.write(id.as_bytes(), write).await?;
        Ok((Invited { id: row.id, email: row.email, expires_at: row.expires_at, sent_again: false }, self.drawn(&code)))
    }
}

fn operators_invitation(id: InvitationId, email: String, code: &OneTime, now: UtcMillis) -> InvitationRow {
    InvitationRow {
        id,
        production_id: None,
        desk_id: None,
        email,
        roles: "[]".to_owned(),
        is_operator: true,
        renews: false,
        code_hash: Some(Bytes(code.stored())),
        handed_out: true,
        expires_at: now.plus(INVITATION),
        used_at: None,
        created_at: now,
    }
}

fn invite(tx: &mut Tx, row: &InvitationRow) -> Result<InvitationRow, AppError> {
    if people::by_email(tx, &row.email)?.is_some() {
        // The operator's account opens no report, so it cannot be one that sits at a desk.
        return Err(AppError::invalid("email", "has an account already; sign in with it, or take another address"));
    }
    people::add_invitation(tx, row)?;
    Ok(row.clone())
}
