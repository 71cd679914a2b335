//! Whether this process can do its work: asked by load balancers through `/health/ready`.

use super::{App, error::AppError};
use crate::storage::{StorageError, engine};

impl App {
    /// The database answers.
    ///
    /// # Errors
    /// What is wrong, in words for the host.
    pub async fn check_database(&self) -> Result<(), String> {
        self.inner.storage.read(engine::state).await.map(drop).map_err(|error| error.to_string())
    }

    /// Deadlines fire: nobody and nothing holds the engine.
    ///
    /// # Errors
    /// Why it is held, in words for the host.
    pub async fn check_engine(&self) -> Result<(), String> {
        let state = self.inner.storage.read(engine::state).await;
        match state.map_err(|error: StorageError| error.to_string())? {
            state if state.held => Err(reason(state)),
            _ => Ok(()),
        }
    }

    /// Why the engine is held, `None` if it is not.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn held_because(&self) -> Result<Option<String>, AppError> {
        let state = self.inner.storage.read(engine::state).await?;
        Ok(state.held.then(|| reason(state)))
    }
}

fn reason(state: engine::EngineRow) -> String {
    state.held_reason.unwrap_or_else(|| "deadlines are held".to_owned())
}
