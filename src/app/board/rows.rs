//! The rows of a page: filled past the reports that its reader may not see.

use super::{
    App, Rows, Wanted,
    places::{Board, Place},
};
use crate::{
    app::{
        error::AppError,
        opened::{self, Sealed},
        record::Subject,
        sight::Sight,
    },
    domain::ids::{MemberId, ReportId},
    sealing::keys::KeyId,
    storage::{
        Conn,
        boards::{self, BoardKey},
    },
};

/// Places looked at beyond a page in the first round: so many reports that the reader is kept out of cost no further one.
const SPARE: usize = 64;
/// Places looked at in each further round.
const FURTHER: usize = 1024;

/// A row that the reader may see.
#[derive(Debug)]
pub(super) struct Row {
    /// Where it stands.
    pub(super) key: BoardKey,
    /// The report.
    pub(super) subject: Subject,
    /// What the reader sees of it.
    pub(super) sight: Sight,
    /// What was filed, as far as the reader has envelopes; none without their keys.
    pub(super) sealed: Option<Sealed>,
}

impl App {
    /// Inside a read: the rows of the page that is wanted, after this place.
    pub(in crate::app) fn rows_in(
        &self,
        conn: &mut Conn,
        member: MemberId,
        key: Option<KeyId>,
        wanted: &Wanted,
        mut after: Option<BoardKey>,
    ) -> Result<Rows, AppError> {
        let (limit, filter) = (wanted.limit(), wanted.filter());
        let mut boards = self.boards_of(conn, member, wanted.production.as_deref())?;
        let (mut rows, mut at_once) = (Vec::new(), limit + 1 + SPARE);
        loop {
            let (places, last) = self.next_places(conn, (&boards, member), &filter, after, at_once)?;
            self.fill(conn, (&mut boards, member), wanted, places, &mut rows)?;
            after = last;
            if last.is_none() || rows.len() > limit {
                break;
            }
            at_once = FURTHER;
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        if let Some(key) = key {
            seal_in(conn, &mut rows, key)?;
        }
        Ok(Rows { rows, more })
    }

    /// Fills a page up to one row more than it has, reading no more rows than are missing.
    fn fill(
        &self,
        conn: &mut Conn,
        (boards, member): (&mut [Board], MemberId),
        wanted: &Wanted,
        places: Vec<Place>,
        rows: &mut Vec<Row>,
    ) -> Result<(), AppError> {
        let mut places = places.into_iter().peekable();
        while rows.len() <= wanted.limit() && places.peek().is_some() {
            let missing: Vec<Place> = places.by_ref().take(wanted.limit() + 1 - rows.len()).collect();
            let ids: Vec<ReportId> = missing.iter().map(|place| place.key.1).collect();
            let mut found = boards::rows(conn, &ids)?;
            for place in missing {
                let Some(row) = found.remove(&place.key.1) else { continue };
                let board = &mut boards[place.board];
                let policy = board.policy(conn, row.policy_version)?;
                let subject = self.subject_from(row, board.production.clone(), policy)?;
                let Some(sight) = subject.sight(member) else { continue };
                if wanted.takes(&subject, &sight) {
                    rows.push(Row { key: place.key, subject, sight, sealed: None });
                }
            }
        }
        Ok(())
    }
}

fn seal_in(conn: &mut Conn, rows: &mut [Row], key: KeyId) -> Result<(), AppError> {
    let ids: Vec<ReportId> = rows.iter().map(|row| row.subject.row.id).collect();
    let mut found = opened::filings_for(conn, &ids, key)?;
    for row in rows {
        row.sealed = Some(found.remove(&row.subject.row.id).unwrap_or_default());
    }
    Ok(())
}
