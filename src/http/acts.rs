//! Acts of members that carry words: sealed before they are stored, so each needs the Unlock-Key.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{body::Body, credentials::IdempotencyKey, problem::Problem, reports::Desk};
use crate::app::{App, acts::AnswerBody, view::ReportView};

/// Work was stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopWorkBody {
    /// What was stopped, 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000, example = "No weapon leaves the cart.")]
    what: String,
    /// The role that may restart it.
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "upm")]
    may_restart_role: String,
}

/// Work goes on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumptionBody {
    /// What changed, 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    what_changed: String,
}

/// What the check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is so.
    Verified,
    /// It is not fixed: the clock starts again.
    Rejected,
}

/// The union's check.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationBody {
    /// What it found.
    verdict: Verdict,
    /// What was seen, at most 2,000 characters; required for a rejection.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    /// Why, 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextBody {
    /// The words, 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000)]
    text: String,
}

/// The close-out: what was done or will be, why there is no hazard, or whose it is.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = AnswerBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "It is closed, or not possible now; the problem names the state"),
    )
)]
#[post("/v1/reports/{id}/answer")]
pub(crate) async fn answer_report(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<AnswerBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.answer(doing, &body).await?))
}

/// Stop work. Any side may; only the side whose clock runs acknowledges by it.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = StopWorkBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "It is closed"),
    )
)]
#[post("/v1/reports/{id}/stop-work")]
pub(crate) async fn stop_work(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<StopWorkBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.stop_work(doing, &body.what, &body.may_restart_role).await?))
}

/// Work goes on.
#[utoipa::path(
    operation_id = "resume_work",
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = ResumptionBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "Work is not stopped"),
    )
)]
#[post("/v1/reports/{id}/resumption")]
pub(crate) async fn resume(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<ResumptionBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.resume(doing, &body.what_changed).await?))
}

/// Verify or reject an answer.
#[utoipa::path(
    operation_id = "verify_answer",
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = VerificationBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "There is no answer to check, or it was verified"),
    )
)]
#[post("/v1/reports/{id}/verification")]
pub(crate) async fn verify(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<VerificationBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.verify(doing, body.verdict == Verdict::Verified, body.note.as_deref()).await?))
}

/// Tell one level more now. No deadline moves.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "No clock of the production runs, or nobody reachable is above"),
    )
)]
#[post("/v1/reports/{id}/escalation")]
pub(crate) async fn escalate(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.escalate(doing, &body.reason).await?))
}

/// Share a summary of a `retaliation` report with both sides: the union's answer, once. The production's clock begins.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = TextBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "Not a `retaliation` report, or it was shared"),
    )
)]
#[post("/v1/reports/{id}/summary")]
pub(crate) async fn summarise(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<TextBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.summarise(doing, &body.text).await?))
}

/// Write to the reporter. The writer's own side reads it too; the other side does not.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = TextBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "Its reporter took it back"),
    )
)]
#[post("/v1/reports/{id}/messages")]
pub(crate) async fn write_to_reporter(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<TextBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.write_to_reporter(doing, &body.text).await?))
}

/// Find it not credible. It takes effect with a second union member.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [], "unlock_key" = [])),
    params(
        ("id" = String, Path, description = "The report's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "32 hex digits; the same key again changes nothing"),
    ),
    request_body = ReasonBody,
    responses(
        (status = 200, description = "The report now", body = ReportView),
        (status = 403, description = "The other side does this"),
        (status = 404, description = "No such report, or none that you may know of"),
        (status = 409, description = "It is closed"),
    )
)]
#[post("/v1/reports/{id}/not-credible")]
pub(crate) async fn find_not_credible(
    app: web::Data<App>,
    desk: Desk,
    id: web::Path<String>,
    key: IdempotencyKey,
    Body(body): Body<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    let doing = desk.doing(&id, key)?;
    Ok(HttpResponse::Ok().json(app.find_not_credible(doing, &body.reason).await?))
}
