//! The integrator: at each tick of the ledger, what is pending gets its place and a new head is signed.

use crate::{
    app::{
        App,
        error::AppError,
        ledger::{LedgerTurn, SecondHistory},
    },
    domain::time::UtcMillis,
};

/// Integrates at fixed ticks. Of several processes on one database whoever comes first does it.
#[derive(Debug)]
pub struct Integrator {
    app: App,
    /// What was said last, so that it is said once.
    refused: Option<SecondHistory>,
    /// Witnesses were asked once, so that a database that went back is found before anything is signed.
    is_compared: bool,
}

/// What a turn did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What came of it.
    pub ledger: LedgerTurn,
    /// When the next tick is over.
    pub again_at: UtcMillis,
}

impl Integrator {
    /// An integrator of this app.
    pub const fn new(app: App) -> Self {
        Self { app, refused: None, is_compared: false }
    }

    /// Does what is due now.
    ///
    /// # Errors
    /// As [`App::ledger_turn`].
    pub async fn turn(&mut self) -> Result<Turn, AppError> {
        if !self.is_compared {
            self.app.compare_with_witnesses().await?;
            self.is_compared = true;
        }
        let now = self.app.clock().now();
        let ledger = self.app.ledger_turn(now).await?;
        self.app.nudges().witnesses.notify_one();
        let refused = match &ledger {
            LedgerTurn::Published { .. } => None,
            LedgerTurn::Refused(why) => Some(why.clone()),
        };
        if refused != self.refused {
            if let Some(why) = &refused {
                tracing::error!(%why, "the ledger is not signed");
            }
            self.refused = refused;
        }
        Ok(Turn { ledger, again_at: self.app.next_ledger_turn(now) })
    }
}
