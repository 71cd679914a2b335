//! The desks' board, one report, and the acts that need no words. Acts with words are in `acts`.

use std::pin::Pin;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    get,
    http::header::{self, ContentType},
    post, web,
};
use serde::{Deserialize, Serialize};

use super::{
    body::EmptyBody,
    credentials::{IdempotencyKey, IfNoneMatch, MaybeUnlockKey},
    csv::{self, WantsCsv},
    problem::Problem,
    query::Query,
    report_table,
    signed_in::{Member, tagged},
};
use crate::{
    app::{
        App, Reader,
        acts::Doing,
        board::Wanted,
        error::AppError,
        sessions::SignedIn,
        view::{ReportList, ReportView},
    },
    domain::ids::ReportId,
    sealing::{keys::Keys, seed::UnlockKey},
};

/// A member, with their keys where the request carries the Unlock-Key.
pub(super) struct Desk {
    who: SignedIn,
    keys: Option<Keys>,
}

impl Desk {
    /// As the use cases know them.
    pub(super) const fn reader(&self) -> Reader<'_> {
        Reader { member: self.who.member, keys: self.keys.as_ref() }
    }

    /// Somebody who acts on the report at this address.
    pub(super) fn doing(&self, report: &str, key: IdempotencyKey) -> Result<Doing<'_>, Problem> {
        Ok(Doing { reader: self.reader(), report: report_id(report)?, key: key.0 })
    }
}

impl FromRequest for Desk {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let member = Member::from_request(request, payload);
        let unlock_key = MaybeUnlockKey::from_request(request, payload).into_inner();
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            let Member(who) = member.await?;
            let app = app.ok_or_else(|| AppError::internal("the app is missing from the routes"))?;
            let unlock_key = unlock_key?.0.map(|key| UnlockKey::new(*key.0));
            let keys = unlock_key.map(|key| app.unlock(&who, &key)).transpose()?;
            let desk = Self { who, keys };
            app.reseal_in_passing(desk.reader()).await;
            Ok(desk)
        })
    }
}

/// An address that names no report is a miss like any other.
pub(super) fn report_id(text: &str) -> Result<ReportId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Which rows of the board are wanted.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoardQuery {
    status: Option<String>,
    awaiting: Option<String>,
    level: Option<u8>,
    category: Option<String>,
    production: Option<String>,
    unanswered: Option<bool>,
    limit: Option<u8>,
    cursor: Option<String>,
}

impl BoardQuery {
    fn wanted(&self) -> Wanted {
        let Self { status, awaiting, level, category, production, unanswered, limit, cursor } = self.clone();
        Wanted { status, awaiting, level, category, production, unanswered, limit, cursor }
    }

    /// The address of the page behind this cursor.
    fn at(self, cursor: &str) -> Result<String, Problem> {
        let next = Self { cursor: Some(cursor.to_owned()), ..self };
        Ok(format!("/v1/reports?{}", serde_urlencoded::to_string(next).map_err(AppError::internal)?))
    }
}

/// What I may see, overdue on top, then the nearest deadline. Every row counts as sent to its reader, and is recorded as
/// `listed` the first time.
#[utoipa::path(
    tag = "members",
    security(("bearer" = []), ("bearer" = [], "unlock_key" = [])),
    params(
        ("status" = Option<String>, Query, description = "`delivered`, `acknowledged`, `answered`, `closed`, `exhausted` or `withdrawn`"),
        ("awaiting" = Option<String>, Query, description = "`acknowledgement`, `answer`, `completion`, `verification` or `contest`"),
        ("level" = Option<u8>, Query, description = "1 to 9", minimum = 1, maximum = 9),
        ("category" = Option<String>, Query, description = "Code of a category"),
        ("production" = Option<String>, Query, description = "Id or short name of a production"),
        ("unanswered" = Option<bool>, Query, description = "Only those with (true) or without (false) a missed deadline"),
        ("limit" = Option<u8>, Query, description = "Rows on the page, 1 to 100; 50 if left out", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("Accept" = Option<String>, Header, description = "`text/csv` for a table; the next page is then in `Link`"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` that the caller has"),
    ),
    responses(
        (status = 200, description = "A page of the board; `kind` and `ongoing` only with Unlock-Key", content((ReportList = "application/json"), (String = "text/csv")), headers(("ETag" = String, description = "Changes with anything on the page"))),
        (status = 304, description = "Nothing on the page changed"),
        (status = 422, description = "A parameter cannot be accepted; the problem names it"),
    )
)]
#[get("/v1/reports")]
pub(crate) async fn list_reports(
    app: web::Data<App>,
    desk: Desk,
    known: IfNoneMatch,
    WantsCsv(csv): WantsCsv,
    Query(query): Query<BoardQuery>,
) -> Result<HttpResponse, Problem> {
    let listed = app.board(desk.reader(), query.wanted()).await?;
    if csv {
        let etag = app.etag(&[b"csv", listed.etag.as_bytes()].concat());
        let next = listed.list.next.as_deref().map(|cursor| query.at(cursor)).transpose()?;
        let text = report_table::table(&listed.list.items).text();
        return Ok(csv::answer(text, ("reports.csv", etag), &known, next.as_deref()));
    }
    if known.has(&listed.etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, listed.etag)).finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, listed.etag))
        .insert_header((header::VARY, "Accept"))
        .insert_header(ContentType::json())
        .json(listed.list))
}

/// One report. The first read with Unlock-Key is recorded as `opened`, without as `listed`.
#[utoipa::path(
    tag = "members",
    security(("bearer" = []), ("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` that the caller has"),
    ),
    responses(
        (status = 200, description = "The report; what was said only with Unlock-Key", body = ReportView, headers(("ETag" = String, description = "Changes with anything in the answer"))),
        (status = 304, description = "Nothing in the answer changed"),
        (status = 404, description = "No such report, or none that you may know of"),
    )
)]
#[get("/v1/reports/{id}")]
pub(crate) async fn show_report(
    app: web::Data<App>,
    desk: Desk,
    known: IfNoneMatch,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let report = app.report(desk.reader(), report_id(&id)?).await?;
    tagged(&app, &known, &report)
}

/// "I have it." Stops the clock to acknowledge; it is not an answer. Again changes nothing.
#[utoipa::path(
    tag = "members",
    security(("bearer" = []), ("bearer" = [], "unlock_key" = [])),
    params(("id" = String, Path, description = "The report's id")),
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "It is closed"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/reports/{id}/acknowledgement")]
pub(crate) async fn acknowledge(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.acknowledge(desk.doing(&id, IdempotencyKey(None))?).await?))
}

/// Take it over. Nobody hands it to another.
#[utoipa::path(
    tag = "members",
    security(("bearer" = []), ("bearer" = [], "unlock_key" = [])),
    params(("id" = String, Path, description = "The report's id")),
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "It is closed"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/reports/{id}/holder")]
pub(crate) async fn take_over(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.take_over(desk.doing(&id, IdempotencyKey(None))?).await?))
}

/// Take me off it. To whoever took themselves off, the report does not exist any more. Again changes nothing.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The report's id")),
    responses(
        (status = 204, description = "You are off it"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "You are the last one at your level"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/reports/{id}/recusal")]
pub(crate) async fn recuse(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    app.recuse(desk.doing(&id, IdempotencyKey(None))?).await?;
    Ok(HttpResponse::NoContent().finish())
}
