//! The board: the reports that a member may see, overdue on top, then the nearest deadline.
//!
//! Whoever is kept out must not learn that a report exists, so nothing here depends on rows that the reader may not see:
//! pages are filled past them, the cursor is the sealed place of the last row shown, the tag covers what is answered.
//!
//! Source: api.md, "Members"; security.md, "Kept out".

pub(super) mod places;
mod rows;

use rows::Row;

use super::{
    App,
    error::AppError,
    fields,
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
        production::is_code,
        time::UtcMillis,
    },
    sealing::keys::Keys,
    storage::boards::{BoardFilter, BoardKey},
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

/// The rows of a page, before anything of them is shown.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    more: bool,
}

impl App {
    /// A page of the board. Every row on it counts as sent to the member, and is recorded as such in one write.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the parameter; [`AppError::Unavailable`].
    pub async fn board(&self, reader: Reader<'_>, wanted: Wanted) -> Result<Listed, AppError> {
        let now = self.inner.clock.now();
        wanted.check()?;
        let cursor = wanted.cursor.as_deref();
        let after = cursor.map(|cursor| self.key_of(&place(reader.member), cursor)).transpose()?;
        let mut found = self.rows(reader, wanted.clone(), after).await?;
        if self.tell_listed(reader.member, &found.rows, now).await? {
            // What was recorded just now is part of the answer, or its tag would be stale when it arrives.
            found = self.rows(reader, wanted, after).await?;
        }
        self.listed(reader, &found)
    }

    async fn rows(&self, reader: Reader<'_>, wanted: Wanted, after: Option<BoardKey>) -> Result<Rows, AppError> {
        let (app, member, key) = (self.clone(), reader.member, reader.keys.map(Keys::id));
        self.inner.storage.read(move |conn| app.rows_in(conn, member, key, &wanted, after)).await
    }

    /// What rows become for their reader.
    pub(super) fn listed(&self, reader: Reader<'_>, found: &Rows) -> Result<Listed, AppError> {
        let next = found.rows.last().filter(|_| found.more).map(|row| bytes_of(row.key));
        let items: Vec<ReportItem> = found.rows.iter().map(|row| self.item(reader, row)).collect();
        // Over the plain sort key: the cursor is sealed anew each time, and would change the tag of an unchanged page.
        let tagged = serde_json::to_vec(&(&items, &next)).map_err(AppError::internal)?;
        let etag = self.etag(&[reader.member.as_bytes().as_slice(), &tagged].concat());
        let next = next.map(|key| self.cursor(&place(reader.member), &key));
        Ok(Listed { list: ReportList { items, next }, etag })
    }

    /// Records which rows a member was sent for the first time; whether there were any.
    async fn tell_listed(&self, member: MemberId, rows: &[Row], now: UtcMillis) -> Result<bool, AppError> {
        let news = rows.iter().filter(|row| is_news(&row.subject, member, Telling::Listed, now));
        let ids: Vec<ReportId> = news.map(|row| row.subject.row.id).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        self.tell(member, ids, Telling::Listed, now).await?;
        Ok(true)
    }

    fn item(&self, reader: Reader<'_>, row: &Row) -> ReportItem {
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
        self.production.as_deref().map_or(Ok(()), check_production)
    }

    /// What the database can sort out for every side alike. What is awaited, what was missed and under which number a level
    /// is shown differ by side, so of these only what is true for all of them is asked.
    fn filter(&self) -> BoardFilter {
        BoardFilter {
            stage: self.status.clone(),
            category: self.category.clone(),
            unanswered: self.unanswered == Some(true),
        }
    }

    fn limit(&self) -> usize {
        usize::from(self.limit.unwrap_or(PAGE_ROWS))
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

/// An id or a short name; whether there is such a production is not for this to say.
pub(super) fn check_production(text: &str) -> Result<(), AppError> {
    if text.parse::<ProductionId>().is_ok() { Ok(()) } else { fields::slug("production", text).map(drop) }
}

/// A cursor is good for this list of this reader.
fn place(member: MemberId) -> Vec<u8> {
    [b"reports".as_slice(), member.as_bytes()].concat()
}

fn bytes_of((due, id): BoardKey) -> Vec<u8> {
    [due.to_be_bytes().as_slice(), id.as_bytes()].concat()
}
