//! Sign-in, refresh, sign-out; who a request comes from, and the keys that its Unlock-Key opens.
//!
//! Threat: a stolen database must open nothing, a stolen token not for long, and a stolen refresh token must be found
//! out. The seed lies in the session's row under a key that only the device has; it is opened for one request.
//!
//! Source: security.md, "Keys of people, and the roster", "Accounts".

mod check;
mod refresh;
mod strangers;

pub(super) use check::unsuitable;
pub use refresh::Refreshed;
pub(crate) use strangers::Strangers;

use zeroize::Zeroizing;

use super::{App, error::AppError};
use crate::{
    auth::{
        one_time::OneTime,
        session::{GRACE, IDLE, Life},
        token::{Access, LIFETIME},
    },
    domain::{
        ids::{MemberId, SessionId},
        time::{Seconds, UtcMillis},
    },
    sealing::{
        keys::{Keys, MemberSeed},
        seed::{SeedLock, UnlockKey},
    },
    storage::{
        Bytes,
        people::{self, MemberRow, SessionRow},
    },
};

/// The idle end is moved at most this often, so that reading a list costs no write.
const MOVED_AFTER: Seconds = Seconds(60);

/// What a device gets at sign-in.
#[derive(Debug)]
pub struct SignedInNow {
    /// For the header `Authorization: Bearer`.
    pub access_token: String,
    /// For the next refresh, once.
    pub refresh_token: Zeroizing<String>,
    /// For the header `Unlock-Key`, as long as the session lasts; given this once.
    pub unlock_key: Zeroizing<String>,
    /// How long the access token is good for. Seconds.
    pub expires_in: u32,
    /// Who it is.
    pub who: SignedIn,
}

/// Who a request comes from.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The member.
    pub member: MemberId,
    /// In which session.
    pub session: SessionId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// They run the server.
    pub is_operator: bool,
    sealed_seed: Vec<u8>,
}

impl SignedIn {
    fn new(member: &MemberRow, session: &SessionRow) -> Self {
        Self {
            member: member.id,
            session: session.id,
            name: member.name.clone(),
            email: member.email.clone(),
            is_operator: member.is_operator,
            sealed_seed: session.sealed_seed.clone(),
        }
    }
}

impl App {
    /// Signs in.
    ///
    /// # Errors
    /// [`AppError::WrongPassword`] for a wrong name or password, told in the same way at the same cost;
    /// [`AppError::SlowDown`] after several; [`AppError::Unavailable`] while too many sign in at once.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<SignedInNow, AppError> {
        let now = self.inner.clock.now();
        let (member, seed) = self.check_password(email, password, now).await?;
        let (unlock_key, refresh) =
            (UnlockKey::new(self.inner.entropy.bytes()), OneTime::new(self.inner.entropy.bytes()));
        let session = self.new_session(&member, &seed, &unlock_key, &refresh, now);
        let row = session.clone();
        self.inner
            .storage
            .write(session.id.as_bytes(), move |tx| people::add_session(tx, &row).map_err(AppError::from))
            .await?;
        Ok(SignedInNow {
            access_token: self.access_token(&session, now)?,
            refresh_token: refresh::token(session.id, &refresh, &self.inner.keys.refresh),
            unlock_key: unlock_key.text(),
            expires_in: LIFETIME.0,
            who: SignedIn::new(&member, &session),
        })
    }

    fn new_session(
        &self,
        member: &MemberRow,
        seed: &MemberSeed,
        unlock_key: &UnlockKey,
        refresh: &OneTime,
        now: UtcMillis,
    ) -> SessionRow {
        let id = SessionId::new(self.inner.entropy.bytes());
        let life = Life::starting(now);
        SessionRow {
            id,
            member_id: member.id,
            sealed_seed: SeedLock::session(unlock_key, id, member.id).seal(seed, &*self.inner.entropy),
            absolute_end: life.absolute_end,
            idle_end: life.idle_end,
            refresh_hash: Bytes(refresh.stored()),
            previous_hash: None,
            rotated_at: None,
            successor_used: false,
        }
    }

    fn access_token(&self, session: &SessionRow, now: UtcMillis) -> Result<String, AppError> {
        let access = Access { member: session.member_id, session: session.id, refreshed_at: session.rotated_at };
        self.inner.tokens.issue(access, now).map_err(AppError::internal)
    }

    /// Who sends this access token. The session is looked up each time, so that signing out acts at once everywhere.
    ///
    /// # Errors
    /// [`AppError::SignInRequired`] for a token that is false or over, or whose session is over.
    pub async fn authenticate(&self, bearer: &str) -> Result<SignedIn, AppError> {
        let now = self.inner.clock.now();
        let access = self.inner.tokens.check(bearer, now).map_err(|_| AppError::SignInRequired)?;
        let found = self
            .inner
            .storage
            .read(move |conn| {
                let session = people::session(conn, access.session)?;
                Ok::<_, AppError>(session.zip(people::member(conn, access.member)?))
            })
            .await?;
        let (session, member) = found.ok_or(AppError::SignInRequired)?;
        if session.member_id != member.id || life(&session).is_over(now) {
            return Err(AppError::SignInRequired);
        }
        self.note_use(&session, access, now).await?;
        Ok(SignedIn::new(&member, &session))
    }

    /// Moves the idle end, if the last time was a minute ago or more, and keeps that what the last refresh gave is in use:
    /// whoever asks with the token before it has not lost the answer.
    async fn note_use(&self, session: &SessionRow, access: Access, now: UtcMillis) -> Result<(), AppError> {
        let moved_at = session.idle_end.plus_millis(-IDLE.millis());
        if now < moved_at.plus(MOVED_AFTER) && !is_first_use(session, access, now) {
            return Ok(());
        }
        let id = session.id;
        let write = move |tx: &mut crate::storage::Tx| {
            // Loaded again: a refresh may have rotated the token meanwhile.
            if let Some(mut row) = people::session(tx, id)? {
                row.idle_end = row.idle_end.max(life(&row).used(now).idle_end);
                row.successor_used |= is_first_use(&row, access, now);
                people::save_session(tx, &row)?;
            }
            Ok::<_, AppError>(())
        };
        self.inner.storage.write(id.as_bytes(), write).await
    }

    /// Signs out: the session's row goes, and with it the sealed seed.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn sign_out(&self, who: &SignedIn) -> Result<(), AppError> {
        let id = who.session;
        self.inner.storage.write(id.as_bytes(), move |tx| Ok(people::end_session(tx, id)?)).await
    }

    /// The member's keys, for this one request.
    ///
    /// # Errors
    /// [`AppError::UnlockKeyRequired`] if the key is another session's.
    pub fn unlock(&self, who: &SignedIn, unlock_key: &UnlockKey) -> Result<Keys, AppError> {
        let lock = SeedLock::session(unlock_key, who.session, who.member);
        let seed = lock.open(&who.sealed_seed).map_err(|_| AppError::UnlockKeyRequired)?;
        Ok(seed.keys())
    }
}

/// The access token of the last refresh is used for the first time, while that still matters.
///
/// Source: security.md, "Accounts".
fn is_first_use(session: &SessionRow, access: Access, now: UtcMillis) -> bool {
    let matters = session.rotated_at.is_some_and(|at| now <= at.plus(GRACE));
    matters && !session.successor_used && session.rotated_at == access.refreshed_at
}

/// When a session ends by itself.
fn life(session: &SessionRow) -> Life {
    Life { absolute_end: session.absolute_end, idle_end: session.idle_end }
}
