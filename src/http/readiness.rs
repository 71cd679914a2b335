//! Whether a show is ready, and test notices.

use actix_web::{HttpResponse, get, post, web};

use super::{
    body::EmptyBody,
    credentials::IfNoneMatch,
    problem::Problem,
    signed_in::{Member, tagged},
};
use crate::{
    app::{
        App,
        readiness::{ReadinessView, TestConfirmed, TestSent},
    },
    domain::ids::ProductionId,
};

/// How ready a production is: people at each level, dead addresses, who has confirmed the last test notice.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    responses(
        (status = 200, description = "How ready it is", body = ReadinessView),
        (status = 304, description = "As the caller has it already"),
        (status = 404, description = "No such production, or the caller does not sit there"),
    )
)]
#[get("/v1/productions/{id}/readiness")]
pub(crate) async fn readiness(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    tagged(&app, &known, &app.readiness((&member.0).into(), *id).await?)
}

/// Send everybody with a seat a notice that is to be confirmed with a press: members of either side, and the operator.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    responses(
        (status = 201, description = "On its way", body = TestSent),
        (status = 404, description = "No such production, or not for the caller"),
        (status = 422, description = "The body is not empty"),
        (status = 429, description = "The last one went out less than five minutes ago"),
    )
)]
#[post("/v1/productions/{id}/test-notice")]
pub(crate) async fn send_test_notice(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Created().json(app.send_test_notice((&member.0).into(), *id).await?))
}

/// "It arrived": confirm the test notices that went out to you. Again changes nothing.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Confirmed", body = TestConfirmed),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/me/test-notice")]
pub(crate) async fn confirm_test_notice(
    app: web::Data<App>,
    member: Member,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.confirm_test_notice(&member.0).await?))
}
