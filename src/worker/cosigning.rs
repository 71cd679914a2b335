//! Asks witnesses for their cosignatures after each tick; a silent one again at the next.

use std::collections::BTreeMap;

use crate::{
    app::{
        App,
        error::AppError,
        ledger::{Asked, Said},
    },
    domain::time::UtcMillis,
};

/// Asks witnesses.
#[derive(Debug)]
pub struct Cosigning {
    app: App,
    /// What was logged last of each witness, so that it is said once.
    logged: BTreeMap<String, Said>,
}

impl Cosigning {
    /// One for this app.
    pub const fn new(app: App) -> Self {
        Self { app, logged: BTreeMap::new() }
    }

    /// Asks every witness that has not cosigned the last head; answers what each said, and when to ask again.
    ///
    /// # Errors
    /// As [`App::ask_witnesses`].
    pub async fn turn(&mut self) -> Result<(Vec<Asked>, UtcMillis), AppError> {
        let asked = self.app.ask_witnesses().await?;
        for one in &asked {
            if self.logged.get(&one.witness) != Some(&one.said) {
                log(one);
                self.logged.insert(one.witness.clone(), one.said.clone());
            }
        }
        Ok((asked, self.app.next_ledger_turn(self.app.clock().now())))
    }
}

fn log(asked: &Asked) {
    let witness = &asked.witness;
    match &asked.said {
        Said::Cosigned => tracing::info!(witness, "a witness cosigns the ledger"),
        Said::Nothing(why) => tracing::warn!(witness, why, "a witness does not cosign the ledger"),
        Said::HasMore { size } => tracing::error!(witness, size, "a witness has more of the ledger than there is here"),
        Said::DoesNotGoOn => tracing::error!(witness, "a witness has another history of the ledger"),
    }
}
