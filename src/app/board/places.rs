//! Where a member's reports stand: index ranges, one for each highest level told at or above their own, merged in order.
//!
//! Nothing is read of a report that the member's level was never told, so a board costs the same however many there are.
//! Reports that the member is kept out of do stand in these ranges: no index could leave them out without telling whoever
//! reads the database who is kept out of what. They cost as little as can be: a place, tags, two or three HMACs.
//! Each round looks at the same number of places, whatever they turn out to be.

use std::{collections::HashMap, ops::RangeInclusive, sync::Arc};

use crate::{
    app::{
        App, Production,
        context::KeptOut,
        error::AppError,
        record::{policy_kept, tags_of},
    },
    domain::{
        ids::{MemberId, ProductionId, ReportId},
        policy::{Policy, Side},
    },
    storage::{
        Conn,
        boards::{self, BoardFilter, BoardKey, BoardOf, BoardRange},
        people, productions,
        reports::OBSERVERS,
    },
};

/// Highest level that there can be.
const HIGHEST: i32 = 9;

/// One production as a member's board has it.
#[derive(Debug)]
pub(in crate::app) struct Board {
    /// The production.
    pub(in crate::app) production: Arc<Production>,
    /// In whose order.
    of: BoardOf,
    /// The highest levels told that concern the member.
    told: RangeInclusive<i32>,
    /// Policies that its reports keep, as they are met.
    policies: HashMap<i32, Arc<Policy>>,
}

/// A report that its reader is not kept out of.
#[derive(Debug)]
pub(in crate::app) struct Place {
    /// Where it stands.
    pub(in crate::app) key: BoardKey,
    /// On which of the boards.
    pub(in crate::app) board: usize,
}

impl Board {
    fn of(production: Arc<Production>, member: MemberId) -> Option<Self> {
        // A person sits on one side only.
        let side = production.seats_of(member).next()?.side;
        let lowest = production.seats_of(member).filter_map(|seat| seat.level).min().map(|level| i32::from(level.0));
        let (of, told) = match side {
            Side::Production => (BoardOf::Production, lowest?..=OBSERVERS),
            Side::Union => (BoardOf::Union, lowest?..=HIGHEST),
            Side::Observer => (BoardOf::Production, OBSERVERS..=OBSERVERS),
        };
        Some(Self { production, of, told, policies: HashMap::new() })
    }

    /// The policy of this version.
    pub(in crate::app) fn policy(&mut self, conn: &mut Conn, version: i32) -> Result<Arc<Policy>, AppError> {
        if let Some(known) = self.policies.get(&version) {
            return Ok(Arc::clone(known));
        }
        let policy = policy_kept(conn, &self.production, version)?;
        self.policies.insert(version, Arc::clone(&policy));
        Ok(policy)
    }
}

impl App {
    /// Inside a read: the boards of the productions in which a member sits; of the one asked for, if they sit there.
    pub(in crate::app) fn boards_of(
        &self,
        conn: &mut Conn,
        member: MemberId,
        asked: Option<&str>,
    ) -> Result<Vec<Board>, AppError> {
        let mut boards = Vec::new();
        for production in productions_of(conn, member, asked)? {
            boards.extend(Board::of(self.production_in(conn, production)?, member));
        }
        Ok(boards)
    }

    /// Inside a read: the next `at_once` places on these boards, without the reports that the member is kept out of. With
    /// them, the last place that was looked at, if there may be more behind it.
    pub(in crate::app) fn next_places(
        &self,
        conn: &mut Conn,
        (boards, member): (&[Board], MemberId),
        filter: &BoardFilter,
        after: Option<BoardKey>,
        at_once: usize,
    ) -> Result<(Vec<Place>, Option<BoardKey>), AppError> {
        let found = merged(conn, boards, filter, after, at_once)?;
        let last = found.last().filter(|_| found.len() == at_once).map(|(key, _)| *key);
        let ids: Vec<ReportId> = found.iter().map(|((_, id), _)| *id).collect();
        let mut stored = boards::tags(conn, &ids)?;
        let mut places = Vec::with_capacity(found.len());
        for (key, board) in found {
            let tags = tags_of(&stored.remove(&key.1).unwrap_or_default());
            let kept_out = KeptOut::new(&self.inner.keys.kept, key.1, &tags);
            let hidden = boards[board].production.seats_of(member).any(|seat| kept_out.holds(seat));
            if !hidden {
                places.push(Place { key, board });
            }
        }
        Ok((places, last))
    }
}

fn merged(
    conn: &mut Conn,
    boards: &[Board],
    filter: &BoardFilter,
    after: Option<BoardKey>,
    at_once: usize,
) -> Result<Vec<(BoardKey, usize)>, AppError> {
    let limit = i64::try_from(at_once).map_err(AppError::internal)?;
    let mut found = Vec::new();
    for (number, board) in boards.iter().enumerate() {
        for told in board.told.clone() {
            let range = BoardRange { production: board.production.id, of: board.of, told };
            found.extend(boards::places(conn, &range, filter, after, limit)?.into_iter().map(|key| (key, number)));
        }
    }
    found.sort_unstable();
    found.truncate(at_once);
    Ok(found)
}

/// The productions in which a member sits; the one asked for, if they sit there.
fn productions_of(conn: &mut Conn, member: MemberId, asked: Option<&str>) -> Result<Vec<ProductionId>, AppError> {
    let mut ids: Vec<ProductionId> =
        people::seats_of_member(conn, member)?.into_iter().map(|seat| seat.production_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if let Some(asked) = asked {
        let id = match asked.parse::<ProductionId>() {
            Ok(id) => Some(id),
            Err(_) => productions::by_slug(conn, asked)?.map(|row| row.id),
        };
        ids.retain(|sits| Some(*sits) == id);
    }
    Ok(ids)
}
