//! Productions, their settings and their roster.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::Body,
    credentials::IfNoneMatch,
    policy::PolicyBody,
    policy_shape::PolicyShape,
    problem::Problem,
    query::Query,
    signed_in::{Member, tagged},
};
use crate::{
    app::{
        App,
        policy::Standing,
        productions::{NewProduction, ProductionView, SettingsChange},
        roster::RosterView,
    },
    domain::{ids::ProductionId, object::Object, production::Named},
};

/// Rows of a page unless asked otherwise.
const PAGE: u8 = 50;

/// A production that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductionBody {
    /// Its name, 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, example = "Western")]
    name: String,
    /// Its short name, 1 to 40 lower-case letters, digits and hyphens; unlike any other on this host.
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", example = "western")]
    slug: String,
    /// IANA name of its time zone.
    #[serde(default)]
    #[schema(example = "America/Denver")]
    time_zone: Option<String>,
    /// Its policy; what is left out is as shipped.
    #[serde(default)]
    #[schema(value_type = Option<PolicyShape>)]
    policy: Option<PolicyBody>,
}

/// A production that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductionMade {
    /// Its id.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    id: ProductionId,
    /// Its short name.
    slug: String,
    /// The code for poster and call sheet.
    #[schema(example = "ABCD2345")]
    crew_code: String,
    /// The policy has a window longer than shipped and waits for a union member; until then the shipped one is in force.
    policy_pending: bool,
}

/// A page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// Rows, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Productions.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductionList {
    /// By short name.
    items: Vec<ProductionView>,
    /// For the next page; null on the last.
    next: Option<String>,
}

/// A code and the name that people read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedBody {
    /// `[a-z0-9_]{1,32}`.
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "stage_2")]
    code: String,
    /// What the screen shows, 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, example = "Stage 2")]
    name: String,
}

/// A language, as BCP 47 writes it.
#[derive(ToSchema)]
#[schema(value_type = String, pattern = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", example = "es-MX")]
#[expect(dead_code, reason = "only its schema is wanted")]
pub(crate) struct LanguageTag(String);

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "left out, null, and a text are three things")]
pub(crate) struct SettingsBody {
    /// Its name, 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// The name on screens and in subjects, 1 to 40 characters; null for its own.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40)]
    shown_as: Option<Option<String>>,
    /// People on the crew, 1 to 100,000.
    #[schema(minimum = 1, maximum = 100_000)]
    crew_size: Option<u32>,
    /// ISO 3166 code, two upper-case letters.
    #[schema(pattern = "^[A-Z]{2}$", example = "US")]
    country: Option<String>,
    /// BCP 47 tags, 1 to 10, the default first.
    #[schema(value_type = Option<Vec<LanguageTag>>, min_items = 1, max_items = 10, example = json!(["en", "es"]))]
    languages: Option<Vec<String>>,
    /// IANA name of the zone that times are shown in.
    #[schema(example = "America/Denver")]
    time_zone: Option<String>,
    /// A number for people who would rather talk, 1 to 60 characters; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60)]
    hotline: Option<Option<String>>,
    /// The emergency number, 1 to 20 characters.
    #[schema(min_length = 1, max_length = 20, example = "911")]
    emergency_number: Option<String>,
    /// What to do when somebody is in danger now, 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    emergency_text: Option<String>,
    /// Places where a hazard can be, at most 100, each code once.
    #[schema(value_type = Option<Vec<NamedBody>>, max_items = 100)]
    places: Option<Vec<Object<NamedBody>>>,
    /// Departments, as places.
    #[schema(value_type = Option<Vec<NamedBody>>, max_items = 100)]
    departments: Option<Vec<Object<NamedBody>>>,
    /// Roles, as places.
    #[schema(value_type = Option<Vec<NamedBody>>, max_items = 100)]
    roles: Option<Vec<Object<NamedBody>>>,
}

/// A field that was given, be it null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<SettingsBody> for SettingsChange {
    fn from(body: SettingsBody) -> Self {
        let named = |entries: Option<Vec<Object<NamedBody>>>| {
            entries
                .map(|all| all.into_iter().map(|Object(entry)| Named { code: entry.code, name: entry.name }).collect())
        };
        Self {
            name: body.name,
            shown_as: body.shown_as,
            crew_size: body.crew_size,
            country: body.country,
            languages: body.languages,
            time_zone: body.time_zone,
            hotline: body.hotline,
            emergency_number: body.emergency_number,
            emergency_text: body.emergency_text,
            places: named(body.places),
            departments: named(body.departments),
            roles: named(body.roles),
        }
    }
}

/// Make a production with its crew code. The operator only.
#[utoipa::path(
    operation_id = "create_production",
    tag = "administration",
    security(("bearer" = [])),
    request_body = ProductionBody,
    responses(
        (status = 201, description = "Made", body = ProductionMade),
        (status = 404, description = "Not for the caller"),
    )
)]
#[post("/v1/productions")]
pub(crate) async fn create(
    app: web::Data<App>,
    member: Member,
    body: Body<ProductionBody>,
) -> Result<HttpResponse, Problem> {
    let new = NewProduction {
        name: body.0.name,
        slug: body.0.slug,
        time_zone: body.0.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        policy: body.0.policy.map(PolicyBody::into_document),
    };
    let made = app.create_production((&member.0).into(), new).await?;
    Ok(HttpResponse::Created().json(ProductionMade {
        id: made.id,
        slug: made.slug,
        crew_code: made.crew_code,
        policy_pending: matches!(made.policy, Standing::Pending(_)),
    }))
}

/// The productions where the caller sits; all for the operator.
#[utoipa::path(
    operation_id = "list_productions",
    tag = "administration",
    security(("bearer" = [])),
    params(Page),
    responses(
        (status = 200, description = "Productions", body = ProductionList),
        (status = 304, description = "As the caller has it already"),
        (status = 422, description = "A parameter cannot be accepted; the problem names it"),
    )
)]
#[get("/v1/productions")]
pub(crate) async fn list(
    app: web::Data<App>,
    member: Member,
    page: Query<Page>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    let limit = page.0.limit.unwrap_or(PAGE);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("limit", "has to be 1 to 100"));
    }
    let (items, next) = app.productions(&member.0, usize::from(limit), page.0.cursor.as_deref()).await?;
    tagged(&app, &known, &ProductionList { items, next })
}

/// Change settings. The operator, and production members of the highest level.
#[utoipa::path(
    operation_id = "change_production",
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    request_body = SettingsBody,
    responses(
        (status = 200, description = "As it is now", body = ProductionView),
        (status = 404, description = "No such production, or not for the caller to change"),
    )
)]
#[patch("/v1/productions/{id}")]
pub(crate) async fn change(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    body: Body<SettingsBody>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(app.change_production((&member.0).into(), *id, body.0.into()).await?))
}

/// The roster: who can be sealed to. Whoever is seated reads it.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The production, 32 hex digits")),
    responses(
        (status = 200, description = "The roster in force", body = RosterView),
        (status = 304, description = "As the caller has it already"),
        (status = 404, description = "No such production, or the caller does not sit there"),
    )
)]
#[get("/v1/productions/{id}/roster")]
pub(crate) async fn roster(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ProductionId>,
    known: IfNoneMatch,
) -> Result<HttpResponse, Problem> {
    tagged(&app, &known, &app.roster((&member.0).into(), *id).await?)
}
