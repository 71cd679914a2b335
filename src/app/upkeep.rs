//! What is only kept for a while.

use super::{App, error::AppError};
use crate::storage::{Tx, engine, people};

/// Key of the writes of upkeep.
const UPKEEP: [u8; 16] = *b"lastlooks/upkeep";

impl App {
    /// One round: sessions that are over and heartbeats of instances long gone go, then what the database keeps for a
    /// while, and its log is emptied.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; the next round makes up for it.
    pub async fn keep_up(&self) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        let work = move |tx: &mut Tx| {
            people::end_old_sessions(tx, now)?;
            engine::forget_beats(tx, now)
        };
        self.inner.storage.write(&UPKEEP, work).await?;
        Ok(self.inner.storage.upkeep(now).await?)
    }
}
