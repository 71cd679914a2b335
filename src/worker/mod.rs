//! Deadlines, outbox, upkeep.

use crate::app::App;

/// The workers of a process.
#[derive(Debug)]
pub struct Workers;

impl Workers {
    /// Starts them.
    ///
    /// # Errors
    /// If the mail settings cannot be used.
    pub fn start(_app: &App) -> anyhow::Result<Self> {
        Ok(Self)
    }

    /// Lets them finish what is under way.
    pub async fn stop(self) {}
}
