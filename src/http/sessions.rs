//! Sign-in, refresh, sign-out.

use actix_web::{HttpResponse, delete, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::{Zeroize as _, Zeroizing};

use super::{body::Body, problem::Problem, signed_in::Member};
use crate::app::{App, people::MemberView};

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    /// Mail address of the account.
    #[schema(example = "ana@example.org", max_length = 254)]
    email: String,
    /// Its password, at most 128 characters.
    #[schema(max_length = 128)]
    password: String,
    /// For a second factor; there is none yet.
    #[serde(default)]
    #[schema(max_length = 10)]
    otp: Option<String>,
}

impl Drop for SignInBody {
    fn drop(&mut self) {
        self.password.zeroize();
        self.otp.zeroize();
    }
}

/// A session that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionAnswer {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// For the next refresh; works once.
    #[schema(value_type = String)]
    refresh_token: Zeroizing<String>,
    /// For `Unlock-Key`, as long as the session lasts. Given this once; the host does not have it.
    #[schema(value_type = String)]
    unlock_key: Zeroizing<String>,
    /// How long the access token is good for, in seconds.
    #[schema(example = 600)]
    expires_in: u32,
    /// Who signed in.
    member: MemberView,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshBody {
    /// The one that was given last.
    refresh_token: String,
}

/// New tokens. The unlock key stays the one of the session.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefreshAnswer {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// For the next refresh; works once.
    #[schema(value_type = String)]
    refresh_token: Zeroizing<String>,
    /// How long the access token is good for, in seconds.
    #[schema(example = 600)]
    expires_in: u32,
}

/// Sign in.
#[utoipa::path(
    tag = "members",
    request_body = SignInBody,
    responses(
        (status = 201, description = "Signed in", body = SessionAnswer),
        (status = 401, description = "Wrong name or password; which of them is not told"),
        (status = 429, description = "Too many failures; wait as long as Retry-After says, 30 s at most"),
        (status = 503, description = "Too many people sign in at this moment, or the database is away"),
    )
)]
#[post("/v1/sessions")]
pub(crate) async fn sign_in(app: web::Data<App>, body: Body<SignInBody>) -> Result<HttpResponse, Problem> {
    let signed_in = app.sign_in(&body.0.email, &body.0.password).await?;
    let member = app.me(&signed_in.who).await?;
    Ok(HttpResponse::Created().json(SessionAnswer {
        access_token: signed_in.access_token,
        refresh_token: signed_in.refresh_token,
        unlock_key: signed_in.unlock_key,
        expires_in: signed_in.expires_in,
        member,
    }))
}

/// Exchange a refresh token for new tokens. One that was exchanged before ends the session.
#[utoipa::path(
    operation_id = "refresh_session",
    tag = "members",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "New tokens", body = RefreshAnswer),
        (status = 401, description = "The token is false, was used before, or its session is over"),
    )
)]
#[post("/v1/sessions/refresh")]
pub(crate) async fn refresh(app: web::Data<App>, body: Body<RefreshBody>) -> Result<HttpResponse, Problem> {
    let token = Zeroizing::new(body.0.refresh_token);
    let refreshed = app.refresh(&token).await?;
    Ok(HttpResponse::Ok().json(RefreshAnswer {
        access_token: refreshed.access_token,
        refresh_token: refreshed.refresh_token,
        expires_in: refreshed.expires_in,
    }))
}

/// Sign out. It acts at once, on every replica.
#[utoipa::path(
    tag = "members",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Signed out"),
    )
)]
#[delete("/v1/sessions/current")]
pub(crate) async fn sign_out(app: web::Data<App>, member: Member) -> Result<HttpResponse, Problem> {
    app.sign_out(&member.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
