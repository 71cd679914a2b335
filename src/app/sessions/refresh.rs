//! Refresh tokens: a new one at each use, and what the use of an old one means.
//!
//! The token is `<session>.<secret>.<mark>`. With the session named, a token from long ago is known as one of its family
//! without a list of all that were ever given out; the mark, made with a key of the server, tells it from one that was
//! made up: else whoever knows a session's id, which each access token shows, could end it. Only the secret's hash is
//! stored.
//!
//! Source: security.md, "Accounts".

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::{
    super::{App, error::AppError},
    life,
};
use crate::{
    auth::{
        one_time::OneTime,
        session::{self, Presented, refresh},
        token::LIFETIME,
    },
    domain::{ids::SessionId, time::UtcMillis},
    sealing::{
        Hash, same,
        server::{Refresh, ServerKey},
    },
    storage::{
        Bytes, Conn, Tx,
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
pub(super) fn token(session: SessionId, secret: &OneTime, key: &ServerKey<Refresh>) -> Zeroizing<String> {
    let mark = URL_SAFE_NO_PAD.encode(mark(session, secret, key));
    Zeroizing::new(format!("{session}.{}.{mark}", secret.text().as_str()))
}

/// Shows that a token was given out by this server: HMAC-SHA256 over session and hash of the secret.
fn mark(session: SessionId, secret: &OneTime, key: &ServerKey<Refresh>) -> Hash {
    key.mac(&[session.as_bytes(), &secret.stored()])
}

/// A token that this server gave out, whenever that was.
fn parse(token: &str, key: &ServerKey<Refresh>) -> Option<(SessionId, OneTime)> {
    let (session, rest) = token.split_once('.')?;
    let (secret, marked) = rest.split_once('.')?;
    let (session, secret) = (session.parse().ok()?, secret.parse().ok()?);
    let marked = Hash::try_from(URL_SAFE_NO_PAD.decode(marked).ok()?).ok()?;
    same(&marked, &mark(session, &secret, key)).then_some((session, secret))
}

impl App {
    /// Exchanges a refresh token for new tokens. A token of the same session that was exchanged before ends the
    /// session, because two hold it: except the last one within a minute, by somebody who lost the answer.
    ///
    /// # Errors
    /// [`AppError::SignInRequired`] for a token that is false or over.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Refreshed, AppError> {
        let now = self.inner.clock.now();
        let (id, presented) = parse(refresh_token, &self.inner.keys.refresh).ok_or(AppError::SignInRequired)?;
        let (presented, next) = (presented.stored(), OneTime::new(self.inner.entropy.bytes()));
        let stored = next.stored();
        // Of a session that is over: nothing to write, so nothing is.
        let known =
            self.inner.storage.read(move |conn: &mut Conn| Ok::<_, AppError>(people::session(conn, id)?)).await?;
        known.ok_or(AppError::SignInRequired)?;
        let session = self
            .inner
            .storage
            .write(id.as_bytes(), move |tx| rotate(tx, id, &presented, &stored, now))
            .await?
            .ok_or(AppError::SignInRequired)?;
        Ok(Refreshed {
            access_token: self.access_token(&session, now)?,
            refresh_token: token(id, &next, &self.inner.keys.refresh),
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
        session::Refresh::Rotate => {
            row.previous_hash = Some(row.refresh_hash);
            row.rotated_at = Some(now);
            row.successor_used = false;
        }
        session::Refresh::Again => {}
        session::Refresh::EndFamily | session::Refresh::Over => {
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
