//! Asks the configured witnesses to cosign the last head, and learns from them whether this log went back.
//!
//! Threat: a database restored from an older copy on a machine that lost `DATA_DIR/checkpoint` looks sound from the inside.
//! Witnesses remember. What they hold counts as shown if it carries this host's own signature: then it is kept beside the
//! database and stops the signing for good. A bare claim of more stops it for as long as it is made, because signing cannot
//! be taken back; whoever hosts may drop a witness that claims nonsense.
//!
//! No witness holds anything up: each is asked on its own, with a few seconds of patience, and again at the next tick.
//!
//! Source: ledger.md, "Order and durability"; C2SP tlog-witness.

use std::sync::PoisonError;

use crate::{
    app::{App, error::AppError},
    domain::time::UtcMillis,
    evidence::quorum::{Trusted, WitnessSide},
    merkle::{Hash, checkpoint::Checkpoint, note::Note, span},
    storage::{
        Conn, StorageError,
        heads::{self, CosignatureRow, LogRow},
    },
    witness::{
        asking::{Answer, Line},
        request::AddCheckpoint,
    },
};

use super::{cosigned::said_at, integrate::LEDGER, kept, publish::hashes_of};

/// What came of asking one witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The name of its key.
    pub witness: String,
    /// What it said.
    pub said: Said,
}

/// What a witness said of the last head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It cosigned it, now or before.
    Cosigned,
    /// It has cosigned more leaves of this log than there are here.
    HasMore {
        /// How many.
        size: u64,
    },
    /// The head does not go on from the one that it has.
    DoesNotGoOn,
    /// Nothing that counts, and why.
    Nothing(String),
}

/// How far a witness has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSeen {
    /// The name of its key.
    pub name: String,
    /// Its side.
    pub side: WitnessSide,
    /// When it cosigned last, by its clock; `None` if it never did in this log.
    pub cosigned_at: Option<UtcMillis>,
    /// For how long a signed head waits for it. Milliseconds, 0 if none does.
    pub waits_millis: i64,
}

/// A head on its way to a witness.
struct Showing {
    log: LogRow,
    checkpoint: Checkpoint,
    note: Note,
}

impl App {
    /// Asks every configured witness that has not cosigned the last head yet.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; never because of a witness.
    pub async fn ask_witnesses(&self) -> Result<Vec<Asked>, AppError> {
        self.ask_each(Asking::WhoHasNotCosigned).await
    }

    /// Shows every configured witness the last head, whatever the database says of it: an older copy holds cosignatures too.
    /// On a database without a head they are shown an empty tree, so that a log that went back to nothing is found.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; never because of a witness.
    pub async fn compare_with_witnesses(&self) -> Result<Vec<Asked>, AppError> {
        self.ask_each(Asking::Everybody).await
    }

    async fn ask_each(&self, asking: Asking) -> Result<Vec<Asked>, AppError> {
        let witnesses = &self.inner.settings.witnesses.0;
        if witnesses.is_empty() {
            return Ok(Vec::new());
        }
        let log = self.log(self.inner.clock.now()).await?;
        let asked =
            futures_util::future::join_all(witnesses.iter().map(|witness| self.ask(&log, witness, asking))).await;
        asked.into_iter().collect()
    }

    async fn ask(&self, log: &LogRow, witness: &Trusted, asking: Asking) -> Result<Asked, AppError> {
        let (showing, known) = self.to_show(log, witness).await?;
        let is_known = showing.checkpoint.size > 0 && known == showing.checkpoint.size;
        let said = match asking {
            Asking::WhoHasNotCosigned if is_known => Said::Cosigned,
            Asking::WhoHasNotCosigned | Asking::Everybody => self.show(&showing, witness, known).await?,
        };
        let claimed = if let Said::HasMore { size } = &said { Some(*size) } else { None };
        self.claims(&log.origin, witness, claimed);
        Ok(Asked { witness: witness.key.name().to_string(), said })
    }

    /// The last head, and how many leaves this witness has cosigned as far as is known here.
    async fn to_show(&self, log: &LogRow, witness: &Trusted) -> Result<(Showing, u64), AppError> {
        let (number, key) = (log.number, witness.key.to_string());
        let read = move |conn: &mut Conn| {
            let last = heads::last_checkpoint(conn, number)?;
            Ok::<_, StorageError>((last, heads::last_cosignature(conn, number, &key)?))
        };
        let (last, cosigned) = self.inner.storage.read(read).await?;
        let known = cosigned.map_or(0, |row| row.size.unsigned_abs());
        let signer = self.inner.ledger.log(&log.origin)?;
        let note: Note = match last {
            Some(row) => row.note.parse().map_err(AppError::internal)?,
            None => Checkpoint { origin: log.origin.clone(), size: 0, root: Hash::of_nothing() }
                .sign(&signer)
                .map_err(AppError::internal)?,
        };
        let checkpoint = Checkpoint::of_note(&note, signer.public()).map_err(AppError::internal)?;
        Ok((Showing { log: log.clone(), checkpoint, note }, known))
    }

