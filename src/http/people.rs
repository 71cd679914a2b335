//! Invitations and who somebody is.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    body::Body,
    credentials::IfNoneMatch,
    problem::Problem,
    signed_in::{Member, tagged},
};
use crate::{
    app::{
        App,
        people::{Accepted, InvitationView, MemberView},
    },
    domain::ids::DeskId,
};

/// Who accepts an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptanceBody {
    /// Their name as others will see it, 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, example = "Ana Ruiz")]
    name: String,
    /// A new password of 12 to 128 characters; for an address that has an account, its own.
    #[schema(min_length = 12, max_length = 128)]
    password: String,
}

impl Drop for AcceptanceBody {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptanceAnswer {
    /// Twelve words that bring back who forgot the password. Shown this once, stored nowhere; null for an address that
    /// had an account.
    #[schema(value_type = Option<String>)]
    recovery_words: Option<Zeroizing<String>>,
}

impl From<Accepted> for AcceptanceAnswer {
    fn from(accepted: Accepted) -> Self {
        Self { recovery_words: accepted.recovery_words }
    }
}

/// Accept an invitation. A letter to begin anew is accepted in the same way: a new password, new words.
#[utoipa::path(
    operation_id = "accept_invitation",
    tag = "members",
    params(("code" = String, Path, description = "The invitation's code, 43 characters")),
    request_body = AcceptanceBody,
    responses(
        (status = 201, description = "The seat is taken", body = AcceptanceAnswer),
        (status = 401, description = "The address has an account, and this is not its password"),
        (status = 404, description = "The code is false, used or over"),
        (status = 429, description = "Too many failures; wait as long as Retry-After says"),
        (status = 503, description = "Too many people sign in at this moment, or the database is away"),
    )
)]
#[post("/v1/invitations/{code}/acceptance")]
pub(crate) async fn accept(
    app: web::Data<App>,
    code: web::Path<String>,
    body: Body<AcceptanceBody>,
) -> Result<HttpResponse, Problem> {
    let code = Zeroizing::new(code.into_inner());
    let accepted = app.accept(&code, &body.0.name, &body.0.password).await?;
    Ok(HttpResponse::Created().json(AcceptanceAnswer::from(accepted)))
}

/// Who is signed in, with seats.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The member", body = MemberView),
        (status = 304, description = "As the caller has it already"),
    )
)]
#[get("/v1/me")]
pub(crate) async fn me(app: web::Data<App>, member: Member, known: IfNoneMatch) -> Result<HttpResponse, Problem> {
    tagged(&app, &known, &app.me(&member.0).await?)
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationBody {
    /// Their mail address.
    #[schema(format = Email, example = "ana@example.org", max_length = 254)]
    email: String,
    /// What they will do on the show, 1 to 12 codes.
    #[schema(example = json!(["steward"]), min_items = 1, max_items = 12)]
    roles: Vec<String>,
}

/// Invite somebody to a desk. The same again sends it again. The code is in the mail alone.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The desk, 32 hex digits")),
    request_body = InvitationBody,
    responses(
        (status = 200, description = "It was there before, and is sent again", body = InvitationView),
        (status = 201, description = "Invited", body = InvitationView),
        (status = 404, description = "No such desk, or not one that the caller may invite to"),
    )
)]
#[post("/v1/desks/{id}/invitations")]
pub(crate) async fn invite(
    app: web::Data<App>,
    member: Member,
    desk: web::Path<DeskId>,
    body: Body<InvitationBody>,
) -> Result<HttpResponse, Problem> {
    let (invitation, sent_again) = app.invite((&member.0).into(), *desk, &body.0.email, &body.0.roles).await?;
    let mut response = if sent_again { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(response.json(invitation))
}
