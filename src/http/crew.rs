//! Routes of the crew: nobody is signed in, nothing is logged, every answer has the same sizes.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body::{Body, EmptyBody, MaybeBody},
    credentials::{CrewCode, IdempotencyKey, ReceiptBytes},
    problem::Problem,
};
use crate::{
    app::{
        App, FiledAs,
        form::FilingBody,
        manifest::Manifest,
        view::{Filed, Inbox},
    },
    domain::{event::Addressed, lifecycle::Safety},
    sealing::receipt::Receipt,
};

/// To whom a message goes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageTo {
    /// The union side alone.
    Union,
    /// Both sides.
    All,
}

/// A message to the desks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageBody {
    /// To whom.
    to: MessageTo,
    /// The words, 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// Is it safe now?
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SafeNow {
    /// Yes.
    Yes,
    /// No: it is not fixed. This is the contest.
    No,
    /// Shown to the union side; uses nothing up.
    CannotTell,
}

/// The reporter's answer to "is it safe now?".
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SafetyBody {
    /// Yes, no, or cannot tell.
    safe: SafeNow,
    /// Why, at most 2,000 characters.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// It is not fixed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContestBody {
    /// Why, 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// It is happening again, or worse.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorseBody {
    /// What happens, at most 2,000 characters; for the union side.
    #[serde(default)]
    #[schema(max_length = 2000)]
    text: Option<String>,
}

fn receipt(bytes: &ReceiptBytes) -> Receipt {
    Receipt::new(*bytes.0)
}

/// What a phone needs before it files: the form, who sees what, by when, and whom it is sealed to.
#[utoipa::path(
    tag = "crew",
    security(("crew_code" = [])),
    responses(
        (status = 200, description = "The manifest", body = Manifest),
        (status = 404, description = "Unknown crew code"),
    )
)]
#[get("/v1/crew/manifest")]
pub(crate) async fn manifest(app: web::Data<App>, code: CrewCode) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.manifest(code.as_str()).await?))
}

/// File a report. 201 means on disk. The same receipt with the same content again answers 200 with today's status; that
/// needs no code, because codes change.
#[utoipa::path(
    operation_id = "file_report",
    tag = "crew",
    security(("crew_code" = []), ()),
    request_body = FilingBody,
    responses(
        (status = 200, description = "This receipt has filed this content before; its status now", body = Filed),
        (status = 201, description = "Filed: it is on disk", body = Filed),
        (status = 404, description = "Unknown crew code"),
        (status = 409, description = "The receipt belongs to other content, or nobody could read the report yet"),
        (status = 503, description = "The database is away; the phone keeps the report and tries again"),
    )
)]
#[post("/v1/reports")]
pub(crate) async fn file(
    app: web::Data<App>,
    code: Option<CrewCode>,
    Body(body): Body<FilingBody>,
) -> Result<HttpResponse, Problem> {
    Ok(match app.file(code.as_ref().map(CrewCode::as_str), body).await? {
        FiledAs::New(filed) => HttpResponse::Created().json(filed),
        FiledAs::Again(filed) => HttpResponse::Ok().json(filed),
    })
}

/// What the receipt opens: status, deadlines, timeline, answers, messages.
#[utoipa::path(
    tag = "crew",
    security(("receipt" = [])),
    responses(
        (status = 200, description = "The inbox", body = Inbox),
        (status = 404, description = "This receipt opens nothing"),
    )
)]
#[get("/v1/inbox")]
pub(crate) async fn inbox(app: web::Data<App>, bytes: ReceiptBytes) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.inbox(&receipt(&bytes)).await?))
}

/// Write to the desks: to the union side, or to both.
#[utoipa::path(
    operation_id = "write_to_desks",
    tag = "crew",
    security(("receipt" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing")),
    request_body = MessageBody,
    responses(
        (status = 200, description = "Written; the inbox now", body = Inbox),
        (status = 404, description = "This receipt opens nothing"),
        (status = 409, description = "The report was withdrawn"),
    )
)]
#[post("/v1/inbox/messages")]
pub(crate) async fn write(
    app: web::Data<App>,
    bytes: ReceiptBytes,
    key: IdempotencyKey,
    Body(body): Body<MessageBody>,
) -> Result<HttpResponse, Problem> {
    let to = match body.to {
        MessageTo::Union => Addressed::Union,
        MessageTo::All => Addressed::All,
    };
    Ok(HttpResponse::Ok().json(app.write_to_desks(&receipt(&bytes), to, &body.text, key.0).await?))
}

/// Is it safe now? `no` is the contest: the report goes to the desks again, one step more urgent, with half the time.
#[utoipa::path(
    operation_id = "say_safety",
    tag = "crew",
    security(("receipt" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing")),
    request_body = SafetyBody,
    responses(
        (status = 200, description = "Recorded; the inbox now", body = Inbox),
        (status = 404, description = "This receipt opens nothing"),
        (status = 409, description = "There is no answer to contest, or the time for it is over"),
    )
)]
#[post("/v1/inbox/safety")]
pub(crate) async fn safety(
    app: web::Data<App>,
    bytes: ReceiptBytes,
    key: IdempotencyKey,
    Body(body): Body<SafetyBody>,
) -> Result<HttpResponse, Problem> {
    let safety = match body.safe {
        SafeNow::Yes => Safety::Yes,
        SafeNow::No => Safety::No,
        SafeNow::CannotTell => Safety::CannotTell,
    };
    let reason = body.reason.as_deref();
    Ok(HttpResponse::Ok().json(app.say_safety(&receipt(&bytes), safety, reason, key.0).await?))
}

/// It is not fixed: the same as `safe: no`.
#[utoipa::path(
    tag = "crew",
    security(("receipt" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing")),
    request_body = ContestBody,
    responses(
        (status = 200, description = "Recorded; the inbox now", body = Inbox),
        (status = 404, description = "This receipt opens nothing"),
        (status = 409, description = "There is no answer to contest, or the time for it is over"),
    )
)]
#[post("/v1/inbox/contest")]
pub(crate) async fn contest(
    app: web::Data<App>,
    bytes: ReceiptBytes,
    key: IdempotencyKey,
    Body(body): Body<ContestBody>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.contest(&receipt(&bytes), &body.reason, key.0).await?))
}

/// It is happening again, or worse. Once, until it is answered.
#[utoipa::path(
    operation_id = "say_worse",
    tag = "crew",
    security(("receipt" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing")),
    request_body(content = Option<WorseBody>, description = "May be left out: nothing is added in words"),
    responses(
        (status = 200, description = "Recorded; the inbox now", body = Inbox),
        (status = 404, description = "This receipt opens nothing"),
        (status = 409, description = "It is answered or closed, or you said so already"),
    )
)]
#[post("/v1/inbox/worse")]
pub(crate) async fn worse(
    app: web::Data<App>,
    bytes: ReceiptBytes,
    key: IdempotencyKey,
    MaybeBody(body): MaybeBody<WorseBody>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.say_worse(&receipt(&bytes), body.text.as_deref(), key.0).await?))
}

/// Take the report back. Before delivery it is erased without a trace, and this answer is the last of it; after that it
/// is closed, and the union side keeps that it was filed.
#[utoipa::path(
    tag = "crew",
    security(("receipt" = [])),
    responses(
        (status = 200, description = "Withdrawn; the inbox now", body = Inbox),
        (status = 404, description = "This receipt opens nothing"),
        (status = 409, description = "It is closed already"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/inbox/withdrawal")]
pub(crate) async fn withdraw(app: web::Data<App>, bytes: ReceiptBytes, _: EmptyBody) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.withdraw(&receipt(&bytes)).await?))
}
