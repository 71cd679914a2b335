//! A name and a password: whose they are, at one cost whoever asks.

use super::{
    super::{App, error::AppError, fields},
    strangers::{Slow, refuse_if_too_soon},
};
use crate::{
    auth::{
        password::{MAX_CHARS, MIN_CHARS, Password, Unsuitable},
        stretch::{Halves, Salt, StretchError, Turn},
    },
    domain::{ids::MemberId, time::UtcMillis},
    sealing::{keys::MemberSeed, seed::SeedLock},
    storage::people::{self, MemberRow},
};

/// When it makes sense to try again while too many people sign in. Seconds.
const BUSY_SECONDS: u32 = 5;

impl App {
    /// The member with this address and password, and their seed.
    ///
    /// # Errors
    /// As [`App::sign_in`].
    pub(in crate::app) async fn check_password(
        &self,
        email: &str,
        password: &str,
        now: UtcMillis,
    ) -> Result<(MemberRow, MemberSeed), AppError> {
        let password = Password::present(password).map_err(|e| AppError::invalid("password", unsuitable(e)))?;
        // An address that can be nobody's costs what an unknown one costs.
        let email = fields::email("email", email).unwrap_or_default();
        self.may_try(&email, now).await?;
        let turn = self.inner.permits.turn(Some(&email)).await.map_err(busy)?;
        // Others may have waited under the same name: what they got wrong counts for whoever stood behind them. That
        // took a while, so the clock is asked once more.
        let now = self.inner.clock.now();
        match self.may_try(&email, now).await? {
            Some(member) => self.check_member(member, turn, &password, now).await,
            None => Err(self.refuse_stranger(&email, turn, &password, now).await),
        }
    }

    /// Whose name it is, unless it has to wait. Costs the same whether anybody has it.
    async fn may_try(&self, email: &str, now: UtcMillis) -> Result<Option<MemberRow>, AppError> {
        let wanted = email.to_owned();
        let found = self.inner.storage.read(move |conn| Ok::<_, AppError>(people::by_email(conn, &wanted)?)).await?;
        let stranger = self.inner.strangers.slow(email);
        refuse_if_too_soon(found.as_ref().map_or(stranger, slow), now)?;
        Ok(found)
    }

    async fn check_member(
        &self,
        member: MemberRow,
        turn: Turn,
        password: &Password,
        now: UtcMillis,
    ) -> Result<(MemberRow, MemberSeed), AppError> {
        let salt = <[u8; 16]>::try_from(member.salt.as_slice()).map_err(AppError::internal)?;
        let halves = turn.derive(password, Salt(salt)).await.map_err(busy)?;
        if !halves.sign_in.is(&member.sign_in.0, &self.inner.keys.sign_in) {
            self.count_failure(member.id, now).await?;
            return Err(AppError::WrongPassword);
        }
        let seed = SeedLock::password(&halves.unlock, member.id).open(&member.seed_by_password);
        let seed = seed.map_err(AppError::internal)?;
        self.forget_failures(&member).await?;
        Ok((member, seed))
    }

    /// Stretches a password behind the permits.
    pub(in crate::app) async fn stretch(&self, password: &Password, salt: Salt) -> Result<Halves, AppError> {
        self.inner.permits.derive(password, salt).await.map_err(busy)
    }

    async fn refuse_stranger(&self, email: &str, turn: Turn, password: &Password, now: UtcMillis) -> AppError {
        if let Err(error) = turn.derive_for_nobody(password).await {
            return busy(error);
        }
        // A write, as for a member, would tell the two apart by nothing but its place; memory is enough for a name
        // that opens nothing.
        self.inner.strangers.count(email, now);
        AppError::WrongPassword
    }

    async fn count_failure(&self, member: MemberId, now: UtcMillis) -> Result<(), AppError> {
        let write = move |tx: &mut crate::storage::Tx| {
            if let Some(mut row) = people::member(tx, member)? {
                let failed = Slow::one_more(slow(&row), now);
                row.failures = i32::try_from(failed.count).unwrap_or(i32::MAX);
                row.slow_until = Some(failed.until);
                people::save_member(tx, &row)?;
            }
            Ok::<_, AppError>(())
        };
        self.inner.storage.write(member.as_bytes(), write).await
    }

    async fn forget_failures(&self, member: &MemberRow) -> Result<(), AppError> {
        if member.failures == 0 {
            return Ok(());
        }
        let id = member.id;
        let write = move |tx: &mut crate::storage::Tx| {
            if let Some(row) = people::member(tx, id)? {
                people::save_member(tx, &MemberRow { failures: 0, slow_until: None, ..row })?;
            }
            Ok::<_, AppError>(())
        };
        self.inner.storage.write(id.as_bytes(), write).await
    }
}

/// What is stored of an account's failures.
fn slow(member: &MemberRow) -> Option<Slow> {
    Some(Slow { count: u32::try_from(member.failures).ok()?, until: member.slow_until? })
}

fn busy(error: StretchError) -> AppError {
    match error {
        StretchError::Busy | StretchError::Stopped => AppError::Unavailable { retry_after_seconds: BUSY_SECONDS },
    }
}

/// The rule that a password breaks, as the rest of a sentence that begins with the field.
pub(in crate::app) fn unsuitable(rule: Unsuitable) -> String {
    match rule {
        Unsuitable::TooShort(_) => format!("has to have at least {MIN_CHARS} characters"),
        Unsuitable::TooLong(_) => format!("can have {MAX_CHARS} characters at most"),
        Unsuitable::Common => {
            "is among the first that anybody would try: take five words that have nothing to do with each other"
                .to_owned()
        }
    }
}
