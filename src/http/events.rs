//! The long poll.

use std::time::Duration;

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;

use super::{problem::Problem, query::Query, reports::Desk};
use crate::app::{
    App,
    events::{Changes, MOST_WAIT_SECONDS},
};

/// What the caller has, and how long they wait.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    after: Option<String>,
    wait: Option<u8>,
}

impl EventsQuery {
    fn after(&self) -> Result<Option<String>, Problem> {
        self.after.as_deref().map(tag).transpose()
    }

    fn wait(&self) -> Result<Duration, Problem> {
        let seconds = self.wait.unwrap_or(MOST_WAIT_SECONDS);
        if seconds > MOST_WAIT_SECONDS {
            let range = format!("has to be a whole number from 0 to {MOST_WAIT_SECONDS}");
            return Err(Problem::invalid("wait", &range));
        }
        Ok(Duration::from_secs(seconds.into()))
    }
}

/// A tag as `ETag` carries it; in an address people leave its quotes out.
fn tag(text: &str) -> Result<String, Problem> {
    let digits = text.trim_start_matches("W/").trim_matches('"');
    if digits.len() == 32 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(format!("\"{digits}\""));
    }
    Err(Problem::invalid("after", "has to be the ETag of the list, as it was answered"))
}

/// Answers once something that I may see changed: my list (`/v1/reports` without parameters) has another tag than `after`.
/// Send the Unlock-Key if the list was read with it.
#[utoipa::path(
    tag = "members",
    security(("bearer" = []), ("bearer" = [], "unlock_key" = [])),
    params(
        ("after" = Option<String>, Query, description = "The `ETag` of my list; without it the answer comes at once"),
        ("wait" = Option<u8>, Query, description = "Seconds to wait at most; 25 if left out", minimum = 0, maximum = 25),
    ),
    responses(
        (status = 200, description = "Whether it changed, and its tag now", body = Changes),
        (status = 422, description = "A parameter cannot be accepted; the problem names it"),
    )
)]
#[get("/v1/events")]
pub(crate) async fn wait_for_changes(
    app: web::Data<App>,
    desk: Desk,
    Query(query): Query<EventsQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, wait) = (query.after()?, query.wait()?);
    Ok(HttpResponse::Ok().json(app.changes(desk.reader(), after.as_deref(), wait).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_with_its_quotes_or_without() {
        let digits = "00112233445566778899aabbccddeeff";
        for text in [digits.to_owned(), format!("\"{digits}\""), format!("W/\"{digits}\"")] {
            assert_eq!(tag(&text).unwrap(), format!("\"{digits}\""));
        }
        for text in ["", "hunter2", "00112233445566778899AABBCCDDEEFF", "\"00112233445566778899aabbccddeeff0\""] {
            assert_eq!(tag(text).unwrap_err().field(), Some("after"), "{text}");
        }
    }
}
