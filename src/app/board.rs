//! The board: the reports that a member may see, overdue on top, then the nearest deadline.
//!
//! Whoever is kept out must not learn that a report exists, so nothing here depends on rows that the reader may not see:
//! pages are filled past them, the cursor is the sealed place of the last row shown, the tag covers what is answered.
//!
//! Source: api.md, "Members"; security.md, "Kept out".

use super::{
    App, Production,
    error::AppError,
    opened::{Sealed, filing_for},
    record::Subject,
    shown::desks::{self, Filing},
    sight::{Reader, Sight},
    telling::is_news,
    view::{ReportItem, ReportList},
};
use crate::{
    domain::{
        event::{Awaiting, Telling},
        ids::{MemberId, ProductionId, ReportId},
        policy::Side,
        production::is_code,
        time::UtcMillis,
    },
    sealing::keys::{KeyId, Keys},
    storage::{
        Conn, people, productions,
        reports::{self, BoardFilter, BoardKey, BoardOrder},
    },
};

/// Rows on a page, if the reader does not say.
pub const PAGE_ROWS: u8 = 50;
/// Most rows on a page.
pub const MOST_ROWS: u8 = 100;

const STATUSES: [&str; 7] = ["filed", "delivered", "acknowledged", "answered", "closed", "exhausted", "withdrawn"];
const AWAITED: [Awaiting; 6] = [
    Awaiting::Delivery,
    Awaiting::Acknowledgement,
    Awaiting::Answer,
    Awaiting::Completion,
    Awaiting::Verification,
    Awaiting::Contest,
];

/// Which rows are wanted; `None` means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only this status.
    pub status: Option<String>,
    /// Only those that await this.
    pub awaiting: Option<String>,
    /// Only those at this level, 1..=9.
    pub level: Option<u8>,
    /// Only this category.
    pub category: Option<String>,
    /// Only this production, by id or by slug.
    pub production: Option<String>,
    /// Only those with a deadline missed (true), or without (false).
    pub unanswered: Option<bool>,
    /// Rows on the page, 1..=100.
    pub limit: Option<u8>,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// A page of the board with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The page.
    pub list: ReportList,
    /// For `ETag`: the same as long as nothing in the page changed.
    pub etag: String,
}

/// A row that the reader may see.
struct Row {
    /// Its place, by what the reader is shown.
    key: BoardKey,
    subject: Subject,
    sight: Sight,
    sealed: Option<Sealed>,
}

impl App {
    /// A page of the board. Every row on it counts as sent to the member, and is recorded as such in one write.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the parameter; [`AppError::Unavailable`].
    pub async fn board(&self, reader: Reader<'_>, wanted: Wanted) -> Result<Listed, AppError> {
        let now = self.inner.clock.now();
        wanted.check()?;
        let limit = usize::from(wanted.limit.unwrap_or(PAGE_ROWS));
        let place = place(reader.member);
        let after = wanted.cursor.as_deref().map(|cursor| self.key_of(&place, cursor)).transpose()?;
        let (mut rows, more) = self.rows(reader, wanted, after, limit).await?;
        self.tell_listed(reader.member, &rows, now).await?;
        let next = rows.last().filter(|_| more).map(|row| bytes_of(row.key));
        let items: Vec<ReportItem> = rows.iter_mut().map(|row| self.item(reader, row)).collect();
        // Over the plain sort key: the cursor is sealed anew each time, and would change the tag of an unchanged page.
        let tagged = serde_json::to_vec(&(&items, &next)).map_err(AppError::internal)?;
        let etag = self.etag(&[reader.member.as_bytes().as_slice(), &tagged].concat());
        let next = next.map(|key| self.cursor(&place, &key));
        Ok(Listed { list: ReportList { items, next }, etag })
    }

    async fn rows(
        &self,
        reader: Reader<'_>,
        wanted: Wanted,
        after: Option<BoardKey>,
        limit: usize,
    ) -> Result<(Vec<Row>, bool), AppError> {
        let (app, member, key) = (self.clone(), reader.member, reader.keys.map(Keys::id));
        self.inner
            .storage
            .read(move |conn| {
                let mut rows = Vec::new();
                for production in productions_of(conn, member, wanted.production.as_deref())? {
                    rows.extend(app.rows_of(conn, production, member, &wanted, after, limit)?);
                }
                rows.sort_by_key(|row| row.key);
                let more = rows.len() > limit;
                rows.truncate(limit);
                for row in &mut rows {
                    row.sealed = key.map(|key| filing(conn, row, key)).transpose()?;
                }
                Ok::<_, AppError>((rows, more))
            })
            .await
    }