    async fn show(&self, showing: &Showing, witness: &Trusted, known: u64) -> Result<Said, AppError> {
        let here = showing.checkpoint.size;
        let mut old = known;
        // Once more, if it has cosigned more or less than is known here.
        for _ in 0..2 {
            match self.send(showing, witness, old).await? {
                Ok(Answer::Cosigned { line, at: _ }) => {
                    self.keep_cosignature(showing, witness, line.to_string()).await?;
                    return Ok(Said::Cosigned);
                }
                Ok(Answer::Has(size)) if size > here => {
                    self.keep_what_it_shows(showing, witness).await?;
                    return Ok(Said::HasMore { size });
                }
                Ok(Answer::Has(size)) => old = size,
                Ok(Answer::DoesNotGoOn) => {
                    self.keep_what_it_shows(showing, witness).await?;
                    return Ok(Said::DoesNotGoOn);
                }
                Err(why) => return Ok(Said::Nothing(why)),
            }
        }
        Ok(Said::Nothing("it names another size each time it is asked".to_owned()))
    }

    /// Sends the head with the proof that it grew from `old`; what came back, or why nothing did.
    async fn send(&self, showing: &Showing, witness: &Trusted, old: u64) -> Result<Result<Answer, String>, AppError> {
        let new = showing.checkpoint.size;
        let proof = if old == 0 || old == new {
            Vec::new()
        } else {
            let spans = span::consistency(old, new).unwrap_or_default();
            self.inner.storage.read(move |conn| hashes_of(conn, &spans)).await?
        };
        let message = AddCheckpoint { old, proof, checkpoint: showing.note.clone() };
        on_the_line(witness, move |line| line.add_checkpoint(&message).map_err(|why| why.to_string())).await
    }

    async fn keep_cosignature(&self, showing: &Showing, witness: &Trusted, line: String) -> Result<(), AppError> {
        let size = i64::try_from(showing.checkpoint.size).map_err(AppError::internal)?;
        if size == 0 {
            return Ok(());
        }
        let row = CosignatureRow { log: showing.log.number, size, witness: witness.key.to_string(), line };
        Ok(self.inner.storage.write(&LEDGER, move |tx| heads::add_cosignature(tx, &row)).await?)
    }

    /// A head of this log that the witness shows, with this host's own signature, is kept beside the database: from then on
    /// the database is held against it.
    async fn keep_what_it_shows(&self, showing: &Showing, witness: &Trusted) -> Result<(), AppError> {
        let origin = showing.log.origin.clone();
        let shown = on_the_line(witness, move |line| line.last_of(&origin)).await?;
        let Some(text) = shown else { return Ok(()) };
        let is_ours = self.own_checkpoint(&text).is_some_and(|head| head.origin == showing.log.origin);
        if is_ours && self.contradicts(&text).await?.is_some() {
            let draft = format!(".checkpoint-{}", hex::encode(self.inner.entropy.bytes::<8>()));
            kept::write_shown(&self.inner.settings.data_dir, &draft, &text).map_err(AppError::internal)?;
        }
        Ok(())
    }

    /// What a witness claims without showing it is remembered for as long as it claims it.
    fn claims(&self, origin: &str, witness: &Trusted, size: Option<u64>) {
        let mut claims = self.inner.claims.lock().unwrap_or_else(PoisonError::into_inner);
        let of = (origin.to_owned(), witness.key.name().to_string());
        match size {
            Some(size) => claims.insert(of, size),
            None => claims.remove(&of),
        };
    }

    /// A witness that claims more leaves of this log than these.
    pub(super) fn claimed_beyond(&self, origin: &str, here: u64) -> Option<(String, u64)> {
        let claims = self.inner.claims.lock().unwrap_or_else(PoisonError::into_inner);
        let of_log = claims.iter().filter(|((log, _), size)| log == origin && **size > here);
        of_log.map(|((_, witness), size)| (witness.clone(), *size)).max_by_key(|(_, size)| *size)
    }

    /// How far each configured witness has come.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn witnesses_seen(&self) -> Result<Vec<WitnessSeen>, AppError> {
        let (witnesses, now) = (self.inner.settings.witnesses.0.clone(), self.inner.clock.now());
        Ok(self.inner.storage.read(move |conn| seen(conn, &witnesses, now)).await?)
    }
}

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// Those of whom no cosignature of the last head is kept.
    WhoHasNotCosigned,
    /// All of them.
    Everybody,
}

/// Talks to a witness off the async threads.
async fn on_the_line<T: Send + 'static>(
    witness: &Trusted,
    talk: impl FnOnce(&Line) -> T + Send + 'static,
) -> Result<T, AppError> {
    let (url, key) = (witness.url.clone().unwrap_or_default(), witness.key.clone());
    tokio::task::spawn_blocking(move || talk(&Line::to(&url, key))).await.map_err(AppError::internal)
}

/// How far each of these witnesses has come in the log that is written to.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn seen(conn: &mut Conn, witnesses: &[Trusted], now: UtcMillis) -> Result<Vec<WitnessSeen>, StorageError> {
    let Some(log) = heads::log(conn)? else { return Ok(Vec::new()) };
    witnesses.iter().map(|witness| seen_of(conn, log.number, witness, now)).collect()
}

fn seen_of(conn: &mut Conn, log: i32, witness: &Trusted, now: UtcMillis) -> Result<WitnessSeen, StorageError> {
    let last = heads::last_cosignature(conn, log, &witness.key.to_string())?;
    let size = last.as_ref().map_or(0, |row| row.size);
    let waits = heads::checkpoint_from(conn, log, size + 1)?;
    let at = last.and_then(|row| said_at(&row.line)).and_then(|at| i64::try_from(at).ok());
    Ok(WitnessSeen {
        name: witness.key.name().to_string(),
        side: witness.side,
        cosigned_at: at.map(|at| UtcMillis::new(at.saturating_mul(1000))),
        waits_millis: waits.map_or(0, |row| now.since(row.signed_at).max(0)),
    })
}
