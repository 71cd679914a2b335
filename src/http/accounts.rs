//! Getting back into an account, and changing its password.

use actix_web::{HttpResponse, post, put, web};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroize as _;

use super::{
    body::{Body, EmptyBody},
    people::AcceptanceAnswer,
    problem::Problem,
    signed_in::Member,
};
use crate::{
    app::{App, people::InvitationView, roster::RosterSeat},
    domain::ids::{DeskId, MemberId},
};

/// Somebody who forgot the password, and has the words.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoveryBody {
    /// Mail address of the account.
    #[schema(example = "ana@example.org", max_length = 254)]
    email: String,
    /// The twelve words, with spaces between them.
    #[schema(max_length = 200)]
    recovery_words: String,
    /// A new password of 12 to 128 characters.
    #[schema(min_length = 12, max_length = 128)]
    password: String,
}

impl Drop for RecoveryBody {
    fn drop(&mut self) {
        self.recovery_words.zeroize();
        self.password.zeroize();
    }
}

/// Choose another password with the twelve recovery words. Answers new words: the old ones work no more. Every session
/// ends.
#[utoipa::path(
    operation_id = "recover_account",
    tag = "members",
    request_body = RecoveryBody,
    responses(
        (status = 201, description = "The password is changed; sign in with it", body = AcceptanceAnswer),
        (status = 401, description = "Not the words of this address; whether it has an account is not told"),
        (status = 503, description = "Too many people sign in at this moment, or the database is away"),
    )
)]
#[post("/v1/recoveries")]
pub(crate) async fn recover(app: web::Data<App>, body: Body<RecoveryBody>) -> Result<HttpResponse, Problem> {
    let recovered = app.recover(&body.0.email, &body.0.recovery_words, &body.0.password).await?;
    Ok(HttpResponse::Created().json(AcceptanceAnswer::from(recovered)))
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The password of now.
    #[schema(max_length = 128)]
    current_password: String,
    /// The new one, 12 to 128 characters.
    #[schema(min_length = 12, max_length = 128)]
    password: String,
    /// Make other recovery words as well, for whoever has lost theirs.
    #[serde(default)]
    new_recovery_words: bool,
}

impl Drop for PasswordBody {
    fn drop(&mut self) {
        self.current_password.zeroize();
        self.password.zeroize();
    }
}

/// Change the password; a session alone does not. Every session ends, this one too. The recovery words stay, unless
/// others are asked for.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    request_body = PasswordBody,
    responses(
        (status = 200, description = "Changed; sign in anew. `recovery_words` only if they were asked for", body = AcceptanceAnswer),
        (status = 422, description = "A field cannot be accepted; the problem names it: `current_password` if it is not the account's"),
        (status = 429, description = "Too many failures; wait as long as Retry-After says"),
        (status = 503, description = "Too many people sign in at this moment, or the database is away"),
    )
)]
#[put("/v1/me/password")]
pub(crate) async fn change_password(
    app: web::Data<App>,
    member: Member,
    body: Body<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let PasswordBody { current_password, password, new_recovery_words } = &body.0;
    let changed = app.change_password(&member.0, current_password, password, *new_recovery_words).await?;
    Ok(HttpResponse::Ok().json(AcceptanceAnswer::from(changed)))
}

/// Send somebody who lost both password and words a letter to begin anew. Nothing changes until people of the same side
/// have confirmed that it is them.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The desk, 32 hex digits"),
        ("member" = String, Path, description = "The member, 32 hex digits"),
    ),
    responses(
        (status = 200, description = "It was there before, and is sent again", body = InvitationView),
        (status = 201, description = "Sent", body = InvitationView),
        (status = 404, description = "No such seat, or not one that the caller may invite to"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/desks/{id}/members/{member}/renewal")]
pub(crate) async fn ask_renewal(
    app: web::Data<App>,
    member: Member,
    seat: web::Path<(DeskId, MemberId)>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    let (desk, whom) = seat.into_inner();
    let (letter, sent_again) = app.ask_renewal((&member.0).into(), desk, whom).await?;
    let mut response = if sent_again { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(response.json(letter))
}

/// Confirm that the new key is theirs. It counts in every production where the caller may let this member in; once each
/// production where they sit has one, the new key is in the roster, and they are somebody who comes later.
#[utoipa::path(
    tag = "administration",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The desk, 32 hex digits"),
        ("member" = String, Path, description = "The member, 32 hex digits"),
    ),
    responses(
        (status = 200, description = "Confirmed; the line changes once every production has", body = RosterSeat),
        (status = 404, description = "Nothing waits, or not for the caller to confirm"),
        (status = 422, description = "The body is not empty"),
    )
)]
#[post("/v1/desks/{id}/members/{member}/renewal/confirmation")]
pub(crate) async fn confirm_renewal(
    app: web::Data<App>,
    member: Member,
    seat: web::Path<(DeskId, MemberId)>,
    _: EmptyBody,
) -> Result<HttpResponse, Problem> {
    let (desk, whom) = seat.into_inner();
    Ok(HttpResponse::Ok().json(app.confirm_renewal((&member.0).into(), desk, whom).await?))
}