    /// Up to one row more than a page of one production, past those that the member may not see.
    fn rows_of(
        &self,
        conn: &mut Conn,
        production: ProductionId,
        member: MemberId,
        wanted: &Wanted,
        mut after: Option<BoardKey>,
        limit: usize,
    ) -> Result<Vec<Row>, AppError> {
        let seated_in = self.production_in(conn, production)?;
        let order = order_of(&seated_in, member);
        let filter = BoardFilter { order, ..wanted.filter() };
        let at_once = i64::try_from(limit + 1).map_err(AppError::internal)?;
        let mut rows = Vec::new();
        loop {
            let found = reports::board(conn, production, &filter, after, at_once)?;
            let last = found.len() <= limit;
            after = found.last().map(|row| order.key(row)).or(after);
            for row in found {
                let key = order.key(&row);
                let subject = self.subject_of(conn, row)?;
                let Some(sight) = subject.sight(member) else { continue };
                if wanted.takes(&subject, &sight) {
                    rows.push(Row { key, subject, sight, sealed: None });
                }
            }
            if last || rows.len() > limit {
                return Ok(rows);
            }
        }
    }

    async fn tell_listed(&self, member: MemberId, rows: &[Row], now: UtcMillis) -> Result<(), AppError> {
        let news = rows.iter().filter(|row| is_news(&row.subject, member, Telling::Listed, now));
        let ids: Vec<ReportId> = news.map(|row| row.subject.row.id).collect();
        if ids.is_empty() { Ok(()) } else { self.tell(member, ids, Telling::Listed, now).await }
    }

    fn item(&self, reader: Reader<'_>, row: &mut Row) -> ReportItem {
        let filing = match (reader.keys, &row.sealed) {
            (Some(keys), Some(sealed)) => Filing::among(&self.open_units(&row.subject, sealed, keys), &row.sight),
            (None, _) | (_, None) => Filing::default(),
        };
        desks::item(&row.subject, &row.sight, &reader, &filing)
    }

    fn key_of(&self, place: &[u8], cursor: &str) -> Result<BoardKey, AppError> {
        let wrong = || AppError::invalid("cursor", "has to be the `next` of an earlier answer of the same list");
        let key = self.sort_key(place, cursor)?;
        let (due, id) = key.split_first_chunk::<8>().ok_or_else(wrong)?;
        Ok((i64::from_be_bytes(*due), ReportId::try_from(id).map_err(|_| wrong())?))
    }
}

impl Wanted {
    fn check(&self) -> Result<(), AppError> {
        if self.status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
            return Err(AppError::invalid("status", "has to be one of the listed codes"));
        }
        if self.awaiting.as_deref().is_some_and(|code| !AWAITED.iter().any(|a| a.code() == code)) {
            return Err(AppError::invalid("awaiting", "has to be one of the listed codes"));
        }
        if self.level.is_some_and(|level| !(1..=9).contains(&level)) {
            return Err(AppError::invalid("level", "has to be a whole number from 1 to 9"));
        }
        if self.category.as_deref().is_some_and(|category| !is_code(category)) {
            return Err(AppError::invalid("category", "has to be a category's code"));
        }
        if self.limit.is_some_and(|limit| !(1..=MOST_ROWS).contains(&limit)) {
            return Err(AppError::invalid("limit", format!("has to be a whole number from 1 to {MOST_ROWS}")));
        }
        Ok(())
    }

    /// What the database can sort out for every side alike. What is awaited, what was missed and under which number a level
    /// is shown differ by side, so of these only what is true for all of them is asked.
    fn filter(&self) -> BoardFilter {
        BoardFilter {
            order: BoardOrder::default(),
            stage: self.status.clone(),
            awaiting: None,
            level: None,
            category: self.category.clone(),
            unanswered: self.unanswered.filter(|unanswered| *unanswered),
        }
    }

    /// Whether a row is wanted, by what its reader is shown.
    fn takes(&self, subject: &Subject, sight: &Sight) -> bool {
        let awaiting = desks::awaited(&subject.report, sight.side()).0.map(Awaiting::code);
        let awaited = self.awaiting.is_none() || self.awaiting.as_deref() == awaiting;
        let level = || desks::level_for(subject, sight.side()).0;
        let missed = || !desks::unanswered_for(subject, sight.side()).is_empty();
        awaited
            && self.level.is_none_or(|wanted| wanted == level())
            && self.unanswered.is_none_or(|unanswered| unanswered == missed())
    }
}

/// In which order a member reads a production's board.
fn order_of(production: &Production, member: MemberId) -> BoardOrder {
    match production.seats_of(member).next().map(|seat| seat.side) {
        Some(Side::Union) => BoardOrder::Union,
        Some(Side::Production | Side::Observer) | None => BoardOrder::Production,
    }
}

fn filing(conn: &mut Conn, row: &Row, key: KeyId) -> Result<Sealed, AppError> {
    filing_for(conn, &row.subject, key)
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

/// A cursor is good for this list of this reader.
fn place(member: MemberId) -> Vec<u8> {
    [b"reports".as_slice(), member.as_bytes()].concat()
}

fn bytes_of((due, id): BoardKey) -> Vec<u8> {
    [due.to_be_bytes().as_slice(), id.as_bytes()].concat()
}
