//! Notices that were given up.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::EmptyBody,
    credentials::IfNoneMatch,
    problem::Problem,
    query::Query,
    signed_in::{Member, tagged},
};
use crate::{
    app::{App, deliveries::DeliveryView},
    domain::ids::NoticeId,
};

/// Rows of a page unless asked otherwise.
const PAGE: u8 = 50;

/// Which notices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveriesQuery {
    /// `dead`: those that were given up.
    #[param(pattern = "^dead$")]
    state: Option<String>,
    /// Rows, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Notices.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    /// In no order that means anything.
    items: Vec<DeliveryView>,
    /// For the next page; null on the last.
    next: Option<String>,
}

/// Notices that were given up, to the caller's desk, the one below, or for the union side to anybody. One about a report
/// is there only for whoever may see the report.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(DeliveriesQuery),
    responses(
        (status = 200, description = "Notices", body = DeliveryList),
        (status = 304, description = "As the caller has it already"),
        (status = 422, description = "A parameter cannot be accepted; the problem names it"),
    )
)]
#[get("/v1/deliveries")]
pub(crate) async fn list_deliveries(
    app: web::Data<App>,
    member: Member,
    query: Query<DeliveriesQuery>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    let DeliveriesQuery { state, limit, cursor } = query.0;
    if state.is_some_and(|state| state != "dead") {
        return Err(Problem::invalid("state", "has to be `dead`"));
    }
    let limit = limit.unwrap_or(PAGE);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("limit", "has to be 1 to 100"));
    }
    let (items, next) = app.dead_deliveries(&member.0, usize::from(limit), cursor.as_deref()).await?;
    tagged(&app, &known, &DeliveryList { items, next })
}

/// Try a notice again, from the first of its attempts. Again changes nothing.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The notice, 32 hex digits")),
    responses(
        (status = 200, description = "It is tried again", body = DeliveryView),
        (status = 404, description = "No such notice, one that was sent, or none that the caller may know of"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/deliveries/{id}/retry")]
pub(crate) async fn retry_delivery(
    app: web::Data<App>,
    member: Member,
    id: web::Path<NoticeId>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.retry_delivery(&member.0, *id).await?))
}
