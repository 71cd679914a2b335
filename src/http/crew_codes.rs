//! The crew code: rotated or burned.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::MaybeBody, problem::Problem, signed_in::Member};
use crate::{app::App, domain::ids::ProductionId};

/// How the old code goes.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CrewCodeBody {
    /// It fell into wrong hands: it loses its force at once, and so does every earlier one.
    #[serde(default)]
    burn: bool,
}

/// The new code.
#[derive(Serialize, ToSchema)]
pub(crate) struct CrewCodeAnswer {
    /// For poster and call sheet.
    #[schema(example = "ABCD2345")]
    crew_code: String,
    /// Until when the code before files as it did.
    #[schema(example = "2026-11-28T14:20:00Z")]
    old_in_force_until: String,
    /// Until when it files at all; what it files after it lost its force is marked for the union side alone.
    #[schema(example = "2026-12-28T14:20:00Z")]
    old_files_until: String,
}

/// Give the crew another code: members of either side, and the operator.
#[utoipa::path(
    operation_id = "renew_crew_code",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    request_body(content = Option<CrewCodeBody>, description = "May be left out: the old code is rotated"),
    responses(
        (status = 201, description = "Drawn", body = CrewCodeAnswer),
        (status = 404, description = "No such production, or not for the caller"),
    )
)]
#[post("/v1/productions/{id}/crew-code")]
pub(crate) async fn renew(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    body: MaybeBody<CrewCodeBody>,
) -> Result<HttpResponse, Problem> {
    let drawn = app.renew_crew_code((&member.0).into(), *id, body.0.burn).await?;
    Ok(HttpResponse::Created().json(CrewCodeAnswer {
        crew_code: drawn.code,
        old_in_force_until: crate::app::rfc3339(drawn.old_in_force_until),
        old_files_until: crate::app::rfc3339(drawn.old_files_until),
    }))
}
