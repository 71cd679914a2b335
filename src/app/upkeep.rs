//! What is only kept for a while.

use super::{App, error::AppError};
use crate::{
    domain::time::Seconds,
    storage::{Tx, engine, people, productions},
};

/// Key of the writes of upkeep.
const UPKEEP: [u8; 16] = *b"lastlooks/upkeep";

impl App {
    /// One round: sessions that are over, counts of past hours and heartbeats of instances long gone go, then what the
    /// database keeps for a while, and its log is emptied. While the engine is held nothing goes: of a clock that is
    /// being checked nobody knows what is over.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; the next round makes up for it.
    pub async fn keep_up(&self) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        let work = move |tx: &mut Tx| {
            if engine::state(tx)?.held {
                return Ok(());
            }
            people::end_old_sessions(tx, now)?;
            // A filing that was counted a moment ago may not be committed yet: its hour stays.
            productions::forget_filings(tx, now.plus_millis(-Seconds::hours(1).millis()))?;
            engine::forget_beats(tx, now)
        };
        self.inner.storage.write(&UPKEEP, work).await?;
        Ok(self.inner.storage.upkeep(now).await?)
    }
}
