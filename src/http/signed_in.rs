//! Who a request comes from, and answers that a member may keep.

use std::pin::Pin;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header::{self, ContentType},
    web,
};
use serde::Serialize;

use super::{
    credentials::{BearerToken, IfNoneMatch},
    problem::Problem,
};
use crate::app::{App, error::AppError, sessions::SignedIn};

/// The member whose access token came with the request; its session was looked up.
#[derive(Debug)]
pub struct Member(pub SignedIn);

impl FromRequest for Member {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let token = BearerToken::from_request(request, payload);
        let app = request.app_data::<web::Data<App>>().cloned();
        Box::pin(async move {
            let app = app.ok_or_else(|| AppError::internal("the app is missing from the routes"))?;
            Ok(Self(app.authenticate(&token.await?.0).await?))
        })
    }
}

/// An answer with its tag, or 304 where the caller has it already.
///
/// # Errors
/// `internal` if it cannot be written as JSON, which would be a fault of ours.
pub fn tagged<T: Serialize>(app: &App, known: &IfNoneMatch, answer: &T) -> Result<HttpResponse, Problem> {
    let bytes = serde_json::to_vec(answer).map_err(AppError::internal)?;
    let etag = app.etag(&bytes);
    if known.has(&etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let mut response = HttpResponse::Ok();
    Ok(response.insert_header((header::ETAG, etag)).insert_header(ContentType::json()).body(bytes))
}
