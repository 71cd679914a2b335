//! Being away, with somebody who stands in.

use actix_web::{HttpResponse, delete, put, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body::Body,
    problem::{Document, Problem},
    signed_in::Member,
};
use crate::{
    app::{App, people::AbsenceView},
    domain::ids::MemberId,
};

/// When somebody is away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceBody {
    /// Since when, RFC 3339.
    #[schema(format = "date-time", example = "2026-11-21T14:20:00Z")]
    from: String,
    /// Until when, RFC 3339; 366 days after `from` at most.
    #[schema(format = "date-time", example = "2026-11-28T14:20:00Z")]
    to: String,
    /// Who stands in: somebody of the same side of a production where the caller sits.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "00112233445566778899aabbccddeeff")]
    substitute: Option<MemberId>,
}

/// Say when you are away, in place of what you said before. Whoever stands in is told, sees and acts at your levels as
/// long as it lasts; you go on getting everything.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    request_body = AbsenceBody,
    responses(
        (status = 200, description = "As it is now", body = AbsenceView),
        (status = 400, description = "Not JSON", body = Document, content_type = "application/problem+json"),
        (status = 401, description = "No session, or one that is over", body = Document, content_type = "application/problem+json"),
        (status = 409, description = "The last one at a level needs somebody who stands in", body = Document, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = Document, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON by its media type", body = Document, content_type = "application/problem+json"),
        (status = 422, description = "A field cannot be accepted; the problem names it", body = Document, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again", body = Document, content_type = "application/problem+json"),
    )
)]
#[put("/v1/me/absence")]
pub(crate) async fn be_absent(
    app: web::Data<App>,
    member: Member,
    body: Body<AbsenceBody>,
) -> Result<HttpResponse, Problem> {
    let AbsenceBody { from, to, substitute } = &body.0;
    Ok(HttpResponse::Ok().json(app.be_absent(&member.0, from, to, *substitute).await?))
}

/// You are back, or will not be away after all.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "You are not away"),
        (status = 401, description = "No session, or one that is over", body = Document, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again", body = Document, content_type = "application/problem+json"),
    )
)]
#[delete("/v1/me/absence")]
pub(crate) async fn be_back(app: web::Data<App>, member: Member) -> Result<HttpResponse, Problem> {
    app.be_back(&member.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
