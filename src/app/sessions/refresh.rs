//! Refresh tokens: a new one at each use, and what the use of an old one means.
//!
//! The token is `<session>.<secret>`: with the session named, a token from long ago is known as one of its family
//! without a list of all that were ever given out. Only the secret's hash is stored.
//!
//! Source: security.md, "Accounts".

use zeroize::Zeroizing;

use super::{
    super::{App, error::AppError},
    life,
};
use crate::{
    auth::{
        one_time::OneTime,
        session::{Presented, Refresh, refresh},
        token::LIFETIME,
    },
    domain::{ids::SessionId, time::UtcMillis},
    sealing::{Hash, same},
    storage::{
        Bytes, Tx,
        people::{self, SessionRow},
    },
};

/// What a refresh gives. The unlock key stays the one of the session.
#[derive(Debug)]
pub struct Refreshed {
    /// For the header `Authorization: Bearer`.
    pub access_token: String,
    /// For the next refresh, once.
    pub refresh_token: Zeroizing<String>,
    /// How long the access token is good for. Seconds.
    pub expires_in: u32,
}

/// A refresh token as it is given out.
pub(super) fn token(session: SessionId, secret: &OneTime) -> Zeroizing<String> {
    Zeroizing::new(format!("{session}.{}", secret.text().as_str()))
}

fn parse(token: &str) -> Option<(SessionId, OneTime)> {
    let (session, secret) = token.split_once('.')?;
    Some((session.parse().ok()?, secret.parse().ok()?))
}

impl App {
    /// Exchanges a refresh token for new tokens. A token of the same session that was exchanged before ends the
    /// session, because two hold it: except the last one within a minute, by somebody who lost the answer.
    ///
    /// # Errors
    /// [`AppError::SignInRequired`] for a token that is false or over.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Refreshed, AppError> {
        let now = self.inner.clock.now();
        let (id, presented) = parse(refresh_token).ok_or(AppError::SignInRequired)?;
        let (presented, next) = (presented.stored(), OneTime::new(self.inner.entropy.bytes()));
        let stored = next.stored();
        let session = self
            .inner
            .storage
            .write(id.as_bytes(), move |tx| rotate(tx, id, &presented, &stored, now))
            .await?
            .ok_or(AppError::SignInRequired)?;
        Ok(Refreshed {
            access_token: self.access_token(&session, now)?,
            refresh_token: token(id, &next),
            expires_in: LIFETIME.0,
        })
    }
}

/// `None` if there is no such session, or no longer: its end must be committed, so it is no refusal here.
fn rotate(
    tx: &mut Tx,
    id: SessionId,
    presented: &Hash,
    next: &Hash,
    now: UtcMillis,
) -> Result<Option<SessionRow>, AppError> {
    let Some(mut row) = people::session(tx, id)? else { return Ok(None) };
    match refresh(&life(&row), which(&row, presented), now) {
        Refresh::Rotate => {
            row.previous_hash = Some(row.refresh_hash);
            row.rotated_at = Some(now);
            row.successor_used = false;
        }
        Refresh::Again => {}
        Refresh::EndFamily | Refresh::Over => {
            people::end_session(tx, id)?;
            return Ok(None);
        }
    }
    row.refresh_hash = Bytes(*next);
    row.idle_end = life(&row).used(now).idle_end;
    people::save_session(tx, &row)?;
    Ok(Some(row))
}

fn which(row: &SessionRow, presented: &Hash) -> Presented {
    let last = row.previous_hash.is_some_and(|hash| same(&hash.0, presented));
    match row.rotated_at {
        _ if same(&row.refresh_hash.0, presented) => Presented::Current,
        Some(replaced_at) if last => Presented::Last { replaced_at, successor_used: row.successor_used },
        Some(_) | None => Presented::Older,
    }
}
