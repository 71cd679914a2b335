//! The unanswered log: every deadline of a production that passed without the act. No report is opened for it.

use serde::Serialize;
use utoipa::ToSchema;

use super::{App, error::AppError, record::Subject, shown};
use crate::{
    domain::catalogue::Chain,
    storage::{productions, reports},
};

/// One deadline that passed without the act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnansweredLine {
    /// The report's two words.
    pub handle: String,
    /// Severity now.
    pub severity: String,
    /// `production`, or `union` for what the union side let pass of a `retaliation` report.
    pub side: String,
    /// Level.
    pub level: u8,
    /// Its desks.
    pub desks: Vec<String>,
    /// Cycle.
    pub cycle: u16,
    /// What was missed: `acknowledgement`, `answer` or `completion`.
    pub missed: String,
    /// The deadline, RFC 3339 UTC.
    pub due_at: String,
    /// `unanswered`, `promised_not_done`, `not_notified` or `unreachable`.
    pub recorded_as: String,
    /// The level had been told in time.
    pub told: bool,
    /// A member of that level answered later.
    pub answered_late_at: Option<String>,
    /// The report's status now.
    pub status: String,
}

const PAGE: i64 = 500;

impl App {
    /// Every missed deadline of a production, oldest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such production.
    pub async fn unanswered(&self, slug: &str) -> Result<Vec<UnansweredLine>, AppError> {
        let app = self.clone();
        let slug = slug.to_owned();
        let mut lines = self
            .inner
            .storage
            .read(move |conn| {
                let production = productions::by_slug(conn, &slug)?.ok_or(AppError::NotFound)?;
                let mut lines = Vec::new();
                let mut after = None;
                loop {
                    let page = reports::unanswered_after(conn, production.id, after, PAGE)?;
                    let Some(last) = page.last() else { return Ok::<_, AppError>(lines) };
                    after = Some(last.id);
                    for row in page {
                        lines.extend(of_report(&app.subject_of(conn, row)?));
                    }
                }
            })
            .await?;
        lines.sort_by(|a, b| (&a.due_at, &a.handle, a.level).cmp(&(&b.due_at, &b.handle, b.level)));
        Ok(lines)
    }
}

fn of_report(subject: &Subject) -> Vec<UnansweredLine> {
    let of_chain = |chain: Chain| {
        shown::unanswered(subject, &[chain]).into_iter().map(move |breach| UnansweredLine {
            handle: subject.row.handle.clone(),
            severity: subject.report.severity.code().to_owned(),
            side: chain.code().to_owned(),
            level: breach.level,
            desks: breach.desks,
            cycle: breach.cycle,
            missed: breach.awaiting,
            due_at: breach.due_at,
            recorded_as: breach.recorded_as,
            told: breach.told,
            answered_late_at: breach.answered_late_at,
            status: subject.report.status().to_owned(),
        })
    };
    of_chain(Chain::Production).chain(of_chain(Chain::Union)).collect()
}
