//! Boards: which reports stand where on them, read by index alone; and the rows of those that are wanted.

use std::{collections::HashMap, ops::RangeInclusive};

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Binary, Bool, Integer},
};

use super::{
    connection::{Conn, on},
    error::StorageError,
    reports::ReportRow,
    schema::reports,
};
use crate::domain::ids::{ProductionId, ReportId};

/// Whose order of reports it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoardOf {
    /// The production's side and the observers.
    Production,
    /// The union side.
    Union,
}

impl BoardOf {
    /// The columns of the highest level told and of the place, which the indexes `reports_board` and
    /// `reports_board_union` begin with.
    const fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Production => ("told_production", "board_at"),
            Self::Union => ("told_union", "board_at_union"),
        }
    }
}

/// The reports of one production with one highest level told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardRange {
    /// Whose reports.
    pub production: ProductionId,
    /// In whose order.
    pub of: BoardOf,
    /// The highest level told, 1..=9, or [`super::reports::OBSERVERS`].
    pub told: i32,
}

/// Which reports of a board are wanted; `None` means any. All of it stands in the indexes of the boards, so that what is
/// not wanted costs no more than its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardFilter {
    /// Only this stage.
    pub stage: Option<String>,
    /// Only this category.
    pub category: Option<String>,
    /// Only those that await one of these two, which may be the same.
    pub awaiting: Option<[&'static str; 2]>,
    /// Only those whose level is one of these.
    pub levels: Option<RangeInclusive<i32>>,
    /// Only those with a breach on record, on whichever chain; or only those without.
    pub unanswered: Option<bool>,
}

/// Place of a report on a board: its instant, then its id.
pub type BoardKey = (i64, ReportId);

/// The board key of a row.
pub fn board_key(row: &ReportRow, of: BoardOf) -> BoardKey {
    let at = match of {
        BoardOf::Production => row.board_at,
        BoardOf::Union => row.board_at_union,
    };
    (at.get(), row.id)
}

/// The places of up to `limit` reports of a range after this one, nearest deadline first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn places(
    conn: &mut Conn,
    range: &BoardRange,
    filter: &BoardFilter,
    after: Option<BoardKey>,
    limit: i64,
) -> Result<Vec<BoardKey>, StorageError> {
    let (told, place) = range.of.columns();
    let place = || sql::<BigInt>(place);
    let in_range = reports::production_id.eq(range.production).and(sql::<Integer>(told).eq(range.told));
    let mut query = reports::table.filter(in_range).into_boxed();
    if let Some(stage) = &filter.stage {
        query = query.filter(reports::stage.eq(stage));
    }
    if let Some(category) = &filter.category {
        query = query.filter(reports::category.eq(category));
    }
    if let Some([one, other]) = filter.awaiting {
        query = query.filter(reports::awaiting.eq(one).or(reports::awaiting.eq(other)));
    }
    if let Some(levels) = &filter.levels {
        query = query.filter(reports::level.between(*levels.start(), *levels.end()));
    }
    if let Some(unanswered) = filter.unanswered {
        query = query.filter(reports::unanswered.eq(unanswered));
    }
    if let Some((at, id)) = after {
        // The first half alone bounds the index; the second sorts out equal instants.
        query = query.filter(place().ge(at)).filter(place().gt(at).or(reports::id.gt(id)));
    }
    Ok(query.order((place(), reports::id)).limit(limit).select((place(), reports::id)).load(conn)?)
}

/// The rows with these ids, in no set order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn rows(conn: &mut Conn, ids: &[ReportId]) -> Result<HashMap<ReportId, ReportRow>, StorageError> {
    let found: Vec<ReportRow> =
        on!(conn, |c| reports::table.filter(reports::id.eq_any(ids)).select(ReportRow::as_select()).load(c))?;
    Ok(found.into_iter().map(|row| (row.id, row)).collect())
}

/// The kept-out tags of these reports.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn tags(conn: &mut Conn, ids: &[ReportId]) -> Result<HashMap<ReportId, Vec<u8>>, StorageError> {
    let found: Vec<(ReportId, Vec<u8>)> =
        on!(conn, |c| reports::table.filter(reports::id.eq_any(ids)).select((reports::id, reports::kept_out)).load(c))?;
    Ok(found.into_iter().collect())
}

/// Where a pass over every report of a production stands.
pub type PassKey = (i32, i64, ReportId);

/// The pass key of a row.
pub fn pass_key(row: &ReportRow) -> PassKey {
    let (at, id) = board_key(row, BoardOf::Union);
    (row.told_union, at, id)
}

/// Up to `limit` reports of a production after this one, in the order of an index that has them all.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn every(
    conn: &mut Conn,
    production: ProductionId,
    after: Option<PassKey>,
    limit: i64,
) -> Result<Vec<ReportRow>, StorageError> {
    let (told, at, id) = after.unwrap_or((-1, 0, ReportId::new([0; 16])));
    let (_, place) = BoardOf::Union.columns();
    let later = || {
        let row = sql::<Bool>(&format!("(told_union, {place}, id) > (")).bind::<Integer, _>(told);
        row.sql(", ").bind::<BigInt, _>(at).sql(", ").bind::<Binary, _>(id).sql(")")
    };
    Ok(on!(conn, |c| {
        let found = reports::table.filter(reports::production_id.eq(production)).filter(later());
        let sorted = found.order((reports::told_union, sql::<BigInt>(place), reports::id));
        sorted.limit(limit).select(ReportRow::as_select()).load(c)
    })?)
}
