//! The policy of a production.

use actix_web::{HttpResponse, get, post, put, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body::Body,
    credentials::IfNoneMatch,
    policy_shape::PolicyShape,
    problem::Problem,
    signed_in::{Member, tagged},
};
use crate::{
    app::{
        App,
        policy::{PolicyView, Standing},
    },
    domain::{ids::ProductionId, policy::PolicyDocument},
};

/// Windows, steps and the rest; what is left out is as shipped. Lengths in seconds.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct PolicyBody(PolicyDocument);

impl PolicyBody {
    pub(super) fn into_document(self) -> PolicyDocument {
        self.0
    }
}

/// Which version is agreed to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgreementBody {
    /// The version that waits.
    #[schema(minimum = 1, example = 4)]
    version: i32,
}

/// The policy in force, and what waits for agreement. Whoever is seated reads it.
#[utoipa::path(
    operation_id = "read_policy",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    responses(
        (status = 200, description = "The policy", body = PolicyView),
        (status = 304, description = "As the caller has it already"),
        (status = 404, description = "No such production, or the caller does not sit there"),
    )
)]
#[get("/v1/productions/{id}/policy")]
pub(crate) async fn read(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    tagged(&app, &known, &app.policy(&member.0, *id).await?)
}

/// Make the next version. The operator, and production members of the highest level.
#[utoipa::path(
    operation_id = "replace_policy",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    request_body = PolicyShape,
    responses(
        (status = 200, description = "In force", body = PolicyView),
        (status = 202, description = "A window is longer: it waits for a union member; the one before stays in force", body = PolicyView),
        (status = 404, description = "No such production, or not for the caller to change"),
        (status = 422, description = "A field cannot be accepted; the problem names its path"),
    )
)]
#[put("/v1/productions/{id}/policy")]
pub(crate) async fn replace(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    body: Body<PolicyBody>,
) -> Result<HttpResponse, Problem> {
    let (policy, standing) = app.put_policy((&member.0).into(), *id, body.0.into_document()).await?;
    Ok(match standing {
        Standing::InForce(_) => HttpResponse::Ok().json(policy),
        Standing::Pending(_) => HttpResponse::Accepted().json(policy),
    })
}

/// Agree to the version that waits. Union members only.
#[utoipa::path(
    operation_id = "agree_to_policy",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    request_body = AgreementBody,
    responses(
        (status = 200, description = "In force, now or since an earlier agreement", body = PolicyView),
        (status = 404, description = "There is no such version, or the caller is not of the union side"),
        (status = 409, description = "Another version took its place"),
    )
)]
#[post("/v1/productions/{id}/policy/agreement")]
pub(crate) async fn agree(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    body: Body<AgreementBody>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.agree_to_policy((&member.0).into(), *id, body.0.version).await?))
}
