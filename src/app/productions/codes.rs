//! Another crew code: the old one is rotated, or burned where it fell into wrong hands.
//!
//! Source: security.md, "Being crew without saying who".

use crate::{
    app::{App, error::AppError, people::Administrator},
    auth::crew_code::CrewCode,
    domain::{
        ids::ProductionId,
        time::{Seconds, UtcMillis},
    },
    storage::{
        StorageError, Tx,
        productions::{self, CrewCodeRow},
    },
};

/// A rotated code stays in full force for so long: the old poster hangs for a while.
const IN_FORCE: Seconds = Seconds::days(7);
/// After that, or at once where it was burned, it still files for so long, marked.
const STILL_FILES: Seconds = Seconds::days(30);

/// A crew code that has just been drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCrewCode {
    /// For poster and call sheet.
    pub code: String,
    /// Until when the one before files as before.
    pub old_in_force_until: UtcMillis,
    /// Until when it files at all.
    pub old_files_until: UtcMillis,
}

impl App {
    /// Gives the crew another code. The old one stays in full force for a week, or where it is burned not at all; after
    /// that it still files for 30 days, marked for the union side. Burning takes the force of every earlier one as well.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody but the operator and members of either side; [`AppError::Unavailable`].
    pub async fn renew_crew_code(
        &self,
        who: Administrator,
        production: ProductionId,
        burn: bool,
    ) -> Result<NewCrewCode, AppError> {
        let now = self.inner.clock.now();
        let code = CrewCode::draw(&*self.inner.entropy);
        let fresh = self.crew_code_row(production, code);
        let in_force_until = if burn { now } else { now.plus(IN_FORCE) };
        let files_until = in_force_until.plus(STILL_FILES);
        let app = self.clone();
        let write = move |tx: &mut Tx| {
            let production = app.production_in(tx, production)?;
            who.must_change_code(&production)?;
            for row in productions::crew_codes(tx, production.id)? {
                if row.full_until.is_none_or(|until| in_force_until < until) {
                    let state = if burn { "burned" } else { "old" }.to_owned();
                    let (full_until, until) = (Some(in_force_until), Some(files_until));
                    productions::save_crew_code(tx, &CrewCodeRow { state, full_until, until, ..row })?;
                }
            }
            productions::add_crew_code(tx, &fresh).map_err(|error| match error {
                // One in a million million: the next draw is another.
                StorageError::Duplicate(_) => AppError::Unavailable { retry_after_seconds: 1 },
                other => other.into(),
            })
        };
        self.inner.storage.write(production.as_bytes(), write).await?;
        Ok(NewCrewCode { code: code.text(), old_in_force_until: in_force_until, old_files_until: files_until })
    }
}
