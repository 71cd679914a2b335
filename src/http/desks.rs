//! Desks of a production.

use actix_web::{HttpResponse, delete, patch, post, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{body::Body, problem::Problem, signed_in::Member};
use crate::{
    app::{
        App,
        people::{DeskChange, DeskView, NewDesk},
        policy::Standing,
    },
    domain::{
        ids::{DeskId, ProductionId},
        policy,
    },
};

/// Whose desk it is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// Answers.
    Production,
    /// Checks.
    Union,
    /// Is told only.
    Observer,
}

impl From<Side> for policy::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Production => Self::Production,
            Side::Union => Self::Union,
            Side::Observer => Self::Observer,
        }
    }
}

/// A desk that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskBody {
    /// Its name, 1 to 80 characters, unlike any other of the production.
    #[schema(min_length = 1, max_length = 80, example = "Shop steward")]
    name: String,
    /// Whose desk it is.
    side: Side,
    /// Its level, 1 to 9; none for observers, required for the others.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9, example = 1)]
    level: Option<u8>,
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskChangeBody {
    /// Another name, 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// Another level, 1 to 9. The operator only.
    #[schema(minimum = 1, maximum = 9)]
    level: Option<u8>,
}

/// Add a desk; makes a version of policy and roster. The operator only.
#[utoipa::path(
    operation_id = "add_desk",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    request_body = DeskBody,
    responses(
        (status = 201, description = "Added", body = DeskView),
        (status = 404, description = "No such production, or not for the caller"),
    )
)]
#[post("/v1/productions/{id}/desks")]
pub(crate) async fn add(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    body: Body<DeskBody>,
) -> Result<HttpResponse, Problem> {
    let desk = NewDesk { name: body.0.name, side: body.0.side.into(), level: body.0.level };
    Ok(HttpResponse::Created().json(app.add_desk((&member.0).into(), *id, desk).await?))
}

/// Rename a desk or move it to another level.
#[utoipa::path(
    operation_id = "change_desk",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The desk, 32 hex digits")),
    request_body = DeskChangeBody,
    responses(
        (status = 200, description = "As it is now", body = DeskView),
        (status = 202, description = "A level would lose a union desk: it waits for a union member; the level stays", body = DeskView),
        (status = 404, description = "No such desk, or not for the caller to change"),
    )
)]
#[patch("/v1/desks/{id}")]
pub(crate) async fn change(
    app: web::Data<App>,
    member: Member,
    id: web::Path<DeskId>,
    body: Body<DeskChangeBody>,
) -> Result<HttpResponse, Problem> {
    let change = DeskChange { name: body.0.name, level: body.0.level };
    let changed = app.change_desk((&member.0).into(), *id, change).await?;
    Ok(match changed.standing {
        Standing::InForce(_) => HttpResponse::Ok().json(changed.desk),
        Standing::Pending(_) => HttpResponse::Accepted().json(changed.desk),
    })
}

/// End a desk with its seats. The operator only.
#[utoipa::path(
    operation_id = "end_desk",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The desk, 32 hex digits")),
    responses(
        (status = 202, description = "A level would lose a union desk: it waits for a union member; the desk stays", body = DeskView),
        (status = 204, description = "Ended"),
        (status = 404, description = "No such desk, or not for the caller"),
        (status = 409, description = "Its level would have nobody"),
        (status = 422, description = "The lowest level would have no union desk"),
    )
)]
#[delete("/v1/desks/{id}")]
pub(crate) async fn end(app: web::Data<App>, member: Member, id: web::Path<DeskId>) -> Result<HttpResponse, Problem> {
    let ended = app.end_desk((&member.0).into(), *id).await?;
    Ok(match ended.standing {
        Standing::InForce(_) => HttpResponse::NoContent().finish(),
        Standing::Pending(_) => HttpResponse::Accepted().json(ended.desk),
    })
}
