//! Seats at desks: let in, given other roles, taken away.

use actix_web::{HttpResponse, delete, patch, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    body::{Body, EmptyBody},
    problem::Problem,
    signed_in::Member,
};
use crate::{
    app::{App, roster::RosterSeat},
    domain::ids::{DeskId, MemberId},
};

/// Let somebody in: what was open when they took their seat is sealed to them from now on, by whoever of their side can
/// open it, with their next request. Again changes nothing.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The desk, 32 hex digits"),
        ("member" = String, Path, description = "The member, 32 hex digits"),
    ),
    responses(
        (status = 200, description = "Let in", body = RosterSeat),
        (status = 404, description = "No such seat, or not for the caller to let in: a desk mate, the next higher desk of the side, or for a production's first seat any union seat; never the operator"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/desks/{id}/members/{member}/admission")]
pub(crate) async fn let_in(
    app: web::Data<App>,
    member: Member,
    seat: web::Path<(DeskId, MemberId)>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    let (desk, whom) = seat.into_inner();
    Ok(HttpResponse::Ok().json(app.let_in((&member.0).into(), desk, whom).await?))
}

/// What somebody does on the show from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolesBody {
    /// All roles at this desk, 1 to 12 codes.
    #[schema(example = json!(["upm"]), min_items = 1, max_items = 12)]
    roles: Vec<String>,
}

/// Give somebody other roles. Whoever gets a role that a report is about is kept out of it; losing one lets nobody in.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The desk, 32 hex digits"),
        ("member" = String, Path, description = "The member, 32 hex digits"),
    ),
    request_body = RolesBody,
    responses(
        (status = 200, description = "As it is now", body = RosterSeat),
        (status = 404, description = "No such seat, or not one that the caller may change"),
    )
)]
#[patch("/v1/desks/{id}/members/{member}")]
pub(crate) async fn change_roles(
    app: web::Data<App>,
    member: Member,
    seat: web::Path<(DeskId, MemberId)>,
    body: Body<RolesBody>,
) -> Result<HttpResponse, Problem> {
    let (desk, whom) = seat.into_inner();
    Ok(HttpResponse::Ok().json(app.change_roles((&member.0).into(), desk, whom, &body.0.roles).await?))
}

/// Take a seat away. Sessions, the roster's line and, with the last seat, everything sealed to them go at once.
#[utoipa::path(
    operation_id = "remove_member",
    tag = "administration",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The desk, 32 hex digits"),
        ("member" = String, Path, description = "The member, 32 hex digits"),
    ),
    responses(
        (status = 204, description = "Taken away"),
        (status = 404, description = "No such seat, or not one that the caller may take away"),
        (status = 409, description = "The last one at their level"),
    )
)]
#[delete("/v1/desks/{id}/members/{member}")]
pub(crate) async fn remove(
    app: web::Data<App>,
    member: Member,
    seat: web::Path<(DeskId, MemberId)>,
) -> Result<HttpResponse, Problem> {
    let (desk, whom) = seat.into_inner();
    app.remove_member((&member.0).into(), desk, whom).await?;
    Ok(HttpResponse::NoContent().finish())
}
