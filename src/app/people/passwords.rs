//! Back in with the recovery words, and another password.
//!
//! Threat: a session that somebody left open must not be enough to take an account over, and words or a password that
//! somebody else has seen must end everything that was begun with them.
//!
//! Source: security.md, "Keys of people, and the roster", "Accounts".

use zeroize::Zeroizing;

use super::Accepted;
use crate::{
    app::{
        App,
        error::AppError,
        fields,
        sessions::{SignedIn, unsuitable},
    },
    auth::{
        password::Password,
        stretch::{Halves, Salt},
    },
    domain::ids::MemberId,
    sealing::{
        keys::MemberSeed,
        seed::{RecoveryWords, SEALED_SEED_BYTES, SeedLock},
    },
    storage::{
        Bytes, Tx,
        people::{self, MemberRow},
        renewals,
    },
};

/// Whose words are tried for an address that nobody has, so that it costs the same.
const NOBODY: MemberId = MemberId::new([0; 16]);

impl App {
    /// Gives an account another password by its recovery words, and new words: the old ones have been typed somewhere.
    /// Every session of it ends.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `password` or `recovery_words`; [`AppError::SignInRequired`] for words of another
    /// account or none, told in the same way for an unknown address; [`AppError::Unavailable`].
    pub async fn recover(&self, email: &str, words: &str, password: &str) -> Result<Accepted, AppError> {
        let password = self.chosen(password)?;
        let words = RecoveryWords::parse(words)
            .map_err(|wrong| AppError::invalid("recovery_words", format!("cannot be right: {wrong}")))?;
        let (member, seed) = self.member_by_words(email, &words).await?;
        let (salt, next) = (Salt(self.inner.entropy.bytes()), RecoveryWords::new(self.inner.entropy.bytes()));
        let halves = self.stretch(&password, salt).await?;
        let seen = member.seed_by_words.clone();
        let row = self.with_words(self.with_password(member, &seed, salt, &halves), &seed, &next);
        self.put_credentials(row, move |now| now.seed_by_words == seen).await?;
        Ok(Accepted { recovery_words: Some(next.words()) })
    }

    async fn member_by_words(&self, email: &str, words: &RecoveryWords) -> Result<(MemberRow, MemberSeed), AppError> {
        // An address that can be nobody's costs what an unknown one costs.
        let email = fields::email("email", email).unwrap_or_default();
        let read = move |conn: &mut crate::storage::Conn| Ok::<_, AppError>(people::by_email(conn, &email)?);
        let found = self.inner.storage.read(read).await?;
        let nothing = vec![0; SEALED_SEED_BYTES];
        let (id, sealed) = found.as_ref().map_or((NOBODY, &nothing), |row| (row.id, &row.seed_by_words));
        let opened = SeedLock::recovery(words, id).open(sealed);
        found.zip(opened.ok()).ok_or(AppError::SignInRequired)
    }

    /// Gives an account another password; every session of it ends, this one too. `new_words` gives it other recovery
    /// words as well.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `password`, or `current_password` where it is not the account's;
    /// [`AppError::SlowDown`] after several wrong ones; [`AppError::Unavailable`].
    pub async fn change_password(
        &self,
        who: &SignedIn,
        current: &str,
        password: &str,
        new_words: bool,
    ) -> Result<Accepted, AppError> {
        let now = self.inner.clock.now();
        let password = self.chosen(password)?;
        let (member, seed) = self.check_password(&who.email, current, now).await.map_err(of_current)?;
        let salt = Salt(self.inner.entropy.bytes());
        let halves = self.stretch(&password, salt).await?;
        let seen = member.seed_by_password.clone();
        let mut row = self.with_password(member, &seed, salt, &halves);
        let words = new_words.then(|| RecoveryWords::new(self.inner.entropy.bytes()));
        if let Some(words) = &words {
            row = self.with_words(row, &seed, words);
        }
        self.put_credentials(row, move |now| now.seed_by_password == seen).await?;
        Ok(Accepted { recovery_words: words.map(|words| words.words()) })
    }

    fn chosen(&self, password: &str) -> Result<Password, AppError> {
        Password::choose(password, &self.inner.common_passwords)
            .map_err(|rule| AppError::invalid("password", unsuitable(rule)))
    }

    fn with_password(&self, row: MemberRow, seed: &MemberSeed, salt: Salt, halves: &Halves) -> MemberRow {
        MemberRow {
            salt: salt.0.to_vec(),
            sign_in: Bytes(halves.sign_in.stored(&self.inner.keys.sign_in)),
            seed_by_password: SeedLock::password(&halves.unlock, row.id).seal(seed, &*self.inner.entropy),
            failures: 0,
            slow_until: None,
            ..row
        }
    }

    fn with_words(&self, row: MemberRow, seed: &MemberSeed, words: &RecoveryWords) -> MemberRow {
        MemberRow { seed_by_words: SeedLock::recovery(words, row.id).seal(seed, &*self.inner.entropy), ..row }
    }

    /// Whoever proved that they can still open the account needs no new key: what waits to be confirmed goes.
    async fn put_credentials(
        &self,
        row: MemberRow,
        unchanged: impl Fn(&MemberRow) -> bool + Send + 'static,
    ) -> Result<(), AppError> {
        let id = row.id;
        let write = move |tx: &mut Tx| {
            let before = people::member(tx, row.id)?.filter(&unchanged).ok_or(AppError::SignInRequired)?;
            // Keys may have been renewed meanwhile: then the row that was read is nobody's any more.
            if before.reading_key != row.reading_key {
                return Err(AppError::SignInRequired);
            }
            people::save_member(tx, &row)?;
            people::end_sessions_of(tx, row.id)?;
            Ok(renewals::remove(tx, row.id)?)
        };
        self.inner.storage.write(id.as_bytes(), write).await
    }
}

/// What is wrong with the password that somebody has, in the words of this route.
fn of_current(error: AppError) -> AppError {
    match error {
        AppError::SignInRequired => AppError::invalid("current_password", "is not the password of this account"),
        AppError::Invalid { detail, .. } => AppError::invalid("current_password", detail),
        other => other,
    }
}

/// Words and keys of somebody new, or of somebody who begins anew.
pub(super) struct Fresh {
    pub(super) salt: Salt,
    pub(super) sign_in: [u8; 32],
    pub(super) seed_by_password: Vec<u8>,
    pub(super) seed_by_words: Vec<u8>,
    pub(super) keys: crate::sealing::keys::PublicKeys,
    pub(super) words: Zeroizing<String>,
}

impl App {
    /// Makes a seed, locks it under a password and under twelve words.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `password`; [`AppError::Unavailable`] while too many sign in at once.
    pub(super) async fn fresh_credentials(&self, id: MemberId, password: &str) -> Result<Fresh, AppError> {
        let entropy = &*self.inner.entropy;
        let password = self.chosen(password)?;
        let salt = Salt(entropy.bytes());
        let (seed, words) = (MemberSeed::new(entropy.bytes()), RecoveryWords::new(entropy.bytes()));
        let halves = self.stretch(&password, salt).await?;
        Ok(Fresh {
            salt,
            sign_in: halves.sign_in.stored(&self.inner.keys.sign_in),
            seed_by_password: SeedLock::password(&halves.unlock, id).seal(&seed, entropy),
            seed_by_words: SeedLock::recovery(&words, id).seal(&seed, entropy),
            keys: *seed.keys().public(),
            words: words.words(),
        })
    }
}
