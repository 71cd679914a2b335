//! Waiting for a change of one's list.
//!
//! Whatever is committed makes those who wait look at their own list again; only a list that changed answers. So what
//! somebody is kept out of neither wakes them nor lets them go earlier.
//!
//! Source: api.md, "Members"; security.md, "Kept out".

use std::time::Duration;

use serde::Serialize;
use tokio::{
    sync::watch::Receiver,
    time::{sleep, timeout},
};
use utoipa::ToSchema;

use super::{App, board::Wanted, error::AppError, sight::Reader};
use crate::{sealing::keys::Keys, storage::changes};

/// Longest wait. Seconds.
///
/// Source: api.md, "Members".
pub const MOST_WAIT_SECONDS: u8 = 25;

/// How often other processes' writes are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How many such looks pass before the list is read all the same, where other processes' writes do not show.
const LOOKS: u32 = 5;
/// Pause before the list is read again, so that a burst of writes costs a few readings and not one each.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether something that one may see changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changes {
    /// The list is another one now.
    pub changed: bool,
    /// The tag of the list now, for `If-None-Match` and for the next `after`.
    #[schema(example = "\"00112233445566778899aabbccddeeff\"")]
    pub etag: String,
}

impl App {
    /// Answers as soon as the tag of the reader's list is not `after`, or after `wait`. The list is the first page without
    /// filters, with the reader's keys if they are here. Waiting puts nothing on record: no row is sent.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn changes(&self, reader: Reader<'_>, after: Option<&str>, wait: Duration) -> Result<Changes, AppError> {
        // Before the list is read: what is committed in between is not missed.
        let news = self.inner.storage.changes();
        let (etag, mark) = self.list_tag(reader).await?;
        let Some(after) = after.filter(|after| *after == etag) else { return Ok(Changes { changed: true, etag }) };
        match timeout(wait, self.other_tag(reader, after, mark, news)).await {
            Ok(etag) => Ok(Changes { changed: true, etag: etag? }),
            Err(_) => Ok(Changes { changed: false, etag }),
        }
    }

    /// Waits until the list has another tag.
    async fn other_tag(
        &self,
        reader: Reader<'_>,
        after: &str,
        mut mark: Option<String>,
        mut news: Receiver<u64>,
    ) -> Result<String, AppError> {
        loop {
            self.something_committed(mark.as_deref(), &mut news).await?;
            sleep(PAUSE).await;
            let (etag, new_mark) = self.list_tag(reader).await?;
            if etag != after {
                return Ok(etag);
            }
            mark = new_mark;
        }
    }

    /// Waits until something may have been committed, by this process or another.
    async fn something_committed(&self, mark: Option<&str>, news: &mut Receiver<u64>) -> Result<(), AppError> {
        for _ in 0..LOOKS {
            // An error would mean that the database is being closed; then the next reading says so.
            if timeout(LOOK, news.changed()).await.is_ok() {
                return Ok(());
            }
            let now = self.inner.storage.read(changes::mark).await?;
            if now.as_deref() != mark {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The tag of the reader's list, and what differs once somebody writes.
    async fn list_tag(&self, reader: Reader<'_>) -> Result<(String, Option<String>), AppError> {
        let (app, member, key) = (self.clone(), reader.member, reader.keys.map(Keys::id));
        let read = move |conn: &mut crate::storage::Conn| {
            let mark = changes::mark(conn)?;
            Ok::<_, AppError>((app.rows_in(conn, member, key, &Wanted::default(), None)?, mark))
        };
        let (rows, mark) = self.inner.storage.read(read).await?;
        Ok((self.listed(reader, &rows)?.etag, mark))
    }
}
