//! Statistics over one's own list: what became of the reports that one may see, and how long it took.
//!
//! Nothing counts here that its reader could not count by hand on their own board.
//!
//! Source: api.md, "Members"; security.md, "Kept out".

mod groups;

use serde::Serialize;
use utoipa::ToSchema;

use groups::Groups;

use super::{
    App,
    board::{
        self,
        places::{Board, Place},
    },
    error::AppError,
    record::Subject,
    shown::desks,
    sight::Sight,
};
use crate::{
    domain::{
        access::breaches_for,
        ids::{MemberId, ReportId},
        report::ChainClock,
    },
    storage::{
        Conn,
        boards::{self, BoardFilter},
    },
};

/// Places read in one step.
const AT_ONCE: usize = 512;

/// Figures of one group of reports. Spans are whole seconds, from the delivery's end of span to the first act of its kind
/// on the side whose clock it was; null where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StatisticsRow {
    /// What they have in common: `all`, `category`, `severity` or `level`.
    #[schema(example = "category")]
    pub by: String,
    /// Which one: a category's code, a severity, the level whose clock runs (else the highest entered); `all`.
    #[schema(example = "weapons")]
    pub of: String,
    /// How many there are.
    pub filed: u32,
    /// Answered, and no deadline missed.
    pub answered_in_time: u32,
    /// Answered, after a deadline was missed. They count as `unanswered` too: silence stays on record.
    pub late: u32,
    /// With a deadline missed, answered later or not.
    pub unanswered: u32,
    /// Half of them were acknowledged within this.
    pub acknowledged_median_seconds: Option<i64>,
    /// Nine of ten were acknowledged within this.
    pub acknowledged_p90_seconds: Option<i64>,
    /// Half of those answered were answered within this.
    pub answered_median_seconds: Option<i64>,
    /// Nine of ten were answered within this.
    pub answered_p90_seconds: Option<i64>,
}

/// All of them: first everything together, then by category, severity and level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Statistics {
    /// One row for each group that has a report.
    pub items: Vec<StatisticsRow>,
}

/// What one report adds.
struct Counted {
    level: u8,
    missed: bool,
    clock: Option<ChainClock>,
}

impl App {
    /// Figures over everything that a member may see, or that of one production, by id or short name.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `production`; [`AppError::Unavailable`].
    pub async fn statistics(&self, member: MemberId, production: Option<String>) -> Result<Statistics, AppError> {
        production.as_deref().map_or(Ok(()), board::check_production)?;
        let app = self.clone();
        let read = move |conn: &mut Conn| app.groups_in(conn, member, production.as_deref());
        Ok(Statistics { items: self.inner.storage.read(read).await?.rows() })
    }

    fn groups_in(&self, conn: &mut Conn, member: MemberId, production: Option<&str>) -> Result<Groups, AppError> {
        let mut boards = self.boards_of(conn, member, production)?;
        let (mut groups, mut after) = (Groups::default(), None);
        loop {
            let filter = BoardFilter::default();
            let (places, last) = self.next_places(conn, (&boards, member), &filter, after, AT_ONCE)?;
            self.count(conn, &mut boards, member, places, &mut groups)?;
            match last {
                Some(last) => after = Some(last),
                None => return Ok(groups),
            }
        }
    }

    fn count(
        &self,
        conn: &mut Conn,
        boards: &mut [Board],
        member: MemberId,
        places: Vec<Place>,
        groups: &mut Groups,
    ) -> Result<(), AppError> {
        let ids: Vec<ReportId> = places.iter().map(|place| place.key.1).collect();
        let mut rows = boards::rows(conn, &ids)?;
        for place in places {
            let Some(row) = rows.remove(&place.key.1) else { continue };
            let board = &mut boards[place.board];
            let policy = board.policy(conn, row.policy_version)?;
            let subject = self.subject_from(row, board.production.clone(), policy)?;
            if let Some(sight) = subject.sight(member) {
                groups.add(&subject, &counted(&subject, &sight));
            }
        }
        Ok(())
    }
}

fn counted(subject: &Subject, sight: &Sight) -> Counted {
    let report = &subject.report;
    Counted {
        level: desks::level_for(subject, sight.side()).0,
        missed: breaches_for(report, sight.side()).any(|breach| !breach.lifted),
        clock: report.clock_for(sight.side()).copied(),
    }
}
